"""Demonstration data: a few people and a run, so that a new site can be looked at. Their passwords are made afresh."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.errors import LMSError
from lms.learning import enrolments, runs
from lms.models import (
    Centre,
    Company,
    CompanyStatus,
    Course,
    Employment,
    Industry,
    Person,
    Programme,
    Region,
    Run,
    Target,
)
from lms.people import accounts, passwords, roles

COURSE = "manufacturing-data-first-steps"
FILE = "demo-accounts.json"


class DemoError(LMSError):
    """`reason`: no_course (sync the content first)."""

    sentence = "Demonstration data was not made: {reason}. Run `flask lms content sync` first."


@dataclass(frozen=True)
class Account:
    """How to sign in as one of the demonstration's people."""

    who: str
    name: str
    sign_in: str
    password: str


@dataclass(frozen=True)
class _Character:
    who: str
    name: str
    email: str | None
    employee_number: str | None = None
    role: str | None = None


# Invented firms; the business numbers are well-formed and, as far as we know, nobody's.
_COMPANIES = (("6078100019", "한빛정밀", "busan", "25"), ("6158100024", "새론금속", "gyeongnam", "24"))
_CAST = (
    _Character("수강생", "김하나", "hana@hanbit.example", "HB-1024"),
    _Character("수강생 (사번으로 로그인)", "정우진", None, "HB-1031"),
    _Character("기업 담당자", "박도윤", "doyun@hanbit.example", "HB-1002", "company_manager"),
    _Character("센터 담당자 (부산)", "이서연", "seoyeon@busan.example", None, "officer"),
    _Character("센터 담당자 (경남)", "최민준", "minjun@gyeongnam.example", None, "officer"),
    _Character("강사", "한지우", "jiwoo@busan.example", None, "instructor"),
    _Character("사업 운영기관", "오세린", "serin@office.example", None, "programme_office"),
    _Character("시스템 운영자", "강태오", "taeo@site.example", None, "operator"),
)


def make(session: Session, instance: Path) -> list[Account]:
    """Make it once, and note the passwords in the instance folder. A second time changes nothing.

    Raises:
        DemoError
    """
    file = instance / FILE
    if file.exists() and session.scalar(select(Person.id).where(Person.email == _CAST[0].email)) is not None:
        return [Account(**account) for account in json.loads(file.read_text("utf-8"))]
    course = session.scalar(select(Course).where(Course.slug == COURSE))
    if course is None:
        raise DemoError("no_course")
    companies = [_company(session, *facts) for facts in _COMPANIES]
    run = _run(session, course)
    # Written before the caller commits: if that fails, the people are missing and the next call makes both anew.
    accounts_made = [_person(session, character, companies[0], run) for character in _CAST]
    file.touch(mode=0o600)
    file.write_text(json.dumps([vars(account) for account in accounts_made], ensure_ascii=False, indent=1), "utf-8")
    return accounts_made


def _company(session: Session, number: str, name: str, region: str, industry: str) -> Company:
    found = session.scalar(select(Company).where(Company.business_number == number))
    if found is not None:
        return found
    company = Company(business_number=number, name=name, created_at=utcnow())
    company.statuses = [
        CompanyStatus(
            from_on=today() - timedelta(days=400),
            region_id=session.scalars(select(Region.id).where(Region.slug == region)).one(),
            industry_id=session.scalar(
                select(Industry.id).where(Industry.code == industry).order_by(Industry.revision.desc()).limit(1)
            ),
            size_class="small",
            factory_level="basic",
        )
    ]
    session.add(company)
    session.flush()
    return company


def _centre(session: Session, slug: str) -> int:
    return session.scalars(select(Centre.id).where(Centre.slug == slug)).one()


def _run(session: Session, course: Course) -> Run:
    day = today()
    programme = Programme(
        slug=f"regional-ai-training-{day.year}",
        name=f"{day.year}년 지역 제조 AI 인력양성",
        fiscal_year=day.year,
        from_on=day.replace(month=1, day=1),
        to_on=day.replace(month=12, day=31),
    )
    session.add(programme)
    session.flush()
    busan = session.scalars(select(Region.id).where(Region.slug == "busan")).one()
    session.add(Target(programme_id=programme.id, region_id=busan, completions=120, set_on=programme.from_on))
    return runs.open_run(
        session,
        course,
        centre_id=_centre(session, "busan"),
        programme_id=programme.id,
        learn_from=day - timedelta(days=7),
        learn_to=day + timedelta(days=60),
        seats=30,
    )


def _person(session: Session, character: _Character, company: Company, run: Run) -> Account:
    password = passwords.new_password()
    person: Person = accounts.create_person(
        session, name=character.name, email=character.email, password=password, language="ko"
    )
    if character.employee_number:
        session.add(
            Employment(
                person_id=person.id,
                company_id=company.id,
                employee_number=character.employee_number,
                from_on=today() - timedelta(days=300),
            )
        )
        session.flush()
    if character.role:
        centre = {"officer": "gyeongnam" if "경남" in character.who else "busan", "instructor": "busan"}
        roles.grant(
            session,
            person,
            character.role,
            centre_id=_centre(session, centre[character.role]) if character.role in centre else None,
            company_id=company.id if character.role == "company_manager" else None,
        )
    elif character.employee_number:
        enrolments.enrol(session, run, person.id)
    sign_in = character.email or f"{company.name} · {character.employee_number}"
    return Account(character.who, character.name, sign_in, password)

"""The few people to look around as, and the run that two of them are in. Their passwords are made afresh."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.clock import today
from lms.learning import enrolments, runs
from lms.models import (
    Centre,
    Company,
    CompanyStatus,
    Course,
    Employment,
    Enrolment,
    Industry,
    Person,
    Programme,
    Region,
    Run,
    Target,
)
from lms.people import accounts, consents, passwords, roles

from .applications import take_applications
from .days import morning
from .errors import DemoError
from .marks import mark, marked
from .sittings import hold_sittings

COURSE = "manufacturing-data-first-steps"
FILE = "demo-accounts.json"


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
COMPANIES = (("6078100019", "한빛정밀", "busan", "25"), ("6158100024", "새론금속", "gyeongnam", "24"))
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
OFFICERS = {"busan": _CAST[3].email, "gyeongnam": _CAST[4].email}
INSTRUCTOR = _CAST[5].email


def kept(session: Session, instance: Path) -> list[Account] | None:
    """The accounts that were made before, where they are still there."""
    file = instance / FILE
    if file.exists() and session.scalar(select(Person.id).where(Person.email == _CAST[0].email)) is not None:
        return [Account(**account) for account in json.loads(file.read_text("utf-8"))]
    return None


def make(session: Session, instance: Path, day: date | None = None) -> list[Account]:
    """The people, their companies and the run; the passwords are noted in the instance folder.

    Raises:
        DemoError
    """
    day = day or today()
    course = session.scalar(select(Course).where(Course.slug == COURSE))
    if course is None:
        raise DemoError("no_course")
    companies = [_company(session, *facts, day=day) for facts in COMPANIES]
    run = _run(session, course, day)
    # Written before the caller commits: if that fails, the people are missing and the next call makes both anew.
    made = [_person(session, character, companies[0], run, day) for character in _CAST]
    hold_sittings(session, run, day)
    take_applications(session, run, companies[0], day)
    _agree(session, instance)
    file = instance / FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps([vars(account) for account in made], ensure_ascii=False, indent=1), "utf-8")
    return made


def _agree(session: Session, instance: Path) -> None:
    """The cast has answered to what is asked of learners, so that whoever looks around begins with the courses."""
    texts = consents.load(instance / "consents")
    for person in session.scalars(marked(Person)).all():
        consents.answer(session, texts, person, [text.slug for text in texts.texts], language="ko")


def first_day(day: date) -> date:
    """Since when the demonstration's companies are known: the first of the three programme years."""
    return date(day.year - 2, 1, 2)


def _company(session: Session, number: str, name: str, region: str, industry: str, *, day: date) -> Company:
    if session.scalar(select(Company.id).where(Company.business_number == number)) is not None:
        raise DemoError("company_taken", name=name)
    since = first_day(day)
    company = Company(business_number=number, name=name, created_at=morning(since))
    company.statuses = [
        CompanyStatus(
            from_on=since,
            region_id=session.scalars(select(Region.id).where(Region.slug == region)).one(),
            industry_id=session.scalar(
                select(Industry.id).where(Industry.code == industry).order_by(Industry.revision.desc()).limit(1)
            ),
            size_class="small",
            factory_level="basic",
            recorded_at=morning(since),
        )
    ]
    session.add(company)
    session.flush()
    mark(session, company)
    return company


def _centre(session: Session, slug: str) -> int:
    return session.scalars(select(Centre.id).where(Centre.slug == slug)).one()


def programme_of(session: Session, year: int) -> Programme:
    """The demonstration's programme of a year, made where there is none."""
    slug = f"demonstration-{year}"
    found = session.scalar(select(Programme).where(Programme.slug == slug, Programme.id.in_(marked(Programme))))
    if found is not None:
        return found
    programme = Programme(
        slug=slug,
        name=f"{year}년 지역 제조 AI 인력양성 (시연)",
        fiscal_year=year,
        from_on=date(year, 1, 1),
        to_on=date(year, 12, 31),
    )
    session.add(programme)
    session.flush()
    mark(session, programme)
    return programme


def load_run(session: Session) -> Run:
    """The run of the cast, the first that was made, with its units and rules."""
    return (
        session.scalars(
            select(Run)
            .join(Enrolment, Enrolment.run_id == Run.id)
            .join(Person, Person.id == Enrolment.person_id)
            .where(Person.email == _CAST[0].email, Run.id.in_(marked(Run)))
            .options(joinedload(Run.units), joinedload(Run.rules))
            .order_by(Run.id)
            .limit(1)
        )
        .unique()
        .one()
    )


def _run(session: Session, course: Course, day: date) -> Run:
    programme = programme_of(session, day.year)
    busan = session.scalars(select(Region.id).where(Region.slug == "busan")).one()
    session.add(Target(programme_id=programme.id, region_id=busan, completions=120, set_on=programme.from_on))
    run = runs.open_run(
        session,
        course,
        centre_id=_centre(session, "busan"),
        programme_id=programme.id,
        learn_from=day - timedelta(days=7),
        learn_to=day + timedelta(days=60),
        seats=30,
    )
    mark(session, run)
    return run


def _person(session: Session, character: _Character, company: Company, run: Run, day: date) -> Account:
    password = passwords.new_password()
    person: Person = accounts.create_person(
        session, name=character.name, email=character.email, password=password, language="ko"
    )
    mark(session, person)
    if character.employee_number:
        session.add(
            Employment(
                person_id=person.id,
                company_id=company.id,
                employee_number=character.employee_number,
                from_on=day - timedelta(days=300),
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

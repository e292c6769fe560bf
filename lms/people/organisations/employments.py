"""Who works where, from a day to a day. Somebody may work at two companies at once; a company gives a number once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.models import Company, Employment, Person

from .. import accounts, changes
from ..changes import Recorder
from ..viewers import Viewer
from . import companies, places


class EmploymentError(LMSError):
    """`reason`: number_taken (by somebody else at the company), already (she works there at that time), ends_before (it would
    end before it began), ended (it has ended), same, reason_missing, number_too_long, department_too_long (or the job),
    number_missing (who has no e-mail either could never sign in)."""

    sentence = "The employment was not changed: {reason}."


@dataclass(frozen=True)
class Place:
    """What somebody is at a company."""

    employee_number: str | None = None
    department: str = ""
    job: str = ""


@dataclass(frozen=True)
class Employee:
    person: Person
    employment: Employment


def list_people(
    session: Session, company: Company, text: str = "", *, limit: int = 50, offset: int = 0
) -> list[Employee]:
    """Who works at the company or did, those of today first, then by name; `text` begins a name or is an employee number."""
    has_ended = (Employment.to_on.is_not(None)) & (Employment.to_on < today())
    statement = (
        select(Person, Employment)
        .join(Employment, Employment.person_id == Person.id)
        .where(Employment.company_id == company.id)
        .order_by(has_ended, Person.name, Employment.employee_number, Employment.id)
        .limit(limit)
        .offset(offset)
    )
    if text := unicodedata.normalize("NFC", text).strip():
        statement = statement.where(
            or_(Person.name.startswith(text, autoescape=True), Employment.employee_number == text)
        )
    return [Employee(person, employment) for person, employment in session.execute(statement)]


def count_people(session: Session, company: Company) -> int:
    """Who works there today."""
    return (
        session.scalar(
            select(func.count(Employment.person_id.distinct())).where(
                Employment.company_id == company.id, places.covers(Employment.from_on, Employment.to_on, today())
            )
        )
        or 0
    )


def load_employment(
    session: Session, viewer: Viewer | None, company_uid: UUID, person_uid: UUID, from_on: date
) -> tuple[Company, Employee]:
    """What somebody is at a company that the viewer may edit, since that day. Raises NotFoundError."""
    company = companies.load_to_edit(session, viewer, company_uid)
    row = session.execute(
        select(Person, Employment)
        .join(Employment, Employment.person_id == Person.id)
        .where(Person.uid == person_uid, Employment.company_id == company.id, Employment.from_on == from_on)
        .order_by(Employment.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError()
    return company, Employee(row[0], row[1])


def add_person(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    *,
    name: str,
    email: str | None,
    place: Place,
    from_on: date,
    address: str = "",
) -> Person:
    """Somebody new at a company, with an account that nobody can sign in to yet.

    Raises:
        accounts.AccountError, EmploymentError, companies.CompanyError
    """
    if not email and not (place.employee_number or "").strip():
        raise EmploymentError("number_missing")
    person = accounts.create_person(session, name=name, email=email or None)
    record = changes.begin(session, "person_added", actor_id=viewer.id if viewer else None, address=address)
    record.about(f"person:{person.id}")
    record.add(person)
    employ(session, viewer, company, person.id, place=place, from_on=from_on, record=record)
    return person


def employ(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    person_id: int,
    *,
    place: Place,
    from_on: date,
    reason: str = "",
    address: str = "",
    record: Recorder | None = None,
) -> Employment:
    """Somebody works at the company from a day on. Who comes back takes her number along from the time that ended.

    Raises:
        EmploymentError, companies.CompanyError
    """
    companies.check_open(company)
    place = _checked(place)
    holder = _holder(session, company, place.employee_number)
    if holder is not None and holder.person_id != person_id:
        raise EmploymentError("number_taken")
    _refuse_overlap(session, company.id, person_id, from_on, None, but=None)
    record = record or _begin(session, viewer, "employment_added", person_id, reason, address)
    if holder is not None:
        record.alter(holder, employee_number=None)
    row = Employment(
        person_id=person_id,
        company_id=company.id,
        employee_number=place.employee_number,
        department=place.department,
        job=place.job,
        from_on=from_on,
    )
    record.add(row)
    return row


def end(
    session: Session, viewer: Viewer | None, row: Employment, *, to_on: date, reason: str = "", address: str = ""
) -> None:
    """`to_on` is the last day. Raises EmploymentError."""
    if row.to_on is not None and row.to_on <= to_on:
        raise EmploymentError("ended")
    if to_on < row.from_on:
        raise EmploymentError("ends_before")
    _begin(session, viewer, "employment_ended", row.person_id, reason, address).alter(row, to_on=to_on)


def move(
    session: Session,
    viewer: Viewer | None,
    row: Employment,
    to: Company,
    *,
    place: Place,
    from_on: date,
    reason: str = "",
    address: str = "",
) -> Employment:
    """From one company to another: the first ends on the day before. Raises EmploymentError, companies.CompanyError."""
    if to.id == row.company_id:
        raise EmploymentError("same")
    if row.to_on is not None and row.to_on < from_on - timedelta(days=1):
        raise EmploymentError("ended")
    if from_on <= row.from_on:
        raise EmploymentError("ends_before")
    record = _begin(session, viewer, "employment_moved", row.person_id, reason, address)
    record.alter(row, to_on=from_on - timedelta(days=1))
    return employ(session, viewer, to, row.person_id, place=place, from_on=from_on, record=record)


def correct(
    session: Session,
    viewer: Viewer | None,
    row: Employment,
    *,
    place: Place,
    from_on: date,
    to_on: date | None,
    reason: str,
    address: str = "",
) -> None:
    """What we had was wrong. Raises EmploymentError."""
    if not reason.strip():
        raise EmploymentError("reason_missing")
    place = _checked(place)
    if to_on is not None and to_on < from_on:
        raise EmploymentError("ends_before")
    company = session.get_one(Company, row.company_id)
    holder = _holder(session, company, place.employee_number)
    if holder is not None and holder.id != row.id:
        raise EmploymentError("number_taken")
    _refuse_overlap(session, row.company_id, row.person_id, from_on, to_on, but=row.id)
    values: dict[str, Any] = vars(place) | {"from_on": from_on, "to_on": to_on}
    if not _begin(session, viewer, "employment_corrected", row.person_id, reason, address).alter(row, **values):
        raise EmploymentError("same")


def _begin(session: Session, viewer: Viewer | None, kind: str, person_id: int, reason: str, address: str) -> Recorder:
    return changes.begin(
        session,
        kind,
        actor_id=viewer.id if viewer else None,
        subject=f"person:{person_id}",
        reason=reason,
        address=address,
    )


def _checked(place: Place) -> Place:
    number = unicodedata.normalize("NFKC", place.employee_number or "").strip() or None
    department, job = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (place.department, place.job))
    if number is not None and len(number) > 40:
        raise EmploymentError("number_too_long")
    if len(department) > 80 or len(job) > 80:
        raise EmploymentError("department_too_long")
    return Place(number, department, job)


def _holder(session: Session, company: Company, number: str | None) -> Employment | None:
    if number is None:
        return None
    return session.scalar(
        select(Employment).where(Employment.company_id == company.id, Employment.employee_number == number)
    )


def _refuse_overlap(
    session: Session, company_id: int, person_id: int, from_on: date, to_on: date | None, *, but: int | None
) -> None:
    """Nobody works at one company twice at once."""
    statement = select(Employment.id).where(
        Employment.company_id == company_id,
        Employment.person_id == person_id,
        or_(Employment.to_on.is_(None), Employment.to_on >= from_on),
    )
    if to_on is not None:
        statement = statement.where(Employment.from_on <= to_on)
    if but is not None:
        statement = statement.where(Employment.id != but)
    if session.scalar(statement.limit(1)) is not None:
        raise EmploymentError("already")


def of_person(session: Session, person_id: int) -> Sequence[tuple[Employment, Company]]:
    """Where somebody works and worked, the newest first."""
    rows = session.execute(
        select(Employment, Company)
        .join(Company, Company.id == Employment.company_id)
        .where(Employment.person_id == person_id)
        .order_by(Employment.from_on.desc(), Employment.id.desc())
    )
    return [(employment, company) for employment, company in rows]

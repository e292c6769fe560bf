"""Who has not signed in yet, and how she gets to: slips of paper for companies, and a code for one person by hand.

Officers look after the companies of their centre's regions, managers after their own, operators after all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from lms import audit, messages
from lms.clock import today, utcnow
from lms.errors import ForbiddenError, LMSError, NotFoundError
from lms.jobs import queue
from lms.models import Code, Company, Employment, Job, Person, Role, SlipBatch, SlipSheet

from . import codes
from .organisations import companies
from .viewers import Viewer

JOB_KIND, FORGET_KIND = "slips", "forget_slips"
KEPT = timedelta(days=1)  # a sheet, if nobody says earlier that it is printed
MOST_COMPANIES = 500
SHORTEST_REASON = 4  # letters, as where lists of people are taken as files
LARGEST = 2**31 - 1  # number of a sheet that the database can be asked for


class SlipError(LMSError):
    """`reason`: reason_missing, nobody (all have signed in, or could not sign in afterwards), many (companies at once),
    no_way (she has neither e-mail nor employee number), staff (who answers for others: an operator gives her a password),
    elsewhere (she also works, or manages, where the viewer has no say), not_ready,
    gone (the sheet was printed, or its day is over)."""

    sentence = "There are no slips: {reason}."


def _refuse_no_reason(reason: str) -> None:
    if len(" ".join(reason.split())) < SHORTEST_REASON:
        raise SlipError("reason_missing")


# Whom one looks after


def companies_of(session: Session, viewer: Viewer) -> ColumnElement[bool]:
    """The condition on companies whose people a viewer may give codes to."""
    return or_(companies.editable_by(session, viewer), Company.id.in_(viewer.managed_companies))


def load_company(session: Session, viewer: Viewer, uid: UUID) -> Company:
    """Raises NotFoundError."""
    found = session.scalar(select(Company).where(Company.uid == uid, companies_of(session, viewer)))
    if found is None:
        raise NotFoundError()
    return found


def _is_there(day: date) -> ColumnElement[bool]:
    return (Employment.from_on <= day) & or_(Employment.to_on.is_(None), Employment.to_on >= day) & Person.is_active


_IS_NEW = Person.password_hash.is_(None)
_HAS_WAY = or_(Person.email.is_not(None), Employment.employee_number.is_not(None))


def _answers() -> ColumnElement[bool]:
    """Who has a role. A slip goes through many hands, and would give her rights to whoever has it; she is invited by mail."""
    role = select(Role.id).where(Role.person_id == Person.id, or_(Role.to_on.is_(None), Role.to_on >= today()))
    return role.correlate(Person).exists()


@dataclass(frozen=True)
class Waiting:
    """A company, and how many of its people have not signed in yet; `with_slip` of these have a slip that still works."""

    company: Company
    people: int
    with_slip: int


def list_waiting(session: Session, viewer: Viewer, *, offset: int = 0, limit: int = 20) -> tuple[list[Waiting], int]:
    """A page of the companies with people who have not signed in yet, by name, and how many there are in all."""
    waits = (
        select(Employment.id)
        .join(Person, Person.id == Employment.person_id)
        .where(Employment.company_id == Company.id, _is_there(today()), _IS_NEW)
        .correlate(Company)
        .exists()
    )
    wanted = (waits, companies_of(session, viewer))
    total = session.scalar(select(func.count()).select_from(Company).where(*wanted)) or 0
    found = session.scalars(
        select(Company).where(*wanted).order_by(Company.name, Company.id).offset(offset).limit(limit)
    ).all()
    counts = _counts(session, [company.id for company in found])
    return [Waiting(company, *counts.get(company.id, (0, 0))) for company in found], total


def _counts(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(
            Employment.company_id,
            func.count(Person.id.distinct()),
            func.count(Code.person_id.distinct()),
        )
        .join(Person, Person.id == Employment.person_id)
        .outerjoin(Code, (Code.person_id == Person.id) & _is_open(utcnow()))
        .where(Employment.company_id.in_(ids), _is_there(today()), _IS_NEW)
        .group_by(Employment.company_id)
    )
    return {company: (people, with_slip) for company, people, with_slip in rows}


def _is_open(now: datetime) -> ColumnElement[bool]:
    return Code.used_at.is_(None) & Code.voided_at.is_(None) & (Code.expires_at > now)


@dataclass(frozen=True)
class Member:
    """One of a company's people. `until`: to when a code of hers works; `can_have_code`: see `give_code`."""

    person: Person
    employee_number: str
    department: str
    has_signed_in: bool
    until: datetime | None
    has_way: bool


def list_members(
    session: Session, company: Company, *, waiting: bool, text: str = "", offset: int = 0, limit: int = 50
) -> tuple[list[Member], int]:
    """A page of a company's people by department and name, and how many there are in all. `text`: the beginning of a name
    or an employee number."""
    wanted: list[ColumnElement[bool]] = [Employment.company_id == company.id, _is_there(today())]
    if waiting:
        wanted.append(_IS_NEW)
    if text := text.strip():
        wanted.append(
            or_(
                Person.name.startswith(text, autoescape=True),
                Employment.employee_number.startswith(text, autoescape=True),
            )
        )
    people = select(Person, Employment).join(Employment, Employment.person_id == Person.id).where(*wanted)
    total = session.scalar(select(func.count()).select_from(people.subquery())) or 0
    until = (
        select(func.max(Code.expires_at))
        .where(Code.person_id == Person.id, _is_open(utcnow()))
        .correlate(Person)
        .scalar_subquery()
    )
    rows = session.execute(
        people.add_columns(until)
        .order_by(Employment.department, Person.name, Employment.id)
        .offset(offset)
        .limit(limit)
    )
    return [
        Member(
            person,
            employment.employee_number or "",
            employment.department,
            person.password_hash is not None,
            code_until,
            bool(person.email or employment.employee_number),
        )
        for person, employment, code_until in rows
    ], total


def list_invitable(session: Session, company: Company) -> Sequence[int]:
    """Those of a company's people who have an e-mail and have not signed in."""
    return session.scalars(
        _new_people([company.id]).where(Person.email.is_not(None)).with_only_columns(Person.id).distinct()
    ).all()


def load_companies(session: Session, viewer: Viewer, uids: Collection[UUID]) -> Sequence[Company]:
    """By name. Raises NotFoundError where one is not the viewer's to look after, and SlipError `many`."""
    if len(uids) > MOST_COMPANIES:
        raise SlipError("many", most=MOST_COMPANIES)
    found = session.scalars(
        select(Company).where(Company.uid.in_(uids), companies_of(session, viewer)).order_by(Company.name, Company.id)
    ).all()
    if len(found) != len(set(uids)):
        raise NotFoundError()
    return found


# A code for one


@dataclass(frozen=True)
class GivenCode:
    person: Person
    code: str
    until: datetime


def load_member(session: Session, company: Company, uid: UUID) -> Person:
    """One who works at the company today. Raises NotFoundError."""
    found = session.scalar(
        select(Person)
        .join(Employment, Employment.person_id == Person.id)
        .where(Person.uid == uid, Employment.company_id == company.id, _is_there(today()))
        .limit(1)
    )
    if found is None:
        raise NotFoundError()
    return found


def give_code(
    session: Session,
    viewer: Viewer,
    company: Company,
    person: Person,
    *,
    key: bytes,
    lifetime: timedelta,
    reason: str,
    address: str,
    now: datetime | None = None,
) -> GivenCode:
    """A code by which a person chooses a new password, to be shown once. She is told in the site and by mail.

    Whoever has a role can't be helped so: a manager could else become the operator who works at the company. Nor whoever
    has signed in and is also somebody at another's company: a roster with her e-mail puts her into any company.

    Raises:
        SlipError: reason_missing, staff, elsewhere, no_way.
    """
    now = now or utcnow()
    _refuse_no_reason(reason)
    if _has_role(session, viewer, person):
        raise SlipError("staff")
    if person.password_hash is not None and _is_elsewhere_too(session, viewer, person):
        raise SlipError("elsewhere")
    number = select(Employment.id).where(
        Employment.person_id == person.id, Employment.to_on.is_(None), Employment.employee_number.is_not(None)
    )
    if not person.email and session.scalar(number.limit(1)) is None:
        raise SlipError("no_way")
    issued = codes.issue(session, person.id, "desk", key=key, lifetime=lifetime, issued_by=viewer.id, now=now)
    if person.password_hash is not None:
        messages.send(session, person.id, "code_given", {"by": viewer.name, "company": company.name}, now=now)
    audit.record(
        session, "code_made", actor_id=viewer.id, subject=f"person:{person.id}", address=address, reason=reason
    )
    return GivenCode(person, issued, now + lifetime)


def _has_role(session: Session, viewer: Viewer, person: Person) -> bool:
    """Officers help managers of companies, operators everybody but operators."""
    allowed: tuple[str, ...] = ("company_manager",) if viewer.officer_centres else ()
    if viewer.is_operator:
        allowed = ("company_manager", "instructor", "officer", "programme_office")
    return (
        session.scalar(
            select(Role.id)
            .where(
                Role.person_id == person.id,
                Role.kind.not_in(allowed),
                or_(Role.to_on.is_(None), Role.to_on >= today()),
            )
            .limit(1)
        )
        is not None
    )


def _is_elsewhere_too(session: Session, viewer: Viewer, person: Person) -> bool:
    """Whether she works today at a company that is not the viewer's to look after, or manages one."""
    works = select(Employment.company_id).where(
        Employment.person_id == person.id, or_(Employment.to_on.is_(None), Employment.to_on >= today())
    )
    manages = select(Role.company_id).where(
        Role.person_id == person.id, Role.company_id.is_not(None), or_(Role.to_on.is_(None), Role.to_on >= today())
    )
    own = select(Company.id).where(companies_of(session, viewer))
    elsewhere = select(Company.id).where(Company.id.in_(works.union(manages)), Company.id.not_in(own))
    return session.scalar(elsewhere.limit(1)) is not None


# Slips


def ask_for_slips(
    session: Session, viewer: Viewer, uids: Collection[UUID], *, reason: str, site: str, address: str
) -> SlipBatch:
    """Have slips made for all people of these companies who have not signed in yet. `site`: the address that stands on them.

    Raises:
        NotFoundError: a company is not the viewer's to look after.
        SlipError: reason_missing, many, nobody.
    """
    _refuse_no_reason(reason)
    chosen = load_companies(session, viewer, uids)
    ids = [company.id for company in chosen]
    people, without = count_for_slips(session, ids)
    if not people:
        raise SlipError("nobody")
    batch = SlipBatch(
        requested_by=viewer.id,
        companies=ids,
        title=chosen[0].name,
        reason=reason.strip()[:400],
        address=site,
        people=people,
        without=without,
        created_at=utcnow(),
    )
    session.add(batch)
    session.flush()
    for company in ids:
        audit.record(
            session, "slips_asked", actor_id=viewer.id, subject=f"company:{company}", address=address, reason=reason
        )
    enqueue_part(session, batch.id, 1)
    return batch


def count_for_slips(session: Session, ids: Collection[int]) -> tuple[int, int]:
    """How many people a slip is to be made for, and how many could not sign in afterwards."""
    with_way = _new_people(ids).where(_HAS_WAY, ~_answers()).with_only_columns(Person.id).distinct()
    everybody = _new_people(ids).where(~_answers()).with_only_columns(Person.id).distinct()
    people = session.scalar(select(func.count()).select_from(with_way.subquery())) or 0
    total = session.scalar(select(func.count()).select_from(everybody.subquery())) or 0
    return people, total - people


def _new_people(ids: Collection[int]) -> Select[int, str, str | None, str | None, str, str]:
    return (
        select(Person.id, Person.name, Person.email, Employment.employee_number, Employment.department, Company.name)
        .join(Employment, Employment.person_id == Person.id)
        .join(Company, Company.id == Employment.company_id)
        .where(Employment.company_id.in_(ids), _is_there(today()), _IS_NEW)
    )


@dataclass(frozen=True)
class SlipOf:
    """What stands on a slip besides its code."""

    person_id: int
    name: str
    email: str | None
    employee_number: str
    department: str
    company: str


def enqueue_part(session: Session, batch_id: int, part: int) -> None:
    """Behind grading."""
    queue.enqueue(session, JOB_KIND, {"batch": batch_id}, once=f"{JOB_KIND}:{batch_id}:{part}", priority=120)


def list_slips(session: Session, batch: SlipBatch, most: int) -> list[SlipOf]:
    """The first of a batch who have none of it yet, by company, department and name; each person once."""
    has_one = select(Code.id).where(Code.batch_id == batch.id, Code.person_id == Person.id).exists()
    rows = session.execute(
        _new_people(batch.companies)
        .where(_HAS_WAY, ~_answers(), ~has_one)
        .order_by(Company.name, Company.id, Employment.department, Person.name, Person.id)
    )
    found: dict[int, SlipOf] = {}
    for person, name, email, number, department, company in rows:
        if len(found) == most:
            break
        found.setdefault(person, SlipOf(person, name, email, number or "", department, company))
    return list(found.values())


def load_batch(session: Session, viewer: Viewer, uid: UUID) -> SlipBatch:
    """One's own. Raises NotFoundError."""
    found = session.scalar(select(SlipBatch).where(SlipBatch.uid == uid, SlipBatch.requested_by == viewer.id))
    if found is None:
        raise NotFoundError()
    return found


def has_failed(session: Session, batch: SlipBatch) -> bool:
    """Whether the job that makes them was given up."""
    failed = select(Job.id).where(Job.once.startswith(f"{JOB_KIND}:{batch.id}:"), Job.state == "failed").limit(1)
    return session.scalar(failed) is not None


def list_batches(session: Session, viewer: Viewer, limit: int = 5) -> Sequence[SlipBatch]:
    """One's own, the newest first."""
    return session.scalars(
        select(SlipBatch).where(SlipBatch.requested_by == viewer.id).order_by(SlipBatch.id.desc()).limit(limit)
    ).all()


@dataclass(frozen=True)
class Sheet:
    part: int
    people: int
    first: str
    is_there: bool
    taken_at: datetime | None


def list_sheets(session: Session, batch: SlipBatch) -> list[Sheet]:
    """Without their bodies, which are large."""
    columns = (
        SlipSheet.part,
        SlipSheet.people,
        SlipSheet.first,
        SlipSheet.body.is_not(None),
        SlipSheet.taken_at,
    )
    rows = session.execute(select(*columns).where(SlipSheet.batch_id == batch.id).order_by(SlipSheet.part))
    return [Sheet(*row) for row in rows]


def load_sheet(session: Session, batch: SlipBatch, part: int) -> SlipSheet:
    """Raises NotFoundError, and SlipError `gone`."""
    found = None
    if part <= LARGEST:
        found = session.scalar(select(SlipSheet).where(SlipSheet.batch_id == batch.id, SlipSheet.part == part))
    if found is None:
        raise NotFoundError()
    if found.body is None:
        raise SlipError("gone")
    return found


def note_taken(session: Session, sheet_id: int) -> None:
    session.execute(update(SlipSheet).where(SlipSheet.id == sheet_id).values(taken_at=utcnow()))


def discard(session: Session, viewer: Viewer, batch: SlipBatch) -> None:
    """They are printed: nothing is kept that could be printed again. Raises ForbiddenError for another's."""
    if batch.requested_by != viewer.id:
        raise ForbiddenError()
    session.execute(update(SlipSheet).where(SlipSheet.batch_id == batch.id).values(body=None))
    audit.record(session, "slips_discarded", actor_id=viewer.id, subject=f"slips:{batch.id}")


def forget_old(session: Session, now: datetime | None = None) -> None:
    """Take away the sheets whose day is over."""
    old = select(SlipBatch.id).where(SlipBatch.created_at < (now or utcnow()) - KEPT)
    session.execute(
        update(SlipSheet)
        .where(SlipSheet.batch_id.in_(old), SlipSheet.body.is_not(None))
        .values(body=None)
        .execution_options(synchronize_session=False)
    )

"""Who applied, who waits, who is in: as the officer of a run and the manager of a company see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from lms.clock import utcnow
from lms.models import (
    Admission,
    Application,
    Company,
    CompanyStatus,
    Employment,
    Enrolment,
    LedgerEntry,
    Person,
    Run,
    Transfer,
)
from lms.people.organisations import places
from lms.people.organisations.companies import current_status
from lms.people.viewers import Viewer

from . import catalogue, deciding, leaving

PAGE = 100
MOST = 2_000  # applications that a page lists


@dataclass(frozen=True)
class Asked:
    """An application with who it is of. `place` on the waiting list; `asks`: whom the run asks for approval; `has_left`: whether
    the seat that came of it was given back or taken away."""

    application: Application
    person: Person
    company: Company
    department: str
    place: int | None
    asks: str
    has_left: bool

    @property
    def outcome(self) -> str:
        """A state of the application; taken_back by the learner, or withdrawn from the run since."""
        if self.application.state == "withdrawn":
            return "taken_back"
        return "withdrawn" if self.has_left and self.application.state == "accepted" else self.application.state

    @property
    def waits_for(self) -> str:
        """company, officer, seat, or nobody any more."""
        state = self.application.state
        if state == "waiting":
            return "seat"
        if state == "applied":
            return "company" if self.asks in ("company", "both") else "officer"
        return "officer" if state == "approved" else ""


def list_applications(session: Session, run: Run, states: Sequence[str]) -> list[Asked]:
    """Those of a run in these states, in the order of applying; those who wait for a seat in theirs. One query."""
    order = [case((Application.state == "waiting", 1), else_=0), Application.waiting_at, Application.applied_at]
    statement = _applications().where(Application.run_id == run.id, Application.state.in_(states))
    return _asked(session, statement.order_by(*order, Application.id).limit(MOST))


def list_of_companies(session: Session, viewer: Viewer, states: Sequence[str]) -> list[Asked]:
    """Those of the people of the companies that the viewer manages, with their runs. One query."""
    statement = _applications().where(deciding.of_companies(viewer), Application.state.in_(states))
    statement = statement.options(joinedload(Application.run).joinedload(Run.course_version))
    order = [Application.run_id, case((Application.state == "waiting", 1), else_=0), Application.waiting_at]
    return _asked(session, statement.order_by(*order, Application.applied_at, Application.id).limit(MOST))


def count_for_companies(session: Session, viewer: Viewer) -> int:
    """How many applications wait for the word of the companies that the viewer manages."""
    statement = (
        select(func.count())
        .select_from(Application)
        .outerjoin(Admission, Admission.run_id == Application.run_id)
        .where(deciding.of_companies(viewer), Application.state == "applied")
        .where(deciding.approval().in_(("company", "both")))
    )
    return session.scalar(statement) or 0


def _applications() -> Select:
    ahead = aliased(Application)
    before = or_(
        ahead.waiting_at < Application.waiting_at,
        and_(ahead.waiting_at == Application.waiting_at, ahead.id < Application.id),
    )
    place = (
        select(func.count())
        .select_from(ahead)
        .where(ahead.run_id == Application.run_id, ahead.state == "waiting", before)
        .correlate(Application)
        .scalar_subquery()
    )
    department = (
        select(Employment.department)
        .where(Employment.person_id == Application.person_id, Employment.company_id == Application.company_id)
        .order_by(Employment.from_on.desc())
        .limit(1)
        .correlate(Application)
        .scalar_subquery()
    )
    return (
        select(Application, Person, Company, department, place + 1, deciding.approval(), Enrolment.state)
        .join(Person, Person.id == Application.person_id)
        .join(Company, Company.id == Application.company_id)
        .outerjoin(
            Enrolment, and_(Enrolment.run_id == Application.run_id, Enrolment.person_id == Application.person_id)
        )
        .outerjoin(Admission, Admission.run_id == Application.run_id)
    )


def _asked(session: Session, statement: Select) -> list[Asked]:
    return [
        Asked(
            application,
            person,
            company,
            department or "",
            place if application.state == "waiting" else None,
            asks,
            has_left=enrolment_state == "withdrawn",
        )
        for application, person, company, department, place, asks, enrolment_state in session.execute(statement)
    ]


def count_states(session: Session, run: Run) -> dict[str, int]:
    """How many applications of a run are in each state."""
    rows = session.execute(
        select(Application.state, func.count()).where(Application.run_id == run.id).group_by(Application.state)
    )
    return {state: number for state, number in rows}


@dataclass(frozen=True)
class Learner:
    """Somebody who is in a run, or was. `left_at` and `left_because` of who withdrew; `went_to` and `came_from` are numbers of
    runs."""

    enrolment: Enrolment
    person: Person
    company: Company
    department: str
    left_at: datetime | None
    left_because: str
    went_to: int | None
    came_from: int | None

    @property
    def may_come_back(self) -> bool:
        if self.left_at is None or self.went_to is not None:
            return False
        return leaving.may_come_back(self.enrolment, self.left_at, utcnow())


@dataclass(frozen=True)
class Learners:
    rows: list[Learner]
    total: int
    page: int
    pages: int


def list_learners(
    session: Session, run: Run, *, state: str = "enrolled", company: UUID | None = None, q: str = "", page: int = 1
) -> Learners:
    """A page of those in a run by company and name, with `state` enrolled, withdrawn, or extended (who has another last day).
    `q` is part of a name or a department. Two queries."""
    statement = _learners(run).where(*_narrowed(state, company, q))
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = session.execute(
        statement.order_by(Company.name, Company.id, Person.name, Person.id).offset((page - 1) * PAGE).limit(PAGE)
    )
    return Learners([_learner(row) for row in rows], total, page, pages)


def load_learners(session: Session, run: Run, uids: Sequence[UUID]) -> list[Learner]:
    """Those of these enrolments that are in the run now, by company and name. One query."""
    statement = _learners(run).where(Enrolment.uid.in_(uids), Enrolment.state == "enrolled")
    rows = session.execute(statement.order_by(Company.name, Company.id, Person.name, Person.id))
    return [_learner(row) for row in rows]


def _department() -> ColumnElement[str]:
    return (
        select(Employment.department)
        .where(Employment.person_id == Enrolment.person_id, Employment.company_id == Enrolment.company_id)
        .order_by(Employment.from_on.desc())
        .limit(1)
        .correlate(Enrolment)
        .scalar_subquery()
    )


def _learners(run: Run) -> Select:
    left = (
        select(func.max(LedgerEntry.id))
        .where(LedgerEntry.enrolment_id == Enrolment.id, LedgerEntry.kind == "withdrawn")
        .correlate(Enrolment)
        .scalar_subquery()
    )
    entry, other = aliased(LedgerEntry), aliased(Run)
    numbers = []
    for mine, theirs in ((Transfer.from_id, Transfer.to_id), (Transfer.to_id, Transfer.from_id)):
        enrolment = aliased(Enrolment)
        numbers.append(
            select(other.number)
            .join(enrolment, enrolment.run_id == other.id)
            .join(Transfer, theirs == enrolment.id)
            .where(mine == Enrolment.id)
            .correlate(Enrolment)
            .scalar_subquery()
        )
    return (
        select(Enrolment, Person, Company, _department().label("department"), entry.recorded_at, entry.reason)
        .add_columns(numbers[0].label("went_to"), numbers[1].label("came_from"))
        .join(Person, Person.id == Enrolment.person_id)
        .join(Company, Company.id == Enrolment.company_id)
        .outerjoin(entry, and_(Enrolment.state == "withdrawn", entry.id == left))
        .where(Enrolment.run_id == run.id)
        .options(joinedload(Enrolment.run))
    )


def _narrowed(state: str, company: UUID | None, q: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        Enrolment.state == ("withdrawn" if state == "withdrawn" else "enrolled"),
    ]
    if state == "extended":
        conditions.append(or_(Enrolment.own_extension.is_not(None), Enrolment.company_extension.is_not(None)))
    if company is not None:
        conditions.append(Company.uid == company)
    if words := " ".join(q.split()):
        conditions.append(
            or_(Person.name.contains(words, autoescape=True), _department().contains(words, autoescape=True))
        )
    return conditions


def _learner(row: tuple) -> Learner:
    enrolment, person, company, department, left_at, because, went_to, came_from = row
    return Learner(enrolment, person, company, department or "", left_at, because or "", went_to, came_from)


def list_companies(session: Session, run: Run) -> Sequence[tuple[Company, int]]:
    """The companies that have people in a run, each with how many."""
    return [
        (company, number)
        for company, number in session.execute(
            select(Company, func.count())
            .join(Enrolment, Enrolment.company_id == Company.id)
            .where(Enrolment.run_id == run.id, Enrolment.state == "enrolled")
            .group_by(Company.id)
            .order_by(Company.name, Company.id)
        )
    ]


def list_offered(session: Session, company: Company, day: date) -> Sequence[Run]:
    """The runs that a company's people may be put down for on a day, the next to begin first."""
    region_id = session.scalar(
        select(CompanyStatus.region_id)
        .join(Company, Company.id == CompanyStatus.company_id)
        .where(Company.id == company.id, CompanyStatus.id == current_status(day))
    )
    if region_id is None:
        return []
    return session.scalars(
        select(Run)
        .where(*catalogue.offered(places.region_on(session, region_id, day), day, from_soon=False))
        .options(joinedload(Run.course_version))
        .order_by(Run.learn_from, Run.id)
    ).all()

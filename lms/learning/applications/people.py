"""A company's people into a run: who could come, what would come of it, and all at once, which can be taken back for a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, literal, select
from sqlalchemy.orm import Session, selectinload

from lms.clock import seoul_day, utcnow
from lms.errors import LMSError, NotFoundError
from lms.models import Application, Change, ChangeSet, Company, Employment, Enrolment, Person, Run
from lms.people import changes, undo
from lms.people.organisations.places import covers

from .. import bulk
from . import admission, deciding, seats
from .seats import Admitted

KIND = "people_enrolled"  # of the change set
MOST = 2_000  # people at once; more are a roster's
UNDONE_WITHIN = timedelta(days=1)


class PeopleError(LMSError):
    """`reason`: nobody (was chosen), too_many, not_now (the run takes no applications of companies), too_late (a day is over)."""

    sentence = "The people were not enrolled: {reason}."


@dataclass(frozen=True)
class Employee:
    """Somebody who works at the company today. `state`: what she is in the run, or None: enrolled, withdrawn, and those of
    an application that is alive."""

    person_id: int
    uid: UUID
    name: str
    employee_number: str | None
    department: str
    state: str | None


def list_employees(session: Session, run: Run, company: Company, day: date) -> list[Employee]:
    """By department and name. Two queries."""
    states: dict[int, str] = {}
    for model in (Application, Enrolment):
        statement = select(model.person_id, model.state).where(model.run_id == run.id)
        if model is Application:
            statement = statement.where(Application.state.in_(("applied", "approved", "waiting")))
        for person_id, state in session.execute(statement):
            if state != "withdrawn" or person_id not in states:
                states[person_id] = state
    rows = session.execute(
        select(Person.id, Person.uid, Person.name, Employment.employee_number, Employment.department)
        .join(Employment, Employment.person_id == Person.id)
        .where(
            Employment.company_id == company.id,
            covers(Employment.from_on, Employment.to_on, day),
            Person.destroyed_at.is_(None),
        )
        .order_by(Employment.department, Person.name, Person.id)
    )
    found = {row.id: Employee(*row, states.get(row.id)) for row in rows}
    return list(found.values())


def find(employees: Sequence[Employee], text: str) -> list[Employee]:
    """Those whose name, number or department has these letters."""
    wanted = text.strip().casefold()
    return [
        one
        for one in employees
        if any(wanted in part.casefold() for part in (one.name, one.employee_number or "", one.department))
    ]


def choose(
    employees: Sequence[Employee], uids: Collection[UUID], departments: Collection[str] = (), *, everybody: bool = False
) -> list[Employee]:
    """Those who were ticked, and all of the departments that were (or of all), who are not in the run yet; in the list's
    order.

    Raises:
        PeopleError: nobody, too_many.
    """
    chosen = [
        one
        for one in employees
        if one.uid in uids or ((everybody or one.department in departments) and one.state in (None, "withdrawn"))
    ]
    if not chosen:
        raise PeopleError("nobody")
    if len(chosen) > MOST:
        raise PeopleError("too_many", most=MOST)
    return chosen


@dataclass(frozen=True)
class Expected:
    """What would come of one of them. `outcome`: enrolled, waiting (for a seat), asked (the officer decides) or refused."""

    employee: Employee
    outcome: Literal["enrolled", "waiting", "asked", "refused"]
    reason: str = ""


def preview(
    session: Session,
    run: Run,
    employees: Sequence[Employee],
    *,
    asks_officer: bool = False,
    now: datetime | None = None,
) -> list[Expected]:
    """What would come of them today, in their order; nothing is written."""
    now = now or utcnow()
    desk = seats.Desk(session, run, [one.person_id for one in employees], now)
    expected = []
    for one in employees:
        if refused := desk.refusal(one.person_id):
            expected.append(Expected(one, "refused", refused))
        elif asks_officer:
            expected.append(Expected(one, "asked"))
        elif desk.has_seat(one.person_id):
            origin = desk.origins[one.person_id]
            desk.book.take(origin.company_id, origin.region_id)
            expected.append(Expected(one, "enrolled"))
        else:
            expected.append(Expected(one, "waiting" if desk.may_wait else "refused", "" if desk.may_wait else "full"))
    return expected


def enrol(
    session: Session,
    run_id: int,
    people: Sequence[int],
    *,
    way: Literal["company", "officer"],
    actor_id: int,
    now: datetime | None = None,
) -> tuple[ChangeSet | None, list[Admitted]]:
    """Enrol people by an officer or their company's manager, as one deed. A manager's people wait for the officer where the run
    asks one; a manager does so only while the run takes applications.

    Raises:
        PeopleError: not_now.
    """
    now = now or utcnow()
    run = seats.lock(session, run_id)
    if way == "company" and not run.takes_applications_on(seoul_day(now)):
        raise PeopleError("not_now", apply_from=run.apply_from, apply_to=run.apply_to)
    before = session.scalar(select(func.max(Application.id))) or 0
    if way == "company" and asks_officer(session, run):
        admitted = [_ask(session, run, person, actor_id, now) for person in dict.fromkeys(people)]
    else:
        admitted = seats.admit(session, run_id, people, way=way, actor_id=actor_id, now=now)
    session.flush()
    added = Application.id > before, Application.run_id == run.id, Application.person_id.in_(people)
    if session.scalar(select(func.count()).select_from(Application).where(*added)) == 0:
        return None, admitted
    record = changes.begin(session, KIND, actor_id=actor_id, subject=f"run:{run.id}", now=now)
    ids = session.scalars(select(Application.id).where(*added)).all()
    record.note_added(Application, changes.table_of(Application).c.id.in_(ids))
    return record.set, admitted


def asks_officer(session: Session, run: Run) -> bool:
    """Whether an officer has to agree to what a company wants."""
    return admission.of_run(session, run.id).approval in ("officer", "both")


def _ask(session: Session, run: Run, person: int, actor_id: int, now: datetime) -> Admitted:
    try:
        admitted = deciding.put_in(session, run, person, way="company", now=now)
    except deciding.ApplicationError as error:
        return Admitted(person, "refused", reason=error.reason)
    row = admitted.application
    assert row is not None
    if row.state == "applied":
        row.state, row.approved_at, row.approved_by = "approved", now, actor_id
    return admitted


# Taken back


def load_set(session: Session, run: Run, uid: UUID) -> ChangeSet:
    """A deed of `enrol` on this run. Raises NotFoundError."""
    return _load_set(session, uid, ChangeSet.subject == f"run:{run.id}")


def load_own_set(session: Session, uid: UUID, actor_id: int) -> ChangeSet:
    """One of somebody's own. Raises NotFoundError."""
    return _load_set(session, uid, ChangeSet.actor_id == actor_id)


def _load_set(session: Session, uid: UUID, condition: ColumnElement[bool]) -> ChangeSet:
    found = session.scalar(select(ChangeSet).where(ChangeSet.uid == uid, ChangeSet.kind == KIND, condition))
    if found is None:
        raise NotFoundError()
    return found


def list_sets(session: Session, run: Run, now: datetime | None = None) -> list[tuple[ChangeSet, str | None, int]]:
    """What of a run may still be taken back: the deed, who did it, and how many people. One query."""
    rows = session.execute(
        select(ChangeSet, Person.name, func.count())
        .join(Change, Change.set_id == ChangeSet.id)
        .outerjoin(Person, Person.id == ChangeSet.actor_id)
        .where(*_undoable(now), ChangeSet.subject == f"run:{run.id}")
        .group_by(ChangeSet.id, Person.name)
        .order_by(ChangeSet.id.desc())
    )
    return [(set_, name, number) for set_, name, number in rows]


def list_own_sets(session: Session, actor_id: int, now: datetime | None = None) -> list[tuple[ChangeSet, Run, int]]:
    """What somebody did and may still take back, with the run and how many people. One query."""
    rows = session.execute(
        select(ChangeSet, Run, func.count())
        .join(Change, Change.set_id == ChangeSet.id)
        .join(Run, ChangeSet.subject == literal("run:").concat(cast(Run.id, String)))
        .where(*_undoable(now), ChangeSet.actor_id == actor_id)
        .options(selectinload(Run.course_version))
        .group_by(ChangeSet.id, Run.id)
        .order_by(ChangeSet.id.desc())
    )
    return [(set_, run, number) for set_, run, number in rows]


def _undoable(now: datetime | None) -> list[ColumnElement[bool]]:
    since = (now or utcnow()) - UNDONE_WITHIN
    return [ChangeSet.kind == KIND, ChangeSet.undone_at.is_(None), ChangeSet.at >= since]


def take_back(session: Session, set_: ChangeSet, *, actor_id: int, now: datetime | None = None) -> int:
    """Undo a deed of `enrol` within a day: who came in by it leaves, who waits or was asked for is gone. Returns how many left.

    Raises:
        PeopleError: too_late.
        bulk.BulkError: begun; somebody has worked in the run since.
        undo.UndoRefusedError: an application was decided since.
    """
    now = now or utcnow()
    assert set_.at is not None
    seats.lock(session, int(set_.subject.removeprefix("run:")))
    if now > set_.at + UNDONE_WITHIN:
        raise PeopleError("too_late")
    added = select(Change.row_id).where(Change.set_id == set_.id, Change.table_name == Application.__tablename__)
    ids = session.scalars(
        select(Application.enrolment_id).where(Application.id.in_(added), Application.enrolment_id.is_not(None))
    ).all()
    undo.undo(session, set_, actor_id=actor_id, now=now)
    if ids:
        chosen = select(Enrolment.id).where(Enrolment.id.in_(ids), Enrolment.state == "enrolled")
        bulk.withdraw_many(session, chosen, now=now, actor_id=actor_id, reason="등록 취소")
    return len(ids)

"""Make a run from a course or from the last one, and change what its state allows; each deed is kept in the history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import today, utcnow
from lms.content import from_document
from lms.errors import LMSError, NotFoundError
from lms.learning.applications import admission, waiting
from lms.learning.sittings import planning
from lms.models import (
    Admission,
    Application,
    Company,
    CompletionRule,
    Course,
    Enrolment,
    Person,
    Programme,
    Region,
    Role,
    Run,
    RunInstructor,
    RunLink,
    RunQuota,
    RunUnit,
    Sitting,
    SittingSeat,
)
from lms.people import changes
from lms.people.viewers import Viewer

from . import opening, states
from .opening import RunError

MOST_SEATS = 10_000
MOST_HOURS = 1_000
_AHEAD = timedelta(days=14)  # how long before its first day a copied run lies at least


@dataclass(frozen=True)
class RunFields:
    """What an officer fills in. `instructors` are ids of persons."""

    number: int
    learn_from: date
    learn_to: date
    hours: float
    programme_id: int | None = None
    apply_from: date | None = None
    apply_to: date | None = None
    review_to: date | None = None
    seats: int | None = None
    instructors: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Problem:
    """Why a field can't be so. `field` is one of RunFields; `reason` a word; `about` a number or day that belongs to it."""

    field: str
    reason: str
    about: Any = None


class RunFieldsError(LMSError):
    """`problems`: all of them; `reason` is that of the first."""

    sentence = "The run can't be so: {reason}."

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].reason, problems=tuple(problems))


def create(
    session: Session, viewer: Viewer, course: Course, centre_id: int, fields: RunFields, *, now: datetime | None = None
) -> Run:
    """A draft of the course's current version at a centre of the viewer's.

    Raises:
        NotFoundError: the centre is not the viewer's.
        RunFieldsError, RunError
    """
    if centre_id not in viewer.officer_centres:
        raise NotFoundError()
    _check(session, None, course.id, centre_id, fields, today())
    run = opening.make_draft(
        session, course, centre_id=centre_id, learn_from=fields.learn_from, learn_to=fields.learn_to, now=now
    )
    _write(session, viewer, run, fields, "run_made")
    return run


def copy(session: Session, viewer: Viewer, source: Run, *, now: datetime | None = None, day: date | None = None) -> Run:
    """A draft like `source`, by the course's current version, its periods moved by whole weeks to lie after the source and at
    least two weeks ahead. Rule, hours, seats, quotas, ways in, sittings and the instructors who are still there come along;
    the programme where it covers the new period. `source` was loaded to be edited.

    Raises:
        RunError
    """
    day = day or today()
    course = session.get_one(Course, source.course_id)
    shift = _shift(source, day)
    fields = _moved(session, source, shift, day)
    run = opening.make_draft(
        session, course, centre_id=source.centre_id, learn_from=fields.learn_from, learn_to=fields.learn_to, now=now
    )
    _write(session, viewer, run, fields, "run_made")
    rule, old = run.rules[0], source.rules[-1]
    rule.progress, rule.score, rule.attendance = old.progress, old.score, old.attendance
    quotas = session.scalars(select(RunQuota).where(RunQuota.run_id == source.id).order_by(RunQuota.id))
    session.add_all(
        [RunQuota(run_id=run.id, company_id=one.company_id, region_id=one.region_id, seats=one.seats) for one in quotas]
    )
    session.flush()
    admission.copy(session, source.id, run.id)
    planning.copy_all(session, source, run, actor_id=viewer.id, now=now)
    return run


def _shift(source: Run, day: date) -> timedelta:
    """Whole weeks, so that what was on a Tuesday is on a Tuesday."""
    earliest = max(day + _AHEAD, source.learn_to + timedelta(days=1))
    return timedelta(weeks=max(0, -(-(earliest - source.learn_from).days // 7)))


def _moved(session: Session, source: Run, shift: timedelta, day: date) -> RunFields:
    def later(one: date | None) -> date | None:
        return one + shift if one else None

    begin, end = source.learn_from + shift, source.learn_to + shift
    programme = session.get(Programme, source.programme_id) if source.programme_id else None
    fits = programme is not None and programme.from_on <= begin <= programme.to_on
    there = {person.id for person in list_teachers(session, source.centre_id, day)}
    return RunFields(
        number=opening.next_number(session, source.course_id),
        learn_from=begin,
        learn_to=end,
        hours=source.hours,
        programme_id=source.programme_id if fits else None,
        apply_from=later(source.apply_from),
        apply_to=later(source.apply_to),
        review_to=later(source.review_to),
        seats=source.seats,
        instructors=frozenset(instructors_of(session, source.id)) & there,
    )


def edit(session: Session, viewer: Viewer, run: Run, fields: RunFields, *, now: datetime | None = None) -> bool:
    """Change a run that was loaded to be edited, locked. False where nothing is otherwise than it was.

    Raises:
        states.RunStateError, RunFieldsError
    """
    states.refuse(run, "edit")
    _check(session, run, run.course_id, run.centre_id, fields, today())
    seats = run.seats
    changed = _write(session, viewer, run, fields, "run_changed")
    if run.seats != seats:
        waiting.move_up(session, run.id, now=now or utcnow())
    return changed


def fields_of(session: Session, run: Run) -> RunFields:
    """The run as its form shows it."""
    return RunFields(
        number=run.number,
        learn_from=run.learn_from,
        learn_to=run.learn_to,
        hours=run.hours,
        programme_id=run.programme_id,
        apply_from=run.apply_from,
        apply_to=run.apply_to,
        review_to=run.review_to,
        seats=run.seats,
        instructors=frozenset(instructors_of(session, run.id)),
    )


def proposed(session: Session, course: Course, day: date | None = None) -> RunFields:
    """What the form of a new run begins with: from the Monday in four weeks, four weeks long. Raises RunError."""
    day = day or today()
    version = opening.current_version(session, course)
    begin = day + timedelta(days=28 - day.weekday())
    return RunFields(
        number=opening.next_number(session, course.id),
        learn_from=begin,
        learn_to=begin + timedelta(days=27),
        hours=from_document(version.document).hours,
        apply_from=day,
        apply_to=begin - timedelta(days=4),
        review_to=begin + timedelta(days=41),
        seats=20,
    )


def instructors_of(session: Session, run_id: int) -> list[int]:
    return list(session.scalars(select(RunInstructor.person_id).where(RunInstructor.run_id == run_id)))


def list_teachers(session: Session, centre_id: int, day: date) -> Sequence[Person]:
    """Who has the role of an instructor at the centre on that day, by name."""
    has = select(Role.person_id).where(
        Role.kind == "instructor",
        Role.centre_id == centre_id,
        Role.from_on <= day,
        or_(Role.to_on.is_(None), Role.to_on >= day),
    )
    return session.scalars(select(Person).where(Person.id.in_(has)).order_by(Person.name, Person.id)).all()


_COLUMNS = ("number", "programme_id", "apply_from", "apply_to", "learn_from", "learn_to", "review_to", "seats", "hours")


def _write(session: Session, viewer: Viewer, run: Run, fields: RunFields, kind: str) -> bool:
    record = changes.begin(session, kind, actor_id=viewer.id, subject=subject_of(run))
    if kind == "run_made":
        for column in _COLUMNS:
            setattr(run, column, getattr(fields, column))
        session.flush()
        record.note_added(Run, changes.table_of(Run).c.id == run.id)
        changed = True
    else:
        changed = record.alter(run, **{column: getattr(fields, column) for column in _COLUMNS})
    there = {row.person_id: row for row in session.scalars(select(RunInstructor).where(RunInstructor.run_id == run.id))}
    for person in sorted(fields.instructors - there.keys()):
        record.add(RunInstructor(run_id=run.id, person_id=person))
        changed = True
    for person in sorted(there.keys() - fields.instructors):
        record.remove(there[person])
        changed = True
    return changed


def subject_of(run: Run) -> str:
    """How history and audit name a run."""
    return f"run:{run.id}"


# What can't be so


def _check(session: Session, run: Run | None, course_id: int, centre_id: int, fields: RunFields, day: date) -> None:
    """Raises RunFieldsError."""
    found = [
        *_numbers(session, run, course_id, fields),
        *_periods(fields),
        *(_moved_days(run, fields, day) if run is not None and run.opened_at is not None else ()),
        *_seats(session, run, fields),
    ]
    if fields.programme_id is not None and session.get(Programme, fields.programme_id) is None:
        found.append(Problem("programme_id", "unknown"))
    kept = frozenset(instructors_of(session, run.id)) if run is not None else frozenset()
    if fields.instructors - kept - {person.id for person in list_teachers(session, centre_id, day)}:
        found.append(Problem("instructors", "unknown"))
    if found:
        raise RunFieldsError(found)


def _numbers(session: Session, run: Run | None, course_id: int, fields: RunFields) -> Iterator[Problem]:
    if run is not None and run.opened_at is not None and fields.number != run.number:
        yield Problem("number", "opened", run.number)
    taken = select(Run.id).where(Run.course_id == course_id, Run.number == fields.number)
    if run is not None:
        taken = taken.where(Run.id != run.id)
    if session.scalar(taken) is not None:
        yield Problem("number", "taken", opening.next_number(session, course_id))
    if not 0 <= fields.hours <= MOST_HOURS:
        yield Problem("hours", "range", MOST_HOURS)


def _periods(fields: RunFields) -> Iterator[Problem]:
    if fields.learn_to < fields.learn_from:
        yield Problem("learn_to", "ends_before", fields.learn_from)
    if (fields.apply_from is None) != (fields.apply_to is None):
        yield Problem("apply_from" if fields.apply_from is None else "apply_to", "half")
    if fields.apply_from is not None and fields.apply_to is not None:
        if fields.apply_to < fields.apply_from:
            yield Problem("apply_to", "ends_before", fields.apply_from)
        elif fields.apply_to > fields.learn_to:
            yield Problem("apply_to", "apply_after_learn", fields.learn_to)
        elif fields.apply_from > fields.learn_from:
            yield Problem("apply_from", "apply_begins_late", fields.learn_from)
    if fields.review_to is not None and fields.review_to < fields.learn_to:
        yield Problem("review_to", "review_before_end", fields.learn_to)


def _moved_days(run: Run, fields: RunFields, day: date) -> Iterator[Problem]:
    """Of a run that is open. Its first day stays once it has come, because what happened before it is counted otherwise."""
    if fields.learn_from != run.learn_from:
        if day >= run.learn_from:
            yield Problem("learn_from", "begun", run.learn_from)
        elif fields.learn_from <= day:
            yield Problem("learn_from", "too_soon", day)
    if fields.learn_to != run.learn_to and fields.learn_to < day:
        yield Problem("learn_to", "past", day)


def _seats(session: Session, run: Run | None, fields: RunFields) -> Iterator[Problem]:
    if fields.seats is None:
        if run is not None and session.scalar(select(RunQuota.id).where(RunQuota.run_id == run.id).limit(1)):
            yield Problem("seats", "quotas_need_seats")
        return
    if not 0 <= fields.seats <= MOST_SEATS:
        yield Problem("seats", "range", MOST_SEATS)
    if run is None:
        return
    enrolled = _enrolled(session, run.id)
    if fields.seats < enrolled:
        yield Problem("seats", "below_enrolled", enrolled)
    quotas = max(quota_sums(session, run.id))
    if fields.seats < quotas:
        yield Problem("seats", "below_quotas", quotas)


def _enrolled(session: Session, run_id: int, *where: Any) -> int:
    in_run = select(func.count()).select_from(Enrolment)
    return session.scalar(in_run.where(Enrolment.run_id == run_id, Enrolment.state == "enrolled", *where)) or 0


# Quotas


@dataclass(frozen=True)
class Quota:
    """A quota with whose it is, and how many of them are in."""

    row: RunQuota
    company: Company | None
    region: Region | None
    enrolled: int


def list_quotas(session: Session, run_id: int) -> list[Quota]:
    """Companies first, by name. One query."""
    of_it = or_(Enrolment.company_id == RunQuota.company_id, Enrolment.region_id == RunQuota.region_id)
    enrolled = (
        select(func.count())
        .where(Enrolment.run_id == RunQuota.run_id, Enrolment.state == "enrolled", of_it)
        .correlate(RunQuota)
        .scalar_subquery()
    )
    rows = session.execute(
        select(RunQuota, Company, Region, enrolled)
        .outerjoin(Company, Company.id == RunQuota.company_id)
        .outerjoin(Region, Region.id == RunQuota.region_id)
        .where(RunQuota.run_id == run_id)
        .order_by(RunQuota.company_id.is_(None), Company.name, Region.position, RunQuota.id)
    )
    return [Quota(*row) for row in rows]


def quota_sums(session: Session, run_id: int) -> tuple[int, int]:
    """Seats of the companies' quotas together, and of the regions'."""
    sums = select(
        func.coalesce(func.sum(RunQuota.seats).filter(RunQuota.company_id.is_not(None)), 0),
        func.coalesce(func.sum(RunQuota.seats).filter(RunQuota.region_id.is_not(None)), 0),
    ).where(RunQuota.run_id == run_id)
    companies, regions = session.execute(sums).one()
    return int(companies), int(regions)


def set_quota(
    session: Session,
    viewer: Viewer,
    run: Run,
    seats: int,
    *,
    company: Company | None = None,
    region: Region | None = None,
    now: datetime | None = None,
) -> None:
    """At most so many seats for a company or a region, of a run that was loaded to be edited, locked.

    Raises:
        states.RunStateError
        RunFieldsError: whose, range, quotas_need_seats, above_seats, below_enrolled; the field is "seats", or "whose".
    """
    states.refuse(run, "edit")
    if (company is None) == (region is None):
        raise RunFieldsError([Problem("whose", "whose")])
    if run.seats is None:
        raise RunFieldsError([Problem("seats", "quotas_need_seats")])
    if not 0 <= seats <= MOST_SEATS:
        raise RunFieldsError([Problem("seats", "range", MOST_SEATS)])
    mine, of_it = _whose(company, region)
    there = session.scalar(select(RunQuota).where(RunQuota.run_id == run.id, mine))
    others = quota_sums(session, run.id)[0 if company is not None else 1] - (there.seats if there else 0)
    if others + seats > run.seats:
        raise RunFieldsError([Problem("seats", "above_seats", run.seats - others)])
    enrolled = _enrolled(session, run.id, of_it)
    if seats < enrolled:
        raise RunFieldsError([Problem("seats", "below_enrolled", enrolled)])
    record = changes.begin(session, "run_quota_set", actor_id=viewer.id, subject=subject_of(run))
    if there is not None:
        record.alter(there, seats=seats)
    else:
        row = RunQuota(run_id=run.id, seats=seats)
        row.company_id, row.region_id = (company.id if company else None), (region.id if region else None)
        record.add(row)
    waiting.move_up(session, run.id, now=now or utcnow())


def _whose(company: Company | None, region: Region | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions on quotas and on enrolments."""
    if company is not None:
        return RunQuota.company_id == company.id, Enrolment.company_id == company.id
    assert region is not None
    return RunQuota.region_id == region.id, Enrolment.region_id == region.id


def remove_quota(session: Session, viewer: Viewer, run: Run, quota_id: int, *, now: datetime | None = None) -> None:
    """Raises states.RunStateError, NotFoundError."""
    states.refuse(run, "edit")
    of_run = session.scalars(select(RunQuota).where(RunQuota.run_id == run.id))
    row = next((quota for quota in of_run if quota.id == quota_id), None)
    if row is None:
        raise NotFoundError()
    changes.begin(session, "run_quota_removed", actor_id=viewer.id, subject=subject_of(run)).remove(row)
    waiting.move_up(session, run.id, now=now or utcnow())


# Draft and open


def pin(session: Session, viewer: Viewer, run: Run) -> None:
    """Take the course's current version, of which the units are copied anew; only while it is a draft.

    Raises:
        states.RunStateError
        RunError: same, no_version, exercise_missing, in_use (somebody was in it once)
    """
    states.refuse(run, "pin")
    version = opening.current_version(session, session.get_one(Course, run.course_id))
    if version.id == run.course_version_id:
        raise RunError("same")
    units = opening.copied_units(session, version)
    _refuse_used(session, run)
    for unit in run.units:
        session.delete(unit)
    session.flush()
    for unit in units:
        unit.run_id = run.id
    session.add_all(units)
    record = changes.begin(session, "run_pinned", actor_id=viewer.id, subject=subject_of(run))
    record.alter(run, course_version_id=version.id)
    session.refresh(run)


def withdraw_opening(session: Session, viewer: Viewer, run: Run) -> None:
    """It is a draft again, as long as nobody was in it or waits for a seat.

    Raises:
        states.RunStateError
        RunError: in_use
    """
    states.refuse(run, "withdraw_opening")
    _refuse_used(session, run)
    record = changes.begin(session, "run_opening_withdrawn", actor_id=viewer.id, subject=subject_of(run))
    record.alter(run, opened_at=None)


def is_used(session: Session, run: Run) -> bool:
    """Whether somebody is or was in it, or has applied."""
    enrolled = select(Enrolment.id).where(Enrolment.run_id == run.id)
    applied = select(Application.id).where(Application.run_id == run.id)
    return bool(session.scalar(select(or_(enrolled.exists(), applied.exists()))))


def _refuse_used(session: Session, run: Run) -> None:
    if is_used(session, run):
        raise RunError("in_use")


def discard(session: Session, viewer: Viewer, run: Run) -> None:
    """Throw a draft away with all that was set up for it. What it was stays told in the audit.

    Raises:
        states.RunStateError
        RunError: in_use
    """
    states.refuse(run, "discard")
    _refuse_used(session, run)
    audit.record(
        session,
        "run_discarded",
        actor_id=viewer.id,
        subject=subject_of(run),
        detail={"course": run.course_id, "number": run.number},
    )
    sittings = select(Sitting.id).where(Sitting.run_id == run.id)
    session.expunge(run)
    try:
        session.execute(delete(SittingSeat).where(SittingSeat.sitting_id.in_(sittings)))
        for table in (Sitting, RunLink, Admission, RunQuota, RunInstructor, CompletionRule, RunUnit):
            session.execute(delete(table).where(table.run_id == run.id).execution_options(synchronize_session=False))
        session.execute(delete(Run).where(Run.id == run.id).execution_options(synchronize_session=False))
    except IntegrityError:
        raise RunError("in_use") from None

"""Schedules that are there: whose they are, how they fare, and what came of each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from lms.clock import utcnow
from lms.errors import NotFoundError
from lms.models import Person, Schedule, ScheduleRecipient, ScheduleTurn
from lms.people.viewers import Viewer

from .people import may_see

LATE_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Fares:
    """A schedule and its newest time that has come, if any. `state`: active, late, failed, paused."""

    schedule: Schedule
    last: ScheduleTurn | None
    state: str


@dataclass(frozen=True)
class Troubles:
    """How many schedules are late, and of how many the newest time failed."""

    late: int
    failed: int


def is_late(turn: ScheduleTurn, now: datetime | None = None) -> bool:
    """Issued late, or not yet though it should be."""
    end = turn.finished_at or (now or utcnow())
    return turn.state in ("waiting", "issued") and end - turn.due_at > LATE_AFTER


def list_all(session: Session, now: datetime | None = None) -> Sequence[Fares]:
    """For the operator, by name."""
    found = select(Schedule).order_by(Schedule.name, Schedule.id).options(joinedload(Schedule.maker))
    return _fares(session, session.scalars(found).all(), now or utcnow())


def list_schedules(session: Session, viewer: Viewer, now: datetime | None = None) -> Sequence[Fares]:
    """Those whose figures a viewer may see, by name."""
    known = session.execute(select(Schedule.id, Schedule.scope)).all()
    ids = [row.id for row in known if may_see(row.scope, viewer)]
    found = select(Schedule).where(Schedule.id.in_(ids)).order_by(Schedule.name, Schedule.id)
    return _fares(session, session.scalars(found.options(joinedload(Schedule.maker))).all(), now or utcnow())


def load(session: Session, viewer: Viewer, uid: UUID, *, is_locked: bool = False) -> Schedule:
    """With its maker. Raises NotFoundError where a viewer may not see its figures."""
    asked = select(Schedule).where(Schedule.uid == uid).options(joinedload(Schedule.maker))
    found = session.scalar(asked.with_for_update(of=Schedule) if is_locked else asked)
    if found is None or not may_see(found.scope, viewer):
        raise NotFoundError()
    return found


def fares(session: Session, schedule: Schedule, now: datetime | None = None) -> Fares:
    return _fares(session, [schedule], now or utcnow())[0]


def list_turns(session: Session, schedule: Schedule, *, offset: int, limit: int) -> tuple[Sequence[ScheduleTurn], int]:
    """The times that have come, the newest first, and how many there are."""
    mine = ScheduleTurn.schedule_id == schedule.id
    total = session.scalar(select(func.count()).select_from(ScheduleTurn).where(mine)) or 0
    found = select(ScheduleTurn).where(mine).order_by(ScheduleTurn.due_on.desc()).offset(offset).limit(limit)
    return session.scalars(found.options(joinedload(ScheduleTurn.statement))).all(), total


def names_of(session: Session, people: Sequence[int]) -> Mapping[int, str]:
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(people))).all())


def recipients_of(session: Session, schedule: Schedule) -> Sequence[int]:
    """Ids of persons."""
    return session.scalars(
        select(ScheduleRecipient.person_id)
        .join(Person, Person.id == ScheduleRecipient.person_id)
        .where(ScheduleRecipient.schedule_id == schedule.id)
        .order_by(Person.name, Person.id)
    ).all()


def troubles(session: Session, now: datetime | None = None) -> Troubles:
    """In one statement, for the doctor."""
    now = now or utcnow()
    late = select(func.count()).where(Schedule.state == "active", _is_behind(now))
    failed = (
        select(func.count())
        .select_from(ScheduleTurn)
        .join(Schedule, Schedule.id == ScheduleTurn.schedule_id)
        .where(ScheduleTurn.state == "failed", _is_newest(), Schedule.state == "active")
    )
    counts = session.execute(select(late.scalar_subquery(), failed.scalar_subquery())).one()
    return Troubles(*counts)


def _is_newest() -> ColumnElement[bool]:
    later = aliased(ScheduleTurn)
    newer = select(later.id).where(later.schedule_id == ScheduleTurn.schedule_id, later.due_on > ScheduleTurn.due_on)
    return ~newer.correlate(ScheduleTurn).exists()


def _is_behind(now: datetime) -> ColumnElement[bool]:
    """No worker looked, or one that waits has been waiting for long."""
    waits = select(ScheduleTurn.id).where(
        ScheduleTurn.schedule_id == Schedule.id,
        ScheduleTurn.state == "waiting",
        ScheduleTurn.due_at < now - LATE_AFTER,
    )
    return or_(Schedule.next_at < now - LATE_AFTER, waits.correlate(Schedule).exists())


def _fares(session: Session, schedules: Sequence[Schedule], now: datetime) -> Sequence[Fares]:
    ids = [schedule.id for schedule in schedules]
    turns = session.scalars(
        select(ScheduleTurn)
        .where(and_(ScheduleTurn.schedule_id.in_(ids), _is_newest()))
        .options(joinedload(ScheduleTurn.statement))
    )
    last = {turn.schedule_id: turn for turn in turns}
    behind = set(session.scalars(select(Schedule.id).where(Schedule.id.in_(ids), _is_behind(now))))
    return [Fares(one, last.get(one.id), _state(one, last.get(one.id), one.id in behind)) for one in schedules]


def _state(schedule: Schedule, last: ScheduleTurn | None, is_behind: bool) -> str:
    if schedule.state == "paused":
        return "paused"
    if is_behind:
        return "late"
    return "failed" if last is not None and last.state == "failed" else "active"

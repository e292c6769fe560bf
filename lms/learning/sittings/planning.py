"""Plan the sittings of a run: add, change, cancel, copy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.learning import ledger
from lms.learning.runs import states
from lms.models import Attendance, Run, Sitting, SittingSeat
from lms.models.sittings import SITTING_KINDS

from .errors import SittingError

Announced = tuple[tuple[Sitting, ...], ...]  # the dates of each thing, of which a learner attends one

_LONGEST = {"title": 120, "place": 120, "directions": 600}
_MOST_HOURS, _MOST_SEATS = 24, 10_000


@dataclass(frozen=True)
class Plan:
    """What is said of a sitting. `by_choice`: only those are expected who took a seat. `same_as` is another sitting of the run
    of which this is a further date: learners choose one of them."""

    title: str
    place: str
    begins_at: datetime
    ends_at: datetime
    hours: float
    kind: str = "classroom"
    directions: str = ""
    seats: int | None = None
    by_choice: bool = False
    is_extra: bool = False
    asks_leaving: bool = False
    same_as: Sitting | None = None


def add(session: Session, run: Run, plan: Plan, *, actor_id: int, now: datetime | None = None) -> Sitting:
    """Plan a sitting. One that is added after the run has begun, and is no further date of another, is extra: its hours
    count, but are asked of nobody, so that adding it lowers nobody's percentage.

    Raises:
        SittingError, RunStateError
    """
    now = now or utcnow()
    states.refuse(run, "edit")
    _refuse(run, plan)
    other = plan.same_as
    if other is not None and other.is_cancelled:
        raise SittingError("cancelled")
    if other is not None and plan.hours != other.hours:
        raise SittingError("hours_differ", hours=other.hours)
    has_begun = run.opened_at is not None and seoul_day(now) >= run.learn_from
    sitting = Sitting(
        run_id=run.id,
        choice=other.choice if other else uuid4().hex,
        is_extra=other.is_extra if other else plan.is_extra or has_begun,
        expects="seated" if plan.by_choice or other else "all",
        created_at=now,
    )
    _write(sitting, plan)
    session.add(sitting)
    session.flush()
    if other is not None:
        _let_choose(session, other)
    _note(session, "sitting_added", sitting, actor_id)
    return sitting


def _let_choose(session: Session, other: Sitting) -> None:
    """From now on there are several dates, so that each learner has to take a seat; whoever was noted at one has it."""
    for sitting in session.scalars(select(Sitting).where(Sitting.choice == other.choice, Sitting.expects == "all")):
        sitting.expects = "seated"
        noted = (
            select(Attendance.enrolment_id, func.min(Attendance.recorded_at))
            .where(Attendance.sitting_id == sitting.id)
            .group_by(Attendance.enrolment_id)
        )
        for enrolment_id, at in session.execute(noted):
            session.add(
                SittingSeat(enrolment_id=enrolment_id, sitting_id=sitting.id, choice=sitting.choice, taken_at=at)
            )
    session.flush()


def change(
    session: Session, run: Run, sitting: Sitting, plan: Plan, *, actor_id: int, now: datetime | None = None
) -> None:
    """Change what is said of a sitting. Its hours stay once the run has begun, its times once presence was noted.

    Raises:
        SittingError, RunStateError
    """
    now = now or utcnow()
    states.refuse(run, "edit")
    if sitting.is_cancelled:
        raise SittingError("cancelled")
    _refuse(run, plan)
    dates = _dates_of(session, sitting)
    if plan.hours != sitting.hours:
        if len(dates) > 1:
            raise SittingError("hours_differ", hours=sitting.hours)
        if not sitting.is_extra and run.opened_at is not None and seoul_day(now) >= run.learn_from:
            raise SittingError("hours_frozen")
    new = (plan.begins_at, plan.ends_at, plan.hours, plan.asks_leaving)
    if new != (sitting.begins_at, sitting.ends_at, sitting.hours, sitting.asks_leaving) and is_noted(session, sitting):
        raise SittingError("taken_place")
    taken = session.scalar(select(func.count()).where(SittingSeat.sitting_id == sitting.id)) or 0
    if plan.seats is not None and plan.seats < taken:
        raise SittingError("seats_taken", taken=taken)
    _write(sitting, plan)
    sitting.expects = "seated" if plan.by_choice or len(dates) > 1 else "all"
    session.flush()
    _note(session, "sitting_changed", sitting, actor_id)


def cancel(
    session: Session, run: Run, sitting: Sitting, reason: str, *, actor_id: int, now: datetime | None = None
) -> None:
    """Cancel a sitting that nobody was at; it stays, with the reason, and is asked of nobody any more. Who took a seat at it
    may choose another date.

    Raises:
        SittingError, RunStateError
    """
    now = now or utcnow()
    states.refuse(run, "edit")
    reason = " ".join(reason.split())
    if not reason:
        raise SittingError("reason_missing")
    if sitting.is_cancelled:
        raise SittingError("cancelled")
    if is_attended(session, sitting):
        raise SittingError("attended")
    sitting.cancelled_at, sitting.cancelled_reason = now, reason[:400]
    for seat in session.scalars(select(SittingSeat).where(SittingSeat.sitting_id == sitting.id)):
        session.delete(seat)
    session.flush()
    _note(session, "sitting_cancelled", sitting, actor_id, reason)
    if run.opened_at is not None and seoul_day(now) >= run.learn_from:
        ledger.settle_run(session, run.id, now)  # somebody may have met the rule without it


def copy_all(
    session: Session, source: Run, target: Run, *, actor_id: int, now: datetime | None = None
) -> list[Sitting]:
    """Plan the sittings of one run for another, as many days after its beginning as they were after theirs. Cancelled and
    extra ones are left out, and those that would come to lie after its end."""
    now = now or utcnow()
    shift = target.learn_from - source.learn_from
    choices: dict[str, str] = {}
    made = []
    for sitting in list_sittings(session, source.id):
        if sitting.is_cancelled or sitting.is_extra or sitting.day + shift > last_day(target):
            continue
        made.append(
            Sitting(
                run_id=target.id,
                choice=choices.setdefault(sitting.choice, uuid4().hex),
                begins_at=sitting.begins_at + shift,
                ends_at=sitting.ends_at + shift,
                created_at=now,
                **{name: getattr(sitting, name) for name in _COPIED},
            )
        )
    session.add_all(made)
    session.flush()
    for sitting in made:
        _note(session, "sitting_added", sitting, actor_id)
    return made


_COPIED = ("kind", "title", "place", "directions", "hours", "seats", "expects", "is_extra", "asks_leaving")


def list_sittings(session: Session, run_id: int) -> Sequence[Sitting]:
    """All of a run, by their beginning; cancelled ones too."""
    return session.scalars(
        select(Sitting).where(Sitting.run_id == run_id).order_by(Sitting.begins_at, Sitting.id)
    ).all()


def list_announced(session: Session, run_ids: Collection[int]) -> Mapping[int, Announced]:
    """What runs ask people to come to. One query; a run without sittings isn't among them."""
    found = session.scalars(
        select(Sitting)
        .where(Sitting.run_id.in_(run_ids), Sitting.cancelled_at.is_(None), Sitting.is_extra.is_(False))
        .order_by(Sitting.begins_at, Sitting.id)
    )
    by_choice: dict[int, dict[str, list[Sitting]]] = defaultdict(lambda: defaultdict(list))
    for sitting in found:
        by_choice[sitting.run_id][sitting.choice].append(sitting)
    return {run_id: tuple(tuple(dates) for dates in choices.values()) for run_id, choices in by_choice.items()}


def last_day(run: Run) -> date:
    """The last day on which a run may meet."""
    return max(run.learn_to, run.review_to or run.learn_to)


def is_noted(session: Session, sitting: Sitting) -> bool:
    """Whether anything was noted of anybody's presence."""
    return bool(session.scalar(select(exists().where(Attendance.sitting_id == sitting.id))))


def is_attended(session: Session, sitting: Sitting) -> bool:
    """Whether hours stand recognised for anybody, or somebody has come and her leaving is awaited."""
    newest = (
        select(func.max(Attendance.id)).where(Attendance.sitting_id == sitting.id).group_by(Attendance.enrolment_id)
    )
    there = select(Attendance.id).where(Attendance.id.in_(newest), Attendance.presence != "absent")
    return session.scalar(there.limit(1)) is not None


def _dates_of(session: Session, sitting: Sitting) -> Sequence[Sitting]:
    """The sittings of the same choice that are held, this one among them."""
    return session.scalars(
        select(Sitting).where(Sitting.choice == sitting.choice, Sitting.cancelled_at.is_(None))
    ).all()


def _write(sitting: Sitting, plan: Plan) -> None:
    sitting.kind = plan.kind
    for name in _LONGEST:
        setattr(sitting, name, _tidy(getattr(plan, name)))
    sitting.begins_at, sitting.ends_at = plan.begins_at, plan.ends_at
    sitting.hours, sitting.seats, sitting.asks_leaving = plan.hours, plan.seats, plan.asks_leaving


def _tidy(words: str) -> str:
    return "\n".join(line for line in (" ".join(part.split()) for part in words.splitlines()) if line)


def _refuse(run: Run, plan: Plan) -> None:
    if plan.kind not in SITTING_KINDS:
        raise SittingError("kind")
    for name in ("title", "place"):
        if not _tidy(getattr(plan, name)):
            raise SittingError(f"{name}_missing")
    if any(len(_tidy(getattr(plan, name))) > most for name, most in _LONGEST.items()):
        raise SittingError("too_long")
    if not timedelta(minutes=10) <= plan.ends_at - plan.begins_at <= timedelta(hours=16):
        raise SittingError("times")
    if not run.learn_from <= seoul_day(plan.begins_at) <= last_day(run):
        raise SittingError("outside", first=run.learn_from, last=last_day(run))
    spent = (plan.ends_at - plan.begins_at) / timedelta(hours=1)
    if not 0 < plan.hours <= min(spent * 60 / 45, _MOST_HOURS):  # a taught hour may be of 45 minutes
        raise SittingError("hours")
    if plan.seats is not None and not 0 <= plan.seats <= _MOST_SEATS:
        raise SittingError("seats")


def _note(session: Session, action: str, sitting: Sitting, actor_id: int, reason: str = "") -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        subject=f"sitting:{sitting.uid}",
        reason=reason,
        detail={"run": sitting.run_id, "begins_at": sitting.begins_at.isoformat(), "hours": sitting.hours},
    )

"""Make a schedule, change it, pause it, take it over, do without it; issue at once, and try again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.models import Schedule, ScheduleRecipient, ScheduleTurn
from lms.people.viewers import Viewer

from ..exports import scopes
from ..question import Question
from . import people, reading, times
from .errors import ScheduleError
from .times import Rhythm

LONGEST_NAME = 80
MOST_RECIPIENTS = 30
TRIES = 5  # of a round; trying again by hand begins another


@dataclass(frozen=True)
class Plan:
    """What may be changed afterwards. `recipients` are ids of persons."""

    name: str
    rhythm: Rhythm
    language: str
    recipients: frozenset[int]


def scope_of(viewer: Viewer) -> dict[str, Any]:
    """What a schedule that a viewer makes counts."""
    return scopes.to_document(people.reach(viewer), date.min)


def add(
    session: Session,
    viewer: Viewer,
    report: str,
    question: Question,
    plan: Plan,
    *,
    address: str,
    now: datetime | None = None,
) -> Schedule:
    """From a question that can be issued (`issuing.draft` says so). Raises ScheduleError."""
    now = now or utcnow()
    words = question.to_document()
    del words["as_of"]
    made = Schedule(
        maker_id=viewer.id,
        report=report,
        question=words,
        scope=scope_of(viewer),
        address=address,
        state="active",
        paused_why="",
        created_at=now,
    )
    _set(session, made, plan, now)
    session.add(made)
    session.flush()
    _address(session, made, plan.recipients)
    _note(session, viewer, made, "schedule_made")
    return made


def question_of(schedule: Schedule, as_of: date) -> Question:
    """What it asks on a day. Raises ReportError for words that are none any more."""
    words = {name: value if isinstance(value, list) else [value] for name, value in schedule.question.items()}
    return Question.from_words(words, default=Question(as_of=as_of, by=()), today=as_of)


def change(session: Session, viewer: Viewer, uid: UUID, plan: Plan, *, now: datetime | None = None) -> Schedule:
    """One's own. What is counted stays, so that its statements can be compared. Raises NotFoundError, ScheduleError."""
    found = _own(session, viewer, uid)
    _set(session, found, plan, now or utcnow())
    session.execute(delete(ScheduleRecipient).where(ScheduleRecipient.schedule_id == found.id))
    _address(session, found, plan.recipients)
    _note(session, viewer, found, "schedule_changed")
    return found


def pause(session: Session, viewer: Viewer, uid: UUID) -> None:
    """By anybody who may see its figures: it stops something."""
    found = reading.load(session, viewer, uid, is_locked=True)
    if found.state == "active":
        found.state, found.next_at = "paused", None
        _note(session, viewer, found, "schedule_paused")


def resume(session: Session, viewer: Viewer, uid: UUID, *, now: datetime | None = None) -> None:
    """What was due in the pause is not made. Raises NotFoundError, ScheduleError."""
    found = _own(session, viewer, uid)
    if found.state == "paused":
        _go_on(found, now or utcnow())
        _note(session, viewer, found, "schedule_resumed")


def take_over(session: Session, viewer: Viewer, uid: UUID, *, now: datetime | None = None) -> None:
    """From now on it is issued in the viewer's name. Raises NotFoundError, ScheduleError: not_allowed."""
    found = reading.load(session, viewer, uid, is_locked=True)
    if not people.answers_for(found.scope, viewer):
        raise ScheduleError("not_allowed")
    if found.maker_id == viewer.id:
        return
    found.maker_id = viewer.id
    if found.paused_why:
        _go_on(found, now or utcnow())
    _note(session, viewer, found, "schedule_taken_over")


def remove(session: Session, viewer: Viewer, uid: UUID) -> None:
    """With its history; its statements stay. Raises NotFoundError, ScheduleError: not_allowed."""
    found = reading.load(session, viewer, uid, is_locked=True)
    if not people.answers_for(found.scope, viewer):
        raise ScheduleError("not_allowed")
    _note(session, viewer, found, "schedule_deleted")
    session.execute(delete(ScheduleTurn).where(ScheduleTurn.schedule_id == found.id))
    session.execute(delete(ScheduleRecipient).where(ScheduleRecipient.schedule_id == found.id))
    session.execute(delete(Schedule).where(Schedule.id == found.id))


def run_now(session: Session, viewer: Viewer, uid: UUID, *, now: datetime | None = None) -> None:
    """Today's, as of yesterday, by a worker. There is one a day, however it came to be.

    Raises:
        NotFoundError
        ScheduleError: not_maker, paused, issued.
    """
    now = now or utcnow()
    found = _own(session, viewer, uid)
    if found.state == "paused":
        raise ScheduleError("paused")
    turn = _turn(session, found, seoul_day(now))
    if turn is None:
        session.add(
            ScheduleTurn(
                schedule_id=found.id, due_on=seoul_day(now), due_at=now, state="waiting", next_try_at=now, facts={}
            )
        )
        return
    if turn.statement is not None:
        raise ScheduleError("issued", number=turn.statement.number)
    _again(turn, now)


def retry(session: Session, viewer: Viewer, uid: UUID, due_on: date, *, now: datetime | None = None) -> None:
    """A time that failed or was left out, as of its own day.

    Raises:
        NotFoundError
        ScheduleError: not_maker, paused, no_failure.
    """
    found = _own(session, viewer, uid)
    if found.state == "paused":
        raise ScheduleError("paused")
    turn = _turn(session, found, due_on)
    if turn is None or turn.statement_id is not None:
        raise ScheduleError("no_failure")
    _again(turn, now or utcnow())


def _again(turn: ScheduleTurn, now: datetime) -> None:
    """A new round of tries. Their number only grows: it is the fence. One that is being made is left to it."""
    if turn.reason == "begun":
        return
    turn.tries = -(-turn.tries // TRIES) * TRIES
    turn.state, turn.reason, turn.facts, turn.next_try_at, turn.finished_at = "waiting", "", {}, now, None


def _turn(session: Session, schedule: Schedule, due_on: date) -> ScheduleTurn | None:
    return session.scalar(
        select(ScheduleTurn)
        .where(ScheduleTurn.schedule_id == schedule.id, ScheduleTurn.due_on == due_on)
        .options(joinedload(ScheduleTurn.statement))
        .with_for_update(of=ScheduleTurn)
    )


def _own(session: Session, viewer: Viewer, uid: UUID) -> Schedule:
    """Of whose statements she is the issuer. Raises NotFoundError, ScheduleError: not_maker."""
    found = reading.load(session, viewer, uid, is_locked=True)
    if found.maker_id != viewer.id or not people.answers_for(found.scope, viewer):
        raise ScheduleError("not_maker")
    return found


def _go_on(schedule: Schedule, now: datetime) -> None:
    schedule.state, schedule.paused_why = "active", ""
    schedule.next_at = times.next_due(times.rhythm_of(schedule), now)


def _set(session: Session, schedule: Schedule, plan: Plan, now: datetime) -> None:
    name = " ".join(plan.name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise ScheduleError("name", most=LONGEST_NAME)
    _refuse_recipients(session, schedule.scope, plan.recipients, seoul_day(now))
    rhythm = plan.rhythm
    is_new_rhythm = (schedule.every, schedule.on_day, schedule.hour) != (rhythm.every, rhythm.on_day, rhythm.hour)
    schedule.name, schedule.language = name, plan.language
    schedule.every, schedule.on_day, schedule.hour = rhythm.every, rhythm.on_day, rhythm.hour
    if schedule.state == "active" and is_new_rhythm:
        schedule.next_at = times.next_due(rhythm, now)


def _refuse_recipients(session: Session, scope: dict[str, Any], wanted: Collection[int], day: date) -> None:
    if not wanted:
        raise ScheduleError("nobody")
    if len(wanted) > MOST_RECIPIENTS:
        raise ScheduleError("many", most=MOST_RECIPIENTS)
    if people.who_may_see(session, scope, wanted, day) != set(wanted):
        raise ScheduleError("not_allowed")


def _address(session: Session, schedule: Schedule, recipients: Collection[int]) -> None:
    session.add_all(ScheduleRecipient(schedule_id=schedule.id, person_id=person) for person in sorted(recipients))
    session.flush()


def _note(session: Session, viewer: Viewer, schedule: Schedule, action: str) -> None:
    rhythm = f"{schedule.every} {schedule.on_day}, {schedule.hour}:00"
    audit.record(
        session,
        action,
        actor_id=viewer.id,
        subject=f"schedule:{schedule.uid}",
        detail={"name": schedule.name, "when": rhythm},
    )

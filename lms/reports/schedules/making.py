"""The worker's part: write down which times have come, and issue what waits, the oldest first.

Of each time there is one row, and a statement is issued in the transaction that marks the row; so however many workers look,
and wherever one is killed, nothing is issued twice. A try is counted before it begins, so that what kills workers ends.
What was missed is made afterwards as of its own day, by the ledger with the same figures as in time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms import messages
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.jobs.queue import Claim
from lms.models import Database, Message, Person, Schedule, ScheduleTurn, Statement
from lms.models.database import insert_into
from lms.people.viewers import Viewer, viewer_of

from ..exports import scopes
from ..statements import issuing
from ..statements.errors import StatementError
from ..statements.issuing import Draft, Press
from . import people, reading, times
from .editing import TRIES, question_of

log = logging.getLogger("lms.reports")

JOB = "issue_scheduled"
MOST_MISSED = 8  # that are made afterwards, the newest; who needs more tries them one by one
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
_PERMANENT = "question"  # of a question that can't be asked any more; of statements their own reasons

# The words on the paper and the address that verifies it, for a schedule.
PressOf = Callable[[Schedule], Press]


def is_due(session: Session) -> bool:
    now = utcnow()
    come = select(Schedule.id).where(Schedule.state == "active", Schedule.next_at <= now).limit(1)
    return session.scalar(come) is not None or session.scalar(_waiting(now).limit(1)) is not None


CHORE = Chore(JOB, timedelta(seconds=20), is_due)


@dataclass
class ScheduledIssuer:
    """The handler of JOB."""

    press_of: PressOf

    def __call__(self, database: Database, claim: Claim) -> str | None:
        issue_due(database, self.press_of)
        with database.writing() as session:
            if queue.finish(session, claim):
                session.commit()
        return None


def issue_due(database: Database, press_of: PressOf, now: datetime | None = None) -> None:
    """Everything that has come by now; each that waits is tried once."""
    now = now or utcnow()
    with database.reading() as session:
        come = select(Schedule.id).where(Schedule.state == "active", Schedule.next_at <= now)
        schedules = session.scalars(come.order_by(Schedule.next_at)).all()
    for schedule_id in schedules:
        with database.writing() as session:
            _write_down(session, schedule_id, now)
            session.commit()
    with database.reading() as session:
        waiting = session.scalars(_waiting(now)).all()
    for turn_id in waiting:
        _try(database, press_of, turn_id, now)


def _waiting(now: datetime) -> Any:
    return (
        select(ScheduleTurn.id)
        .join(Schedule, Schedule.id == ScheduleTurn.schedule_id)
        .where(ScheduleTurn.state == "waiting", ScheduleTurn.next_try_at <= now, Schedule.state == "active")
        .order_by(ScheduleTurn.due_at, ScheduleTurn.id)
    )


def _write_down(session: Session, schedule_id: int, now: datetime) -> None:
    """The times of a schedule that have come since it was last looked at, and when to look again."""
    schedule = session.scalar(select(Schedule).where(Schedule.id == schedule_id).with_for_update())
    if schedule is None or schedule.state != "active" or schedule.next_at is None or schedule.next_at > now:
        return
    rhythm = times.rhythm_of(schedule)
    come = times.due_until(rhythm, schedule.next_at, now)
    rows: list[dict[str, Any]] = [
        {
            "schedule_id": schedule_id,
            "due_on": seoul_day(at),
            "due_at": at,
            "state": "left_out" if is_old else "waiting",
            "tries": 0,
            "next_try_at": now,
            "reason": "missed" if is_old else "",
            "facts": {},
            "told": 0,
            "left_out": [],
            "finished_at": now if is_old else None,
        }
        for at, is_old in zip(come, [True] * (len(come) - MOST_MISSED) + [False] * len(come), strict=False)
    ]
    if rows:
        session.execute(insert_into(session, ScheduleTurn).values(rows).on_conflict_do_nothing())
    schedule.next_at = times.next_due(rhythm, now)


def _try(database: Database, press_of: PressOf, turn_id: int, now: datetime) -> None:
    with database.writing() as session:
        begun = _begin(session, turn_id, now)
        session.commit()
    if begun is None:
        return
    try:
        with database.reading() as session:
            draft = _draft(session, begun.schedule, begun, now)
        _issue(database, press_of, begun, draft, now)
    except LMSError as error:
        reason = error.reason if isinstance(error, StatementError) else _PERMANENT
        _give_up(database, begun, reason, error.facts, now, is_last=True)
    except Exception as error:
        log.exception("the statement of schedule %s as of %s", begun.schedule.uid, begun.as_of)
        is_last = begun.tries % TRIES == 0
        _give_up(database, begun, "fault", {"why": type(error).__name__}, now, is_last=is_last)


def _begin(session: Session, turn_id: int, now: datetime) -> ScheduleTurn | None:
    """Count a try of a time that waits. None: it is another worker's, or can't be made any more."""
    turn = _locked(session, turn_id)
    if turn is None or turn.next_try_at > now or turn.schedule.state != "active":
        return None
    if turn.reason and turn.tries and turn.tries % TRIES == 0:  # each worker that took it was killed
        _fail(session, turn, "fault", {"why": "killed"}, now)
        return None
    if not _maker_answers(turn.schedule, now):
        _stop(session, turn, now)
        return None
    pause = PAUSES[min(turn.tries % TRIES, len(PAUSES) - 1)]
    turn.tries += 1
    turn.reason, turn.facts, turn.next_try_at = "begun", {}, now + pause
    return turn


def _locked(session: Session, turn_id: int) -> ScheduleTurn | None:
    """One that waits, with its schedule and the maker's roles."""
    return session.scalar(
        select(ScheduleTurn)
        .where(ScheduleTurn.id == turn_id, ScheduleTurn.state == "waiting")
        .options(joinedload(ScheduleTurn.schedule).joinedload(Schedule.maker).selectinload(Person.roles))
        .with_for_update(of=ScheduleTurn)
    )


def _maker_answers(schedule: Schedule, now: datetime) -> bool:
    viewer = viewer_of(schedule.maker, day=seoul_day(now))
    return schedule.maker.is_active and people.answers_for(schedule.scope, viewer)


def _issuer(schedule: Schedule) -> Viewer:
    """The maker with what the schedule counts, which she answers for; her own enrolments are none of it."""
    return scopes.viewer_of(schedule.scope, Viewer(0, schedule.maker.uid, schedule.maker.name))[0]


def _draft(session: Session, schedule: Schedule, turn: ScheduleTurn, now: datetime) -> Draft:
    question = question_of(schedule, turn.as_of)
    return issuing.draft(session, _issuer(schedule), schedule.report, question, schedule.language, today=seoul_day(now))


def _issue(database: Database, press_of: PressOf, begun: ScheduleTurn, draft: Draft, now: datetime) -> None:
    """Statement, row and messages in one transaction; nothing where somebody else was faster, the maker may no longer, or it
    was paused meanwhile: then it waits until that ends."""
    with database.writing() as session:
        turn = _locked(session, begun.id)
        if turn is None or turn.tries != begun.tries or not _maker_answers(turn.schedule, now):
            return
        schedule = turn.schedule
        if schedule.state != "active":
            return
        issuer = replace(_issuer(schedule), id=schedule.maker_id)
        made = issuing.issue(session, issuer, draft, press_of(schedule), now=now)
        wanted = reading.recipients_of(session, schedule)
        allowed = people.who_may_see(session, schedule.scope, wanted, seoul_day(now))
        turn.state, turn.reason, turn.statement_id, turn.finished_at = "issued", "", made.id, now
        turn.told, turn.left_out = len(allowed), [person for person in wanted if person not in allowed]
        facts = _facts(turn) | {"statement": str(made.uid), "number": made.number}
        messages.send_many(
            session,
            "statement_scheduled",
            [(person, facts, f"scheduled:{turn.id}:{person}") for person in sorted(allowed)],
            now=now,
        )
        session.commit()


def _give_up(
    database: Database, begun: ScheduleTurn, reason: str, facts: Mapping[str, Any], now: datetime, *, is_last: bool
) -> None:
    """Note why a try came to nothing; its pause is set already."""
    with database.writing() as session:
        turn = _locked(session, begun.id)
        if turn is None or turn.tries != begun.tries:
            return
        if is_last:
            _fail(session, turn, reason, facts, now)
        else:
            turn.reason, turn.facts = reason, _plain(facts)
        session.commit()


def _fail(session: Session, turn: ScheduleTurn, reason: str, facts: Mapping[str, Any], now: datetime) -> None:
    turn.state, turn.reason, turn.facts, turn.finished_at = "failed", reason, _plain(facts), now
    told = _facts(turn) | {"reason": reason, "facts": turn.facts}
    once = f"schedule_failed:{turn.id}:{turn.tries}"
    messages.send(session, turn.schedule.maker_id, "schedule_failed", told, once=once, now=now)


def _stop(session: Session, turn: ScheduleTurn, now: datetime) -> None:
    """The maker may not issue it any more. Who gets its statements, and may, hears that somebody has to take it over."""
    schedule = turn.schedule
    schedule.state, schedule.paused_why, schedule.next_at = "paused", "maker", None
    turn.state, turn.reason, turn.finished_at = "failed", "maker", now
    wanted = {*reading.recipients_of(session, schedule), schedule.maker_id}
    allowed = people.who_may_see(session, schedule.scope, wanted, seoul_day(now))
    facts = _facts(turn) | {"maker": schedule.maker.name}
    messages.send_many(
        session,
        "schedule_stopped",
        [(person, facts, f"schedule_stopped:{turn.id}:{turn.tries}:{person}") for person in sorted(allowed)],
        now=now,
    )


def _facts(turn: ScheduleTurn) -> dict[str, Any]:
    return {"schedule": str(turn.schedule.uid), "name": turn.schedule.name, "as_of": turn.as_of.isoformat()}


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON holds it: days in words."""
    return {name: value if isinstance(value, int | str) else str(value) for name, value in facts.items()}


# When the mail leaves


def still_may_see(session: Session, message: Message, now: datetime) -> Mapping[str, Any] | None:
    """Between the statement and the mail may lie a night, in which her role ended. None: she gets no mail."""
    scope = session.scalar(select(Statement.scope).where(Statement.uid == UUID(message.facts["statement"])))
    if scope is None:
        return None
    return {} if people.who_may_see(session, scope, [message.person_id], seoul_day(now)) else None


PREPARE = {"statement_scheduled": still_may_see}

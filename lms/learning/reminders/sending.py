"""Reminders that come by themselves: two chores look for whom one concerns, and a job tells them in portions.

A portion is a transaction of its own, and who was told has a message; so a worker that is killed between two portions loses
nothing, and the next goes on with those who have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.jobs.queue import Claim
from lms.learning.applications.extensions import last_day
from lms.messages import post, send_many
from lms.messages.quiet import quiet_until
from lms.models import Database, Enrolment, Message, Person, Run, Sitting

from .finding import REMINDERS, Reminder, concerned, has_begun, has_completed

NEWS, BY_DAY = "remind_news", "remind_by_day"
AT_ONCE = 200


def _of(by_day: bool) -> tuple[Reminder, ...]:
    return tuple(reminder for reminder in REMINDERS if reminder.by_day is by_day)


def _has_news(session: Session) -> bool:
    now = utcnow()
    return any(session.execute(reminder.untold(now).limit(1)).first() is not None for reminder in _of(False))


# What just happened is looked for all the time. What is about a day is looked for in the hours in which mails leave, so that
# it stands in the site no earlier than it is mailed; a change in the run is then seen within half an hour.
CHORES = (
    Chore(NEWS, timedelta(seconds=30), _has_news),
    Chore(BY_DAY, timedelta(minutes=30), lambda session: quiet_until(utcnow()) is None),
)


def handle(database: Database, claim: Claim) -> str | None:
    """The handler of both chores' jobs."""
    now = utcnow()
    is_by_day = claim.kind == BY_DAY
    if not is_by_day or quiet_until(now) is None:
        for reminder in _of(is_by_day):
            while remind(database, reminder, now):
                pass
    with database.writing() as session:
        post.again_if_needed(
            session
        )  # a job of the post whose workers all died is given up, and its mails would wait on
        if queue.finish(session, claim):
            session.commit()
    return None


def remind(database: Database, reminder: Reminder, now: datetime) -> int:
    """Tell a portion of those whom it concerns. Returns how many there were: 0 where all are told."""
    with database.reading() as session:
        if session.execute(reminder.untold(now).limit(1)).first() is None:
            return 0
    with database.writing() as session:
        rows = session.execute(reminder.untold(now).limit(AT_ONCE)).all()
        send_many(session, reminder.kind, [(row.person_id, _facts(row), row.once) for row in rows], now=now)
        session.commit()
    return len(rows)


def _facts(row: Row[Any]) -> dict[str, Any]:
    """The plain values of the words. `enrolment` is what tells, when the mail leaves, whether it still concerns her."""
    facts = {
        "enrolment": row.enrolment_id,
        "run": str(row.run),
        "number": row.number,
        "course": row.course,
        "begins": row.begins.isoformat(),
        "ends": row.ends.isoformat(),
    }
    for name in ("sitting_id", "sitting", "place"):
        if name in row._fields:
            facts[name] = getattr(row, name)
    for name in ("at", "on"):
        if name in row._fields:
            facts[name] = getattr(row, name).isoformat()
    return facts


# When the mail leaves


def still_concerns(session: Session, message: Message, now: datetime) -> Mapping[str, Any] | None:
    """What a mail needs before it leaves: nothing more, or None where the reminder concerns her no longer. Between the two a
    night may lie, in which she completed, was withdrawn, or got more time."""
    facts, kind = message.facts, message.kind
    enrolment = (
        select(Enrolment.id)
        .join(Run, Run.id == Enrolment.run_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.id == facts["enrolment"])
    )
    if kind == "completed":
        wanted = enrolment.where(has_completed())
    else:
        wanted = enrolment.where(concerned(seoul_day(now)))
        if kind != "enrolled":
            wanted = wanted.where(~has_completed())
    if kind == "not_begun":
        wanted = wanted.where(~has_begun())
    if kind == "deadline":
        wanted = wanted.where(last_day() == date.fromisoformat(facts["ends"]))
    if kind == "run_starts":
        wanted = wanted.where(Run.learn_from == date.fromisoformat(facts["begins"]))
    if kind == "sitting_tomorrow":
        wanted = wanted.join(Sitting, Sitting.run_id == Run.id).where(
            Sitting.id == facts["sitting_id"],
            Sitting.cancelled_at.is_(None),
            Sitting.begins_at == datetime.fromisoformat(facts["at"]),
        )
    return {} if session.scalar(wanted) is not None else None


PREPARE = {reminder.kind: still_concerns for reminder in REMINDERS}

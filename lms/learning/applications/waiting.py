"""The waiting list of a run: who gets a seat as soon as one is free."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.messages import send_many
from lms.models import Application

from . import admission, seats, telling


def move_up(session: Session, run_id: int, *, now: datetime | None = None) -> list[int]:
    """Give the free seats of a run to those who wait, in their order, and tell them. To be called in the transaction of
    whatever may have freed one. Returns the ids of the enrolments.

    Whoever's company or region has no more of them lets others pass. Some days after the start
    (`Admission.moves_up_days`) nobody moves up any more.
    """
    now = now or utcnow()
    session.flush()
    run = seats.lock(session, run_id)
    day = seoul_day(now)
    if seats.problem_of_run(run, day) or day > admission.last_day_to_move_up(session, run):
        return []
    people = session.scalars(
        select(Application.person_id)
        .where(Application.run_id == run_id, Application.state == "waiting")
        .order_by(Application.waiting_at, Application.id)
    ).all()
    if not people:
        return []
    desk = seats.Desk(session, run, people, now)
    admitted = desk.admit_all([(person, "self") for person in people], actor_id=None, waits=False)
    moved = [one.enrolment for one in admitted if one.enrolment is not None]
    facts = telling.of_run(session, run)
    send_many(session, "moved_up", [(row.person_id, facts, None) for row in moved], now=now)
    return [row.id for row in moved]

"""A schedule of Busan's officer, of her companies on the first of each month, with its last two times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.models import Person, Schedule, ScheduleTurn
from lms.people.viewers import Viewer, viewer_of
from lms.reports.question import Question
from lms.reports.schedules import editing, people, times
from lms.reports.schedules.times import Rhythm
from lms.reports.statements import issuing
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Press

NAME = "기업별 월간 보고"
MONTHLY = Rhythm("month", 1, 7)
TURNS = 2


def make(session: Session, officer: Person, others: frozenset[int], press_of: Callable[[Schedule], Press]) -> None:
    """`others` are ids of persons who are told beside the officer. Nobody gets a message of what is past."""
    now = utcnow()
    viewer = viewer_of(officer)
    plan = editing.Plan(NAME, MONTHLY, "ko", others | {officer.id})
    question = Question(as_of=seoul_day(now), by=("company",))
    made_at = now - timedelta(days=31 * TURNS)
    schedule = editing.add(session, viewer, "completions", question, plan, address="")
    schedule.created_at = made_at
    issuer = replace(people.reach(viewer), id=officer.id)
    for at in times.due_until(MONTHLY, times.next_due(MONTHLY, made_at), now)[-TURNS:]:
        _issue(session, schedule, issuer, at, press_of(schedule), len(plan.recipients))
    schedule.next_at = times.next_due(MONTHLY, now)


def _issue(session: Session, schedule: Schedule, issuer: Viewer, at: datetime, press: Press, told: int) -> None:
    day = seoul_day(at)
    question = editing.question_of(schedule, times.as_of(at))
    try:
        draft = issuing.draft(session, issuer, schedule.report, question, schedule.language, today=day)
    except StatementError:  # nothing was there then
        return
    statement = issuing.issue(session, issuer, draft, press, now=at)
    session.add(
        ScheduleTurn(
            schedule_id=schedule.id,
            due_on=day,
            due_at=at,
            state="issued",
            tries=1,
            next_try_at=at,
            statement_id=statement.id,
            told=told,
            finished_at=at,
        )
    )

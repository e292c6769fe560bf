"""What a learner does in a unit other than an exercise: read a page to its end, take a quiz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.content import Quiz, QuizResult, grade_quiz
from lms.errors import NotFoundError
from lms.models import Enrolment, QuizAttempt, RunUnit

from . import enrolments, ledger
from .completion import Standing


def finish_page(session: Session, enrolment: Enrolment, unit: RunUnit, now: datetime | None = None) -> Standing:
    """The learner reached the end of a page and pressed on. Recorded once; again changes nothing.

    Raises:
        RunNotOpenError, NotFoundError (the unit is no page)
    """
    now = now or utcnow()
    if unit.kind != "page":
        raise NotFoundError()
    enrolments.refuse_closed(enrolment, seoul_day(now))
    enrolment = ledger.lock(session, enrolment.id)
    ledger.record_unit_done(session, enrolment, unit.key, effective_on=seoul_day(now), now=now)
    return ledger.settle(session, enrolment, now)


def take_quiz(
    session: Session,
    enrolment: Enrolment,
    unit: RunUnit,
    quiz: Quiz,
    answers: Mapping[str, Any],
    now: datetime | None = None,
) -> tuple[QuizAttempt, QuizResult, Standing]:
    """Grade a try and note it; the best of all tries counts.

    Raises:
        RunNotOpenError
    """
    now = now or utcnow()
    enrolments.refuse_closed(enrolment, seoul_day(now))
    enrolment = ledger.lock(session, enrolment.id)
    result = grade_quiz(quiz, answers)
    mine = (QuizAttempt.enrolment_id == enrolment.id, QuizAttempt.run_unit_id == unit.id)
    last = session.scalar(select(func.max(QuizAttempt.number)).where(*mine)) or 0
    attempt = QuizAttempt(
        enrolment_id=enrolment.id,
        run_unit_id=unit.id,
        number=last + 1,
        answers=dict(answers),
        points=result.points,
        max_points=result.max_points,
        submitted_at=now,
    )
    session.add(attempt)
    session.flush()
    day = seoul_day(now)
    if any(question.outcome != "not_run" for question in result.questions):  # an empty form is no try at the questions
        ledger.record_unit_done(session, enrolment, unit.key, effective_on=day, now=now)
    ledger.append(
        session,
        enrolment,
        "scored",
        effective_on=day,
        recorded_at=now,
        unit_key=unit.key,
        points=result.points,
        max_points=result.max_points,
        quiz_attempt_id=attempt.id,
        once=f"scored:quiz_attempt:{attempt.id}",
    )
    return attempt, result, ledger.settle(session, enrolment, now)


def quiz_attempts(session: Session, enrolment: Enrolment, unit: RunUnit) -> Sequence[QuizAttempt]:
    """Oldest first."""
    return session.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.enrolment_id == enrolment.id, QuizAttempt.run_unit_id == unit.id)
        .order_by(QuizAttempt.number)
    ).all()


def all_quiz_attempts(session: Session, enrolment: Enrolment) -> Sequence[QuizAttempt]:
    """Those of all quizzes of a run, newest first."""
    return session.scalars(
        select(QuizAttempt).where(QuizAttempt.enrolment_id == enrolment.id).order_by(QuizAttempt.id.desc())
    ).all()

"""Grade a submission and write what it gave: grade, ledger and the end of the job in one transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms import grading
from lms.clock import seoul_day, utcnow
from lms.errors import GradingUnavailableError
from lms.files import FileStore
from lms.jobs import queue
from lms.learning import ledger
from lms.models import Database, Enrolment, ExerciseVersion, Grade, Submission

from .exercise_cache import ExerciseCache

FEEDBACK_TYPE = "text/html"


class LeaseLostError(Exception):
    """Another worker has the job now; what this one found is dropped, so that nothing is graded twice."""


@dataclass(frozen=True)
class Order:
    """What has to be graded, read before the slow part."""

    submission_id: int
    version_id: int
    slug: str
    digest: str
    notebook: str
    file_name: str


class Grader:
    """The handler of grading jobs."""

    def __init__(self, files: FileStore, cache: ExerciseCache, *, required_level: str) -> None:
        self.files = files
        self.cache = cache
        self.required_level = required_level

    def __call__(self, database: Database, claim: queue.Claim) -> str:
        """Grade the claimed job's submission. Returns the grade's outcome.

        Raises:
            NotNowError: the machine can't grade; the job waits for one that can, and no try is used.
            LeaseLostError: it took longer than the lease and another has it.
        """
        with database.reading() as session:
            order = _read_order(session, claim.payload)
        exercise = self.cache.get(order.slug, order.digest)
        try:
            grade, feedback = self._grade(exercise, order)
        except GradingUnavailableError as error:
            raise queue.NotNowError(str(error)) from error
        with database.writing() as session:
            if not queue.finish(session, claim):
                raise LeaseLostError
            write_grade(session, self.files, order.submission_id, order.version_id, grade, feedback)
            session.commit()
        return grade.outcome

    def work(self, database: Database, claim: queue.Claim) -> tuple[Order, grading.Grade, str]:
        """The slow part, outside any transaction: what the submission gives, and its feedback as HTML."""
        with database.reading() as session:
            order = _read_order(session, claim.payload)
        exercise = self.cache.get(order.slug, order.digest)
        return order, *self._grade(exercise, order)

    def _grade(self, exercise: grading.Exercise, order: Order) -> tuple[grading.Grade, str]:
        notebook = self.files.read(order.notebook)
        grade = grading.grade(
            exercise,
            notebook,
            name=order.file_name,
            language=exercise.language,
            required_level=self.required_level,
        )
        return grade, grading.render_feedback(grade)


def _read_order(session: Session, payload: dict[str, int]) -> Order:
    submission = session.get_one(Submission, payload["submission"])
    version = session.get_one(
        ExerciseVersion, payload["exercise_version"], options=[joinedload(ExerciseVersion.exercise)]
    )
    return Order(
        submission.id,
        version.id,
        version.exercise.slug,
        version.digest,
        submission.notebook,
        submission.file_name,
    )


def write_grade(
    session: Session, files: FileStore, submission_id: int, version_id: int, result: grading.Grade, feedback: str
) -> Grade:
    """Add the grade and what follows in the ledger.

    The score counts from the day on which the notebook was handed in. An exercise is done once a submission earned
    something: handing in the blank is no progress.
    """
    now = utcnow()
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).options(joinedload(Submission.run_unit))
    ).one()
    grade = add_grade(session, files, submission_id, version_id, result, feedback, now)
    if grade.points is not None:
        enrolment = ledger.lock(session, submission.enrolment_id)
        record_score(session, enrolment, submission, grade, now)
        ledger.settle(session, enrolment, now)
    return grade


def add_grade(
    session: Session,
    files: FileStore,
    submission_id: int,
    version_id: int,
    result: grading.Grade,
    feedback: str,
    now: datetime,
) -> Grade:
    """The row alone."""
    grade = Grade(
        submission_id=submission_id,
        exercise_version_id=version_id,
        outcome=result.outcome,
        points=result.points,
        max_points=result.max_points,
        checks=msgspec.to_builtins(result.checks),
        flags=msgspec.to_builtins(result.flags),
        repairs=msgspec.to_builtins(result.repairs),
        seconds=result.seconds,
        engine=result.engine,
        environment=result.environment,
        feedback=files.put(session, feedback.encode(), FEEDBACK_TYPE),
        graded_at=now,
    )
    session.add(grade)
    session.flush()
    return grade


def record_score(
    session: Session,
    enrolment: Enrolment,
    submission: Submission,
    grade: Grade,
    now: datetime,
    *,
    actor_id: int | None = None,
    reason: str = "",
) -> None:
    """What a graded submission leaves in the ledger; its enrolment is locked and its unit loaded."""
    day = seoul_day(submission.submitted_at)
    if grade.points:
        ledger.record_unit_done(session, enrolment, submission.run_unit.key, effective_on=day, now=now)
    ledger.append(
        session,
        enrolment,
        "scored",
        effective_on=day,
        recorded_at=now,
        unit_key=submission.run_unit.key,
        points=grade.points,
        max_points=grade.max_points,
        grade_id=grade.id,
        submission_id=submission.id,
        actor_id=actor_id,
        reason=reason,
        once=f"scored:grade:{grade.id}",
    )

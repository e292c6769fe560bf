"""What a worker does for a regrade: grade a submission again, and write what was found for a learner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import update
from sqlalchemy.orm import Session

from lms import grading
from lms.clock import utcnow
from lms.errors import ContentError, NotANotebookError
from lms.files import FileStore
from lms.jobs import queue
from lms.learning import ledger
from lms.models import Database, Grade, Job, RunUnit, Submission

from .regrade import Found, current_grade, is_change, list_found, list_pending
from .take_result import FEEDBACK_TYPE, Grader, LeaseLostError, add_grade, record_score

_RESULT_TYPE = "application/json"


class Regrader:
    """The handler of jobs that grade a submission again and keep what it gave beside the grades."""

    def __init__(self, grader: Grader) -> None:
        self.grader = grader
        self.files = grader.files

    def __call__(self, database: Database, claim: queue.Claim) -> None:
        """Raises LeaseLostError, and what makes the job to be tried again."""
        try:
            _, grade, feedback = self.grader.work(database, claim)
        except (NotANotebookError, ContentError) as error:
            self._keep(database, claim, {"outcome": "refused", "why": str(error)[:200]})
            return
        with database.writing() as session:
            result = {
                "outcome": grade.outcome,
                "points": grade.points,
                "max_points": grade.max_points,
                "checks": {check.name: check.outcome for check in grade.checks},
                "grade": self.files.put(session, msgspec.json.encode(grade), _RESULT_TYPE),
                "feedback": self.files.put(session, feedback.encode(), FEEDBACK_TYPE),
            }
            _finish_with(session, claim, result)
            session.commit()

    def _keep(self, database: Database, claim: queue.Claim, result: dict[str, Any]) -> None:
        with database.writing() as session:
            _finish_with(session, claim, result)
            session.commit()


def _finish_with(session: Session, claim: queue.Claim, result: dict[str, Any]) -> None:
    if not queue.finish(session, claim):
        raise LeaseLostError
    session.execute(
        update(Job)
        .where(Job.id == claim.id)
        .values(payload=claim.payload | {"result": result})
        .execution_options(synchronize_session=False)
    )


class Applier:
    """The handler of jobs that write what was found for one learner."""

    def __init__(self, files: FileStore) -> None:
        self.files = files

    def __call__(self, database: Database, claim: queue.Claim) -> None:
        """Raises LeaseLostError."""
        with database.writing() as session:
            if not queue.finish(session, claim):
                raise LeaseLostError
            self._write(session, claim.payload)
            session.commit()

    def _write(self, session: Session, order: dict[str, Any], now: datetime | None = None) -> None:
        now = now or utcnow()
        version_id = order["exercise_version"]
        enrolment = ledger.lock(session, order["enrolment"])
        unit = session.get_one(RunUnit, order["run_unit"])
        found = list_found(session, unit, version_id, enrolment.id)
        has_changed = False
        for submission in list_pending(session, unit, version_id, enrolment.id):
            result = found.get(submission.id)
            if result is None or result.outcome != "graded":
                continue
            before = current_grade(session, submission)
            grade = self._add(session, submission, version_id, result, before, now)
            if is_change(before, grade):
                has_changed = True
                record_score(
                    session, enrolment, submission, grade, now, actor_id=order["actor"], reason=order["reason"]
                )
        if has_changed:
            ledger.settle(session, enrolment, now)

    def _add(
        self, session: Session, submission: Submission, version_id: int, found: Found, before: Grade, now: datetime
    ) -> Grade:
        """The new grade. Of what was mended in the notebook it keeps what was told before: that the exercise's own cells
        differ from the new version's is none of the learner's doing."""
        result = msgspec.json.decode(self.files.read(found.grade), type=grading.Grade)
        told = {(repair["kind"], repair["cell"]) for repair in before.repairs}
        repairs = tuple(repair for repair in result.repairs if (repair.kind, repair.cell) in told)
        result = msgspec.structs.replace(result, repairs=repairs)
        feedback = self.files.read(found.feedback).decode()
        return add_grade(session, self.files, submission.id, version_id, result, feedback, now)

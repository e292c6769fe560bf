"""What became of something that was handed in, as pages tell it."""

from __future__ import annotations

from dataclasses import dataclass

from lms.clock import utcnow
from lms.models import Grade, Submission
from lms.submissions import hand_in

from .database import session


@dataclass(frozen=True)
class Result:
    """A submission as its page shows it. `state` is waiting, graded, error (ours) or stuck (a person has to look)."""

    submission: Submission
    grade: Grade | None
    state: str
    waiting_before: int

    @property
    def checks(self) -> list:
        return self.grade.checks if self.grade else []

    @property
    def poll_ms(self) -> int:
        """When the page asks again: often at first, since most results are there within a second or two."""
        waited = (utcnow() - self.submission.submitted_at).total_seconds()
        return 250 if waited < 2 else 500 if waited < 10 else 2000 if waited < 120 else 10_000


def result_of(submission: Submission) -> Result:
    grade = submission.grades[-1] if submission.grades else None
    if grade is not None:
        return Result(submission, grade, grade.outcome, 0)
    if hand_in.is_stuck(session, submission):
        return Result(submission, None, "stuck", 0)
    return Result(submission, None, "waiting", hand_in.waiting_before(session, submission))

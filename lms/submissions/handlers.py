"""What a worker does, by kind of job."""

from __future__ import annotations

from collections.abc import Mapping

from lms.files import FileStore
from lms.jobs.worker import Handler

from .exercise_cache import ExerciseCache
from .hand_in import JOB_KIND
from .regrade import APPLY_KIND, GRADE_KIND
from .regrade_jobs import Applier, Regrader
from .take_result import Grader


def handlers(files: FileStore, cache: ExerciseCache, *, required_level: str) -> Mapping[str, Handler]:
    """`required_level` is the isolation without which nothing is graded."""
    grader = Grader(files, cache, required_level=required_level)
    return {
        JOB_KIND: grader,
        GRADE_KIND: Regrader(grader),
        APPLY_KIND: Applier(files),
    }

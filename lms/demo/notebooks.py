"""Notebooks as learners hand them in, each graded once by the engine. What a page shows of a grade is the engine's own word;
only the day is the demonstration's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms import grading
from lms.content import ExerciseUnit, from_document
from lms.files import FileStore
from lms.grading.proof import notebook_with, solution_answers
from lms.grading.wrongs import load_wrongs
from lms.models import Course, CourseVersion, ExerciseVersion
from lms.submissions.exercise_cache import ExerciseCache
from lms.submissions.hand_in import NOTEBOOK_TYPE
from lms.submissions.take_result import FEEDBACK_TYPE

from .errors import DemoError

WRONGS = 2  # of those that an exercise's proof holds
_AT_ONCE = 2

Grading = Callable[[grading.Exercise, bytes], tuple[grading.Grade, str]]


@dataclass(frozen=True)
class Sample:
    """A notebook and what it earned. `share` of the points, 0..1."""

    notebook: bytes
    grade: grading.Grade
    feedback: str

    @property
    def share(self) -> float:
        return (self.grade.points or 0.0) / self.grade.max_points


@dataclass(frozen=True)
class Samples:
    """Of an exercise's version, from what earned least to the solution, which is the last."""

    version_id: int
    slug: str
    all: tuple[Sample, ...]

    @property
    def solved(self) -> Sample:
        return self.all[-1]

    @property
    def weak(self) -> Sequence[Sample]:
        """Those that earn less than runs ask for as a rule."""
        return [sample for sample in self.all if sample.share < 0.6]

    @property
    def nearly(self) -> Sequence[Sample]:
        return [sample for sample in self.all[:-1] if sample.share >= 0.6] or [self.solved]


def by_engine(required_level: str) -> Grading:
    """Grading as the worker does it."""

    def grade(exercise: grading.Exercise, notebook: bytes) -> tuple[grading.Grade, str]:
        made = grading.grade(exercise, notebook, language=exercise.language, required_level=required_level)
        return made, grading.render_feedback(made)

    return grade


def make_samples(
    session: Session, exercises: ExerciseCache, slugs: Sequence[str], grade: Grading
) -> dict[int, Samples]:
    """By the id of each exercise version that the current versions of these courses pin. It only reads the database.

    Raises:
        DemoError, GradingUnavailableError
    """
    versions = _versions(session, slugs)
    loaded = [exercises.get(version.exercise.slug, version.digest) for version in versions]
    # One exercise at a time in each thread: what is learnt of it is learnt once.
    with ThreadPoolExecutor(_AT_ONCE) as executor:
        made = list(executor.map(lambda exercise: _samples(exercise, grade), loaded))
    return {
        version.id: Samples(version.id, version.exercise.slug, samples)
        for version, samples in zip(versions, made, strict=True)
    }


def _versions(session: Session, slugs: Sequence[str]) -> Sequence[ExerciseVersion]:
    documents = session.scalars(
        select(CourseVersion.document)
        .join(Course, Course.current_version_id == CourseVersion.id)
        .where(Course.slug.in_(slugs))
    )
    digests = {
        unit.digest for each in documents for unit in from_document(each).units if isinstance(unit, ExerciseUnit)
    }
    return session.scalars(
        select(ExerciseVersion)
        .where(ExerciseVersion.digest.in_(digests))
        .options(joinedload(ExerciseVersion.exercise))
        .order_by(ExerciseVersion.id)
    ).all()


def _samples(exercise: grading.Exercise, grade: Grading) -> tuple[Sample, ...]:
    made = []
    for answers in _answers(exercise):
        notebook = notebook_with(exercise, answers)
        graded, feedback = grade(exercise, notebook)
        if graded.points is None:
            raise DemoError("not_graded", exercise=exercise.slug)
        made.append(Sample(notebook, graded, feedback))
    return tuple(sorted(made, key=lambda sample: sample.share))


def _answers(exercise: grading.Exercise) -> list[dict[str, str]]:
    """The blank, the first third, the first two thirds, typical wrong ones, and all right."""
    right = solution_answers(exercise)
    begun = [dict(list(right.items())[: len(right) * thirds // 3]) for thirds in (0, 1, 2)]
    wrong = [right | wrong.answers for wrong in load_wrongs(exercise)[:WRONGS]]
    return [*begun, *wrong, right]


@dataclass(frozen=True)
class Kept:
    """A sample in the file store, as rows of submissions and grades name it."""

    notebook: str
    grade: Mapping[str, Any]


def keep(session: Session, files: FileStore, samples: Mapping[int, Samples]) -> dict[int, Kept]:
    """By `id()` of the sample: put in the store, and the columns of its grade."""
    return {
        id(sample): Kept(
            files.put(session, sample.notebook, NOTEBOOK_TYPE),
            {
                "exercise_version_id": of.version_id,
                "outcome": sample.grade.outcome,
                "points": sample.grade.points,
                "max_points": sample.grade.max_points,
                "checks": msgspec.to_builtins(sample.grade.checks),
                "flags": msgspec.to_builtins(sample.grade.flags),
                "repairs": msgspec.to_builtins(sample.grade.repairs),
                "seconds": sample.grade.seconds,
                "engine": sample.grade.engine,
                "environment": sample.grade.environment,
                "feedback": files.put(session, sample.feedback.encode(), FEEDBACK_TYPE),
            },
        )
        for of in samples.values()
        for sample in of.all
    }

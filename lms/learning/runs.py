"""Open a run: pin a course version and freeze what its progress and score are counted from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.content import Course as CourseContent
from lms.content import ExerciseUnit, PageUnit, QuizUnit, Unit, from_document
from lms.errors import LMSError
from lms.models import CompletionRule, Course, CourseVersion, ExerciseVersion, Run, RunUnit


class RunError(LMSError):
    """`reason`: period, no_version (publish the course first), exercise_missing."""

    sentence = "The run was not opened: {reason}."


def open_run(
    session: Session,
    course: Course,
    *,
    centre_id: int,
    learn_from: date,
    learn_to: date,
    programme_id: int | None = None,
    seats: int | None = None,
    now: datetime | None = None,
) -> Run:
    """A run of the course's current version, numbered after the last.

    Raises:
        RunError
    """
    if learn_to < learn_from:
        raise RunError("period")
    version = session.get(CourseVersion, course.current_version_id) if course.current_version_id else None
    if version is None:
        raise RunError("no_version")
    content = from_document(version.document)
    last = session.scalar(select(func.max(Run.number)).where(Run.course_id == course.id)) or 0
    run = Run(
        course_id=course.id,
        course_version_id=version.id,
        number=last + 1,
        centre_id=centre_id,
        programme_id=programme_id,
        learn_from=learn_from,
        learn_to=learn_to,
        seats=seats,
        hours=content.hours,
        created_at=now or utcnow(),
    )
    run.units = _units(content, _exercise_versions(session, content))
    run.rules = [
        CompletionRule(
            progress=content.completion.progress, score=content.completion.score, recorded_at=now or utcnow()
        )
    ]
    session.add(run)
    session.flush()
    return run


def _exercise_versions(session: Session, content: CourseContent) -> dict[str | None, int]:
    """Exercise digest → id of its version, for all that the course pins."""
    digests = [unit.digest for unit in content.units if isinstance(unit, ExerciseUnit)]
    found = session.execute(
        select(ExerciseVersion.digest, ExerciseVersion.id).where(ExerciseVersion.digest.in_(digests))
    )
    return {digest: id_ for digest, id_ in found}


def kind_of(unit: Unit) -> str:
    """The glossary's word for the unit's kind."""
    return {PageUnit: "page", QuizUnit: "quiz", ExerciseUnit: "exercise"}[type(unit)]


def _units(content: CourseContent, versions: Mapping[str | None, int]) -> list[RunUnit]:
    units = []
    for position, unit in enumerate(content.units):
        version_id = None
        if isinstance(unit, ExerciseUnit):
            if unit.digest not in versions:
                raise RunError("exercise_missing")
            version_id = versions[unit.digest]
        units.append(
            RunUnit(
                position=position,
                key=unit.key,
                kind=kind_of(unit),
                title=unit.title,
                minutes=unit.minutes,
                weight=0 if isinstance(unit, PageUnit) else unit.weight,
                exercise_version_id=version_id,
            )
        )
    return units

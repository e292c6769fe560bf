"""Runs come into being as drafts, pinned to a version of their course, and are opened for learners."""

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
    """`reason`: period, no_version (publish the course first), exercise_missing; or what a deed on runs says of itself."""

    sentence = "The run was not opened or changed: {reason}."


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
    """A run of the course's current version, numbered after the last, and open at once.

    Raises:
        RunError
    """
    now = now or utcnow()
    run = make_draft(
        session,
        course,
        centre_id=centre_id,
        learn_from=learn_from,
        learn_to=learn_to,
        programme_id=programme_id,
        seats=seats,
        now=now,
    )
    run.opened_at = now
    session.flush()
    return run


def make_draft(
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
    """A run that is not open yet, of the course's current version, with the rule and hours that the version proposes.

    Raises:
        RunError
    """
    if learn_to < learn_from:
        raise RunError("period")
    version = current_version(session, course)
    content = from_document(version.document)
    now = now or utcnow()
    run = Run(
        course_id=course.id,
        course_version_id=version.id,
        number=next_number(session, course.id),
        centre_id=centre_id,
        programme_id=programme_id,
        learn_from=learn_from,
        learn_to=learn_to,
        seats=seats,
        hours=content.hours,
        created_at=now,
    )
    run.units = _units(content, _exercise_versions(session, content))
    rule = content.completion
    run.rules = [CompletionRule(progress=rule.progress, score=rule.score, recorded_at=now)]
    session.add(run)
    session.flush()
    return run


def next_number(session: Session, course_id: int) -> int:
    """The number that follows the last of the course's runs."""
    return (session.scalar(select(func.max(Run.number)).where(Run.course_id == course_id)) or 0) + 1


def current_version(session: Session, course: Course) -> CourseVersion:
    """Raises RunError where the course was never published."""
    version = session.get(CourseVersion, course.current_version_id) if course.current_version_id else None
    if version is None:
        raise RunError("no_version")
    return version


def copied_units(session: Session, version: CourseVersion) -> list[RunUnit]:
    """The units of a version, as a run keeps them. Raises RunError where an exercise has no such version."""
    content = from_document(version.document)
    return _units(content, _exercise_versions(session, content))


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

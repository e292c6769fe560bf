"""Publish content: what lies in courses/ and exercises/ becomes versions that never change. Doing it again changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import content, grading
from lms.clock import utcnow
from lms.files import FileStore
from lms.models import Course, CourseVersion, Exercise, ExerciseVersion

PACKAGE_TYPE = "application/zip"
DATA_TYPE = "text/csv"


@dataclass
class Published:
    """What a sync did: slugs of the courses and exercises that got a new version, and of those that were as before."""

    new: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)


def publish_all(session: Session, files: FileStore, courses_dir: Path, exercises_dir: Path) -> Published:
    """Publish every course and exercise of the two folders.

    Raises:
        ContentErrors: naming each file and key that is wrong; nothing is published.
    """
    catalogue = content.load_all(courses_dir, exercises_dir)
    done = Published()
    for facts in catalogue.exercises.values():
        _note(done, f"exercise {facts.slug}", _publish_exercise(session, files, facts, exercises_dir / facts.slug))
    for course in catalogue.courses:
        _note(done, f"course {course.slug}", _publish_course(session, files, course, courses_dir / course.slug))
    return done


def _note(done: Published, what: str, is_new: bool) -> None:
    (done.new if is_new else done.same).append(what)


def _publish_exercise(session: Session, files: FileStore, facts: content.ExerciseFacts, folder: Path) -> bool:
    row = session.scalar(select(Exercise).where(Exercise.slug == facts.slug))
    if row is None:
        row = Exercise(slug=facts.slug)
        session.add(row)
        session.flush()
    version = session.scalar(select(ExerciseVersion).where(ExerciseVersion.digest == facts.digest))
    is_new = version is None
    if version is None:
        loaded = grading.load_exercise(folder)
        starter = json.dumps(grading.make_starter(loaded), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        package = files.put(session, content.pack_exercise(folder), PACKAGE_TYPE)
        assert package == facts.digest
        version = ExerciseVersion(
            exercise_id=row.id,
            digest=facts.digest,
            title=facts.title,
            max_points=loaded.max_points,
            facts={
                "slug": facts.slug,
                "summary": facts.summary,
                "language": facts.language,
                "checks": [
                    {"name": c.name, "title": c.title, "points": c.points, "message": c.message, "manual": c.manual}
                    for c in loaded.checks
                ],
                "data": {
                    item.path: files.put(session, (folder / item.path).read_bytes(), DATA_TYPE) for item in facts.data
                },
                "data_sizes": {item.path: item.size for item in facts.data},
                "data_card": _data_card(folder),
                "hints": {name: list(texts) for name, texts in facts.hints.items()},
                "seconds": loaded.limits.seconds,
                "cell_seconds": loaded.limits.cell_seconds,
            },
            starter=files.put(session, starter.encode(), "application/x-ipynb+json"),
            published_at=utcnow(),
        )
        session.add(version)
        session.flush()
    row.current_version_id = version.id
    return is_new


def _data_card(folder: Path) -> str:
    card = folder / "DATA.md"
    return card.read_text("utf-8") if card.exists() else ""


def _publish_course(session: Session, files: FileStore, course: content.Course, folder: Path) -> bool:
    document = content.to_document(course)
    digest = content.digest(document)
    row = session.scalar(select(Course).where(Course.slug == course.slug))
    if row is None:
        row = Course(slug=course.slug)
        session.add(row)
        session.flush()
    version = session.scalar(select(CourseVersion).where(CourseVersion.digest == digest))
    is_new = version is None
    if version is None:
        for file in course.media:
            stored = files.put(session, (folder / file.path).read_bytes(), file.content_type)
            assert stored == file.sha256
        version = CourseVersion(
            course_id=row.id,
            digest=digest,
            title=course.title,
            summary=course.summary,
            document=document,
            published_at=utcnow(),
        )
        session.add(version)
        session.flush()
    row.current_version_id = version.id
    return is_new

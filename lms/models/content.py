"""Published content: versions that never change, named by the hash of all that they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, IntKey, Uid


class Course(Base):
    """과정. `current_version_id` is what the next run will be pinned to."""

    __tablename__ = "lms_course"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    current_version_id: Mapped[int | None] = mapped_column(ForeignKey("lms_course_version.id", use_alter=True))

    current_version: Mapped[CourseVersion | None] = relationship(
        foreign_keys=current_version_id, lazy="raise", post_update=True
    )


class CourseVersion(Base):
    """A course as published. `document` holds pages, quizzes and the digests of media and exercises."""

    __tablename__ = "lms_course_version"

    id: Mapped[IntKey]
    course_id: Mapped[int] = mapped_column(ForeignKey("lms_course.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    published_at: Mapped[datetime]

    course: Mapped[Course] = relationship(foreign_keys=course_id, lazy="raise")


class Exercise(Base):
    """실습."""

    __tablename__ = "lms_exercise"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    current_version_id: Mapped[int | None] = mapped_column(ForeignKey("lms_exercise_version.id", use_alter=True))

    current_version: Mapped[ExerciseVersion | None] = relationship(
        foreign_keys=current_version_id, lazy="raise", post_update=True
    )


class ExerciseVersion(Base):
    """실습 버전. `digest` also names its package in the file store: the whole exercise, hidden checks too, for workers only."""

    __tablename__ = "lms_exercise_version"

    id: Mapped[IntKey]
    exercise_id: Mapped[int] = mapped_column(ForeignKey("lms_exercise.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    max_points: Mapped[float]
    facts: Mapped[dict[str, Any]] = (
        mapped_column()
    )  # what pages tell of it: summary, checks' titles and points, data files, limits
    starter: Mapped[str] = mapped_column(String(64))  # digest of the learner's copy
    published_at: Mapped[datetime]

    exercise: Mapped[Exercise] = relationship(foreign_keys=exercise_id, lazy="raise")


class StoredFile(Base):
    """A file that lies in the file store under its SHA-256."""

    __tablename__ = "lms_file"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]

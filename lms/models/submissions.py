"""What learners handed in, and what it earned. Rows are added, never overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, BigKey, LongKey, Uid, one_of
from .content import ExerciseVersion
from .runs import Enrolment, RunUnit

GRADE_OUTCOMES = ("graded", "error")


class Submission(Base):
    """제출: a notebook, kept by hash. `number` counts an enrolment's attempts at a unit from 1."""

    __tablename__ = "lms_submission"
    __table_args__ = (UniqueConstraint("enrolment_id", "run_unit_id", "number"),)

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    run_unit_id: Mapped[int] = mapped_column(ForeignKey("lms_run_unit.id"), index=True)
    exercise_version_id: Mapped[int] = mapped_column(ForeignKey("lms_exercise_version.id"))
    number: Mapped[int]
    notebook: Mapped[str] = mapped_column(ForeignKey("lms_file.digest"))
    file_name: Mapped[str] = mapped_column(String(200))
    submitted_at: Mapped[datetime]

    enrolment: Mapped[Enrolment] = relationship(lazy="raise")
    run_unit: Mapped[RunUnit] = relationship(lazy="raise")
    exercise_version: Mapped[ExerciseVersion] = relationship(lazy="raise")
    grades: Mapped[list[Grade]] = relationship(back_populates="submission", order_by="Grade.id", lazy="raise")


class Grade(Base):
    """채점 결과: which version, engine and environment gave what to a submission. The newest counts."""

    __tablename__ = "lms_grade"
    __table_args__ = (one_of("outcome", GRADE_OUTCOMES), Index(None, "submission_id", "id"))

    id: Mapped[LongKey]
    submission_id: Mapped[int] = mapped_column(BigKey, ForeignKey("lms_submission.id"))
    exercise_version_id: Mapped[int] = mapped_column(ForeignKey("lms_exercise_version.id"))
    outcome: Mapped[str] = mapped_column(String(12))
    points: Mapped[float | None]
    max_points: Mapped[float]
    checks: Mapped[list[Any]]
    flags: Mapped[list[Any]]
    repairs: Mapped[list[Any]]
    seconds: Mapped[float]
    engine: Mapped[str] = mapped_column(String(40))
    environment: Mapped[str] = mapped_column(String(400))
    feedback: Mapped[str | None] = mapped_column(ForeignKey("lms_file.digest"))
    graded_at: Mapped[datetime]

    submission: Mapped[Submission] = relationship(back_populates="grades", lazy="raise")


class QuizAttempt(Base):
    """One try at a quiz: what was answered and what it earned."""

    __tablename__ = "lms_quiz_attempt"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "run_unit_id", "number"),
        CheckConstraint("points >= 0 AND points <= max_points", name="points"),
    )

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    run_unit_id: Mapped[int] = mapped_column(ForeignKey("lms_run_unit.id"))
    number: Mapped[int]
    answers: Mapped[dict[str, Any]]
    points: Mapped[float]
    max_points: Mapped[float]
    submitted_at: Mapped[datetime]

"""Runs of courses, and who is enrolled in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.clock import seoul_day

from .base import Base, IntKey, Uid, one_of
from .companies import Company
from .content import CourseVersion, ExerciseVersion
from .people import Person

UNIT_KINDS = ("page", "video", "quiz", "exercise", "sitting", "survey")
ENROLMENT_STATES = ("enrolled", "withdrawn")
RunState = Literal["planned", "applying", "learning", "review", "over", "closed"]


class Run(Base):
    """차수: a course version given by a centre. Periods are days in Seoul, both ends included."""

    __tablename__ = "lms_run"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("learn_from <= learn_to", name="period"),
        CheckConstraint("apply_from <= apply_to", name="apply_period"),
        CheckConstraint("review_to >= learn_to", name="review_period"),
        CheckConstraint("seats IS NULL OR seats >= 0", name="seats"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    course_id: Mapped[int] = mapped_column(ForeignKey("lms_course.id"))
    course_version_id: Mapped[int] = mapped_column(ForeignKey("lms_course_version.id"))
    number: Mapped[int]
    centre_id: Mapped[int] = mapped_column(ForeignKey("lms_centre.id"), index=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("lms_programme.id"))
    apply_from: Mapped[date | None]
    apply_to: Mapped[date | None]
    learn_from: Mapped[date]
    learn_to: Mapped[date]
    review_to: Mapped[date | None]  # reading stays possible; None: there is no review period
    closed_at: Mapped[datetime | None]
    seats: Mapped[int | None]
    hours: Mapped[float]
    created_at: Mapped[datetime]

    course_version: Mapped[CourseVersion] = relationship(lazy="raise")
    units: Mapped[list[RunUnit]] = relationship(back_populates="run", order_by="RunUnit.position", lazy="raise")
    rules: Mapped[list[CompletionRule]] = relationship(back_populates="run", order_by="CompletionRule.id", lazy="raise")

    def is_open_on(self, day: date) -> bool:
        """Whether learners may work in it on that day."""
        return self.closed_at is None and self.learn_from <= day <= self.learn_to

    def state_on(self, day: date) -> RunState:
        """Where the run is on that day, by its periods. Closed from the day on which somebody closed it."""
        if self.closed_at is not None and seoul_day(self.closed_at) <= day:
            return "closed"
        if day < self.learn_from:
            applying = self.apply_from and self.apply_to and self.apply_from <= day <= self.apply_to
            return "applying" if applying else "planned"
        if day <= self.learn_to:
            return "learning"
        return "review" if self.review_to and day <= self.review_to else "over"


class RunUnit(Base):
    """A unit of the run's course version, copied when the run was made: the frozen denominator of progress and score."""

    __tablename__ = "lms_run_unit"
    __table_args__ = (
        UniqueConstraint("run_id", "key"),
        one_of("kind", UNIT_KINDS),
        CheckConstraint("weight >= 0", name="weight"),
    )

    id: Mapped[IntKey]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(200))
    minutes: Mapped[int]
    weight: Mapped[float]
    exercise_version_id: Mapped[int | None] = mapped_column(ForeignKey("lms_exercise_version.id"))

    run: Mapped[Run] = relationship(back_populates="units", lazy="raise")
    exercise_version: Mapped[ExerciseVersion | None] = relationship(lazy="raise")


class CompletionRule(Base):
    """수료 기준 of a run. A change is a new row; each ledger entry names the row that it was judged by."""

    __tablename__ = "lms_completion_rule"
    __table_args__ = (
        CheckConstraint("progress BETWEEN 0 AND 100 AND score BETWEEN 0 AND 100", name="per_cent"),
        Index(None, "run_id", "id"),
    )

    id: Mapped[IntKey]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    progress: Mapped[float]  # per cent of the units
    score: Mapped[float]  # of 100, weighted
    recorded_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200), default="")

    run: Mapped[Run] = relationship(back_populates="rules", lazy="raise")


def _day_of_enrolling(context: Any) -> date:
    return seoul_day(context.get_current_parameters()["enrolled_at"])


class Enrolment(Base):
    """수강: a person in a run, with the company and region of that day.

    `company_status_id` is what the company had declared to be on that day (size, industry, level); `enrolled_on` is the
    day in Seoul of `enrolled_at`, and is filled in from it.
    """

    __tablename__ = "lms_enrolment"
    __table_args__ = (
        UniqueConstraint("run_id", "person_id"),
        one_of("state", ENROLMENT_STATES),
        Index(None, "person_id"),
        Index(None, "company_id"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"))
    state: Mapped[str] = mapped_column(String(12), default="enrolled")
    enrolled_at: Mapped[datetime]
    enrolled_on: Mapped[date] = mapped_column(default=_day_of_enrolling)
    company_status_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company_status.id"), index=True)

    run: Mapped[Run] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise")
    company: Mapped[Company] = relationship(lazy="raise")

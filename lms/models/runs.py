"""Runs of courses, and who is enrolled in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.clock import seoul_day

from .base import Base, IntKey, LongKey, Uid, one_of
from .companies import Company
from .content import CourseVersion, ExerciseVersion
from .people import Person

if TYPE_CHECKING:
    from .sittings import Sitting

UNIT_KINDS = ("page", "video", "quiz", "exercise", "sitting", "survey")
ENROLMENT_STATES = ("enrolled", "withdrawn")
OUTCOMES = ("completed", "not_completed", "withdrawn")
RunState = Literal["draft", "open", "running", "review", "closed"]


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
    opened_at: Mapped[datetime | None]  # until then it is a draft, which nobody but its centre sees
    closed_at: Mapped[datetime | None]
    seats: Mapped[int | None]
    hours: Mapped[float]
    created_at: Mapped[datetime]

    course_version: Mapped[CourseVersion] = relationship(lazy="raise")
    units: Mapped[list[RunUnit]] = relationship(back_populates="run", order_by="RunUnit.position", lazy="raise")
    rules: Mapped[list[CompletionRule]] = relationship(back_populates="run", order_by="CompletionRule.id", lazy="raise")
    sittings: Mapped[list[Sitting]] = relationship(back_populates="run", order_by="Sitting.begins_at", lazy="raise")

    def is_open_on(self, day: date) -> bool:
        """Whether learners may work in it on that day."""
        return self.opened_at is not None and self.closed_at is None and self.learn_from <= day <= self.learn_to

    def takes_applications_on(self, day: date) -> bool:
        """Whether learners may apply by themselves on that day."""
        if self.opened_at is None or self.closed_at is not None or self.apply_from is None or self.apply_to is None:
            return False
        return self.apply_from <= day <= self.apply_to

    def state_on(self, day: date) -> RunState:
        """Where the run is on that day: a draft until it is opened, closed from the day on which somebody closed it, and by its
        periods in between. What each state allows: `lms/learning/runs/states.py`."""
        if self.closed_at is not None and seoul_day(self.closed_at) <= day:
            return "closed"
        if self.opened_at is None:
            return "draft"
        if day < self.learn_from:
            return "open"
        return "running" if day <= self.learn_to else "review"


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
        CheckConstraint("attendance BETWEEN 0 AND 100", name="attendance"),
        Index(None, "run_id", "id"),
    )

    id: Mapped[IntKey]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    progress: Mapped[float]  # per cent of the units
    score: Mapped[float]  # of 100, weighted
    attendance: Mapped[float] = mapped_column(default=0.0)  # per cent of the hours of the run's sittings
    recorded_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200), default="")

    run: Mapped[Run] = relationship(back_populates="rules", lazy="raise")


class RunQuota(Base):
    """At most so many seats of a run for one company, or for the companies of one region."""

    __tablename__ = "lms_run_quota"
    __table_args__ = (
        UniqueConstraint("run_id", "company_id"),
        UniqueConstraint("run_id", "region_id"),
        CheckConstraint("(company_id IS NULL) <> (region_id IS NULL)", name="whose"),
        CheckConstraint("seats >= 0", name="seats"),
    )

    id: Mapped[IntKey]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company.id"), index=True)
    region_id: Mapped[int | None] = mapped_column(ForeignKey("lms_region.id"))
    seats: Mapped[int]


class RunInstructor(Base):
    """Who teaches a run: sees it, and keeps the attendance of its sittings."""

    __tablename__ = "lms_run_instructor"
    __table_args__ = (UniqueConstraint("run_id", "person_id"), Index(None, "person_id"))

    id: Mapped[IntKey]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))


class RunClosing(Base):
    """마감: what a run came to, as it was when somebody closed it. Reopening keeps it and says why; closing again adds another.

    `facts` are the words of its sheet, so that a reprint says the same. `digest` is over the results without the names, and
    holds when the names are destroyed.
    """

    __tablename__ = "lms_run_closing"
    __table_args__ = (
        Index(
            "uq_lms_run_closing_standing",
            "run_id",
            unique=True,
            sqlite_where=text("reopened_at IS NULL"),
            postgresql_where=text("reopened_at IS NULL"),
        ),
        Index(None, "run_id"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("lms_completion_rule.id"))
    closed_at: Mapped[datetime]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))  # None: the command line
    digest: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    reopened_at: Mapped[datetime | None]
    reopened_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    reopen_reason: Mapped[str] = mapped_column(String(400), default="")


class RunResult(Base):
    """An enrolment as it was at its run's closing: whether it completed, and for want of what it didn't.

    `reasons` is data: dicts of `what` (progress, score, attendance, questioned, revoked, withdrawn …) and what belongs to
    it. The names are those of that day.
    """

    __tablename__ = "lms_run_result"
    __table_args__ = (
        UniqueConstraint("closing_id", "enrolment_id"),
        Index(None, "enrolment_id"),
        one_of("outcome", OUTCOMES),
    )

    id: Mapped[LongKey]
    closing_id: Mapped[int] = mapped_column(ForeignKey("lms_run_closing.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    outcome: Mapped[str] = mapped_column(String(13))
    completed_on: Mapped[date | None]
    progress: Mapped[float]
    score: Mapped[float]
    attended_hours: Mapped[float]
    person_name: Mapped[str] = mapped_column(String(80))
    company_name: Mapped[str] = mapped_column(String(120))
    reasons: Mapped[list[Any]]


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
        Index(None, "run_id", "region_id", "enrolled_on"),
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

    if TYPE_CHECKING:  # what extensions say: given by `applications`
        own_extension: Mapped[date | None]
        company_extension: Mapped[date | None]

    @property
    def last_day(self) -> date:
        """The last day on which she may work in the run, which has to be loaded: its own, or a later one that she was given."""
        days = (self.run.learn_to, self.own_extension, self.company_extension)
        return max(day for day in days if day is not None)

    def is_open_on(self, day: date) -> bool:
        """Whether she may work in the run on that day."""
        if self.run.opened_at is None or self.run.closed_at is not None:
            return False
        return self.run.learn_from <= day <= self.last_day

"""집체교육: the hours that a run meets at a place, who has a seat, and who was there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.clock import seoul_day

from .base import Base, IntKey, LongKey, Uid, one_of
from .runs import Enrolment, Run

SITTING_KINDS = ("classroom", "test_bed")
EXPECTED = ("all", "seated")
PRESENCES = ("present", "absent", "excused")
ATTENDANCE_SOURCES = ("list", "code")


class Sitting(Base):
    """집체교육, 테스트베드. Sittings of one `choice` are dates of the same thing, of which a learner attends one.

    `expects` all of the run, or those who took a seat. `is_extra`: hours at it count, but it is asked of nobody. With
    `asks_leaving` the hours count once the leaving is noted too. A cancelled sitting stays, with its reason.
    """

    __tablename__ = "lms_sitting"
    __table_args__ = (
        one_of("kind", SITTING_KINDS),
        one_of("expects", EXPECTED),
        CheckConstraint("begins_at < ends_at", name="times"),
        CheckConstraint("hours > 0", name="hours"),
        CheckConstraint("seats IS NULL OR seats >= 0", name="seats"),
        Index(None, "run_id", "begins_at"),
        Index(None, "begins_at"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    choice: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120))
    directions: Mapped[str] = mapped_column(String(600), default="")
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hours: Mapped[float]
    seats: Mapped[int | None]
    expects: Mapped[str] = mapped_column(String(8), default="all")
    is_extra: Mapped[bool] = mapped_column(default=False)
    asks_leaving: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str] = mapped_column(String(400), default="")

    run: Mapped[Run] = relationship(back_populates="sittings", lazy="raise")

    @property
    def key(self) -> str:
        """Its name in the ledger."""
        return f"sitting:{self.uid}"

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def day(self) -> date:
        """The day in Seoul on which it begins; what is done at it is of that day."""
        return seoul_day(self.begins_at)


class SittingSeat(Base):
    """The sitting that a learner chose among those of one `choice`; changing her mind changes the row."""

    __tablename__ = "lms_sitting_seat"
    __table_args__ = (UniqueConstraint("enrolment_id", "choice"), Index(None, "sitting_id"))

    id: Mapped[IntKey]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("lms_sitting.id"))
    choice: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime]


class Attendance(Base):
    """출석: what was noted of somebody's presence at a sitting. Never changed; of several the newest holds.

    Without a time of arrival or leaving she was there from the beginning, or to the end; `awaits_leaving`: nothing is known
    of the leaving yet, and no hours are recognised. `hours` is what was recognised.
    """

    __tablename__ = "lms_attendance"
    __table_args__ = (
        one_of("presence", PRESENCES),
        one_of("source", ATTENDANCE_SOURCES),
        CheckConstraint("hours >= 0", name="hours"),
        Index(None, "sitting_id", "enrolment_id", "id"),
        Index(None, "enrolment_id"),
        Index(None, "actor_id"),
    )

    id: Mapped[LongKey]
    sitting_id: Mapped[int] = mapped_column(ForeignKey("lms_sitting.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    presence: Mapped[str] = mapped_column(String(8))
    arrived_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    awaits_leaving: Mapped[bool] = mapped_column(default=False)
    hours: Mapped[float]
    source: Mapped[str] = mapped_column(String(4))
    recorded_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    reason: Mapped[str] = mapped_column(String(400), default="")

    enrolment: Mapped[Enrolment] = relationship(lazy="raise")

"""정기 발행: reports that are issued by themselves, and what came of each time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, IntKey, Uid, one_of
from .codes import GOES_WITH_IT
from .people import Person
from .statements import Statement

RHYTHMS = ("week", "month")
SCHEDULE_STATES = ("active", "paused")
TURN_STATES = ("waiting", "issued", "failed", "left_out")


class Schedule(Base):
    """What is issued when, in whose name.

    `question` are the question's words without its day, `scope` what the maker answered for when she made it. `on_day` is a
    day of the week (1 Monday to 7) or of the month (of 31 a shorter month takes its last), `hour` an hour in Seoul. `next_at`
    is the next time, None while paused; `paused_why` is "" where a person paused it, maker where its maker no longer answers
    for these figures. `address` is where its statements are verified, if the site doesn't know its own.
    """

    __tablename__ = "lms_schedule"
    __table_args__ = (
        one_of("every", RHYTHMS),
        one_of("state", SCHEDULE_STATES),
        CheckConstraint("on_day BETWEEN 1 AND 31 AND (every = 'month' OR on_day <= 7)", name="on_day"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        Index(None, "maker_id"),
        Index(None, "next_at"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    maker_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    name: Mapped[str] = mapped_column(String(80))
    report: Mapped[str] = mapped_column(String(20))
    question: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(5))
    scope: Mapped[dict[str, Any]]
    every: Mapped[str] = mapped_column(String(5))
    on_day: Mapped[int]
    hour: Mapped[int]
    address: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(8), default="active")
    paused_why: Mapped[str] = mapped_column(String(10), default="")
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    maker: Mapped[Person] = relationship(lazy="raise")


class ScheduleRecipient(Base):
    """Somebody who is told of each statement, if she may see it then."""

    __tablename__ = "lms_schedule_recipient"
    __table_args__ = (UniqueConstraint("schedule_id", "person_id"), Index(None, "person_id"))

    id: Mapped[IntKey]
    schedule_id: Mapped[int] = mapped_column(ForeignKey("lms_schedule.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), info=GOES_WITH_IT)


class ScheduleTurn(Base):
    """One time of a schedule, of which there is one row whoever writes it. Its statement is as of the day before.

    `tries` counts those that were begun, and is the fence: who was overtaken can't finish. `reason` says why the last try or
    all of them came to nothing, `facts` are the values of its sentence. `told` people got it, those of `left_out` (their ids)
    may not see it any more.
    """

    __tablename__ = "lms_schedule_turn"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_on"),
        one_of("state", TURN_STATES),
        Index(None, "state", "next_try_at"),
        Index(None, "statement_id"),
    )

    id: Mapped[IntKey]
    schedule_id: Mapped[int] = mapped_column(ForeignKey("lms_schedule.id"))
    due_on: Mapped[date]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(20), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("lms_statement.id"))
    told: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[list[Any]] = mapped_column(default=list)
    finished_at: Mapped[datetime | None]

    schedule: Mapped[Schedule] = relationship(lazy="raise")
    statement: Mapped[Statement | None] = relationship(lazy="raise")

    @property
    def as_of(self) -> date:
        """The last day that had ended."""
        return self.due_on - timedelta(days=1)

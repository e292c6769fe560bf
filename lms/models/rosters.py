"""수강생 명단: spreadsheets that were uploaded, what a dry run found in them, and what is about to be written.

What of them names people lives for a day: the cells under seal, the rows that wait to be applied.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.clock import utcnow

from .base import Base, BigKey, IntKey, Uid, one_of
from .people import Person

ROSTER_STATES = ("waiting", "checking", "checked", "applying", "applied", "undone", "failed")
ROSTER_OUTCOMES = ("new", "changed", "same", "wrong", "skipped")


class Roster(Base):
    """One upload. Its `uid` is the receipt.

    `columns` says in which column (from 0) of `headings` each field lies, `head` which rows the headings stand in. `done` of
    `size` rows are through with what `state` says. `counts` are those of the dry run, `result` those of what was written.
    `problem` is why it failed. From `forget_at` on its cells and rows are gone. `actor_id` None is the command line.
    """

    __tablename__ = "lms_roster"
    __table_args__ = (one_of("state", ROSTER_STATES), Index(None, "actor_id", "created_at"), Index(None, "forget_at"))

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    file_name: Mapped[str] = mapped_column(String(200))
    form: Mapped[str] = mapped_column(String(8))
    encoding: Mapped[str] = mapped_column(String(12), default="")
    sheet: Mapped[str] = mapped_column(String(120), default="")
    headings: Mapped[list[Any]]
    columns: Mapped[dict[str, Any]]
    head: Mapped[list[Any]]
    notes: Mapped[list[Any]]
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    problem: Mapped[str] = mapped_column(String(400), default="")
    checked_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]
    change_set_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("lms_change_set.id"), index=True)

    actor: Mapped[Person | None] = relationship(lazy="raise")


class RosterPart(Base):
    """Some rows of an upload as they were read, under seal: JSON of [row, cells] in deflated base64."""

    __tablename__ = "lms_roster_part"

    roster_id: Mapped[int] = mapped_column(ForeignKey("lms_roster.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_row: Mapped[int]
    rows: Mapped[int]
    cells: Mapped[str] = mapped_column(Text)


class RosterRow(Base):
    """What a dry run says of a row of the spreadsheet. `reasons` are words of `lms.rosters.findings` with their facts."""

    __tablename__ = "lms_roster_row"
    __table_args__ = (one_of("outcome", ROSTER_OUTCOMES), Index(None, "roster_id", "outcome", "row"))

    roster_id: Mapped[int] = mapped_column(ForeignKey("lms_roster.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(8))
    reasons: Mapped[list[Any]]


class RosterCompany(Base):
    """A company that applying is about to add."""

    __tablename__ = "lms_roster_company"

    roster_id: Mapped[int] = mapped_column(ForeignKey("lms_roster.id"), primary_key=True)
    business_number: Mapped[str] = mapped_column(String(10), primary_key=True)
    uid: Mapped[UUID] = mapped_column(Uuid())
    name: Mapped[str] = mapped_column(String(120))
    search_key: Mapped[str] = mapped_column(String(120))
    region_id: Mapped[int]


class RosterStep(Base):
    """What applying is about to do for one row, staged so that a few statements do it for all.

    The deeds are add or change (people, employments), add or again (enrolments), or None. Companies are named by number and
    people by uid, also those that are there. `freed_id` is an ended employment that gives its number to this one.
    """

    __tablename__ = "lms_roster_step"

    roster_id: Mapped[int] = mapped_column(ForeignKey("lms_roster.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    business_number: Mapped[str] = mapped_column(String(10))
    person_uid: Mapped[UUID] = mapped_column(Uuid())
    person_deed: Mapped[str | None] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254))
    birth_date_sealed: Mapped[str | None] = mapped_column(String(160))
    birth_date_index: Mapped[str | None] = mapped_column(String(32))
    phone_sealed: Mapped[str | None] = mapped_column(String(160))
    employment_deed: Mapped[str | None] = mapped_column(String(8))
    employment_id: Mapped[int | None]
    freed_id: Mapped[int | None]
    employee_number: Mapped[str | None] = mapped_column(String(40))
    department: Mapped[str] = mapped_column(String(80))
    job: Mapped[str] = mapped_column(String(80))
    enrolment_deed: Mapped[str | None] = mapped_column(String(8))
    enrolment_id: Mapped[int | None]
    enrolment_uid: Mapped[UUID | None] = mapped_column(Uuid())
    run_id: Mapped[int | None]


class RosterEnrolment(Base):
    """An enrolment that a roster made, or took up again: taking the roster back withdraws it."""

    __tablename__ = "lms_roster_enrolment"

    roster_id: Mapped[int] = mapped_column(ForeignKey("lms_roster.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"), primary_key=True, index=True)


class RosterMapping(Base):
    """Which column is what in files of a form, as somebody said it once."""

    __tablename__ = "lms_roster_mapping"

    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), primary_key=True, info={"goes_with_it": True})
    signature: Mapped[str] = mapped_column(String(64), primary_key=True)
    columns: Mapped[dict[str, Any]]
    used_at: Mapped[datetime] = mapped_column(default=utcnow)

"""One-time codes, by which a person chooses a password, and the slips of paper that they are printed on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, IntKey, LongKey, Uid, one_of

CODE_KINDS = ("slip", "desk", "invitation", "reset")
BATCH_STATES = ("waiting", "done", "failed")
# Rows that are taken back with the person whom they are for, where her roster is undone.
GOES_WITH_IT = {"goes_with_it": True}


class Code(Base):
    """The right to choose a password once. The row keeps a hash; the code itself is on paper, on a screen or in a mail.

    `slip` is a printed one, `desk` one that an officer or manager gave by hand, the others came by mail. A newer code of
    the same person voids the older ones.
    """

    __tablename__ = "lms_code"
    __table_args__ = (
        one_of("kind", CODE_KINDS),
        Index(
            "ix_lms_code_open",
            "person_id",
            sqlite_where=text("used_at IS NULL AND voided_at IS NULL"),
            postgresql_where=text("used_at IS NULL AND voided_at IS NULL"),
        ),
    )

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), index=True, info=GOES_WITH_IT)
    kind: Mapped[str] = mapped_column(String(12))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("lms_slip_batch.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class SlipBatch(Base):
    """Slips that somebody asked for, for the people of some companies who have not signed in yet. A job makes them.

    `companies` are ids; `people` is how many slips there are to be and `made` how many there are, `without` how many
    people were left out because they could not sign in afterwards (no e-mail and no employee number).
    """

    __tablename__ = "lms_slip_batch"
    __table_args__ = (one_of("state", BATCH_STATES),)

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    requested_by: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), index=True)
    companies: Mapped[list[Any]]
    title: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(400))
    address: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    people: Mapped[int] = mapped_column(default=0)
    made: Mapped[int] = mapped_column(default=0)
    without: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class SlipSheet(Base):
    """A part of a batch as a PDF, sealed, because it holds codes that work. Removed when it was printed, or after a day."""

    __tablename__ = "lms_slip_sheet"
    __table_args__ = (UniqueConstraint("batch_id", "part"),)

    id: Mapped[IntKey]
    batch_id: Mapped[int] = mapped_column(ForeignKey("lms_slip_batch.id"))
    part: Mapped[int]
    people: Mapped[int]
    first: Mapped[str] = mapped_column(String(120))
    body: Mapped[str | None] = mapped_column(Text())
    taken_at: Mapped[datetime | None]

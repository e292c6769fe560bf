"""Who looked at whose data, and what was destroyed when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, LongKey, Uid

_Words = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_SOMEBODY = text("person_id IS NOT NULL")


class AccessEntry(Base):
    """접속기록: somebody looked at the data of one person (`person_id`) or of so many in a list (`count`).

    A list has the words of its question and what it was of (`subject`, as kind:id), not the people themselves. `reason` is
    kept where one is asked for. Persons are pointed to without holding their rows. Deleted when its period is over.
    """

    __tablename__ = "lms_access_entry"
    __table_args__ = (
        Index(None, "person_id", "at", sqlite_where=_SOMEBODY, postgresql_where=_SOMEBODY),
        Index(None, "actor_id", "at"),
        Index(None, "subject", "at"),
        Index(None, "at"),
    )

    id: Mapped[LongKey]
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(45), default="")
    action: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(80), default="")
    count: Mapped[int] = mapped_column(default=1)
    words: Mapped[dict[str, Any] | None] = mapped_column(_Words)
    reason: Mapped[str] = mapped_column(String(400), default="")


class Destruction(Base):
    """파기 기록: what kind of data, of until when, how much of it went, and who had it destroyed. No personal data."""

    __tablename__ = "lms_destruction"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(40))
    before: Mapped[datetime | None]
    count: Mapped[int]
    rows: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(400), default="")

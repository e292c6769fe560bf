"""Who took which figures out of the house."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, LongKey, Uid


class Download(Base):
    """A file with figures or people that somebody took. Append-only.

    `question` holds the words of the question, so that the same file can be asked for again; `reason` is what the actor
    gave, and is never empty where persons are in the file. `actor_id` None is the command line.
    """

    __tablename__ = "lms_download"
    __table_args__ = (Index(None, "actor_id", "at"), Index(None, "at"))

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    address: Mapped[str] = mapped_column(String(45), default="")
    report: Mapped[str] = mapped_column(String(40))
    form: Mapped[str] = mapped_column(String(8))
    question: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(400), default="")
    has_persons: Mapped[bool]
    rows: Mapped[int]

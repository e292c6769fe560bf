"""Files of any length that somebody asked for: what was asked, by whom and why, how far it is, until when it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.clock import utcnow

from .base import Base, IntKey, Uid, one_of

EXPORT_STATES = ("waiting", "done", "failed", "cancelled", "removed")


class Export(Base):
    """`scope` is what its owner answered for when she asked, `question` the question's words, `language` that of its texts.

    While it is made the first `bytes` of the file hold `rows` rows, the last of which is the enrolment `reached`: from there
    a worker goes on after another was killed. `total` is what was counted when it was asked for. A file that is `removed`
    lies nowhere any more; the row stays to say that it was made. `problem` says why one failed: disk (it was full), too_long
    (for a spreadsheet), fault.
    """

    __tablename__ = "lms_export"
    __table_args__ = (
        one_of("state", EXPORT_STATES),
        Index(None, "person_id", "created_at"),
        Index(None, "forget_at"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    report: Mapped[str] = mapped_column(String(20))
    form: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(5))
    question: Mapped[dict[str, Any]]
    scope: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    problem: Mapped[str] = mapped_column(String(10), default="")
    total: Mapped[int]
    rows: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    reached: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]

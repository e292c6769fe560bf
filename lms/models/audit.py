"""Who did what to whom, from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, LongKey


class AuditEntry(Base):
    """Append-only. `subject` is what was acted on, as kind:id; `reason` is what the actor gave, where one is asked for."""

    __tablename__ = "lms_audit_entry"
    __table_args__ = (Index(None, "subject", "at"), Index(None, "actor_id", "at"))

    id: Mapped[LongKey]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    address: Mapped[str] = mapped_column(String(45), default="")
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(400), default="")

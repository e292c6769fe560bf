"""Who did what to whom, from where; and the seals that tell whether any of it was changed since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, BigKey, LongKey

_Detail = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class AuditEntry(Base):
    """Append-only; the database refuses to change or delete a row.

    `subject` is what was acted on, as kind:id; `reason` is what the actor gave, where one is asked for; `detail` is what else
    belongs to the deed, without personal data. `actor_id` points to a person without holding her row: what was done stays
    told when its actor's row is taken away. None is the command line, or the program itself.
    """

    __tablename__ = "lms_audit_entry"
    __table_args__ = (Index(None, "subject", "at"), Index(None, "actor_id", "at"), Index(None, "at"))

    id: Mapped[LongKey]
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(45), default="")
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(400), default="")
    detail: Mapped[dict[str, Any] | None] = mapped_column(_Detail)


class AuditSeal(Base):
    """A link of the chain over the entries, in the order in which they were sealed: `number` counts from 1 without a gap.

    `digest` is of the link before and of the entry's content (lms/audit/chain.py). Append-only, as the entries.
    """

    __tablename__ = "lms_audit_seal"

    number: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BigKey, ForeignKey("lms_audit_entry.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]

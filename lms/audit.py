"""Who did what to whom. Written in the transaction of the deed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from .clock import utcnow
from .models import AuditEntry


def record(
    session: Session, action: str, *, actor_id: int | None, subject: str = "", address: str = "", reason: str = ""
) -> None:
    """Note an act; `subject` reads kind:id. Texts are cut to what the table holds."""
    session.add(
        AuditEntry(
            at=utcnow(),
            actor_id=actor_id,
            action=action,
            subject=subject[:80],
            address=address[:45],
            reason=reason[:400],
        )
    )

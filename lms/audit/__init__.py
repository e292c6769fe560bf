"""Who did what to whom. Written in the transaction of the deed, sealed afterwards (`chain`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.models import AuditEntry


def record(
    session: Session,
    action: str,
    *,
    actor_id: int | None,
    subject: str = "",
    address: str = "",
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Note an act; `subject` reads kind:id, `detail` holds no personal data. Texts are cut to what the table holds."""
    session.add(
        AuditEntry(
            at=utcnow(),
            actor_id=actor_id,
            action=action,
            subject=subject[:80],
            address=address[:45],
            reason=reason[:400],
            detail=detail,
        )
    )

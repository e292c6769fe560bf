"""Invitations by mail, for people who have an e-mail and never signed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import audit, messages
from lms.clock import utcnow
from lms.models import Message, Person

from . import codes

LIFETIME = timedelta(days=14)
_TOGETHER = 500


def invite(
    session: Session,
    person_ids: Collection[int],
    *,
    actor_id: int | None,
    subject: str,
    reason: str = "",
    address: str = "",
    now: datetime | None = None,
) -> int:
    """Mail a code to those of these people who may be invited, at most once a day each. Returns how many.

    `subject` is what the audit names, as company:12.
    """
    now = now or utcnow()
    ids, invited = list(person_ids), 0
    for start in range(0, len(ids), _TOGETHER):
        people = session.scalars(
            select(Person.id)
            .where(
                Person.id.in_(ids[start : start + _TOGETHER]),
                Person.email.is_not(None),
                Person.password_hash.is_(None),
                Person.is_active,
            )
            .order_by(Person.id)
        )
        day = now.date().isoformat()
        told: list[tuple[int, dict[str, Any], str]] = [(person, {}, f"invitation:{person}:{day}") for person in people]
        invited += messages.send_many(session, "invitation", told, now=now)
    if invited:
        audit.record(
            session,
            "invited",
            actor_id=actor_id,
            subject=subject,
            address=address,
            reason=reason or str(invited),
        )
    return invited


class InvitationCode:
    """What an invitation's mail needs: a code, made when it leaves, so that no row keeps one."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def __call__(self, session: Session, message: Message, now: datetime) -> Mapping[str, Any] | None:
        """None where she has signed in meanwhile."""
        person = session.get_one(Person, message.person_id)
        if person.password_hash is not None:
            return None
        issued = codes.issue(session, person.id, "invitation", key=self.key, lifetime=LIFETIME, now=now)
        return {"code": issued, "until": (now + LIFETIME).isoformat()}

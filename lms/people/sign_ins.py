"""The devices on which a person is signed in: listed, ended one by one or all."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, contains_eager

from lms import audit
from lms.clock import utcnow
from lms.errors import NotFoundError
from lms.models import Person, SignIn

from .viewers import with_viewer

# How stale `last_seen_at` may be, so that not every page view is a write.
SEEN_EVERY = timedelta(minutes=1)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def start(session: Session, person: Person, *, device: str, address: str, now: datetime | None = None) -> str:
    """Sign a device in. Returns the token for its cookie; only the hash is kept."""
    now = now or utcnow()
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            person_id=person.id,
            token_hash=_hash(token),
            device=device[:120],
            address=address[:45],
            created_at=now,
            last_seen_at=now,
        )
    )
    audit.record(session, "signed_in", actor_id=person.id, address=address)
    return token


def load(
    session: Session, token: str, *, idle: timedelta, longest: timedelta, now: datetime | None = None
) -> SignIn | None:
    """The sign-in that a token belongs to, person and roles loaded; None when it was ended, idle or too old."""
    now = now or utcnow()
    found = session.scalars(
        select(SignIn)
        .join(SignIn.person)
        .options(contains_eager(SignIn.person).options(*with_viewer()))
        .where(
            SignIn.token_hash == _hash(token),
            SignIn.revoked_at.is_(None),
            SignIn.last_seen_at > now - idle,
            SignIn.created_at > now - longest,
            Person.is_active,
        )
    )
    return found.unique().one_or_none()


def touch(session: Session, sign_in_id: int, now: datetime | None = None) -> None:
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now or utcnow()))


def list_current(session: Session, person_id: int, *, idle: timedelta, now: datetime | None = None) -> Sequence[SignIn]:
    """Newest use first."""
    now = now or utcnow()
    return session.scalars(
        select(SignIn)
        .where(SignIn.person_id == person_id, SignIn.revoked_at.is_(None), SignIn.last_seen_at > now - idle)
        .order_by(SignIn.last_seen_at.desc())
    ).all()


def end(session: Session, person_id: int, uid: UUID, now: datetime | None = None) -> None:
    """End one of the person's own. Raises NotFoundError for another's."""
    found = session.scalar(select(SignIn).where(SignIn.uid == uid, SignIn.person_id == person_id))
    if found is None:
        raise NotFoundError()
    if found.revoked_at is None:
        found.revoked_at = now or utcnow()
        audit.record(session, "signed_out", actor_id=person_id, subject=f"sign_in:{found.id}")


def end_here(session: Session, person_id: int, sign_in_id: int | None, now: datetime | None = None) -> None:
    """End the stay that the person asks from."""
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now or utcnow())
    )
    audit.record(session, "signed_out", actor_id=person_id)


def end_others(session: Session, person_id: int, keep_id: int | None, now: datetime | None = None) -> None:
    """End all of the person's but one, as after a change of password."""
    statement = update(SignIn).where(SignIn.person_id == person_id, SignIn.revoked_at.is_(None))
    if keep_id is not None:
        statement = statement.where(SignIn.id != keep_id)
    session.execute(statement.values(revoked_at=now or utcnow()))

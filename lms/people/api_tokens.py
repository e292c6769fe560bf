"""Tokens for programs: made by a person for herself, shown once, kept as a hash, used up to a day, taken back at any time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, contains_eager

from lms import audit
from lms.clock import utcnow
from lms.errors import LMSError, NotFoundError
from lms.models import ApiToken, Person

from .viewers import with_viewer

PREFIX = "baeum_"  # so that a scanner of leaked secrets, and a person, know what it is
LIFETIMES = (30, 90, 365)  # days
MOST = 10  # living ones of a person
LONGEST_NAME = 80
SEEN_EVERY = timedelta(minutes=1)


class ApiTokenError(LMSError):
    """No token was made. `reason`: name (none), days (not one of the lifetimes), many (take one back first; `most`)."""

    sentence = "No token was made: {reason}."


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def issue(session: Session, person_id: int, name: str, days: int, *, now: datetime | None = None) -> str:
    """A new token's text, which can't be read again.

    Raises:
        ApiTokenError
    """
    now = now or utcnow()
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise ApiTokenError("name")
    if days not in LIFETIMES:
        raise ApiTokenError("days")
    living = select(func.count()).where(
        ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    if (session.scalar(living) or 0) >= MOST:
        raise ApiTokenError("many", most=MOST)
    token = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        person_id=person_id,
        name=name,
        token_hash=_hash(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(made)
    session.flush()
    audit.record(session, "api_token_made", actor_id=person_id, subject=f"api_token:{made.id}", detail={"days": days})
    return token


def list_own(session: Session, person_id: int) -> Sequence[ApiToken]:
    """The newest first, also those that are over."""
    return session.scalars(select(ApiToken).where(ApiToken.person_id == person_id).order_by(ApiToken.id.desc())).all()


def revoke(session: Session, person_id: int, uid: UUID, *, now: datetime | None = None) -> None:
    """Take back one of the person's own; again changes nothing. Raises NotFoundError for another's."""
    found = session.scalar(select(ApiToken).where(ApiToken.uid == uid, ApiToken.person_id == person_id))
    if found is None:
        raise NotFoundError()
    _end(session, found, now or utcnow())


def revoke_all(session: Session, person_id: int, *, now: datetime | None = None) -> None:
    """None of the person's lives on: who gets another password may have lost more than the old one."""
    now = now or utcnow()
    for row in list_own(session, person_id):
        if row.is_live_at(now):
            _end(session, row, now)


def _end(session: Session, token: ApiToken, now: datetime) -> None:
    if token.revoked_at is None:
        token.revoked_at = now
        audit.record(session, "api_token_revoked", actor_id=token.person_id, subject=f"api_token:{token.id}")


def load(session: Session, token: str, *, now: datetime | None = None) -> ApiToken | None:
    """The living token of this text, with its person and roles; None for any other."""
    now = now or utcnow()
    found = session.scalars(
        select(ApiToken)
        .join(ApiToken.person)
        .options(contains_eager(ApiToken.person).options(*with_viewer()))
        .where(ApiToken.token_hash == _hash(token), Person.is_active)
    )
    row = found.unique().one_or_none()
    return row if row is not None and row.is_live_at(now) else None


def touch(session: Session, token: ApiToken, *, now: datetime | None = None) -> None:
    """Keep when it was used last, to the minute."""
    now = now or utcnow()
    if token.last_used_at is None or now - token.last_used_at > SEEN_EVERY:
        session.execute(update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=now))

"""A forgotten password, by mail: whether there is an account is told to nobody but its owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import audit, messages
from lms.clock import utcnow
from lms.errors import LMSError
from lms.jobs import queue
from lms.jobs.queue import Claim
from lms.models import Database, Message, Person

from . import codes, throttle
from .accounts import normalise_email

JOB_KIND = "forgotten"
LIFETIME = timedelta(minutes=30)
# So many in a quarter of an hour to one account, and from one address.
TRIES, TRIES_OF_ADDRESS = 3, 30


class TooManyError(LMSError):
    """Somebody asks for many accounts from one address."""

    reason = "throttled"
    sentence = "Too many passwords were asked for from there. Try again in fifteen minutes."


def ask(session: Session, email: str, *, address: str, now: datetime | None = None) -> None:
    """Note that somebody forgot the password of this e-mail. The same is written whether or not there is an account.

    Raises:
        TooManyError: by the address, whatever was asked for.
    """
    now = now or utcnow()
    if throttle.failures(session, f"forgotten:{address}", now) >= TRIES_OF_ADDRESS:
        raise TooManyError()
    throttle.add_failure(session, f"forgotten:{address}", now)
    found = session.scalar(select(Person.id).where(Person.email == normalise_email(email), Person.is_active))
    queue.enqueue(session, JOB_KIND, {"person": found, "address": address}, priority=50, now=now)


def answer(database: Database, claim: Claim) -> str | None:
    """The handler of that job: put the mail in, if there is somebody to have it."""
    with database.writing() as session:
        person = claim.payload["person"]
        if person is not None:
            _answer(session, person, claim.payload["address"])
        if queue.finish(session, claim):
            session.commit()
    return None


def _answer(session: Session, person: int, address: str) -> None:
    key = f"forgotten:person:{person}"
    if throttle.failures(session, key) >= TRIES:
        return
    throttle.add_failure(session, key)
    messages.send(session, person, "password_reset")
    audit.record(session, "password_forgotten", actor_id=None, subject=f"person:{person}", address=address)


class ResetCode:
    """What the mail of a forgotten password needs; see `invitations.InvitationCode`."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def __call__(self, session: Session, message: Message, now: datetime) -> Mapping[str, Any] | None:
        issued = codes.issue(session, message.person_id, "reset", key=self.key, lifetime=LIFETIME, now=now)
        return {"code": issued, "minutes": int(LIFETIME.total_seconds() // 60)}

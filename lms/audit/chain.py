"""The chain over the audit: each link's SHA-256 is of the link before and of one entry, so that nothing sealed can be changed,
taken out, put between or put in another order without a break.

A job seals, so that those who write entries don't wait for one another. Entries that are committed at the same time may
appear in another order than that of their ids; the chain has the order in which they were sealed. An entry that appears
among sealed ones much later than it says it was written was put there by hand: it is left without a seal, and named.

What the chain alone can't tell is that its newest links were taken off together with their entries. For that the head is
printed, shown and logged: number and digest, which a later chain still has to hold.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.errors import LMSError
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.models import AuditEntry, AuditSeal, Database

log = logging.getLogger("lms.audit")
SEAL = "seal_audit"
BEGINNING = "0" * 64
AT_ONCE = 1000
# A transaction that writes an entry is over by then, and its entry can be seen.
_LATEST = timedelta(hours=1)


@dataclass(frozen=True)
class Head:
    """The newest link. Written as number:digest."""

    number: int
    digest: str
    sealed_at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


class HeadError(LMSError):
    """What was given is no head of a chain."""

    reason = "head"
    sentence = "'{given}' is no head of the audit; it looks like 1234:9f86d0… with 64 letters."


@dataclass(frozen=True)
class Verdict:
    """What verifying found. `problem` is empty, or names what is wrong first:

    changed (the entry differs from what was sealed, or stands in another place), deleted (an entry is gone), seal_deleted
    (a link is gone), inserted (an entry was put among sealed ones), head (the chain does not hold the head that was
    given). `number` is the link's, `entry_id` the entry's.
    """

    checked: int
    head: Head
    unsealed: int
    problem: str = ""
    number: int | None = None
    entry_id: int | None = None


def get_head(session: Session) -> Head:
    last = session.execute(
        select(AuditSeal.number, AuditSeal.digest, AuditSeal.sealed_at).order_by(AuditSeal.number.desc()).limit(1)
    ).first()
    return Head(*last) if last else Head(0, BEGINNING)


def parse_head(text: str) -> Head:
    """Raises HeadError."""
    number, _, digest = text.strip().partition(":")
    if not number.isascii() or not number.isdigit() or len(digest) != 64:
        raise HeadError(given=text.strip()[:80])
    return Head(int(number), digest)


def anything_to_seal(session: Session) -> bool:
    """Cheap, and without the write lock."""
    return session.scalar(_waiting(session, limit=1)) is not None


def oldest_unsealed(session: Session) -> datetime | None:
    """When the first entry that waits was written. Cheap: it waits behind the newest that is sealed."""
    first = session.scalar(_waiting(session, limit=1))
    return first.at if first else None


def seal(session: Session, *, most: int = AT_ONCE, now: datetime | None = None) -> int:
    """Add links for at most so many entries, in order of their ids. Returns how many. The caller commits.

    Of two that seal at the same time one fails on the number and is tried again.
    """
    now = now or utcnow()
    head = get_head(session)
    digest, number = head.digest, head.number
    for entry in session.scalars(_waiting(session, limit=most)).all():
        number, digest = number + 1, _link(digest, entry)
        session.add(AuditSeal(number=number, entry_id=entry.id, digest=digest, sealed_at=now))
    session.flush()
    if number > head.number:
        # The log usually lies on another machine, where who changes the chain doesn't reach it.
        log.info("sealed the audit up to %d:%s", number, digest)
    return number - head.number


def _waiting(session: Session, limit: int):  # type: ignore[no-untyped-def]
    """Entries behind the newest sealed id, and those that were committed late, in order of their ids."""
    newest, since = session.execute(select(func.max(AuditSeal.entry_id), func.max(AuditSeal.sealed_at))).one()
    wanted = select(AuditEntry).order_by(AuditEntry.id).limit(limit)
    if newest is None:
        return wanted
    late = (AuditEntry.at > since - _LATEST) & ~_is_sealed()
    return wanted.where(or_(AuditEntry.id > newest, late))


def _is_sealed():
    return select(AuditSeal.number).where(AuditSeal.entry_id == AuditEntry.id).exists()


def verify(session: Session, known: Head | None = None) -> Verdict:
    """Go over the whole chain, and say what is wrong first. `known` is a head that was printed earlier."""
    head = get_head(session)
    digest, number = BEGINNING, 0
    found_known = known is None or known.number == 0
    for seal_number, entry_id, sealed, entry in _links(session):
        number += 1
        if seal_number != number:
            return _wrong("seal_deleted", session, head, number - 1, number, None)
        if entry is None:
            return _wrong("deleted", session, head, number - 1, number, entry_id)
        digest = _link(digest, entry)
        if digest != sealed:
            return _wrong("changed", session, head, number - 1, number, entry_id)
        if known is not None and known.number == number:
            if known.digest != digest:
                return _wrong("head", session, head, number, number, entry_id)
            found_known = True
    if not found_known:
        return _wrong("head", session, head, number, known.number if known else None, None)
    inserted = _inserted(session)
    if inserted is not None:
        return _wrong("inserted", session, head, number, None, inserted)
    return Verdict(number, head, _count_unsealed(session))


def _wrong(
    problem: str, session: Session, head: Head, checked: int, number: int | None, entry_id: int | None
) -> Verdict:
    return Verdict(checked, head, _count_unsealed(session), problem, number, entry_id)


def _links(session: Session) -> Iterator[Any]:
    """Number, entry's id, digest, entry or None; in portions, because a million of them would not fit into memory."""
    last = 0
    while True:
        rows = session.execute(
            select(AuditSeal.number, AuditSeal.entry_id, AuditSeal.digest, AuditEntry)
            .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
            .where(AuditSeal.number > last)
            .order_by(AuditSeal.number)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].number
        session.expunge_all()


def _inserted(session: Session) -> int | None:
    """The first entry without a seal that stands among sealed ones and was not merely late."""
    newest, since = session.execute(select(func.max(AuditSeal.entry_id), func.max(AuditSeal.sealed_at))).one()
    if newest is None:
        return None
    return session.scalar(
        select(AuditEntry.id)
        .where(AuditEntry.id < newest, AuditEntry.at <= since - _LATEST, ~_is_sealed())
        .order_by(AuditEntry.id)
        .limit(1)
    )


def _count_unsealed(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(~_is_sealed())) or 0


def _link(before: str, entry: AuditEntry) -> str:
    return hashlib.sha256(f"{before}\n{_content(entry)}".encode()).hexdigest()


def _content(entry: AuditEntry) -> str:
    """The entry as one line that is the same on every machine and database."""
    fields = [
        entry.id,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_id,
        entry.address,
        entry.action,
        entry.subject,
        entry.reason,
        entry.detail,
    ]
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# The job


def handle(database: Database, claim: queue.Claim) -> str | None:
    """Seal what waits, in short transactions."""
    while True:
        with database.writing() as session:
            if seal(session) < AT_ONCE:
                if queue.finish(session, claim):
                    session.commit()
                return None
            session.commit()


CHORE = Chore(SEAL, timedelta(minutes=5), anything_to_seal)

"""The audit as a list, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import AuditEntry, AuditSeal, Person


@dataclass(frozen=True)
class Told:
    """An entry; who did it and, where it was done to a person, to whom, by name; and its number in the chain."""

    entry: AuditEntry
    actor: str | None
    person: str | None
    number: int | None


@dataclass(frozen=True)
class Filter:
    """What is asked for; what is empty or None asks for nothing. `until` is the first moment that no longer belongs to it."""

    action: str = ""
    actor_ids: tuple[int, ...] | None = None
    subjects: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_entries(session: Session, what: Filter, *, limit: int, offset: int = 0) -> list[Told]:
    """Two queries however many."""
    wanted = select(AuditEntry, AuditSeal.number).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
    if what.action:
        wanted = wanted.where(AuditEntry.action == what.action)
    if what.actor_ids is not None:
        wanted = wanted.where(AuditEntry.actor_id.in_(what.actor_ids))
    if what.subjects is not None:
        wanted = wanted.where(AuditEntry.subject.in_(what.subjects))
    if what.since:
        wanted = wanted.where(AuditEntry.at >= what.since)
    if what.until:
        wanted = wanted.where(AuditEntry.at < what.until)
    rows = session.execute(
        wanted.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit).offset(offset)
    ).all()
    names = _names(session, [row[0] for row in rows])
    return [Told(entry, names.get(entry.actor_id), names.get(_person_of(entry)), number) for entry, number in rows]


def of_object(session: Session, subject: str, *, limit: int = 50) -> list[Told]:
    """What was done to one thing, as kind:id."""
    return list_entries(session, Filter(subjects=(subject,)), limit=limit)


def _person_of(entry: AuditEntry) -> int | None:
    kind, _, id_ = entry.subject.partition(":")
    return int(id_) if kind == "person" and id_.isascii() and id_.isdigit() and len(id_) < 10 else None


def _names(session: Session, entries: Sequence[AuditEntry]) -> dict[int | None, str]:
    ids: set[Any] = {entry.actor_id for entry in entries} | {_person_of(entry) for entry in entries}
    known = select(Person.id, Person.name).where(Person.id.in_(ids - {None}))
    return {id_: name for id_, name in session.execute(known)}

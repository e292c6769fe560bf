"""Put messages in with what causes them, and read one's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, func, insert, select, update
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.errors import NotFoundError
from lms.jobs import queue
from lms.models import Delivery, Message, MessageChoice, Person, new_uid
from lms.models.database import insert_into

from .kinds import KINDS, LOUD, Kind
from .quiet import earliest
from .unreachable import is_unreachable

POST = "post"  # the kind of job that sends what waits
# Behind grading: a mail may wait for seconds, and who waits for her result should not.
POST_PRIORITY = 150
_TOGETHER = 500


def send(
    session: Session,
    person_id: int,
    kind: str,
    facts: Mapping[str, Any] | None = None,
    *,
    once: str | None = None,
    now: datetime | None = None,
) -> bool:
    """Tell a person something, in the transaction of what is told. `facts` are plain values for the words; nothing secret.

    Of two with the same `once` the second is not sent. Returns whether this one is.
    """
    return send_many(session, kind, [(person_id, facts or {}, once)], now=now) == 1


def send_many(
    session: Session,
    kind: str,
    recipients: Iterable[tuple[int, Mapping[str, Any], str | None]],
    *,
    now: datetime | None = None,
) -> int:
    """The same for any number of people, set-wise: pairs of person and facts, with a key for each or None. Returns how many."""
    known, now = KINDS[kind], now or utcnow()
    sent = 0
    by_mail = False
    rest = iter(recipients)
    while some := list(islice(rest, _TOGETHER)):
        made = _write(session, known, some, now)
        by_mail |= _address(session, known, made, now)
        sent += len(made)
    if by_mail:
        queue.enqueue(session, POST, {}, priority=POST_PRIORITY, now=now)
    return sent


def _write(
    session: Session, kind: Kind, recipients: Sequence[tuple[int, Mapping[str, Any], str | None]], now: datetime
) -> dict[int, int]:
    """Returns the ids of the messages that were not told before, each with its person."""
    rows = [
        {
            "uid": new_uid(),
            "person_id": person,
            "kind": kind.name,
            "facts": dict(facts),
            "once": once,
            "in_site": kind.in_site,
            "created_at": now,
        }
        for person, facts, once in recipients
    ]
    statement = insert_into(session, Message).values(rows).on_conflict_do_nothing(index_elements=["once"])
    return {row.id: row.person_id for row in session.execute(statement.returning(Message.id, Message.person_id)).all()}


def _address(session: Session, kind: Kind, messages: Mapping[int, int], now: datetime) -> bool:
    """Put those in the mail whose people have an address and want them there. Returns whether there is any."""
    if not kind.by_mail or not messages:
        return False
    wanted = reached_by_mail(session, set(messages.values()), kind.topic)
    at = now if kind.name in LOUD else earliest(now)
    rows = [
        {"uid": new_uid(), "message_id": message, "state": "waiting", "tries": 0, "not_before": at, "changed_at": now}
        | {"error": ""}
        for message, person in messages.items()
        if person in wanted
    ]
    if rows:
        session.execute(insert(Delivery), rows)
    return bool(rows)


def reached_by_mail(session: Session, people: Collection[int], topic: str) -> set[int]:
    """Of these people those who get a topic's mails: they have an address that takes mail, and did not refuse the topic.

    Of the safety of an account every address is told, also one that refused a mail before: somebody asked for it just now.
    """
    reached = select(Person.id).where(Person.id.in_(people), Person.email.is_not(None), Person.is_active)
    if topic != "security":
        unwanted = select(MessageChoice.person_id).where(MessageChoice.topic == topic, MessageChoice.by_mail.is_(False))
        reached = reached.where(Person.id.not_in(unwanted), ~is_unreachable())
    return set(session.scalars(reached))


# One's own


def unread_of_person() -> ScalarSelect[int]:
    """How many a person has not read, to be asked for together with the person."""
    return (
        select(func.count())
        .select_from(Message)
        .where(Message.person_id == Person.id, Message.in_site, Message.read_at.is_(None))
        .correlate(Person)
        .scalar_subquery()
    )


def list_messages(session: Session, person_id: int, *, offset: int = 0, limit: int = 20) -> tuple[list[Message], int]:
    """A page of one's own, the newest first, and how many there are in all."""
    mine = (Message.person_id == person_id, Message.in_site)
    total = session.scalar(select(func.count()).select_from(Message).where(*mine)) or 0
    rows = session.scalars(select(Message).where(*mine).order_by(Message.id.desc()).offset(offset).limit(limit))
    return list(rows), total


def load_message(session: Session, person_id: int, uid: UUID) -> Message:
    """One of one's own. Raises NotFoundError."""
    found = session.scalar(select(Message).where(Message.uid == uid, Message.person_id == person_id, Message.in_site))
    if found is None:
        raise NotFoundError()
    return found


def mark_read(session: Session, person_id: int, uid: UUID | None = None, now: datetime | None = None) -> None:
    """One of one's own, or all."""
    statement = update(Message).where(Message.person_id == person_id, Message.read_at.is_(None), Message.in_site)
    if uid is not None:
        statement = statement.where(Message.uid == uid)
    session.execute(statement.values(read_at=now or utcnow()))

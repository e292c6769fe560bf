"""Messages to people: written with what causes them, shown in the site, and sent by mail afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, LongKey, Uid, one_of
from .codes import GOES_WITH_IT

# sending: a server was being given it; unsure: and whether it took it was never learnt.
DELIVERY_STATES = ("waiting", "sending", "sent", "unsure", "failed", "dropped")


class Message(Base):
    """What is told to a person: a kind and the plain values of its words, which are made when it is read or sent."""

    __tablename__ = "lms_message"
    __table_args__ = (
        Index(None, "person_id", "id"),
        Index(
            "ix_lms_message_unread",
            "person_id",
            sqlite_where=text("in_site AND read_at IS NULL"),
            postgresql_where=text("in_site AND read_at IS NULL"),
        ),
    )

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), info=GOES_WITH_IT)
    kind: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]]
    once: Mapped[str | None] = mapped_column(String(120), unique=True)
    in_site: Mapped[bool]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Delivery(Base):
    """A message on its way by mail. `tries` counts what the server answered "not now" to; `error` names no address."""

    __tablename__ = "lms_delivery"
    __table_args__ = (
        one_of("state", DELIVERY_STATES),
        Index(
            "ix_lms_delivery_open",
            "not_before",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index(
            "ix_lms_delivery_troubled",
            "id",
            sqlite_where=text("state IN ('failed', 'unsure')"),
            postgresql_where=text("state IN ('failed', 'unsure')"),
        ),
    )

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    message_id: Mapped[int] = mapped_column(ForeignKey("lms_message.id"), unique=True, info=GOES_WITH_IT)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    changed_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(String(300), default="")

    message: Mapped[Message] = relationship(lazy="raise")


class MessageChoice(Base):
    """Whether a person wants a topic's messages by mail as well. Without a row: yes."""

    __tablename__ = "lms_message_choice"
    __table_args__ = (UniqueConstraint("person_id", "topic"),)

    id: Mapped[LongKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), info=GOES_WITH_IT)
    topic: Mapped[str] = mapped_column(String(20))
    by_mail: Mapped[bool]

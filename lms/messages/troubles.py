"""What an operator sees of the mail: counts and reasons, no person and no address."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.jobs import queue
from lms.models import Delivery, Message, Unreachable

from .box import POST, POST_PRIORITY

STATES = ("failed", "unsure")


@dataclass(frozen=True)
class Trouble:
    state: str
    error: str
    count: int


def count_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == "waiting")) or 0


def list_troubles(session: Session) -> list[Trouble]:
    """Mails that did not arrive, or perhaps not, by reason."""
    counted = (
        select(Delivery.state, Delivery.error, func.count())
        .where(Delivery.state.in_(STATES))
        .group_by(Delivery.state, Delivery.error)
        .order_by(func.count().desc(), Delivery.state, Delivery.error)
    )
    return [Trouble(*row) for row in session.execute(counted)]


def send_again(session: Session, *, also_unsure: bool = False) -> int:
    """Put mails that failed back into the post, as if they were new; the unsure may then arrive twice. Returns how many.

    Addresses that refused them are given another chance.
    """
    now = utcnow()
    states = STATES if also_unsure else STATES[:1]
    people = (
        select(Message.person_id).join(Delivery, Delivery.message_id == Message.id).where(Delivery.state.in_(states))
    )
    session.execute(
        delete(Unreachable).where(Unreachable.person_id.in_(people)).execution_options(synchronize_session=False)
    )
    done = session.execute(
        update(Delivery)
        .where(Delivery.state.in_(states))
        .values(state="waiting", tries=0, not_before=now, changed_at=now, error="")
    )
    assert isinstance(done, CursorResult)
    queue.enqueue(session, POST, {}, priority=POST_PRIORITY)
    return done.rowcount

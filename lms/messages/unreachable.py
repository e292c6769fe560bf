"""Addresses that mail servers refuse for good: no more mail goes there until the address changes or its owner says it works.

Sending on to addresses that don't exist makes the servers of others take the whole site for a sender of junk.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.models import Person, Unreachable
from lms.models.database import insert_into


def mark(session: Session, person_id: int, email: str, reason: str, now: datetime | None = None) -> None:
    """Note that the address refused for good; `reason` names no address."""
    row = {"person_id": person_id, "email": email, "reason": reason[:200], "since": now or utcnow()}
    statement = insert_into(session, Unreachable).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=row))


def forget(session: Session, people: Collection[int]) -> None:
    """Try these addresses again: their owners, or an operator, say that they work."""
    session.execute(
        delete(Unreachable).where(Unreachable.person_id.in_(people)).execution_options(synchronize_session=False)
    )


def is_unreachable() -> ColumnElement[bool]:
    """The condition on persons whose present address refuses mail."""
    return select(Unreachable.id).where(_hers()).correlate(Person).exists()


def _hers() -> ColumnElement[bool]:
    return and_(Unreachable.person_id == Person.id, Unreachable.email == Person.email)


def list_of(session: Session, people: Collection[int]) -> dict[int, Unreachable]:
    """Of these people those whose address refuses mail, by their id."""
    rows = session.scalars(select(Unreachable).join(Person, _hers()).where(Unreachable.person_id.in_(people)))
    return {row.person_id: row for row in rows}

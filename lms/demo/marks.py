"""Which rows the demonstration made."""

from __future__ import annotations

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from lms.models import Base, DemoRow, Person


def mark(session: Session, *rows: Base) -> None:
    """Note rows, which have their ids, as made by the demonstration."""
    if rows:
        session.execute(
            insert(DemoRow),
            [{"table_name": row.__tablename__, "row_id": row.id} for row in rows],  # type: ignore[attr-defined]
        )


def marked(table: type[Base]) -> Select[int]:
    """Ids of the rows of a table that the demonstration made."""
    return select(DemoRow.row_id).where(DemoRow.table_name == table.__tablename__)


def is_marked(session: Session, table: type[Base]) -> bool:
    return session.scalar(marked(table).limit(1)) is not None


def count_real_people(session: Session) -> int:
    """How many accounts the demonstration didn't make."""
    return session.scalar(select(func.count()).select_from(Person).where(Person.id.not_in(marked(Person)))) or 0

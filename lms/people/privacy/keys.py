"""Change the keys of personal data while the site runs: a fresh key seals from now on, and what lies under seal is sealed anew.

Old keys stay in the file until they are dropped, at the earliest a day later: rosters and slips that are being worked on lie
under them for so long. Who keeps backups keeps the file as it was with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import audit
from lms.models import Change, Database, Person

from . import personal, sealing
from .sealing import Sealer

AT_ONCE = 500
_CONTEXT = {"birth_date_sealed": personal.BIRTH_DATE, "phone_sealed": personal.PHONE}


def _silent(_text: str) -> None:
    pass


def change(database: Database, sealer: Sealer, *, say: Callable[[str], None] = _silent) -> int:
    """Returns how many rows were sealed anew. Interrupted, `drop` goes on where it was.

    Raises:
        SealError: a value doesn't open.
    """
    sealing.add_key(sealer.path)
    say(f"the key in use is {sealer.key_names[0]}")
    count = _seal_anew(database, sealer)
    say(f"{count} rows sealed anew")
    with database.writing() as session:
        audit.record(session, "keys_changed", actor_id=None, detail={"key": sealer.key_names[0], "rows": count})
        session.commit()
    return count


def drop(database: Database, sealer: Sealer, *, say: Callable[[str], None] = _silent) -> int:
    """Seal anew what is still under an old key, until nothing is, and take the old keys out of the file. Returns how many went.

    Raises:
        SealError: a value doesn't open; all keys stay.
    """
    while _seal_anew(database, sealer):
        pass
    old = sealer.key_names[1:]
    if old:
        sealing.drop_keys(sealer.path, sealer.key_names[:1])
        with database.writing() as session:
            audit.record(session, "keys_changed", actor_id=None, detail={"dropped": list(old)})
            session.commit()
    say(f"{len(old)} old keys taken out of {sealer.path}")
    return len(old)


def _seal_anew(database: Database, sealer: Sealer) -> int:
    """In short transactions. Returns how many rows there were to do."""
    return sum(count for step in (_people, _changes) for count in _portions(database, step, sealer))


def _portions(database: Database, step: Callable[..., tuple[int, Any]], sealer: Sealer) -> Iterator[int]:
    after: Any = None
    while True:
        with database.writing() as session:
            count, after = step(session, sealer, after)
            session.commit()
        yield count
        if after is None:
            return


def _people(session: Session, sealer: Sealer, after: int | None) -> tuple[int, int | None]:
    rows = session.scalars(
        select(Person)
        .where(Person.id > (after or 0), Person.birth_date_sealed.is_not(None) | Person.phone_sealed.is_not(None))
        .order_by(Person.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    count = 0
    for person in rows:
        now = {column: getattr(person, column) for column in (*_CONTEXT, "birth_date_index")}
        fresh = _resealed(sealer, now)
        if fresh != now:
            count += 1
            for column, value in fresh.items():
                setattr(person, column, value)
    session.flush()
    return count, rows[-1].id if len(rows) == AT_ONCE else None


def _changes(session: Session, sealer: Sealer, after: tuple[int, int] | None) -> tuple[int, tuple[int, int] | None]:
    """The rows before and after each change of a person, which undoing brings back as they are."""
    set_id, row_id = after or (0, 0)
    rows = session.scalars(
        select(Change)
        .where(
            Change.table_name == Person.__tablename__,
            (Change.set_id > set_id) | ((Change.set_id == set_id) & (Change.row_id > row_id)),
        )
        .order_by(Change.set_id, Change.row_id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    count = 0
    for change_ in rows:
        for side in ("before", "after"):
            row = getattr(change_, side)
            fresh = _resealed(sealer, row) if row else row
            if fresh != row:
                setattr(change_, side, fresh)
                count += 1
    session.flush()
    return count, (rows[-1].set_id, rows[-1].row_id) if len(rows) == AT_ONCE else None


def _resealed(sealer: Sealer, row: dict[str, Any]) -> dict[str, Any]:
    fresh = dict(row)
    for column, context in _CONTEXT.items():
        if row.get(column):
            fresh[column] = sealer.reseal(row[column], context)
    if row.get("birth_date_index") and fresh.get("birth_date_sealed"):
        day = sealer.open(fresh["birth_date_sealed"], personal.BIRTH_DATE)
        fresh["birth_date_index"] = sealer.index(day, personal.BIRTH_DATE)
    return fresh

"""A worker's row that says that it lives, renewed by a thread of its own, so that a long job doesn't make it look dead."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms import __version__
from lms.clock import utcnow
from lms.models import Database, WorkerBeat
from lms.models.database import insert_into

from .names import is_dead, process_name
from .repeating import repeated

log = logging.getLogger("lms.jobs")

BEAT_SECONDS = 10.0
# Silent for longer, and it is taken for gone: five beats and some, for a machine under load or a clock that differs.
GONE_AFTER = timedelta(seconds=60)
_FORGOTTEN_AFTER = timedelta(days=1)


def list_living(session: Session, now: datetime | None = None) -> Sequence[WorkerBeat]:
    """The workers heard of within `GONE_AFTER`, on whatever machine, but those of this one that are known to be dead."""
    heard = select(WorkerBeat).where(WorkerBeat.seen_at > (now or utcnow()) - GONE_AFTER).order_by(WorkerBeat.id)
    return [beat for beat in session.scalars(heard) if not is_dead(beat.name)]


@contextmanager
def beating(database: Database, *, slots: int, isolation: str) -> Iterator[None]:
    """Beat while the block runs; afterwards the row is gone. A database that is away is outlived."""
    started = utcnow()

    def beat() -> None:
        _renew(database, slots, isolation, started)

    failed = "the worker could not say that it lives; it goes on"
    try:
        with repeated(beat, name="heartbeat", seconds=BEAT_SECONDS, when_it_fails=failed):
            yield
    finally:
        _take_along(database)


def _renew(database: Database, slots: int, isolation: str, started: datetime) -> None:
    now = utcnow()
    row = {"name": process_name(), "slots": slots, "isolation": isolation, "version": __version__}
    with database.writing() as session:
        statement = insert_into(session, WorkerBeat).values(**row, started_at=started, seen_at=now)
        again = statement.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now})
        session.execute(again)
        _forget_dead(session, now)
        session.commit()


def _forget_dead(session: Session, now: datetime) -> None:
    names = [name for name in session.scalars(select(WorkerBeat.name)) if is_dead(name)]
    gone = WorkerBeat.name.in_(names) | (WorkerBeat.seen_at < now - _FORGOTTEN_AFTER)
    session.execute(delete(WorkerBeat).where(gone))


def _take_along(database: Database) -> None:
    try:
        with database.writing() as session:
            session.execute(delete(WorkerBeat).where(WorkerBeat.name == process_name()))
            session.commit()
    except Exception:
        log.exception("the worker's row is left behind; it is taken for gone in a minute")

"""Work that comes round: a worker asks now and then whether it is due, and puts in its job.

Each chore has one row among the jobs, named by its kind, which is made ready again; so there is one at a time however many
workers ask, and the table doesn't grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.models import Database, Job
from lms.models.database import insert_into

from .repeating import repeated

LOOK_SECONDS = 30.0
PRIORITY = 200  # nobody waits for them


@dataclass(frozen=True)
class Chore:
    """`is_due` says in a reading session whether there is anything to do, asked no sooner than `every` after the last."""

    kind: str
    every: timedelta
    is_due: Callable[[Session], bool]

    @property
    def once(self) -> str:
        return f"chore:{self.kind}"


@contextmanager
def coming_round(database: Database, chores: Sequence[Chore]) -> Iterator[None]:
    """Look for what is due, from a thread of its own, while the block runs; from another for what comes round sooner."""
    failed = "it could not be seen what work is due; it is looked for again"
    soon = [chore for chore in chores if chore.every < timedelta(seconds=LOOK_SECONDS)]
    rest = [chore for chore in chores if chore not in soon]
    with ExitStack() as stack:
        for some, name, seconds in (
            (rest, "chores", LOOK_SECONDS),
            (soon, "quick-chores", min((chore.every.total_seconds() for chore in soon), default=LOOK_SECONDS)),
        ):
            if some:
                look = partial(put_in, database, some)
                stack.enter_context(repeated(look, name=name, seconds=seconds, when_it_fails=failed))
        yield


def put_in(database: Database, chores: Sequence[Chore], now: datetime | None = None) -> list[str]:
    """Make the jobs of the chores that are due ready. Returns their kinds."""
    now = now or utcnow()
    with database.reading() as session:
        due = [chore for chore in chores if _is_its_time(session, chore, now) and chore.is_due(session)]
    if not due:
        return []
    with database.writing() as session:
        for chore in due:
            _make_ready(session, chore, now)
        session.commit()
    return [chore.kind for chore in due]


def _is_its_time(session: Session, chore: Chore, now: datetime) -> bool:
    last = session.execute(select(Job.state, Job.finished_at).where(Job.once == chore.once)).first()
    if last is None:
        return True
    return last.state in ("done", "failed") and last.finished_at <= now - chore.every


def _make_ready(session: Session, chore: Chore, now: datetime) -> None:
    row = {
        "kind": chore.kind,
        "payload": {},
        "once": chore.once,
        "priority": PRIORITY,
        "run_at": now,
        "created_at": now,
    }
    again = {
        "state": "ready",
        "run_at": now,
        "created_at": now,
        "worker": None,
        "error": "",
        "max_attempts": Job.attempt + 5,  # the count of claims goes on: it is part of the fence
    }
    session.execute(
        insert_into(session, Job)
        .values(row)
        .on_conflict_do_update(index_elements=["once"], set_=again, where=Job.state.in_(("done", "failed")))
    )

"""Make the sums again from the ledger, run by run, beside a running site, and say where they differed.

What each run's sums should be is laid out less what they are; the difference, mostly nothing, is said and added. So a run is
right from the moment at which its transaction ends, and who is killed begins again. Then the same is done month by month.
Where something differed, or nothing was made yet, reports read the ledger until all is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from queue import Empty, SimpleQueue

from sqlalchemy import (
    Integer,
    Select,
    Table,
    Values,
    column,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    union,
    union_all,
    update,
    values,
)
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.models import Database, Enrolment
from lms.models.rollups import FIGURES, Rollup, RollupMonth, RollupRunDay, RollupStep

from .folding import MONTHLY, add_steps, add_to, after, fold, is_folded, lock, missing_sums, widen_regions
from .steps import KEYS, Step, lay_out, steps

# What is told while it goes on: what is made again, how many of how many.
Progress = Callable[[str, int, int], None]
_RUNS_AT_ONCE = 4
_ADVISORY_LOCK = 0x6C6D74
_RUN_KEYS = ("reading", "run_id", "region_id", "day", "done_on")


@dataclass(frozen=True)
class Difference:
    """Sums that were not what the ledger says: of which table, where (`run` or `month`), in how many groups, and by how much
    each figure was too small."""

    table: str
    run: int | None
    month: date | None
    groups: int
    lacks: dict[str, int]


@dataclass(frozen=True)
class _Way:
    """How it is gone about: `is_kept` False only looks, `is_first` has nothing to compare with."""

    database: Database
    is_kept: bool
    is_first: bool
    progress: Progress


def rebuild(
    database: Database,
    *,
    workers: int | None = None,
    is_kept: bool = True,
    progress: Progress = lambda what, done, of: None,
    day: date | None = None,
) -> list[Difference]:
    """Make all sums again, and return what differed before; nothing where they weren't made yet. `is_kept` False changes
    nothing.

    `workers` make runs at the same time, where the database lets several write.
    """
    is_postgresql = database.engine.dialect.name == "postgresql"
    workers = (workers or 2) if is_postgresql else 1
    if is_kept:
        _begin(database)
    with database.reading() as session:
        revision = session.scalar(select(Rollup.c.revision))
        way = _Way(database, is_kept, is_kept and not is_built(session), progress)
        is_empty = not session.scalar(select(exists(select(RollupStep.c.day))))
        parts = _parts(session, _RUNS_AT_ONCE if is_postgresql else 1)
    if is_kept and is_postgresql:
        _set_indexes(database, without=is_empty)
    found = _each_part(way, parts, workers)
    if is_kept and is_postgresql:
        _set_indexes(database, without=False)
    months = _months(database, day or today())
    for place, month in enumerate(months):
        found += _make_month(way, month)
        progress("month", place + 1, len(months))
    if is_kept:
        if is_postgresql:
            _widen_all(database)
        _finish(database, revision)
        fold(database, day=day)
    return found


def is_built(session: Session) -> bool:
    return session.scalar(select(Rollup.c.built_at)) is not None


def _begin(database: Database) -> None:
    with database.writing() as session:
        lock(session)
        if session.scalar(select(Rollup.c.id)) is None:  # somebody emptied the tables
            session.execute(insert(Rollup).values(id=1))
        session.commit()


def _widen_all(database: Database) -> None:
    """At once, by an index of the ledger; on SQLite it would keep others from writing for too long."""
    with database.writing() as session:
        lock(session)
        widen_regions(session)
        session.commit()


def _finish(database: Database, revision: int | None) -> None:
    """From here on reports read the sums, unless something took their ground away meanwhile."""
    with database.writing() as session:
        lock(session)
        session.execute(update(Rollup).where(Rollup.c.revision == revision).values(built_at=utcnow()))
        session.commit()
    if database.engine.dialect.name == "postgresql":
        with database.writing() as session:
            for table in (RollupStep, RollupRunDay, RollupMonth, *(monthly for monthly, _keys in MONTHLY)):
                session.execute(text(f"ANALYZE {table.name}"))
            session.commit()


def _set_indexes(database: Database, *, without: bool) -> None:
    """The indexes of the steps but that by run; a table that is empty is filled faster without them."""
    with database.writing() as session:
        session.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        for index in RollupStep.indexes:
            if "run_id" in index.columns:
                continue
            if without:
                index.drop(session.connection(), checkfirst=True)
            else:
                index.create(session.connection(), checkfirst=True)
        session.commit()


def _parts(session: Session, most: int) -> list[list[int]]:
    """The runs that have, or had, anybody, some at a time."""
    there = union(select(Enrolment.run_id), select(RollupStep.c.run_id), select(RollupRunDay.c.run_id)).subquery()
    runs = list(session.scalars(select(there.c.run_id).order_by(there.c.run_id)))
    return [runs[place : place + most] for place in range(0, len(runs), most)]


def _each_part(way: _Way, parts: Sequence[list[int]], workers: int) -> list[Difference]:
    waiting: SimpleQueue[list[int]] = SimpleQueue()
    for part in parts:
        waiting.put(part)
    found: list[Difference] = []
    done = 0

    def work() -> None:
        nonlocal done
        while True:
            try:
                part = waiting.get_nowait()
            except Empty:
                return
            differed = _make_runs(way, part)
            with counting:
                found.extend(differed)
                done += 1
                way.progress("run", done, len(parts))

    counting = threading.Lock()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for finished in [pool.submit(work) for _ in range(workers)]:
            finished.result()
    return sorted(found, key=lambda one: (one.table, one.run or 0))


def _make_runs(way: _Way, runs: Sequence[int]) -> list[Difference]:
    """Lay out what the steps of these runs should be less what they are, and add it."""
    with way.database.writing() as session:
        lock(session, with_others=True)
        if session.get_bind().dialect.name == "postgresql":
            # The entries of some runs lie near each other; PostgreSQL would rather read all that there are.
            session.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK, column("run"))).select_from(_each(runs)))
            session.execute(text("SET LOCAL random_page_cost = 1.1"))
            session.execute(text("SET LOCAL work_mem = '128MB'"))
            session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))  # other runs are made meanwhile
        there = select(
            *(RollupStep.c[name] for name in KEYS), *((-RollupStep.c[name]).label(name) for name in FIGURES)
        ).where(RollupStep.c.run_id.in_(runs))
        lay_out(session, steps(Enrolment.run_id.in_(runs), is_folded()), there)
        of_days = _missing_days(runs)
        found = [] if way.is_first else _differences(session, RollupStep, select(Step))
        found += [] if way.is_first else _differences(session, RollupRunDay, of_days)
        if way.is_first or (way.is_kept and found):
            session.execute(update(Rollup).where(Rollup.c.built_at.is_not(None)).values(built_at=None))
            add_to(session, RollupRunDay, _RUN_KEYS, of_days)
            add_steps(session)
        if way.is_kept:
            if session.get_bind().dialect.name == "sqlite":
                widen_regions(session, Enrolment.run_id.in_(runs))
            session.commit()
    return found


def _each(runs: Sequence[int]) -> Values:
    """One after the other, so that two who make the same runs again don't add the same difference."""
    return values(column("run", Integer), name="runs").data([(run,) for run in runs])


def _missing_days(runs: Sequence[int]) -> Select:
    """What the sums by run and day lack: the steps that there are and those that were laid out, less what is there."""
    parts = [
        select(*(RollupStep.c[name] for name in (*_RUN_KEYS, *FIGURES))).where(RollupStep.c.run_id.in_(runs)),
        select(*(Step.c[name] for name in (*_RUN_KEYS, *FIGURES))),
        select(
            *(RollupRunDay.c[name] for name in _RUN_KEYS), *((-RollupRunDay.c[name]).label(name) for name in FIGURES)
        ).where(RollupRunDay.c.run_id.in_(runs)),
    ]
    together = union_all(*parts).subquery()
    columns = [together.c[name] for name in _RUN_KEYS]
    sums = [func.sum(together.c[name]).label(name) for name in FIGURES]
    return select(*columns, *sums).group_by(*columns).having(or_(*(total != 0 for total in sums)))


def _differences(session: Session, table: Table, rows: Select) -> list[Difference]:
    lacks = rows.subquery()
    sums = [func.sum(lacks.c[name]) for name in FIGURES]
    found = session.execute(select(lacks.c.run_id, func.count(), *sums).group_by(lacks.c.run_id))
    return [
        Difference(table.name, run, None, groups, dict(zip(FIGURES, map(int, by), strict=True)))
        for run, groups, *by in found
    ]


def _months(database: Database, day: date) -> list[date]:
    """The months that there are, and those that there should be by that day."""
    with database.reading() as session:
        there = set(session.scalars(select(RollupMonth.c.month)))
        first = session.scalar(select(func.min(RollupRunDay.c.day)))
    if first is not None:
        month = after(min([first, *there])) if not there else after(max(there))
        while month <= day:
            there.add(month)
            month = after(month)
    return sorted(there)


def _make_month(way: _Way, month: date) -> list[Difference]:
    found = []
    with way.database.writing() as session:
        lock(session)
        is_there = session.scalar(select(RollupMonth.c.month).where(RollupMonth.c.month == month)) is not None
        if not is_there:
            session.execute(insert(RollupMonth).values(month=month))
        for table, keys in MONTHLY:
            rows = missing_sums(session, table, keys, month)
            found += [] if way.is_first else _differences_of_month(session, table, rows, month)
            if way.is_kept:
                add_to(session, table, ("month", *keys), rows)
        if way.is_kept and found:
            session.execute(update(Rollup).where(Rollup.c.built_at.is_not(None)).values(built_at=None))
        if way.is_kept:
            session.commit()
    return found


def _differences_of_month(session: Session, table: Table, rows: Select, month: date) -> list[Difference]:
    lacks = rows.subquery()
    groups, *by = session.execute(select(func.count(), *(func.sum(lacks.c[name]) for name in FIGURES))).one()
    if not groups:
        return []
    return [Difference(table.name, None, month, groups, dict(zip(FIGURES, map(int, by), strict=True)))]

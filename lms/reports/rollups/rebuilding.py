"""Make the sums again from the ledger, run by run, beside a running site, and say where they differed.

What each run's sums should be is laid out less what they are; the difference, mostly nothing, is said and added. So a run is
right from the moment at which its transaction ends, and who is killed begins again. Then the same is done month by month.
Where something differed, or nothing was made yet, reports read the ledger until all is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    Select,
    Table,
    Values,
    and_,
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
from lms.models.rollups import (
    FIGURES,
    Rollup,
    RollupCompanyMonth,
    RollupMonth,
    RollupRunDay,
    RollupRunMonth,
    RollupStep,
)

from . import plain
from .folding import DAILY, MONTHLY, add_steps, add_to, after, begin_months, fold, is_folded, lock, widen_regions
from .steps import KEYS, Step, lay_out, steps

# What is told while it goes on: what is made again, how many of how many.
Progress = Callable[[str, int, int], None]
_RUNS_AT_ONCE = 4
_RUNS_OF_MONTHS = 100
_COMPANIES_AT_ONCE = {"postgresql": 8_000, "sqlite": 500}  # while SQLite makes a piece nobody else writes
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


Task = Callable[[], list[Difference]]


@dataclass(frozen=True)
class _Way:
    """How it is gone about: `is_kept` False only looks, `is_first` has nothing to compare with."""

    database: Database
    workers: int
    is_kept: bool
    is_first: bool
    progress: Progress


@dataclass(frozen=True)
class _Piece:
    """Of sums by month the keys that have numbers from `first` to `last` of one name."""

    table: Table
    keys: tuple[str, ...]
    name: str
    first: int
    last: int

    def has(self, table: Table) -> ColumnElement[bool]:
        return table.c[self.name].between(self.first, self.last)


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

    `workers` do parts at the same time, where the database lets several write.
    """
    is_postgresql = database.engine.dialect.name == "postgresql"
    workers = (workers or 2) if is_postgresql else 1
    if is_kept:
        _begin(database, day or today())
    with database.reading() as session:
        revision = session.scalar(select(Rollup.c.revision))
        is_empty = not session.scalar(select(exists(select(RollupStep.c.day))))
        way = _Way(database, workers, is_kept, is_kept and not is_built(session), progress)
        parts = _parts(session, _RUNS_AT_ONCE if is_postgresql else 1)
    if is_kept and is_postgresql:
        _set_indexes(way, without=is_empty)
    found = _share(way, "run", [partial(_make_runs, way, part) for part in parts])
    if is_kept and is_postgresql:
        _set_indexes(way, without=False)
        _share(way, "", [partial(_analyze, database, table) for table in (RollupStep, RollupRunDay)])
    if is_kept:
        _add_months(database, day or today())
    with database.reading() as session:
        pieces = _pieces(session, _COMPANIES_AT_ONCE[database.engine.dialect.name])
    found += _share(way, "month", [partial(_make_months, way, piece) for piece in pieces])
    if is_kept:
        if is_postgresql:
            _widen_all(database)
            _share(
                way,
                "",
                [partial(_analyze, database, table) for table in (RollupMonth, RollupRunMonth, RollupCompanyMonth)],
            )
        _finish(database, revision)
        fold(database, day=day)
    return _told_once(found)


def is_built(session: Session) -> bool:
    return session.scalar(select(Rollup.c.built_at)) is not None


def _begin(database: Database, day: date) -> None:
    with database.writing() as session:
        lock(session)
        if session.scalar(select(Rollup.c.id)) is None:  # somebody emptied the tables
            session.execute(insert(Rollup).values(id=1))
        if is_built(session):
            begin_months(session, day)
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


def _analyze(database: Database, table: Table) -> list[Difference]:
    with database.writing() as session:
        session.execute(text(f"ANALYZE {table.name}"))
        session.commit()
    return []


def _set_indexes(way: _Way, *, without: bool) -> None:
    """The indexes of the steps but that by run; a table that is empty is filled faster without them."""
    indexes = [index for index in RollupStep.indexes if "run_id" not in index.columns]
    _share(way, "", [partial(_set_index, way.database, index, without) for index in indexes])


def _set_index(database: Database, index: Index, without: bool) -> list[Difference]:
    with database.writing() as session:
        connection = session.connection()
        connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        connection.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))  # others are made meanwhile
        (index.drop if without else index.create)(connection, checkfirst=True)
        session.commit()
    return []


def _parts(session: Session, most: int) -> list[list[int]]:
    """The runs that have, or had, anybody, some at a time."""
    there = union(select(Enrolment.run_id), select(RollupStep.c.run_id), select(RollupRunDay.c.run_id)).subquery()
    runs = list(session.scalars(select(there.c.run_id).order_by(there.c.run_id)))
    return [runs[place : place + most] for place in range(0, len(runs), most)]


def _share(way: _Way, what: str, tasks: Sequence[Task]) -> list[Difference]:
    """Do all of these, some at the same time, and tell of each; without a name of none."""
    waiting: SimpleQueue[Task] = SimpleQueue()
    for task in tasks:
        waiting.put(task)
    found: list[Difference] = []
    done = 0

    def work() -> None:
        nonlocal done
        while True:
            try:
                task = waiting.get_nowait()
            except Empty:
                return
            differed = task()
            with counting:
                found.extend(differed)
                done += 1
                if what:
                    way.progress(what, done, len(tasks))

    counting = threading.Lock()
    with ThreadPoolExecutor(max_workers=way.workers) as pool:
        for finished in [pool.submit(work) for _ in range(way.workers)]:
            finished.result()
    return found


def _make_runs(way: _Way, runs: Sequence[int]) -> list[Difference]:
    """Lay out what the steps of these runs should be less what they are, and add it."""
    with way.database.writing() as session:
        lock(session, with_others=True)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK, column("run"))).select_from(_each(runs)))
            _set_out(session)
        there = select(
            *(RollupStep.c[name] for name in KEYS), *((-RollupStep.c[name]).label(name) for name in FIGURES)
        ).where(RollupStep.c.run_id.in_(runs))
        plain.find(session, runs, is_folded())
        is_other = Enrolment.id.not_in(select(plain.Plain.c.enrolment_id))
        lay_out(session, plain.steps(is_folded()), steps(Enrolment.run_id.in_(runs), is_other, is_folded()), there)
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


def _set_out(session: Session) -> None:
    """For large pieces, some of which are made at the same time."""
    session.execute(text("SET LOCAL random_page_cost = 1.1"))
    session.execute(text("SET LOCAL work_mem = '128MB'"))
    session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    session.execute(text("SET LOCAL synchronous_commit = off"))  # what a crash takes is made again


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


def _add_months(database: Database, day: date) -> None:
    """The months from the first step on; of sums that are whole all are there."""
    with database.writing() as session:
        lock(session)
        there = set(session.scalars(select(RollupMonth.c.month)))
        first = session.scalar(select(func.min(RollupRunDay.c.day)))
        if first is not None:
            month = after(max(there, default=first))
            while month <= day:
                session.execute(insert(RollupMonth).values(month=month))
                month = after(month)
        session.commit()


def _pieces(session: Session, companies: int) -> list[_Piece]:
    """What is made in one transaction of the sums by month: the runs, and the companies from a number on."""
    pieces: list[_Piece] = []
    for table, keys in MONTHLY:
        daily, name = DAILY[table], keys[1]
        at_once = companies if name == "company_id" else _RUNS_OF_MONTHS
        ends = [session.execute(select(func.min(of.c[name]), func.max(of.c[name]))).one() for of in (daily, table)]
        known = [number for pair in ends for number in pair if number is not None]
        if known:
            firsts = range(min(known), max(known) + 1, at_once)
            pieces += [_Piece(table, keys, name, first, first + at_once - 1) for first in firsts]
    return pieces


def _make_months(way: _Way, piece: _Piece) -> list[Difference]:
    """What the sums of all months should be less what they are; and add it."""
    table = piece.table
    with way.database.writing() as session:
        lock(session, with_others=True)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK + 1, piece.first)))
            _set_out(session)
        if not session.scalar(select(exists(select(table.c.month).where(piece.has(table))))) and way.is_first:
            names = ["month", *piece.keys, *FIGURES]
            session.execute(insert(table).from_select(names, _come_to(piece)))
            session.commit()
            return []
        rows = _missing_months(piece)
        found = [] if way.is_first else _differences_of_months(session, table, rows)
        if way.is_first or (way.is_kept and found):
            session.execute(update(Rollup).where(Rollup.c.built_at.is_not(None)).values(built_at=None))
            add_to(session, table, ("month", *piece.keys), rows)
        if way.is_kept:
            session.commit()
    return found


def _come_to(piece: _Piece) -> Select:
    """What the steps come to before each month, as far as that isn't nothing."""
    daily = DAILY[piece.table]
    days = select(daily.c.day).where(piece.has(daily)).distinct().subquery("days")
    counted_from = (
        select(days.c.day, func.min(RollupMonth.c.month).label("month"))
        .join(RollupMonth, RollupMonth.c.month > days.c.day)
        .group_by(days.c.day)
        .subquery("counted_from")
    )
    columns = [counted_from.c.month, *(daily.c[name] for name in piece.keys)]
    change = (
        select(*columns, *(func.sum(daily.c[name]).cast(Integer).label(name) for name in FIGURES))
        .join(counted_from, counted_from.c.day == daily.c.day)
        .where(piece.has(daily))
        .group_by(*columns)
        .subquery("change")
    )
    over: dict[str, Any] = {
        "partition_by": [change.c[name] for name in piece.keys],
        "order_by": change.c.month,
        "rows": (None, 0),
    }
    so_far = select(
        change.c.month,
        func.lead(change.c.month).over(**over).label("until"),
        *(change.c[name] for name in piece.keys),
        *(func.sum(change.c[name]).over(**over).label(name) for name in FIGURES),
    ).subquery("so_far")
    month = RollupMonth.c.month
    stays = and_(month >= so_far.c.month, or_(so_far.c.until.is_(None), month < so_far.c.until))
    return (
        select(month, *(so_far.c[name] for name in (*piece.keys, *FIGURES)))
        .join(so_far, stays)
        .where(or_(*(so_far.c[name] != 0 for name in FIGURES)))
    )


def _missing_months(piece: _Piece) -> Select:
    table, names = piece.table, ("month", *piece.keys)
    there = select(*(table.c[name] for name in names), *((-table.c[name]).label(name) for name in FIGURES))
    together = union_all(_come_to(piece), there.where(piece.has(table))).subquery("together")
    columns = [together.c[name] for name in names]
    sums = [func.sum(together.c[name]).label(name) for name in FIGURES]
    return select(*columns, *sums).group_by(*columns).having(or_(*(total != 0 for total in sums)))


def _differences_of_months(session: Session, table: Table, rows: Select) -> list[Difference]:
    lacks = rows.subquery()
    sums = [func.sum(lacks.c[name]) for name in FIGURES]
    found = session.execute(select(lacks.c.month, func.count(), *sums).group_by(lacks.c.month))
    return [
        Difference(table.name, None, month, groups, dict(zip(FIGURES, map(int, by), strict=True)))
        for month, groups, *by in found
    ]


def _told_once(found: Sequence[Difference]) -> list[Difference]:
    """Those of the pieces of one month together, in order."""
    by_place: dict[tuple[str, int, date], Difference] = {}
    for one in found:
        place = (one.table, one.run or 0, one.month or date.min)
        if other := by_place.get(place):
            lacks = {name: by + other.lacks[name] for name, by in one.lacks.items()}
            one = replace(one, groups=one.groups + other.groups, lacks=lacks)
        by_place[place] = one
    return [by_place[place] for place in sorted(by_place)]

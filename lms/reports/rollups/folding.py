"""Fold into the sums what was written to the ledger since, in short transactions, each entry once.

Which entries the sums hold is no mark on a number (PostgreSQL's numbers are committed out of their order): they hold all
but those that are due. So what an enrolment adds to them is known from the ledger at any time, and folding is to add what
it is with the entries that are taken, less what it was without, and to strike these from what is due, all in one
transaction. Who dies in the middle has done nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.clock import today
from lms.models import Database, Enrolment, LedgerEntry
from lms.models.rollups import (
    FIGURES,
    Rollup,
    RollupCompanyMonth,
    RollupDue,
    RollupMonth,
    RollupRegion,
    RollupRunDay,
    RollupRunMonth,
    RollupStep,
)

from ..days import DayOf
from .steps import KEYS, Step, lay_out, steps

MOST_ENTRIES = 10_000  # of a transaction: on SQLite nobody else writes meanwhile


def anything_due(session: Session) -> bool:
    return bool(session.scalar(select(exists(select(RollupDue.c.entry_id)))))


def fold(database: Database, *, most: int = MOST_ENTRIES, day: date | None = None) -> int:
    """Fold in all that is due, and begin the months that have come. Returns how many entries."""
    folded = 0
    while True:
        with database.writing() as session:
            count = fold_some(session, most=most)
            if not count:
                begin_months(session, day or today())
            session.commit()
        if not count:
            return folded
        folded += count


def fold_some(session: Session, *, most: int = MOST_ENTRIES) -> int:
    """Fold in some of what is due within the caller's transaction. Returns how many entries."""
    lock(session)
    some = select(RollupDue.c.entry_id).order_by(RollupDue.c.entry_id).limit(most)
    taken = session.execute(update(RollupDue).where(RollupDue.c.entry_id.in_(some)).values(is_taken=True))
    count: int = getattr(taken, "rowcount", 0)
    if not count:
        return 0
    touched = LedgerEntry.enrolment_id.in_(select(RollupDue.c.enrolment_id).where(RollupDue.c.is_taken))
    lay_out(session, steps(touched, ~_is_due(~RollupDue.c.is_taken)), steps(touched, ~_is_due(), sign=-1))
    add_steps(session)
    add_run_days(session)
    add_to_months(session)
    widen_regions(session, Enrolment.id.in_(select(RollupDue.c.enrolment_id).where(RollupDue.c.is_taken)))
    session.execute(delete(RollupDue).where(RollupDue.c.is_taken))
    return count


def _is_due(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(RollupDue.c.entry_id).where(RollupDue.c.entry_id == LedgerEntry.id, *conditions))


def is_folded() -> ColumnElement[bool]:
    """Whether the sums hold an entry of the ledger."""
    return ~_is_due()


def lock(session: Session, *, with_others: bool = False) -> None:
    """Nobody else folds until the transaction ends. `with_others`: those that make the sums of other runs may go on, and
    each may write that the sums aren't whole: a stronger lock of two would have each wait for the other."""
    session.execute(select(Rollup.c.id).with_for_update(read=with_others, key_share=with_others))


def add_steps(session: Session) -> None:
    """The steps that were laid out, among the steps of companies."""
    names = [*KEYS, *FIGURES]
    session.execute(insert(RollupStep).from_select(names, select(*(Step.c[name] for name in names))))


def add_run_days(session: Session) -> None:
    keys = ("reading", "run_id", "region_id", "day", "done_on")
    sums = [func.sum(Step.c[name]).label(name) for name in FIGURES]
    columns = [Step.c[name] for name in keys]
    rows = select(*columns, *sums).group_by(*columns).having(or_(*(total != 0 for total in sums)))
    add_to(session, RollupRunDay, keys, rows)


def add_to_months(session: Session) -> None:
    """The steps that were laid out, into the sums of all months that begin after them."""
    for table, keys in MONTHLY:
        columns = [Step.c[name] for name in keys]
        sums = [func.sum(Step.c[name]).label(name) for name in FIGURES]
        rows = (
            select(RollupMonth.c.month, *columns, *sums)
            .select_from(Step)
            .join(RollupMonth, RollupMonth.c.month > Step.c.day)
            .group_by(RollupMonth.c.month, *columns)
            .having(or_(*(total != 0 for total in sums)))
        )
        add_to(session, table, ("month", *keys), rows)


MONTHLY: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (RollupRunMonth, ("reading", "run_id", "region_id")),
    (RollupCompanyMonth, ("reading", "company_id", "region_id", "status_id")),
)
DAILY = {RollupRunMonth: RollupRunDay, RollupCompanyMonth: RollupStep}


def add_to(session: Session, table: Table, keys: tuple[str, ...], rows: Select) -> None:
    """Add these rows of figures to those of the same keys."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement: Any = postgresql.insert(table) if is_postgresql else sqlite.insert(table)
    source = rows.subquery()
    # SQLite reads ON after a SELECT without WHERE as that of a join.
    statement = statement.from_select([*keys, *FIGURES], select(*source.c).where(source.c[keys[0]].is_not(None)))
    added = {name: table.c[name] + statement.excluded[name] for name in FIGURES}
    session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=added))


def widen_regions(session: Session, *conditions: ColumnElement[bool]) -> None:
    """Note between which days the enrolments that meet the conditions lie."""
    begun = (
        select(
            LedgerEntry.region_id,
            func.min(DayOf(LedgerEntry.effective_on)).label("first"),
            func.max(DayOf(LedgerEntry.effective_on)).label("last"),
            func.min(DayOf(Enrolment.enrolled_on)).label("first_of_row"),
            func.max(DayOf(Enrolment.enrolled_on)).label("last_of_row"),
        )
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .where(LedgerEntry.kind == "enrolled", *conditions)
        .group_by(LedgerEntry.region_id)
        .subquery()
    )
    rows = select(
        begun.c.region_id, _least(begun.c.first, begun.c.first_of_row), _most(begun.c.last, begun.c.last_of_row)
    ).where(begun.c.region_id.is_not(None))
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement: Any = postgresql.insert(RollupRegion) if is_postgresql else sqlite.insert(RollupRegion)
    statement = statement.from_select(["region_id", "enrolled_from", "enrolled_to"], rows)
    there, new = RollupRegion.c, statement.excluded
    wider = {
        "enrolled_from": _least(there.enrolled_from, new.enrolled_from),
        "enrolled_to": _most(there.enrolled_to, new.enrolled_to),
    }
    session.execute(statement.on_conflict_do_update(index_elements=["region_id"], set_=wider))


def _least(one: Any, other: Any) -> ColumnElement[int]:
    return case((one < other, one), else_=other)


def _most(one: Any, other: Any) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


def begin_months(session: Session, day: date) -> list[date]:
    """Make the sums of the months that have begun by `day`, one after the other. Returns which."""
    lock(session)
    made = []
    while (month := next_month(session, day)) is not None:
        session.execute(insert(RollupMonth).values(month=month))
        for table, keys in MONTHLY:
            add_to(session, table, ("month", *keys), missing_sums(session, table, keys, month))
        made.append(month)
    return made


def next_month(session: Session, day: date) -> date | None:
    """The month that follows those that have sums, or the one after the first step; None where it has not begun."""
    newest = session.scalar(select(func.max(RollupMonth.c.month)))
    if newest is None:
        newest = session.scalar(select(func.min(RollupRunDay.c.day)))
    if newest is None:
        return None
    following = after(newest)
    return following if following <= day else None


def after(day: date) -> date:
    """The first of the next month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def missing_sums(session: Session, table: Table, keys: tuple[str, ...], month: date) -> Select:
    """What the sums of a month lack: those of the month before and its steps, less what is there."""
    before = session.scalar(select(func.max(RollupMonth.c.month)).where(RollupMonth.c.month < month))
    daily = DAILY[table]
    since = daily.c.day < month if before is None else and_(daily.c.day >= before, daily.c.day < month)
    parts = [
        select(*(daily.c[name] for name in (*keys, *FIGURES))).where(since),
        _signed(table, keys, month, -1),
    ]
    if before is not None:
        parts.append(_signed(table, keys, before, 1))
    together = parts[0].union_all(*parts[1:]).subquery()
    columns = [together.c[name] for name in keys]
    sums = [func.sum(together.c[name]).label(name) for name in FIGURES]
    named = RollupMonth.c.month.label("month")
    return (
        select(named, *columns, *sums)
        .select_from(together)
        .join(RollupMonth, RollupMonth.c.month == month)
        .group_by(RollupMonth.c.month, *columns)
        .having(or_(*(total != 0 for total in sums)))
    )


def _signed(table: Table, keys: tuple[str, ...], month: date, sign: int) -> Select:
    return select(*(table.c[name] for name in keys), *((sign * table.c[name]).label(name) for name in FIGURES)).where(
        table.c.month == month
    )

"""How the figures of enrolments change from day to day: the facts of every day at once, made set by set.

What `facts` says of a day this says of all of them; tests/reports/test_rollups.py holds the one against the other. It is
the same on both databases.

Each entry of the ledger is laid on the day on which it became known. A running maximum over these days finds the entry with
the highest id, which is the one that counts; with its id goes, in the lower digits, what has to be known of it. Of what was
done, an enrolment is active from that day through the sixth after it, so a running sum of beginnings and ends says whether
it is. `plain` has a shorter way for enrolments in which no entry takes another back.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    SmallInteger,
    Subquery,
    Table,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from lms.models import Enrolment, LedgerEntry, Run, RunUnit
from lms.models.rollups import BOTH, COUNTED_KINDS, EFFECTIVE, FIGURES, RECORDED, DayNumber

from ..days import DayOf, SeoulDayOf
from ..facts import ACTIVE_DAYS

KEYS = ("reading", "company_id", "run_id", "region_id", "status_id", "day", "done_on")
GROUP = KEYS[1:5]
_AT_DAY = tuple(name for name in FIGURES if name != "completed")  # whose steps have no other day than that they fall on
DAYS = 1 << 16  # more days than a date of ours has: room for a day beside an id
_NEVER = -1

_TEMPORARY = MetaData()
# Steps of a transaction on their way into the sums. Each connection has its own.
Step = Table(
    "lms_rollup_new_step",
    _TEMPORARY,
    *(Column(name, SmallInteger if name == "reading" else Integer, nullable=False) for name in KEYS[:-2]),
    Column("day", DayNumber, nullable=False),
    Column("done_on", DayNumber, nullable=False),
    *(Column(name, Integer, nullable=False) for name in FIGURES),
    prefixes=["TEMPORARY"],
)


def steps(*conditions: ColumnElement[bool], sign: int = 1) -> Select:
    """The steps of enrolments, from the entries of the ledger that meet the conditions; times `sign`. Several rows may have
    the same `KEYS`."""
    of_day = _of_days(*conditions)
    parts = numbers(0, 1, 2)
    part = parts.c.number
    is_new_completion = of_day.c.completed_on != of_day.c.completed_before
    moved = case(
        (part == 0, of_day.c.day),
        (part == 1, of_day.c.completed_on),
        else_=of_day.c.completed_before,
    )
    by = {
        **{name: case((part == 0, of_day.c[name] - of_day.c[f"{name}_before"]), else_=0) for name in _AT_DAY},
        "completed": case((part == 1, 1), (part == 2, -1), else_=0),
    }
    counts = or_(
        and_(part == 0, or_(*(of_day.c[name] != of_day.c[f"{name}_before"] for name in _AT_DAY))),
        and_(part == 1, is_new_completion, of_day.c.completed_on != _NEVER),
        and_(part == 2, is_new_completion, of_day.c.completed_before != _NEVER),
    )
    return (
        select(
            of_day.c.reading,
            *(of_day.c[name] for name in GROUP),
            of_day.c.day,
            moved.label("done_on"),
            *((sign * by[name]).label(name) for name in FIGURES),
        )
        .select_from(of_day)
        .join(parts, counts)
    )


def numbers(*some: int) -> Subquery:
    rows = [select(literal_column(str(number), Integer).label("number")) for number in some]
    return union_all(*rows).subquery()


def of_run() -> Subquery:
    """How many `units` a run has, of runs that have any."""
    return select(RunUnit.run_id, func.count().label("units")).group_by(RunUnit.run_id).subquery("of_run")


def _entries(*conditions: ColumnElement[bool]) -> Subquery:
    """The entries that count, with the days on which each was done and noted; `is_late` of an enrolment of which one
    wasn't noted on its day."""
    done, noted, run = DayOf(LedgerEntry.effective_on), SeoulDayOf(LedgerEntry.recorded_at), of_run()
    left_before = and_(LedgerEntry.kind == "withdrawn", LedgerEntry.effective_on < Run.learn_from)
    return (
        select(
            LedgerEntry.enrolment_id,
            Enrolment.company_id,
            Enrolment.run_id,
            Enrolment.region_id,
            func.coalesce(Enrolment.company_status_id, 0).label("status_id"),
            run.c.units,
            LedgerEntry.id,
            LedgerEntry.kind,
            done.label("done"),
            noted.label("noted"),
            case((left_before, 1), else_=0).label("left_before"),
            func.max(case((done != noted, 1), else_=0)).over(partition_by=LedgerEntry.enrolment_id).label("is_late"),
        )
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .join(Run, Run.id == Enrolment.run_id)
        .outerjoin(run, run.c.run_id == Enrolment.run_id)
        .where(LedgerEntry.kind.in_(COUNTED_KINDS), *conditions)
        .subquery("entry")
    )


def _events(*conditions: ColumnElement[bool]) -> Subquery:
    """What becomes known on which day: `member` and `decided` hold an entry's id, the higher of which counts. A unit that
    was noted before it was done makes her active from the day on which it was."""
    entry, readings, parts = _entries(*conditions), numbers(BOTH, RECORDED, EFFECTIVE), numbers(0, 1, 2)
    reading, part = readings.c.number, parts.c.number
    is_done = entry.c.kind == "unit_done"
    known = case((reading == EFFECTIVE, entry.c.done), else_=entry.c.noted)
    earlier = case((entry.c.done < entry.c.noted, entry.c.done), else_=entry.c.noted)
    later = case((entry.c.done < entry.c.noted, entry.c.noted), else_=entry.c.done)
    begin = case((reading == EFFECTIVE, entry.c.done), else_=later)
    end = earlier + ACTIVE_DAYS
    is_active = and_(is_done, begin < end)
    id_ = entry.c.id.cast(BigInteger)
    completes = case((entry.c.kind == "completed", 1), else_=0)
    return (
        select(
            entry.c.enrolment_id,
            *(entry.c[name] for name in (*GROUP, "units")),
            reading.label("reading"),
            case((part == 0, known), (part == 1, end), else_=begin).label("day"),
            case((entry.c.kind == "enrolled", 1), else_=0).label("applied"),
            case((entry.c.kind.in_(("enrolled", "withdrawn")), id_ * 2 + entry.c.left_before)).label("member"),
            case(
                (entry.c.kind.in_(("completed", "revoked")), (id_ * DAYS + entry.c.done) * 2 + completes),
            ).label("decided"),
            case((part == 1, -1), (part == 2, 1), (and_(is_active, begin == known), 1), else_=0).label("doing"),
            case((and_(is_done, part == 0), 1), else_=0).label("done"),
        )
        .select_from(entry)
        .join(readings, or_(and_(reading == BOTH, entry.c.is_late == 0), and_(reading != BOTH, entry.c.is_late == 1)))
        .join(parts, or_(part == 0, and_(is_active, or_(part == 1, begin != known))))
        .subquery("event")
    )


def _of_days(*conditions: ColumnElement[bool]) -> Subquery:
    """The figures of each enrolment at the end of each day on which something became known, and those before it."""
    event = _events(*conditions)
    # What an enrolment is goes with it from the beginning: to look it up again for each day took a fifth of the time.
    by = (event.c.enrolment_id, event.c.reading, event.c.day, *(event.c[name] for name in (*GROUP, "units")))
    of_day = (
        select(
            *by,
            func.max(event.c.applied).label("applied"),
            func.max(event.c.member).label("member"),
            func.max(event.c.decided).label("decided"),
            func.sum(event.c.doing).cast(Integer).label("doing"),
            func.sum(event.c.done).cast(Integer).label("done"),
        )
        .group_by(*by)
        .subquery("of_day")
    )
    by_enrolment: dict[str, Any] = {"partition_by": (of_day.c.enrolment_id, of_day.c.reading), "order_by": of_day.c.day}
    so_far = {
        name: (func.sum if name in ("doing", "done") else func.max)(of_day.c[name])
        .over(**by_enrolment, rows=(None, 0))
        .label(name)
        for name in ("applied", "member", "decided", "doing", "done")
    }
    kept = [of_day.c[column.name] for column in by]
    state = select(*kept, *so_far.values()).subquery("state")
    is_enrolled = and_(state.c.applied == 1, state.c.member % 2 == 0)
    has_begun = and_(is_enrolled, state.c.done > 0)
    stands = and_(is_enrolled, state.c.decided % 2 == 1)
    figures: dict[str, Any] = {
        "applied": state.c.applied,
        "enrolled": case((is_enrolled, 1), else_=0),
        "active": case((and_(is_enrolled, state.c.doing > 0), 1), else_=0),
        "begun": case((has_begun, 1), else_=0),
        "half_way": case((and_(has_begun, 2 * state.c.done >= state.c.units), 1), else_=0),
        # PostgreSQL and SQLite both leave the rest away when they divide integers.
        "completed_on": case((stands, (state.c.decided % (2 * DAYS)).op("/")(2)), else_=_NEVER),
    }
    figure = select(
        *(state.c[column.name] for column in by),
        *(column.label(name) for name, column in figures.items()),
    ).subquery("figure")
    before: dict[str, Any] = {"partition_by": (figure.c.enrolment_id, figure.c.reading), "order_by": figure.c.day}
    return select(
        *figure.c,
        *(
            func.lag(figure.c[name], 1, _NEVER if name == "completed_on" else 0).over(**before).label(f"{named}_before")
            for name, named in (*((name, name) for name in _AT_DAY), ("completed_on", "completed"))
        ),
    ).subquery("figures_of_day")


def lay_out(session: Session, *signed: Select) -> None:
    """Put the sums of these steps, as far as they aren't nothing, into this connection's `Step`."""
    empty(session, Step)
    together = union_all(*signed).subquery("together")
    keys = [together.c[name] for name in KEYS]
    sums = [func.sum(together.c[name]) for name in FIGURES]
    rows = select(*keys, *sums).group_by(*keys).having(or_(*(total != 0 for total in sums)))
    session.execute(Step.insert().from_select([*KEYS, *FIGURES], rows))


def empty(session: Session, table: Table) -> None:
    """Have this connection's temporary table, with nothing in it."""
    connection = session.connection()
    on_commit = " ON COMMIT DELETE ROWS" if connection.dialect.name == "postgresql" else ""
    created = CreateTable(table, if_not_exists=True).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"{str(created).strip()}{on_commit}")
    session.execute(table.delete())

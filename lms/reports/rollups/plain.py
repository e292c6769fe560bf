"""The steps of enrolments in which no entry takes another back, in half the time: nearly all are such.

One was enrolled once, before anything else; did not leave before the run began; completed once or never; and nothing is
noted before it was done. So each figure but *active* goes up once, on a day that an entry names. Of her active weeks, taken
in the order of their beginnings, one reaches further than all before it; where the next begins after that day, she rested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    Table,
    and_,
    case,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.models import Enrolment, LedgerEntry, Run
from lms.models.rollups import BOTH, COUNTED_KINDS, EFFECTIVE, FIGURES, RECORDED

from ..days import DayOf, SeoulDayOf
from ..facts import ACTIVE_DAYS
from .steps import _TEMPORARY, DAYS, GROUP, empty, numbers, of_run

# Of each such enrolment and reading the days on which figures go up. Each connection has its own.
Plain = Table(
    "lms_rollup_plain",
    _TEMPORARY,
    Column("enrolment_id", Integer, nullable=False),
    Column("reading", Integer, nullable=False),
    *(Column(name, Integer, nullable=False) for name in GROUP),
    Column("applied_on", Integer, nullable=False),
    Column("completed_on", Integer),
    Column("done_on", Integer),
    prefixes=["TEMPORARY"],
)
# What a kind adds to the sum by which an enrolment is known to be plain: the sum is `_ONCE`, and `_COMPLETES` at most once.
_ONCE, _COMPLETES, _NOT_PLAIN = 1, 1 << 15, 1 << 30


class _ByOthers(FunctionElement):
    """A column by which SQLite looks nothing up: it would read the units of all runs for those of one."""

    type = String()
    inherit_cache = True
    name = "by_others"


@compiles(_ByOthers)
def _by_others(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses.clauses[0], **options)


@compiles(_ByOthers, "sqlite")
def _by_others_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{_by_others(element, compiler, **options)}"


def find(session: Session, runs: Sequence[int], *conditions: ColumnElement[bool]) -> None:
    """Fill `Plain` with the enrolments in these runs that are plain, by the entries that meet the conditions."""
    empty(session, Plain)
    one, readings = _ones(runs, *conditions), numbers(BOTH, RECORDED, EFFECTIVE)
    reading = readings.c.number
    # PostgreSQL and SQLite both leave the rest away when they divide integers.
    by_entry = [
        case((reading == RECORDED, one.c.first_noted), else_=one.c.first_done).op("/")(2),
        case((reading == RECORDED, one.c.completion.op("/")(DAYS)), else_=one.c.completion % DAYS),
        one.c.completion % DAYS,
    ]
    is_first = and_(one.c.first_done % 2 == 0, one.c.first_noted % 2 == 0)
    rows = (
        select(one.c.id, reading, *(one.c[name] for name in GROUP), *by_entry)
        .join(readings, or_(and_(reading == BOTH, one.c.lateness == 0), and_(reading != BOTH, one.c.lateness > 0)))
        .where(one.c.kinds.in_((_ONCE, _ONCE + _COMPLETES)), is_first)
    )
    session.execute(insert(Plain).from_select(list(Plain.c), rows))
    if session.get_bind().dialect.name == "sqlite":
        # It takes a table of which it knows nothing for a large one, and would read the whole ledger.
        session.execute(text(f"ANALYZE temp.{Plain.name}"))


def _ones(runs: Sequence[int], *conditions: ColumnElement[bool]) -> Subquery:
    """What the entries of each enrolment come to. `first_done` and `first_noted`: twice the first day of all, and one more
    where she was enrolled after it; `completion`: the day on which it was noted, and in the lower digits that of what was
    done."""
    done, noted, kind = DayOf(LedgerEntry.effective_on), SeoulDayOf(LedgerEntry.recorded_at), LedgerEntry.kind
    left_before = and_(kind == "withdrawn", LedgerEntry.effective_on < Run.learn_from)
    kinds = case(
        (or_(noted < done, kind == "revoked", left_before), _NOT_PLAIN),
        (kind == "enrolled", _ONCE),
        (kind == "completed", _COMPLETES),
        else_=0,
    )
    is_other = case((kind == "enrolled", 0), else_=1)
    completion = case((kind == "completed", noted.cast(BigInteger) * DAYS + done))
    of = (
        Enrolment.id,
        Enrolment.company_id,
        Enrolment.run_id,
        Enrolment.region_id,
        func.coalesce(Enrolment.company_status_id, 0).label("status_id"),
    )
    return (
        select(
            *of,
            func.sum(kinds).label("kinds"),
            func.max(noted - done).label("lateness"),
            func.min(done * 2 + is_other).label("first_done"),
            func.min(noted * 2 + is_other).label("first_noted"),
            func.max(completion).label("completion"),
        )
        .join(Run, Run.id == Enrolment.run_id)
        .join(LedgerEntry, LedgerEntry.enrolment_id == Enrolment.id)
        .where(Enrolment.run_id.in_(runs), kind.in_(COUNTED_KINDS), *conditions)
        .group_by(*of)
        .subquery("one")
    )


def steps(*conditions: ColumnElement[bool]) -> Select:
    """Their steps, by the entries that meet the conditions. Several rows may have the same keys."""
    each = _weeks(*conditions).subquery("each")
    week = select(each).where(or_(*_of_note(each))).cte("week")
    is_first, is_half, ends, begins_again = _of_note(week)
    parts = [
        _part(Plain, Plain.c.applied_on, applied=1, enrolled=1),
        _part(Plain, Plain.c.completed_on, Plain.c.done_on, completed=1).where(Plain.c.completed_on.is_not(None)),
        _part(
            week,
            week.c.begin,
            active=case((and_(is_first, week.c.end.is_not(None)), 1), else_=0),
            begun=case((is_first, 1), else_=0),
            half_way=case((is_half, 1), else_=0),
        ).where(or_(is_first, is_half)),
        _part(week, week.c.until, active=-1).where(ends),
        _part(week, week.c.next_begin, active=1).where(begins_again),
    ]
    of = union_all(*parts).subquery("of")
    return select(
        of.c.reading, *(Plain.c[name] for name in GROUP), of.c.day, of.c.done_on, *(of.c[name] for name in FIGURES)
    ).join(Plain, and_(Plain.c.enrolment_id == of.c.enrolment_id, Plain.c.reading == of.c.reading))


def _of_note(week: Subquery | CTE) -> tuple[ColumnElement[bool], ...]:
    """Whether it is the first; half of the units are done with it; she rests after it, or begins again after a rest."""
    of = week.c
    rests = or_(of.next_begin.is_(None), of.next_begin > of.until)
    return (
        of.number == 1,
        (2 * of.number - of.units).in_((0, 1)),
        and_(of.until >= of.begin, rests),
        and_(of.next_end.is_not(None), or_(of.until.is_(None), rests)),
    )


def _part(rows: Table | CTE, day: Any, done_on: Any = None, **figures: Any) -> Select:
    by = [figures.get(name, 0) for name in FIGURES]
    return select(
        rows.c.enrolment_id,
        rows.c.reading,
        day.label("day"),
        (day if done_on is None else done_on).label("done_on"),
        *(
            (literal(of, Integer) if isinstance(of, int) else of).label(name)
            for name, of in zip(FIGURES, by, strict=True)
        ),
    )


def _weeks(*conditions: ColumnElement[bool]) -> Select:
    """Of each unit that was done, in order: when it is known, the day after its active week (NULL where it became known
    later than that), the last such day so far, and begin and end of the next."""
    run = of_run()
    one = (
        select(Plain.c.enrolment_id, Plain.c.reading, run.c.units)
        .outerjoin(run, run.c.run_id == Plain.c.run_id)
        .order_by(
            Plain.c.enrolment_id, Plain.c.reading
        )  # as the index of entries has them: nothing is left to be sorted
        .subquery("one")
    )
    done, noted = DayOf(LedgerEntry.effective_on), SeoulDayOf(LedgerEntry.recorded_at)
    unit = (
        select(
            one.c.enrolment_id,
            one.c.reading,
            one.c.units,
            case((one.c.reading == RECORDED, noted), else_=done).label("begin"),
            (done + ACTIVE_DAYS).label("over"),
        )
        .join(LedgerEntry, LedgerEntry.enrolment_id == one.c.enrolment_id)
        .where(_ByOthers(LedgerEntry.kind) == "unit_done", *conditions)
        .subquery("unit")
    )
    end = case((unit.c.over > unit.c.begin, unit.c.over), else_=null())
    # One window for all, so that one pass makes them.
    over: dict[str, Any] = {
        "partition_by": (unit.c.enrolment_id, unit.c.reading),
        "order_by": unit.c.begin,
        "rows": (None, 0),
    }
    return select(
        unit.c.enrolment_id,
        unit.c.reading,
        unit.c.units,
        unit.c.begin,
        end.label("end"),
        func.max(end).over(**over).label("until"),
        func.row_number().over(**over).label("number"),
        func.lead(unit.c.begin).over(**over).label("next_begin"),
        func.lead(end).over(**over).label("next_end"),
    )

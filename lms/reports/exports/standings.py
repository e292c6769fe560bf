"""What had become of many enrolments by the day, each in a row, read from the ledger in one pass.

It says what `facts` and `learning.completion` say, some hundred times as fast as judging one enrolment after another;
tests/reports/test_exports.py holds it against both. Of entries that contradict each other the later written one counts, so a
maximum over the entries' ids finds it; what has to be known of it goes with its id, in the lower digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    case,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from lms.learning.completion import evaluate
from lms.learning.ledger import sittings_of
from lms.models import Enrolment, LedgerEntry, RunUnit

from .. import facts
from ..learners import Entry, known_at
from ..question import Question
from ..rollups.steps import DayOf
from .runs import Rule, RunFacts, count_of

_DAYS = 1 << 16  # more days than a date of ours has: room for a day beside an id
_EPOCH = date(1970, 1, 1)
_MEMBERSHIP, _DECISIONS = ("enrolled", "withdrawn"), ("completed", "revoked")
_DONE = ("unit_done", "scored")


class Told(NamedTuple):
    """What the ledger tells of an enrolment. `earned` is the sum of weight × best share, `last_done` and `last_active`
    the last days on which a unit was done, and on which anything was."""

    enrolled_on: date
    withdrawn_on: date | None
    completed_on: date | None
    last_done: date | None
    last_active: date | None
    done: int
    earned: float


class Span(NamedTuple):
    """Enrolments from the first after `after` to `last` (None: all after it), of these `ids` (None: all of them)."""

    after: int
    last: int | None
    ids: Select | None = None

    def holds(self, enrolment_id: Any) -> list[ColumnElement[bool]]:
        conditions = [enrolment_id > self.after]
        if self.last is not None:
            conditions.append(enrolment_id <= self.last)
        if self.ids is not None:
            conditions.append(enrolment_id.in_(self.ids))
        return conditions


def memberships(session: Session, question: Question, span: Span) -> Mapping[int, Told]:
    """By enrolment, without what was earned; `last_done` only where it lies in the last seven days."""
    active = and_(LedgerEntry.kind == "unit_done", LedgerEntry.effective_on > question.as_of - _ACTIVE)
    statement = (
        select(LedgerEntry.enrolment_id, *_members(), _last_day("unit_done"), _last_day("unit_done"))
        .where(
            *span.holds(LedgerEntry.enrolment_id),
            facts.is_known(question),
            or_(LedgerEntry.kind.in_((*_MEMBERSHIP, *_DECISIONS)), active),
        )
        .group_by(LedgerEntry.enrolment_id)
    )
    return _told(_read(session, statement))


_ACTIVE = timedelta(days=facts.ACTIVE_DAYS)


def with_progress(session: Session, question: Question, span: Span) -> Mapping[int, Told]:
    """By enrolment, with what was done and earned."""
    best = _best(question, span)
    statement = (
        select(
            best.c.enrolment_id,
            func.max(best.c.member),
            func.min(best.c.first),
            func.max(best.c.decided),
            func.max(best.c.last_done),
            func.max(best.c.last_active),
            func.count(case((best.c.last_done.is_not(None), RunUnit.id))),
            func.coalesce(func.sum(best.c.share * RunUnit.weight), 0.0),
        )
        .outerjoin(RunUnit, and_(RunUnit.run_id == best.c.run_id, RunUnit.key == best.c.unit_key))
        .group_by(best.c.enrolment_id)
    )
    return _told(_read(session, statement))


def _best(question: Question, span: Span) -> Subquery:
    """Of each enrolment what it did in each unit: of an attempt the newest score counts, of a unit the best attempt."""
    tried = _attempts(question, span)
    newest = aliased(LedgerEntry)
    score = func.coalesce(newest.points, 0.0) / newest.max_points
    mended = select(score).where(newest.id == tried.c.newest).scalar_subquery()
    # Of nearly all attempts there is one score, and none has to be looked up.
    share = case((or_(tried.c.most.is_(None), tried.c.least == tried.c.most), tried.c.most), else_=mended)
    return (
        select(
            tried.c.enrolment_id,
            tried.c.run_id,
            tried.c.unit_key,
            func.max(case((share > 1, 1.0), (share < 0, 0.0), else_=share)).label("share"),
            *(func.max(tried.c[name]).label(name) for name in ("last_done", "last_active", "member", "decided")),
            func.min(tried.c.first).label("first"),
        )
        .group_by(tried.c.enrolment_id, tried.c.run_id, tried.c.unit_key)
        .subquery("best")
    )


def _attempts(question: Question, span: Span) -> Subquery:
    key = (
        LedgerEntry.enrolment_id,
        LedgerEntry.run_id,
        LedgerEntry.unit_key,
        LedgerEntry.submission_id,
        LedgerEntry.quiz_attempt_id,
    )
    is_score = and_(LedgerEntry.kind == "scored", LedgerEntry.max_points != 0)
    share = case((is_score, func.coalesce(LedgerEntry.points, 0.0) / LedgerEntry.max_points))
    return (
        select(
            *key,
            func.max(share).label("most"),
            func.min(share).label("least"),
            func.max(case((is_score, LedgerEntry.id))).label("newest"),
            *_members(),
            _last_day("unit_done").label("last_done"),
            _last_day(*_DONE).label("last_active"),
        )
        .where(
            *span.holds(LedgerEntry.enrolment_id),
            facts.is_known(question),
            LedgerEntry.kind.in_((*_MEMBERSHIP, *_DECISIONS, *_DONE)),
        )
        .group_by(*key)
        .subquery("attempt")
    )


def missing_hours(
    session: Session, question: Question, span: Span, runs: Mapping[int, RunFacts]
) -> Mapping[int, float]:
    """By enrolment the hours of sittings that are missing, where some are. Only runs that ask for attendance are looked at."""
    asking = {id_: run.rule.attendance for id_, run in runs.items() if run.rule.attendance}
    if not asking:
        return {}
    sittings = sittings_of(session, asking, known_at=known_at(question))
    enrolled = select(Enrolment.id, Enrolment.run_id).where(*span.holds(Enrolment.id), Enrolment.run_id.in_(asking))
    words: dict[int, tuple[int, list[Entry]]] = {enrolment: (run, []) for enrolment, run in session.execute(enrolled)}
    columns = (getattr(LedgerEntry, name) for name in Entry._fields)
    attended = (
        select(LedgerEntry.enrolment_id, *columns)
        .where(
            *span.holds(LedgerEntry.enrolment_id),
            LedgerEntry.run_id.in_(asking),
            LedgerEntry.kind == "attended",
            facts.is_known(question),
        )
        .order_by(LedgerEntry.id)
    )
    for enrolment, *values in session.execute(attended):
        words[enrolment][1].append(Entry(*values))
    found = {}
    for enrolment, (run, entries) in words.items():
        standing = evaluate((), Rule(attendance=asking[run]), entries, sittings.get(run, ()))
        if hours := count_of(standing.missing, "attendance"):
            found[enrolment] = hours
    return found


def _members() -> list[Any]:
    """Of who came, left and came again the first entry says since when, the last whether she is in; and the last decision."""
    with_day = LedgerEntry.id.cast(BigInteger) * _DAYS + DayOf(LedgerEntry.effective_on)

    def newest(kinds: Sequence[str]) -> Any:
        is_second = case((LedgerEntry.kind == kinds[1], 1), else_=0)
        return func.max(case((LedgerEntry.kind.in_(kinds), with_day * 2 + is_second)))

    first = func.min(case((LedgerEntry.kind == "enrolled", with_day)))
    return [newest(_MEMBERSHIP).label("member"), first.label("first"), newest(_DECISIONS).label("decided")]


def _last_day(*kinds: str) -> Any:
    return func.max(case((LedgerEntry.kind.in_(kinds), LedgerEntry.effective_on)))


def _read(session: Session, statement: Select) -> Iterable[Row]:
    """The entries of a span lie on few pages of the table: PostgreSQL expects them on as many as there are entries, and
    would go to each page again for each entry."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        session.execute(text("SET LOCAL enable_indexscan = off"))
    found = session.execute(statement).all()
    if is_postgresql:
        session.execute(text("SET LOCAL enable_indexscan = on"))
    return found


def _told(rows: Iterable[Any]) -> dict[int, Told]:
    return {row[0]: _of_row(*row[1:]) for row in rows if row[2] is not None}


def _of_row(
    member: int, first: int, decided: int | None, last_done: Any, last_active: Any, done: int = 0, earned: float = 0.0
) -> Told:
    return Told(
        _day(first),
        _day(member >> 1) if member & 1 else None,
        None if decided is None or decided & 1 else _day(decided >> 1),
        last_done,
        last_active,
        done,
        earned,
    )


_days: dict[int, date] = {}


def _day(packed: int) -> date:
    number = packed % _DAYS
    found = _days.get(number)
    if found is None:
        found = _days[number] = _EPOCH + timedelta(days=number)
    return found

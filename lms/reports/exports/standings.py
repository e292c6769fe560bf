"""What had become of many enrolments by the day, each in a row, read from the ledger in one pass.

It says what `facts` and `learning.completion` say, some hundred times as fast as judging one enrolment after another;
tests/reports/test_exports.py holds it against both. Of entries that contradict each other the later written one counts, so a
maximum over the entries' ids finds it; what has to be known of it goes with its id, in the lower digits. Units and scores
are few words of text, which cost the database less than sorting or grouping them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from lms.learning.completion import evaluate
from lms.learning.ledger import sittings_of
from lms.models import Enrolment, LedgerEntry

from .. import facts
from ..learners import Entry, known_at
from ..question import Question
from ..rollups.steps import DayOf
from .runs import Rule, RunFacts, count_of

_DAYS = 1 << 16  # more days than a date of ours has: room for a day beside an id
_EPOCH = date(1970, 1, 1)
_ACTIVE = timedelta(days=facts.ACTIVE_DAYS)
_MEMBERSHIP, _DECISIONS = ("enrolled", "withdrawn"), ("completed", "revoked")
_FIELD, _WORD = "\t", "\n"  # of what stands in a text


class Told(NamedTuple):
    """What the ledger tells of an enrolment: ids with days in their lower digits, `units` and `scores` as texts."""

    enrolment_id: int
    member: int
    first: int | None
    decided: int | None
    last_done: date | None
    last_active: date | None
    units: str | None
    scores: str | None

    @property
    def enrolled_on(self) -> date:
        return _day(self.first or 0)

    @property
    def withdrawn_on(self) -> date | None:
        return _day(self.member >> 1) if self.member & 1 else None

    @property
    def completed_on(self) -> date | None:
        return None if self.decided is None or self.decided & 1 else _day(self.decided >> 1)

    def done(self, run: RunFacts) -> int:
        """How many of the run's units."""
        return len(run.weights.keys() & self.units.split(_WORD)) if self.units else 0

    def earned(self, run: RunFacts) -> float:
        """The sum of weight × best share."""
        if not self.scores:
            return 0.0
        return sum(run.weights.get(unit, 0.0) * share for unit, share in best_shares(self.scores).items())


def best_shares(scores: str) -> Mapping[str, float]:
    """By unit 0..1: of an attempt the newest score counts, of a unit the best attempt."""
    newest: dict[str, tuple[int, float]] = {}  # by attempt, which has its unit before it
    for word in scores.split(_WORD):
        id_, points, most, attempt = word.split(_FIELD, 3)
        score = int(id_), float(points) / float(most)
        if attempt not in newest or score > newest[attempt]:
            newest[attempt] = score
    best: dict[str, float] = {}
    for attempt, (_id, share) in newest.items():
        unit, _, _try = attempt.partition(_FIELD)
        best[unit] = max(0.0, min(1.0, share), best.get(unit, 0.0))
    return best


class Span(NamedTuple):
    """Enrolments from the first after `after` to `last` (None: all after it), those of `ids` alone unless it is None."""

    after: int
    last: int | None
    ids: Sequence[int] | None = None
    is_postgresql: bool = False

    def holds(self, enrolment_id: Any) -> list[ColumnElement[bool]]:
        conditions = [enrolment_id > self.after]
        if self.last is not None:
            conditions.append(enrolment_id <= self.last)
        if self.ids is not None:
            conditions.append(self._is_listed(enrolment_id))
        return conditions

    def _is_listed(self, enrolment_id: Any) -> ColumnElement[bool]:
        """As one value: what a viewer may see, asked anew in each statement, has PostgreSQL read the whole ledger for a few."""
        if self.is_postgresql:
            return enrolment_id == any_(literal(list(self.ids or ()), ARRAY(Integer)))
        listed = func.json_each(json.dumps(list(self.ids or ()))).table_valued("value")
        return enrolment_id.in_(select(listed.c.value))


def memberships(question: Question, span: Span) -> Select:
    """`Told` by enrolment, without units and scores; `last_done` only where it lies in the last seven days."""
    is_active = and_(LedgerEntry.kind == "unit_done", LedgerEntry.effective_on > question.as_of - _ACTIVE)
    nothing = (null(), null(), null())
    return _told(
        question, span, _last_day("unit_done"), *nothing,
        where=or_(LedgerEntry.kind.in_((*_MEMBERSHIP, *_DECISIONS)), is_active),
    )  # fmt: skip


def with_progress(question: Question, span: Span) -> Select:
    """`Told` by enrolment."""
    is_score = and_(LedgerEntry.kind == "scored", LedgerEntry.max_points != 0)
    attempt = func.coalesce(LedgerEntry.submission_id, -LedgerEntry.quiz_attempt_id, 0)
    points = func.coalesce(LedgerEntry.points, 0.0)
    fields = [_text(LedgerEntry.id), _text(points), _text(LedgerEntry.max_points), LedgerEntry.unit_key, _text(attempt)]
    score = fields[0]
    for each in fields[1:]:
        score = score + literal(_FIELD) + each
    return _told(
        question,
        span,
        _last_day("unit_done"),
        _last_day("unit_done", "scored"),
        func.aggregate_strings(case((LedgerEntry.kind == "unit_done", LedgerEntry.unit_key)), _WORD),
        func.aggregate_strings(case((is_score, score)), _WORD),
        where=LedgerEntry.kind.in_((*_MEMBERSHIP, *_DECISIONS, "unit_done", "scored")),
    )


def _text(value: Any) -> Any:
    return cast(value, String)


def _told(question: Question, span: Span, *columns: Any, where: ColumnElement[bool]) -> Select:
    """Of who came, left and came again the first entry says since when, the last whether she is in; and the last decision."""
    with_day = LedgerEntry.id.cast(BigInteger) * _DAYS + DayOf(LedgerEntry.effective_on)

    def newest(kinds: Sequence[str]) -> Any:
        is_second = case((LedgerEntry.kind == kinds[1], 1), else_=0)
        return func.max(case((LedgerEntry.kind.in_(kinds), with_day * 2 + is_second)))

    first = func.min(case((LedgerEntry.kind == "enrolled", with_day)))
    return (
        select(LedgerEntry.enrolment_id, newest(_MEMBERSHIP), first, newest(_DECISIONS), *columns)
        .where(*span.holds(LedgerEntry.enrolment_id), facts.is_known(question), where)
        .group_by(LedgerEntry.enrolment_id)
        .order_by(LedgerEntry.enrolment_id)
    )


def _last_day(*kinds: str) -> Any:
    return func.max(case((LedgerEntry.kind.in_(kinds), LedgerEntry.effective_on)))


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


_days: dict[int, date] = {}


def _day(packed: int) -> date:
    number = packed % _DAYS
    found = _days.get(number)
    if found is None:
        found = _days[number] = _EPOCH + timedelta(days=number)
    return found

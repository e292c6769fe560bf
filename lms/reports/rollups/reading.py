"""What a question counts, from the smallest sums that can tell it, or from the ledger.

The rows that come out are summed up by whoever asks, whichever way they came: `run_id`, `region_id`, `company_id`,
`company_status_id`, `enrolled_on`, `completed_on` as far as the question needs them, and the figures. Entries that the sums
don't hold yet are counted from the ledger: of the enrolments that wait, what they are, less what they were without them. So
the figures are the same at any moment, folded or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Table,
    and_,
    cast,
    false,
    func,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from lms.learning.enrolments import visible_to
from lms.models import Company, Enrolment, Run
from lms.models.rollups import (
    EFFECTIVE,
    FIGURES,
    RECORDED,
    DayNumber,
    RollupCompanyMonth,
    RollupDue,
    RollupMonth,
    RollupRegion,
    RollupRunDay,
    RollupRunMonth,
    RollupStep,
)
from lms.people.viewers import Viewer

from .. import facts
from .. import steps as reach
from ..days import DateOf, DayOf
from ..question import COURSE_DIMENSIONS, Question
from ..regions import Regions
from .folding import is_folded

_OF_COMPANIES = frozenset({"company", "size", "industry", "level", "cluster"})
COUNTED = ("applied", "enrolled", "active", "completed")
# Which rows don't count. Said so, because a condition that an index could serve would lead SQLite to the wrong one.
_OTHER = {"recorded": EFFECTIVE, "effective": RECORDED}
_NOBODY = 0  # no person has this number
_is_off: ContextVar[bool] = ContextVar("rollups_are_off", default=False)


@contextmanager
def switched_off() -> Iterator[None]:
    """Read the ledger alone, to compare."""
    token = _is_off.set(True)
    try:
        yield
    finally:
        _is_off.reset(token)


@dataclass(frozen=True)
class _Sums:
    """Sums that can tell a question: the steps by day, what had come together by months (None: no use here), and the
    regions that the viewer sees whole (None: all), or `companies` that she sees beside these. Of the regions `apart`, and of
    companies that were in a cluster where it `asks_clusters`, the enrolments are read from the ledger: they hang on their
    days."""

    daily: Table
    monthly: Table | None
    regions: frozenset[int] | None
    companies: frozenset[int]
    apart: frozenset[int]
    asks_clusters: bool

    def is_apart(self, way: _Way, of: Any) -> ColumnElement[bool]:
        """Of sums or enrolments."""
        conditions = [of.region_id.in_(self.apart)] if self.apart else []
        if self.asks_clusters:
            conditions.append(of.company_id.in_(facts.ever_members(way.question)))
        return or_(false(), *conditions)


@dataclass(frozen=True)
class _Way:
    """A question with who asks it, and which figures are read."""

    question: Question
    viewer: Viewer | None
    known: Regions
    figures: tuple[str, ...]

    def of_ledger(self, viewer: Viewer | None = None, **narrowed: Any) -> Select:
        """The enrolments themselves; with `viewer` as one sees them who isn't quite her who asks."""
        viewer = viewer or self.viewer
        if self.figures is COUNTED:
            return facts.facts(self.question, viewer, self.known.counted_as, near=self.known.near, **narrowed)
        return reach.reached(self.question, viewer, self.known, **narrowed)


def counted(question: Question, viewer: Viewer | None, known: Regions) -> Subquery:
    """The enrolments that a question counts, or sums of them."""
    return _read(_Way(question, viewer, known, COUNTED))


def reached(question: Question, viewer: Viewer | None, known: Regions) -> Subquery:
    """The same with how many had `begun` and came `half_way`."""
    return _read(_Way(question, viewer, known, FIGURES))


def _read(way: _Way) -> Subquery:
    found = _sums_for(way.question, way.viewer, way.known)
    if not found:
        return way.of_ledger().subquery("counted")
    parts = [part for sums in found for part in _by_month(way, sums)]
    parts += [_row(rows.subquery(), sign, way, way.figures) for rows, sign in _from_ledger(way, found[0])]
    return union_all(*parts).subquery("counted")


def _by_month(way: _Way, sums: _Sums) -> Iterator[Select]:
    """What had come together before a month, and the steps since."""
    steps = _by_day(sums.daily, way, sums)
    if sums.monthly is None:
        yield steps
        return
    month = _month(way.question)
    yield steps.where(sums.daily.c.day >= func.coalesce(month, 0))
    yield _left(sums.monthly, way, sums).where(sums.monthly.c.month == month)


def completions(question: Question, viewer: Viewer | None, known: Regions, *, since: date, until: date) -> Subquery:
    """The completions that stand and whose day lies from `since` to `until`, or sums of them by day."""
    way = _Way(question, viewer, known, COUNTED)
    found = _sums_for(question, viewer, known)
    if not found:
        rows = way.of_ledger().subquery()
        return select(rows).where(rows.c.completed_on >= since, rows.c.completed_on <= until).subquery("counted")
    parts = []
    for sums in found:
        of = sums.daily.c
        parts.append(_by_day(sums.daily, way, sums).where(of.completed != 0, of.done_on >= since, of.done_on <= until))
    for of_ledger, sign in _from_ledger(way, found[0]):
        rows = of_ledger.subquery()
        parts.append(_row(rows, sign, way, COUNTED).where(rows.c.completed_on >= since, rows.c.completed_on <= until))
    return union_all(*parts).subquery("counted")


def _sums_for(question: Question, viewer: Viewer | None, known: Regions) -> list[_Sums]:
    """The smallest sums whose keys determine what is asked by, filtered by and seen; none where none do. Two of who sees
    regions and companies: no row is in both."""
    scope, used = known.sums, {*question.by, *question.filters}
    if _is_off.get() or scope is None or scope.built_at is None or question.filter("cluster"):
        return []
    if scope.centres != question.filter("centre"):
        return []  # the regions were looked up for another question
    apart = known.apart.mixed if "centre" in question.by else frozenset[int]()
    if question.filter("centre"):
        apart |= known.apart.partly_asked
    regions, companies = None, frozenset[int]()
    if viewer is not None and not viewer.is_programme_office:
        apart |= known.apart.partly_seen
        regions, companies = known.apart.seen, viewer.managed_companies
        if not (regions or companies):
            return []  # it hangs on the days of single enrolments, or she sees herself at most
    monthly = None if used & set(COURSE_DIMENSIONS) else RollupCompanyMonth
    of_companies = _Sums(RollupStep, monthly, regions, companies, apart, "cluster" in question.by)
    found = []
    if regions is None or regions:
        of_regions = replace(of_companies, companies=frozenset())
        small = replace(of_regions, daily=RollupRunDay, monthly=RollupRunMonth)
        found.append(of_regions if used & _OF_COMPANIES else small)
    if companies:
        found.append(of_companies)
    return found


def _month(question: Question) -> Any:
    """The last month that had begun when the day was over."""
    begun = RollupMonth.c.month <= question.as_of + timedelta(days=1)
    return select(func.max(RollupMonth.c.month)).where(begun).scalar_subquery()


def _by_day(table: Table, way: _Way, sums: _Sums) -> Select:
    return _left(table, way, sums).where(table.c.day <= way.question.as_of)


def _left(table: Table, way: _Way, sums: _Sums) -> Select:
    """The rows of a table of sums that the question leaves and the viewer sees."""
    of, question, known = table.c, way.question, way.known
    status = func.nullif(of.status_id, 0) if "status_id" in of else None
    conditions: list[ColumnElement[bool]] = [of.reading != _OTHER[question.reading]]
    if question.filter("region") or question.filter("zone"):
        conditions.append(of.region_id.in_(known.counted_as))
    if question.filter("centre"):
        conditions.append(of.region_id.in_(known.apart.of_asked))
    if runs_are := facts.is_run(question):
        conditions.append(of.run_id.in_(select(Run.id).where(*runs_are)))
    if question.filter("company"):
        conditions.append(facts.of_companies(question, of.company_id))
    if status is not None and facts.is_status(question):
        conditions.append(facts.of_statuses(question, status))
    if sums.regions is not None:
        conditions.append(_is_seen(table, sums))
    if sums.apart or sums.asks_clusters:
        conditions.append(~sums.is_apart(way, of))
    completed_on = of.done_on if "done_on" in of else cast(null(), DayNumber)
    statement = _columns(
        of.run_id if "run_id" in of else cast(null(), Integer),
        of.region_id,
        of.company_id if "company_id" in of else cast(null(), Integer),
        cast(null(), Integer) if status is None else status,
        completed_on,
        [of[name].label(name) for name in way.figures],
    ).where(*conditions)
    if not question.overlaps:
        return statement
    # Any day on which people enrolled there: of a region that isn't mixed the same centres served it on all of them.
    enrolled_on = DateOf(type_coerce(RollupRegion.c.enrolled_from, Integer)).label("enrolled_on")
    return statement.add_columns(enrolled_on).join_from(table, RollupRegion, RollupRegion.c.region_id == of.region_id)


def _is_seen(table: Table, sums: _Sums) -> ColumnElement[bool]:
    in_regions = table.c.region_id.in_(sums.regions or ())
    if not sums.companies:
        return in_regions
    # As one list, which an index serves; two with OR between them none does.
    managed = or_(Company.id.in_(sums.companies), Company.merged_into_id.in_(sums.companies))
    of_companies = table.c.company_id.in_(select(Company.id).where(managed))
    return and_(of_companies, ~in_regions) if sums.regions else of_companies


def _from_ledger(way: _Way, sums: _Sums) -> Iterator[tuple[Select, int]]:
    """What the sums don't hold: what is apart, entries that wait, and what a viewer sees as a learner alone."""
    viewer, scope = way.viewer, way.known.sums
    by_roles = None if viewer is None else replace(viewer, id=_NOBODY)
    rest = None
    if sums.apart or sums.asks_clusters:
        rest = ~sums.is_apart(way, Enrolment)
        yield way.of_ledger(only=sums.is_apart(way, Enrolment)), 1
    if scope is not None and scope.is_waiting:
        waiting = select(RollupDue.c.enrolment_id)
        yield way.of_ledger(by_roles, among=waiting, only=rest), 1
        yield way.of_ledger(by_roles, among=waiting, entries=is_folded(), only=rest), -1
    if viewer is not None and by_roles is not None and not viewer.is_programme_office:
        own = select(Enrolment.id).where(Enrolment.person_id == viewer.id, ~visible_to(by_roles))
        yield way.of_ledger(among=own, only=rest), 1


def _row(rows: Subquery, sign: int, way: _Way, names: Sequence[str]) -> Select:
    of = rows.c
    day = type_coerce(DayOf(of.completed_on), DayNumber)
    figures = [(sign * of[name]).label(name) for name in names]
    statement = _columns(of.run_id, of.region_id, of.company_id, of.company_status_id, day, figures)
    return statement.add_columns(of.enrolled_on) if way.question.overlaps else statement


def _columns(run: Any, region: Any, company: Any, status: Any, completed_on: Any, figures: Sequence[Any]) -> Select:
    return select(
        run.label("run_id"),
        region.label("region_id"),
        company.label("company_id"),
        status.label("company_status_id"),
        completed_on.label("completed_on"),
        *figures,
    )

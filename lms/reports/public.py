"""Figures for everybody, in which nobody can be found.

What is offered, and nothing else, so that everything there is can be hidden together:

- For each year that is closed one table, region × course, with totals, as of its closing day, by the regions of then. It is
  the same for ever. Small cells are hidden, and others with them (`suppression`).
- For a year that isn't closed the number for the whole country at the end of last month, rounded down to a multiple of 2k:
  two of them, or one and the total of the table that follows, say of what came between them either that it may be nothing,
  or a range of 2k counts, and never a small number.

Years share nobody: an enrolment is of one run and a run of one year. Nothing can be filtered, no other day be asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from sqlalchemy import case, extract, func, select
from sqlalchemy.orm import Session

from lms.clock import end_of_day
from lms.models import Programme, Run, Statement

from . import regions
from .published import TOTAL, Counts, Told
from .question import Question
from .rollups import reading
from .rows import Group, Groups, grouped
from .suppression import Cell

_REPORTED_LATE = timedelta(days=31)  # what was done in December is recorded in January


@dataclass(frozen=True)
class PublicCell:
    """`enrolled` and `completed` are None where they are hidden; `rate` also where too few are enrolled, or none."""

    enrolled: int | None
    completed: int | None
    rate: float | None

    @property
    def is_hidden(self) -> bool:
        return self.enrolled is None


_HIDDEN = PublicCell(None, None, None)


@dataclass(frozen=True)
class PublicTable:
    """A closed year. `cells` by the keys of region and course; TOTAL stands for a total, and for both the grand total."""

    year: int
    as_of: date
    regions: tuple[Group, ...]
    courses: tuple[Group, ...]
    cells: Mapping[tuple[str, str], PublicCell]

    def cell(self, region: str = TOTAL, course: str = TOTAL) -> PublicCell:
        return self.cells[region, course]

    @cached_property
    def hides(self) -> bool:
        return any(cell.is_hidden for cell in self.cells.values())


@dataclass(frozen=True)
class RunningYear:
    """A year that isn't closed: at least so many at the end of a month, in steps of `step`; 0 is fewer than one step."""

    year: int
    as_of: date
    closes_on: date
    step: int
    enrolled: int
    completed: int


@dataclass(frozen=True)
class PublicYears:
    """Which years there are, the newest first."""

    closed: tuple[int, ...]
    running: tuple[int, ...]


def closing_day(year: int) -> date:
    """The day as of which a year is told for ever."""
    return date(year, 12, 31) + _REPORTED_LATE


def list_years(session: Session, *, today: date) -> PublicYears:
    """The years of the runs that have begun. One query."""
    year = case((Programme.fiscal_year.is_not(None), Programme.fiscal_year), else_=extract("year", Run.learn_from))
    found = session.scalars(
        select(year)
        .select_from(Run)
        .outerjoin(Programme, Programme.id == Run.programme_id)
        .where(Run.learn_from <= today)
        .distinct()
    )
    years = sorted((int(each) for each in found), reverse=True)
    return PublicYears(
        tuple(each for each in years if closing_day(each) < today),
        tuple(each for each in years if closing_day(each) >= today),
    )


def running_year(session: Session, year: int, *, today: date, k: int = 5) -> RunningYear:
    """The whole country, at the end of the last month. Two queries."""
    as_of = _last_month_end(today)
    enrolled, completed = _counted(session, _of_year(year, as_of))
    return RunningYear(year, as_of, closing_day(year), 2 * k, _rounded(enrolled, k), _rounded(completed, k))


def closed_year(session: Session, year: int, *, k: int = 5, rate_from: int = 10, language: str = "ko") -> PublicTable:
    """The table of a year that is closed (`list_years`), counts of 1 to k − 1 hidden, no rate of fewer than `rate_from`.

    Outsiders may have statements of the year that were issued before it closed. What this table would tell beside one of them
    is hidden too; statements that come later are held against it (`statements.outsiders`).
    """
    counts = count(session, year, closing_day(year), language)
    return _table(year, closing_day(year), counts, counts.hide(k, _given_before(session, year)), rate_from)


def told_at_closing(session: Session, year: int, k: int) -> Told:
    """What everybody has of a closed year."""
    counts = count(session, year, closing_day(year))
    return Told(counts, counts.hide(k, _given_before(session, year)), k)


def _given_before(session: Session, year: int) -> list[Told]:
    """What outsiders got of a year before it closed: two queries for each statement of another day."""
    issued = select(Statement.question, Statement.as_of).where(
        Statement.for_outsiders, Statement.issued_at < end_of_day(closing_day(year))
    )
    found = {(day, question["mask"][0]) for question, day in session.execute(issued) if question["year"] == [str(year)]}
    return [told_on(session, year, day, k) for day, k in sorted(found)]


def told_on(session: Session, year: int, day: date, k: int) -> Told:
    """What a statement for outsiders as of a day tells."""
    counts = count(session, year, day)
    return Told(counts, counts.hide(k), k)


def table_on(session: Session, year: int, day: date, *, k: int, rate_from: int, language: str = "ko") -> PublicTable:
    """The same as of any day. Two of them may tell together what neither does: see `published`."""
    counts = count(session, year, day, language)
    return _table(year, day, counts, counts.hide(k), rate_from)


def count(session: Session, year: int, day: date, language: str = "ko") -> Counts:
    """All regions × courses of a year. Two queries, and those of the dimensions."""
    question = _of_year(year, day, "region", "course")
    known = regions.load(session, None, question)
    counted = reading.counted(question, None, known)
    groups = Groups(session, None, question, known, language)
    statement, columns = grouped(question, counted)
    sums = [func.sum(counted.c.enrolled), func.sum(counted.c.completed)]
    found: dict[tuple[Group, ...], tuple[int, int]] = dict.fromkeys(groups.open(), (0, 0))
    for *raw, enrolled, completed in session.execute(statement.add_columns(*columns, *sums).group_by(*columns)):
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        done, others = found.get(key, (0, 0))
        found[key] = (done + int(completed), others + int(enrolled) - int(completed))
    rows = tuple(sorted({key[0] for key in found}, key=lambda group: group.order))
    courses = tuple(sorted({key[1] for key in found}, key=lambda group: group.order))
    completed_by, others_by = (
        [[found.get((row, course), (0, 0))[figure] for course in courses] for row in rows] for figure in (0, 1)
    )
    return Counts(rows, courses, (completed_by, others_by))


def _table(year: int, day: date, counts: Counts, hidden: Collection[Cell], rate_from: int) -> PublicTable:
    completed, others = counts.totals
    cells = {
        key: _HIDDEN if place in hidden else _shown(completed[place] + others[place], completed[place], rate_from)
        for key, place in counts.places.items()
        if place in completed
    }
    if not counts.regions or not counts.courses:
        cells = {(TOTAL, TOTAL): PublicCell(0, 0, None)}
    return PublicTable(year, day, counts.regions, counts.courses, cells)


def _shown(enrolled: int, completed: int, rate_from: int) -> PublicCell:
    return PublicCell(enrolled, completed, completed / enrolled if enrolled >= max(rate_from, 1) else None)


def _rounded(count: int, k: int) -> int:
    return count // (2 * k) * (2 * k)


def _of_year(year: int, as_of: date, *by: str) -> Question:
    return Question(as_of=as_of, by=by, filters={"year": (str(year),)})


def _last_month_end(today: date) -> date:
    return today.replace(day=1) - timedelta(days=1)


def _counted(session: Session, question: Question) -> tuple[int, int]:
    """Enrolled and completed of the whole country."""
    known = regions.load(session, None, question)
    counted = reading.counted(question, None, known)
    sums = [func.coalesce(func.sum(counted.c[name]), 0) for name in ("enrolled", "completed")]
    enrolled, completed = session.execute(select(*sums).select_from(counted)).one()
    return int(enrolled), int(completed)

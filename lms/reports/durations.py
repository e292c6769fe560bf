"""How long completing takes: days from the first on which somebody could learn to her 수료일, by any dimension.

The first day is that on which the run began, or on which she was enrolled where that is later; it counts as one day. Those
who completed before it (a certificate from elsewhere, a correction) count as one day too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from . import facts, regions
from .days import DayOf
from .question import Question
from .regions import Regions
from .rows import Group, Groups, grouped, order_of, told_apart

WEEK = 7


@dataclass(frozen=True)
class DurationRow:
    """Days of those who completed, in one group. A quarter took at most `first`, half at most `median`, three quarters at
    most `third`; each is a number of days that somebody took. None where nobody completed."""

    groups: tuple[Group, ...]
    completed: int = 0
    least: int | None = None
    first: int | None = None
    median: int | None = None
    third: int | None = None
    most: int | None = None

    @property
    def group(self) -> tuple[str, ...]:
        """What is read of each group."""
        return tuple(group.label for group in self.groups)

    @property
    def keys(self) -> tuple[str, ...]:
        """What a filter takes of each group."""
        return tuple(group.key for group in self.groups)


@dataclass(frozen=True)
class DurationReport:
    """`weeks` are how many completed in their first week, their second, …: of all, each once."""

    question: Question
    rows: tuple[DurationRow, ...]
    total: DurationRow
    weeks: tuple[int, ...]


def durations(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    language: str = "ko",
    known: Regions | None = None,
) -> DurationReport:
    """Groups in which somebody completed: two queries, those of the dimensions, and that of the regions."""
    known = known or regions.load(session, viewer, question)
    fact = facts.facts(question, viewer, known.counted_as, near=known.near).subquery("fact")
    begins = case((fact.c.enrolled_on > fact.c.learn_from, fact.c.enrolled_on), else_=fact.c.learn_from)
    days = DayOf(fact.c.completed_on) - DayOf(begins) + 1
    counted = (
        select(fact, case((days < 1, 1), else_=days).label("days")).where(fact.c.completed == 1).subquery("counted")
    )
    groups = Groups(session, viewer, question, known, language)
    statement, columns = grouped(question, counted)
    statement = statement.add_columns(*columns, counted.c.days, func.count()).group_by(*columns, counted.c.days)
    found: dict[tuple[Group, ...], Counter[int]] = {}
    for row in session.execute(statement):
        *raw, taken, people = row
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        found.setdefault(key, Counter())[taken] += people
    whole = _whole(session, counted) if question.overlaps else sum(found.values(), Counter())
    rows = tuple(_row(key, found[key]) for key in sorted(found, key=order_of))
    return DurationReport(question, told_apart(rows), _row((), whole), _weeks(whole))


def _whole(session: Session, counted: object) -> Counter[int]:
    of = counted.c  # type: ignore[attr-defined]
    return Counter(dict(session.execute(select(of.days, func.count()).group_by(of.days)).tuples().all()))


def _row(groups: tuple[Group, ...], days: Mapping[int, int]) -> DurationRow:
    if not days:
        return DurationRow(groups)
    return DurationRow(
        groups,
        sum(days.values()),
        min(days),
        quantile(days, 0.25),
        quantile(days, 0.5),
        quantile(days, 0.75),
        max(days),
    )


def quantile(days: Mapping[int, int], share: float) -> int:
    """The least number of days within which this share of the people (0..1, above 0) had completed."""
    wanted = ceil(share * sum(days.values()))
    for day in sorted(days):
        wanted -= days[day]
        if wanted <= 0:
            return day
    raise ValueError("of nobody there is no quantile")


def _weeks(days: Mapping[int, int]) -> tuple[int, ...]:
    if not days:
        return ()
    weeks = [0] * ceil(max(days) / WEEK)
    for day, people in days.items():
        weeks[(day - 1) // WEEK] += people
    return tuple(weeks)

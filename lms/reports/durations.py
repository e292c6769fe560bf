"""How long completing takes: days from the first on which somebody could learn to her 수료일, by any dimension.

The first day is that on which the run began, or on which she was enrolled where that is later; it counts as one day. Those
who completed before it (a certificate from elsewhere, a correction) count as one day too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Integer, Subquery, case, func, select, type_coerce, union_all
from sqlalchemy.orm import Session

from lms.models import Enrolment, Run
from lms.models.rollups import EPOCH
from lms.people.viewers import Viewer

from . import facts, regions
from .days import DayOf
from .question import Question
from .regions import Regions
from .rollups import reading
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
    counted = _counted(question, viewer, known)
    groups = Groups(session, viewer, question, known, language)
    statement, columns = grouped(question, counted)
    people = func.sum(counted.c.completed)
    statement = statement.add_columns(*columns, counted.c.days, people).group_by(*columns, counted.c.days)
    found: dict[tuple[Group, ...], Counter[int]] = {}
    for row in session.execute(statement):
        *raw, taken, count = row
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        found.setdefault(key, Counter())[taken] += int(count)
    whole = _whole(session, counted) if question.overlaps else sum(found.values(), Counter())
    left = {key: +days for key, days in found.items()}  # what came and was taken away leaves nothing
    rows = tuple(_row(key, left[key]) for key in sorted(left, key=order_of) if left[key])
    return DurationReport(question, told_apart(rows), _row((), whole), _weeks(whole))


def _whole(session: Session, counted: Subquery) -> Counter[int]:
    rows = session.execute(select(counted.c.days, func.sum(counted.c.completed)).group_by(counted.c.days))
    return +Counter({days: int(count) for days, count in rows})


_KEYS = ("run_id", "region_id", "company_id", "company_status_id")


def _counted(question: Question, viewer: Viewer | None, known: Regions) -> Subquery:
    """Completions with the days that they took, or sums of them.

    Sums know the day of a completion and its run, not when somebody was enrolled. So all are counted from the first day of
    their run, and those who were enrolled after it are taken from there to where they belong.
    """
    sums = reading.completions(question, viewer, known, since=EPOCH, until=question.as_of)
    if "learn_from" in sums.c:  # the ledger's own
        counted = select(sums, _days(DayOf(sums.c.completed_on), sums.c.learn_from, sums.c.enrolled_on).label("days"))
        return counted.subquery("counted")
    of = sums.c
    keys = (*_KEYS, "enrolled_on") if question.overlaps else _KEYS
    day = type_coerce(of.completed_on, Integer)
    from_first = select(*(of[name] for name in keys), of.completed, _days(day, Run.learn_from).label("days")).join(
        Run, Run.id == of.run_id
    )
    late = facts.facts(question, viewer, known.counted_as, near=known.near, only=_is_late()).subquery("late")
    done = DayOf(late.c.completed_on)
    of_late = [late.c[name] for name in keys]
    parts = [
        select(*of_late, (sign * late.c.completed).label("completed"), days.label("days")).where(late.c.completed == 1)
        for sign, days in (
            (-1, _days(done, late.c.learn_from)),
            (1, _days(done, late.c.learn_from, late.c.enrolled_on)),
        )
    ]
    return union_all(from_first, *parts).subquery("counted")


def _days(done: ColumnElement[int], learn_from: Any, enrolled_on: Any = None) -> ColumnElement[int]:
    begins = learn_from if enrolled_on is None else case((enrolled_on > learn_from, enrolled_on), else_=learn_from)
    days = done - DayOf(begins) + 1
    return case((days < 1, 1), else_=days)


def _is_late() -> ColumnElement[bool]:
    """Of enrolments: whether they were made when the run had begun.

    Said in three ways: PostgreSQL, which has no statistics of a difference, expects a third for each, and with one alone it
    would read all entries that there are.
    """
    joined, begins = DayOf(Enrolment.enrolled_on), DayOf(Run.learn_from)
    return (
        select(Run.id)
        .where(Run.id == Enrolment.run_id, Run.learn_from < Enrolment.enrolled_on, joined > begins, joined - begins > 0)
        .correlate(Enrolment)
        .exists()
    )


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

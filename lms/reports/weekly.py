"""Completions over time: by week for each group, and added up for a plot. The day of a completion is its 수료일."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from . import regions
from .question import Question
from .regions import Regions
from .rollups import reading
from .rows import Groups, grouped

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Weekly:
    """`ends` are the last days of the weeks, the oldest first; the last is the day of the question."""

    ends: tuple[date, ...]
    rows: Mapping[tuple[str, ...], tuple[int, ...]]

    def of(self, keys: tuple[str, ...]) -> tuple[int, ...]:
        """Completions by week of the row with these keys."""
        return self.rows.get(keys, (0,) * len(self.ends))


def weekly(
    session: Session, viewer: Viewer | None, question: Question, *, weeks: int = 12, known: Regions | None = None
) -> Weekly:
    """The completions that stand, by the week of their day: one query for all rows. `known` saves that of the regions."""
    ends = tuple(question.as_of - WEEK * back for back in range(weeks - 1, -1, -1))
    known = known or regions.load(session, viewer, question)
    counted = reading.completions(question, viewer, known, since=ends[0] - WEEK + DAY, until=ends[-1])
    groups = Groups(session, viewer, question, known)
    statement, columns = grouped(question, counted)
    total = func.sum(counted.c.completed)
    statement = (
        statement.add_columns(*columns, counted.c.completed_on, total)
        .group_by(*columns, counted.c.completed_on)
        .having(total != 0)
    )
    rows: dict[tuple[str, ...], list[int]] = {}
    for *raw, day, count in session.execute(statement):
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        week = weeks - 1 - (ends[-1] - day).days // 7
        rows.setdefault(tuple(group.key for group in key), [0] * weeks)[week] += int(count)
    return Weekly(ends, {keys: tuple(counts) for keys, counts in rows.items()})


def by_day(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    since: date,
    until: date,
    known: Regions | None = None,
) -> dict[date, int]:
    """The completions that stand, by their day, from `since` to `until`: one query, and that of the regions."""
    known = known or regions.load(session, viewer, question)
    # Whatever the question's rows are, days come from the smallest sums.
    counted = reading.completions(question.but(by=()), viewer, known, since=since, until=until)
    total = func.sum(counted.c.completed)
    statement = select(counted.c.completed_on, total).group_by(counted.c.completed_on).having(total != 0)
    return {day: int(count) for day, count in session.execute(statement)}


def cumulative(
    session: Session, viewer: Viewer | None, question: Question, *, since: date, until: date
) -> list[tuple[date, int]]:
    """The completions that stand whose day lies from `since` to each point; points are a week apart, the last is `until`."""
    counts = by_day(session, viewer, question, since=since, until=until)
    points = [until]
    while points[-1] - WEEK >= since:
        points.append(points[-1] - WEEK)
    return [(point, sum(count for day, count in counts.items() if day <= point)) for point in reversed(points)]

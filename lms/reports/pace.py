"""What the present pace leads to by the end of a year.

The pace is that of the completions of the last eight weeks (their 수료일); the slower and the faster of the two four-week
halves give the bounds. It is a continuation, not a forecast: it knows nothing of holidays, nor of runs that are planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from .question import Question
from .regions import Regions
from .rollups import reading

HALF = timedelta(days=28)
SPAN = 2 * HALF


@dataclass(frozen=True)
class Pace:
    """Completions by the end of the year: as the last eight weeks go on, and as the slower and faster half of them do."""

    low: int
    expected: int
    high: int

    def __add__(self, other: Pace) -> Pace:
        return Pace(self.low + other.low, self.expected + other.expected, self.high + other.high)


def is_told(year: int, as_of: date) -> bool:
    """Whether there is a pace: the year isn't over, and eight weeks of it are gone."""
    return date(year, 1, 1) + SPAN <= as_of + timedelta(days=1) and as_of < date(year, 12, 31)


def project(completed: int, earlier: int, later: int, *, left: int) -> Pace:
    """`earlier` and `later` are the completions of the two halves of the last eight weeks, `left` the days of the year that
    are to come. Rounded down: part of a person completes nothing."""
    halves = sorted((earlier, later))
    low, high = (completed + floor(half * left / HALF.days) for half in halves)
    return Pace(low, completed + floor((earlier + later) * left / SPAN.days), high)


def paces(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    year: int,
    completed: Mapping[int, int],
    known: Regions,
) -> dict[int, Pace]:
    """By region of today, from the year's completions by it: one query. None of them where there is no pace."""
    if not is_told(year, question.as_of):
        return {}
    since, middle = question.as_of - SPAN + timedelta(days=1), question.as_of - HALF
    of = reading.completions(question.but(year=(str(year),)), viewer, known, since=since, until=question.as_of).c
    rows = session.execute(
        select(of.region_id, of.completed_on, func.sum(of.completed)).group_by(of.region_id, of.completed_on)
    )
    halves: dict[int, list[int]] = {region: [0, 0] for region in completed}
    for region, day, count in rows:
        halves.setdefault(known.counted_as[region], [0, 0])[day > middle] += int(count)
    left = (date(year, 12, 31) - question.as_of).days
    return {region: project(completed.get(region, 0), *half, left=left) for region, half in halves.items()}

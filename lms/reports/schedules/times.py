"""When a schedule is due: a day of the week or month, at an hour in Seoul."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from lms.clock import SEOUL, seoul_day
from lms.models import Schedule
from lms.models.schedules import RHYTHMS

from .errors import ScheduleError


@dataclass(frozen=True)
class Rhythm:
    """`on_day`: 1 (Monday) to 7 of a week, 1 to 31 of a month; a month that is shorter takes its last day.

    Raises:
        ScheduleError: rhythm.
    """

    every: str
    on_day: int
    hour: int

    def __post_init__(self) -> None:
        most = {"week": 7, "month": 31}.get(self.every, 0)
        if self.every not in RHYTHMS or not 1 <= self.on_day <= most or not 0 <= self.hour <= 23:
            raise ScheduleError("rhythm")


def rhythm_of(schedule: Schedule) -> Rhythm:
    return Rhythm(schedule.every, schedule.on_day, schedule.hour)


def due_after(rhythm: Rhythm, moment: datetime) -> Iterator[datetime]:
    """Each time after a moment, for ever, in UTC."""
    days = _weekly(rhythm, seoul_day(moment)) if rhythm.every == "week" else _monthly(rhythm, seoul_day(moment))
    for day in days:
        at = datetime.combine(day, time(rhythm.hour), SEOUL).astimezone(UTC)
        if at > moment:
            yield at


def next_due(rhythm: Rhythm, now: datetime) -> datetime:
    return next(due_after(rhythm, now))


def due_until(rhythm: Rhythm, first: datetime, now: datetime) -> list[datetime]:
    """The times from one of them on that have come."""
    return list(takewhile(lambda at: at <= now, due_after(rhythm, first - timedelta(microseconds=1))))


def as_of(at: datetime) -> date:
    """The day of the figures of a time: the last that had ended."""
    return seoul_day(at) - timedelta(days=1)


def _weekly(rhythm: Rhythm, day: date) -> Iterator[date]:
    day += timedelta(days=(rhythm.on_day - day.isoweekday()) % 7)
    while True:
        yield day
        day += timedelta(days=7)


def _monthly(rhythm: Rhythm, day: date) -> Iterator[date]:
    first = day.replace(day=1)
    while True:
        length = monthrange(first.year, first.month)[1]
        yield first.replace(day=min(rhythm.on_day, length))
        first += timedelta(days=length)

"""Times are kept in UTC and a day is a day in Seoul. The functions of the domain take `now` so that a test can set it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def utcnow() -> datetime:
    return datetime.now(UTC)


def seoul_day(moment: datetime) -> date:
    """The calendar day in Seoul on which `moment` (aware) fell."""
    return moment.astimezone(SEOUL).date()


def today() -> date:
    return seoul_day(utcnow())


def end_of_day(day: date) -> datetime:
    """The first moment (UTC) after `day` in Seoul: what was recorded before it was known by the end of that day."""
    return datetime.combine(day + timedelta(days=1), time(), SEOUL).astimezone(UTC)

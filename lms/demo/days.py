"""Days in Seoul as moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from lms.clock import SEOUL


def at(day: date, minutes: float) -> datetime:
    """So many minutes after midnight in Seoul, in UTC."""
    return (datetime.combine(day, time(), SEOUL) + timedelta(minutes=minutes)).astimezone(UTC)


def morning(day: date) -> datetime:
    return at(day, 9 * 60)

"""Days and seconds as numbers. A day is days since 1970 in Seoul, a moment microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

_EPOCH = date(1970, 1, 1)
_OFFSET = 9 * 3600  # of Seoul, which has known no summer time since 1988
DAY = 86_400


def number(day: date) -> int:
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    return _EPOCH + timedelta(days=int(number))


def moments(seconds: np.ndarray) -> np.ndarray:
    """Moments of seconds of Seoul's own clock since 1970."""
    return (seconds.astype(np.int64) - _OFFSET) * 1_000_000


def moment_of(day: int, hour: int) -> datetime:
    return datetime.fromtimestamp(day * DAY + hour * 3600 - _OFFSET, UTC)

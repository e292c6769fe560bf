"""Counts failures by key in windows of time, in the database, so that every web process sees the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.models import Throttle
from lms.models.database import insert_into

WINDOW = timedelta(minutes=15)


def _window_start(now: datetime) -> datetime:
    seconds = WINDOW.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)


def failures(session: Session, key: str, now: datetime | None = None) -> int:
    """Failures in this window and the one before."""
    since = _window_start(now or utcnow()) - WINDOW
    total = session.scalar(select(func.sum(Throttle.count)).where(Throttle.key == key, Throttle.window_start >= since))
    return int(total or 0)


def add_failure(session: Session, key: str, now: datetime | None = None) -> None:
    """Count one more, and forget windows that no longer matter."""
    start = _window_start(now or utcnow())
    row = insert_into(session, Throttle).values(key=key, window_start=start, count=1)
    session.execute(
        row.on_conflict_do_update(index_elements=["key", "window_start"], set_={"count": Throttle.count + 1})
    )
    session.execute(delete(Throttle).where(Throttle.window_start < start - 4 * WINDOW))


def forget(session: Session, key: str) -> None:
    session.execute(delete(Throttle).where(Throttle.key == key))

"""Rows of work: put in with what caused them, claimed by one worker at a time, finished only by the one that holds them.

A job is inserted in the transaction that makes it necessary, so that neither exists without the other. A claim lends it for
a lease that the worker lengthens while it lives; when a worker falls silent the lease ends and the next claim takes the job.
`worker` and `attempt` are the fence: who lost the lease can no longer finish.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, func, or_, select, union_all, update
from sqlalchemy.orm import Session

from lms import log_context
from lms.clock import utcnow
from lms.models import Job

RETRY_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=10)
# So long the machine may be at fault before tries count again: a job that breaks each machine must end some day.
PATIENCE = timedelta(days=1)
REQUEST_KEY = "request"  # of a payload: the request that caused the job, for the log


class NotNowError(Exception):
    """Raised by a handler where the machine is at fault and not the job; it is put back and no try is used."""


@dataclass(frozen=True)
class Claim:
    """A job that a worker holds. `last_try` says that failing it now fails it for good."""

    id: int
    kind: str
    payload: dict[str, Any]
    worker: str
    attempt: int
    last_try: bool


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    once: str | None = None,
    priority: int = 100,
    now: datetime | None = None,
) -> Job:
    """Add a job to the caller's transaction. Two with the same `once` can't both be committed."""
    now = now or utcnow()
    if (request := log_context.fields().get(REQUEST_KEY)) is not None:
        payload = {**payload, REQUEST_KEY: request}
    job = Job(kind=kind, payload=payload, once=once, priority=priority, run_at=now, created_at=now)
    session.add(job)
    return job


def claim(
    session: Session,
    worker: str,
    lease: timedelta,
    now: datetime | None = None,
    *,
    kinds: Collection[str] | None = None,
) -> Claim | None:
    """Take the most urgent ready job (of these kinds), or None. The caller commits at once, for the others to see it."""
    now = now or utcnow()
    return_expired(session, now)
    wanted = (
        select(Job.id)
        .where(*_ready(now, kinds))
        .order_by(Job.priority, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    job = session.execute(
        update(Job)
        .where(Job.id == wanted)
        .values(state="running", worker=worker, attempt=Job.attempt + 1, started_at=now, lease_until=now + lease)
        .returning(Job.id, Job.kind, Job.payload, Job.attempt, Job.max_attempts)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if job is None:
        return None
    return Claim(job.id, job.kind, job.payload, worker, job.attempt, job.attempt >= job.max_attempts)


def _ready(now: datetime, kinds: Collection[str] | None) -> list[ColumnElement[bool]]:
    conditions = [Job.state == "ready", Job.run_at <= now]
    return conditions if kinds is None else [*conditions, Job.kind.in_(kinds)]


def anything_due(session: Session, now: datetime | None = None, *, kinds: Collection[str] | None = None) -> bool:
    """Whether a claim would find something. Cheap, and without the write lock, so an idle worker disturbs nobody."""
    now = now or utcnow()
    ready = select(Job.id).where(*_ready(now, kinds)).limit(1)
    expired = select(Job.id).where(Job.state == "running", Job.lease_until < now).limit(1)
    return session.scalar(ready) is not None or session.scalar(expired) is not None


def return_expired(session: Session, now: datetime) -> int:
    """Give back the jobs whose worker fell silent. Returns how many."""
    return _give_back(session, now, Job.lease_until < now, why="every worker that took it fell silent")


def release_worker(session: Session, worker: str, now: datetime | None = None) -> int:
    """Give back what a worker that is known to be dead held, without waiting for its lease. Returns how many."""
    return _give_back(session, now or utcnow(), Job.worker == worker, why="every worker that took it died")


def _give_back(session: Session, now: datetime, which: ColumnElement[bool], *, why: str) -> int:
    """Make running jobs ready again; those that were taken too often fail, lest one that kills workers does so for ever."""
    running = (Job.state == "running", which)
    failed = {"state": "failed", "finished_at": now, "lease_until": None, "error": why}
    ready = {"state": "ready", "worker": None, "lease_until": None}
    too_often = Job.attempt >= Job.max_attempts
    return _changed(session, update(Job).where(*running, too_often).values(failed)) + _changed(
        session, update(Job).where(*running).values(ready)
    )


def extend(session: Session, claim: Claim, lease: timedelta, now: datetime | None = None) -> bool:
    """Lengthen the lease. False: it was lost, and the work is another's now."""
    return bool(_held(session, claim, lease_until=(now or utcnow()) + lease))


def finish(session: Session, claim: Claim, now: datetime | None = None) -> bool:
    """Mark it done in the transaction that writes its result. False: the lease was lost, so roll back."""
    return bool(_held(session, claim, state="done", finished_at=now or utcnow(), lease_until=None, error=""))


def fail(session: Session, claim: Claim, error: str, now: datetime | None = None) -> bool:
    """Put it back for a later try, or mark it failed after the last. False: the lease was lost."""
    now = now or utcnow()
    error = error[:2000]
    if claim.last_try:
        return bool(_held(session, claim, state="failed", finished_at=now, lease_until=None, error=error))
    return bool(_held(session, claim, error=error, **_later(claim, now)))


def put_back(session: Session, claim: Claim, why: str, now: datetime | None = None) -> bool:
    """Put it back for a later try that doesn't count, while the job is younger than `PATIENCE`. False: the lease was lost."""
    now = now or utcnow()
    young = select(Job.id).where(Job.id == claim.id, Job.created_at > now - PATIENCE)
    if session.scalar(young) is None:
        return fail(session, claim, why, now)
    # One more is allowed; to take one back from `attempt` would break the fence.
    return bool(_held(session, claim, error=why[:2000], max_attempts=Job.max_attempts + 1, **_later(claim, now)))


def _later(claim: Claim, now: datetime) -> dict[str, Any]:
    pause = min(RETRY_PAUSE * 2 ** min(claim.attempt - 1, 16), LONGEST_PAUSE)
    return {"state": "ready", "run_at": now + pause, "worker": None, "lease_until": None}


def _held(session: Session, claim: Claim, **values: Any) -> int:
    return _changed(
        session,
        update(Job)
        .where(Job.id == claim.id, Job.state == "running", Job.worker == claim.worker, Job.attempt == claim.attempt)
        .values(**values),
    )


def _changed(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount


@dataclass(frozen=True)
class Backlog:
    """What of a kind is not done. `due` may be taken now, the oldest of it since `oldest_seconds`; `later` waits for another
    try after a fault; `failed` waits for a person. What was asked for at a later time and met no fault is none of these."""

    kind: str
    due: int = 0
    later: int = 0
    running: int = 0
    failed: int = 0
    oldest_seconds: float = 0.0


def backlog(session: Session, now: datetime | None = None) -> list[Backlog]:
    """By kind, in one statement that reads no job that is done."""
    now = now or utcnow()
    is_due = and_(Job.state == "ready", Job.run_at <= now)
    counts = [
        select(Job.kind, Job.state, is_due.label("due"), func.count().label("n"), func.min(Job.run_at).label("since"))
        .where(Job.state == state, or_(Job.state != "ready", is_due, Job.error != ""))
        .group_by(Job.kind, Job.state, is_due)
        for state in ("ready", "running", "failed")
    ]
    found: dict[str, dict[str, Any]] = {}
    for kind, state, due, count, since in session.execute(union_all(*counts)):
        row = found.setdefault(kind, {})
        row[("due" if due else "later") if state == "ready" else state] = count
        if due:
            row["oldest_seconds"] = (now - since).total_seconds()
    return [Backlog(kind, **row) for kind, row in sorted(found.items())]


def last_trouble(session: Session) -> str:
    """Why the newest of the jobs that wait for another try does so; empty where none does."""
    waiting = select(Job.error).where(Job.state == "ready", Job.error != "").order_by(Job.id.desc()).limit(1)
    return session.scalar(waiting) or ""


def count_by_state(session: Session) -> dict[str, int]:
    return {state: count for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state))}

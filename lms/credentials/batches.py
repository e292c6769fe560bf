"""A whole run's certificates as one file: a job makes the PDFs that are not there yet, and whoever asked takes the file.

What is made is kept certificate by certificate, so that a worker that is killed loses at most what it had in hand, and the
next goes on. The file itself is put together while it goes out, and lies nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import utcnow
from lms.errors import LMSError, NotFoundError
from lms.files import FileStore
from lms.jobs import queue
from lms.models import Certificate, CertificateBatch, Database, Job, Run
from lms.people.viewers import Viewer

from . import printing
from .reading import IS_VALID

JOB_KIND = "certificates_printed"
PRIORITY = 180
KEPT = timedelta(days=7)
AT_ONCE = 100  # PDFs by one process
KEPT_AT_ONCE = 10  # in a transaction: on SQLite nobody else writes while files reach the disk
SHORTEST_REASON = 4
LEASE = timedelta(minutes=5)


class BatchError(LMSError):
    """`reason`: reason_missing, nothing (the run has no valid certificate), not_ready, gone (its time is over, or it was
    cancelled)."""

    sentence = "There is no file of certificates: {reason}."


def ask(session: Session, viewer: Viewer, run: Run, *, reason: str, now: datetime | None = None) -> CertificateBatch:
    """Have the PDFs of all valid certificates of a run made. Raises BatchError."""
    reason = " ".join(reason.split())[:400]
    if len(reason) < SHORTEST_REASON:
        raise BatchError("reason_missing")
    size, highest = session.execute(
        select(func.count(), func.max(Certificate.id)).where(Certificate.run_id == run.id, IS_VALID)
    ).one()
    if not size:
        raise BatchError("nothing")
    now = now or utcnow()
    batch = CertificateBatch(
        run_id=run.id, requested_by=viewer.id, reason=reason, size=size, highest_id=highest, created_at=now
    )
    session.add(batch)
    session.flush()
    queue.enqueue(session, JOB_KIND, {"batch": batch.id}, once=f"{JOB_KIND}:{batch.id}", priority=PRIORITY, now=now)
    audit.record(session, "certificates_asked", actor_id=viewer.id, subject=f"run:{run.uid}", reason=reason)
    return batch


def load(session: Session, viewer: Viewer, uid: UUID) -> CertificateBatch:
    """One's own. Raises NotFoundError."""
    found = session.scalar(
        select(CertificateBatch).where(CertificateBatch.uid == uid, CertificateBatch.requested_by == viewer.id)
    )
    if found is None:
        raise NotFoundError()
    return found


def list_own(session: Session, viewer: Viewer, run: Run, limit: int = 5) -> Sequence[CertificateBatch]:
    """The viewer's newest of a run."""
    return session.scalars(
        select(CertificateBatch)
        .where(CertificateBatch.run_id == run.id, CertificateBatch.requested_by == viewer.id)
        .order_by(CertificateBatch.id.desc())
        .limit(limit)
    ).all()


def is_over(batch: CertificateBatch, now: datetime | None = None) -> bool:
    """Whether the file can't be taken any more."""
    return batch.created_at + KEPT < (now or utcnow())


def cancel(session: Session, viewer: Viewer, uid: UUID) -> None:
    """PDFs that are made already stay with their certificates."""
    batch = load(session, viewer, uid)
    if batch.state == "waiting":
        batch.state, batch.finished_at = "cancelled", utcnow()


def has_failed(session: Session, batch: CertificateBatch) -> bool:
    """Whether the job of one of its portions was given up."""
    first = f"{JOB_KIND}:{batch.id}"
    of_it = or_(Job.once == first, Job.once.startswith(f"{first}:", autoescape=True))
    return batch.state == "failed" or (
        batch.state == "waiting"
        and session.scalar(select(Job.id).where(Job.state == "failed", of_it).limit(1)) is not None
    )


def _of(batch: CertificateBatch) -> tuple[Any, ...]:
    return (Certificate.run_id == batch.run_id, Certificate.id <= batch.highest_id)


def pieces(session: Session, files: FileStore, batch: CertificateBatch) -> tuple[int, Iterator[bytes]]:
    """How many certificates, and the zip file piece by piece. What was replaced or revoked meanwhile is left out.

    Raises:
        BatchError: not_ready, gone
    """
    if batch.state == "waiting":
        raise BatchError("not_ready")
    if batch.state != "done" or is_over(batch):
        raise BatchError("gone")
    rows = session.scalars(
        select(Certificate)
        .where(*_of(batch), IS_VALID, Certificate.pdf.is_not(None))
        .order_by(Certificate.serial)
        .execution_options(yield_per=AT_ONCE)
    )
    named = [(printing.file_name(row), row.pdf) for row in rows]
    return len(named), printing.zipped((name, files.read(pdf)) for name, pdf in named if pdf)


class BatchPrinter:
    """The handler of JOB_KIND: one portion a job, so that other work goes between."""

    def __init__(self, files: FileStore) -> None:
        self.files = files

    def __call__(self, database: Database, claim: queue.Claim) -> str | None:
        with database.reading() as session:
            batch = session.get_one(CertificateBatch, claim.payload["batch"])
            some = [] if batch.state != "waiting" else self._next(session, batch)
        made = zip((row.id for row in some), printing.make(some, self.files), strict=True)
        while portion := dict(islice(made, KEPT_AT_ONCE)):
            self._keep(database, batch.id, portion)
        with database.writing() as session:
            batch = session.get_one(CertificateBatch, batch.id, with_for_update=True)
            batch.made = session.scalar(self._count(batch)) or 0
            self._go_on(session, batch, claim, is_last=len(some) < AT_ONCE)
            if queue.finish(session, claim):
                session.commit()
        return None

    def _keep(self, database: Database, batch_id: int, portion: Mapping[int, bytes]) -> None:
        with database.writing() as session:
            printing.keep(session, self.files, portion)
            batch = session.get_one(CertificateBatch, batch_id)
            batch.made = session.scalar(self._count(batch)) or 0
            session.commit()

    @staticmethod
    def _next(session: Session, batch: CertificateBatch) -> Sequence[Certificate]:
        return session.scalars(
            select(Certificate)
            .where(*_of(batch), IS_VALID, Certificate.pdf.is_(None), Certificate.words != {})
            .order_by(Certificate.id)
            .limit(AT_ONCE)
        ).all()

    @staticmethod
    def _count(batch: CertificateBatch) -> Any:
        return select(func.count()).select_from(Certificate).where(*_of(batch), IS_VALID, Certificate.pdf.is_not(None))

    @staticmethod
    def _go_on(session: Session, batch: CertificateBatch, claim: queue.Claim, *, is_last: bool) -> None:
        if batch.state != "waiting":
            return
        if is_last:
            batch.state, batch.finished_at = "done", utcnow()
            return
        part = claim.payload.get("part", 1) + 1
        payload = {"batch": batch.id, "part": part}
        queue.enqueue(session, JOB_KIND, payload, once=f"{JOB_KIND}:{batch.id}:{part}", priority=PRIORITY)

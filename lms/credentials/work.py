"""What a worker does for certificates: those that are due by themselves, and a run's at an officer's word."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.models import Database, Job, LedgerEntry, Run
from lms.people.viewers import Viewer

from . import papers, reading, tracks
from .issuing import CertificateError, Press, issue

log = logging.getLogger("lms.credentials")

DUE = "certificates_due"
RUN = "certificates_of_run"
AT_ONCE = 10  # in a transaction: on SQLite nobody else writes meanwhile
# Completions that were recorded so long ago, or runs closed so long ago, are looked at no more: who was left out then is
# issued hers by an officer.
LOOKED_BACK = timedelta(days=7)


def is_due(session: Session) -> bool:
    return any(session.execute(statement.limit(1)).first() for statement in _due(session))


def _due(session: Session) -> list[Any]:
    """Completions whose certificates come by themselves, by each centre's choice: with completion, or when the run closes."""
    now = utcnow()
    since = now - LOOKED_BACK
    policies = papers.policies_on(session, seoul_day(now))
    others = [centre for centre, policy in policies.items() if policy != "completion"]
    closing = [centre for centre, policy in policies.items() if policy == "closing"]
    at_once = select(Run.id).where(Run.centre_id.not_in(others))
    closed = select(Run.id).where(Run.centre_id.in_(closing), Run.closed_at >= since)
    return [
        reading.without_certificate(LedgerEntry.recorded_at >= since, LedgerEntry.run_id.in_(at_once)),
        reading.without_certificate(LedgerEntry.run_id.in_(closed)),
    ]


CHORE = Chore(DUE, timedelta(seconds=20), is_due)


class DueIssuer:
    """The handler of DUE."""

    def __init__(self, press: Press) -> None:
        self.press = press

    def __call__(self, database: Database, claim: queue.Claim) -> str | None:
        refused: set[int] = set()
        with database.reading() as session:
            waiting = [row for statement in _due(session) for row in session.execute(statement)]
        for start in range(0, len(waiting), AT_ONCE):
            some = [row.enrolment_id for row in waiting[start : start + AT_ONCE]]
            refused |= _issue_some(database, claim, some, self.press, None, "")
        with database.writing() as session:
            if queue.finish(session, claim):
                session.commit()
        return "refused" if refused else None


class RunIssuer:
    """The handler of RUN: all of a run who completed and have none."""

    def __init__(self, press: Press) -> None:
        self.press = press

    def __call__(self, database: Database, claim: queue.Claim) -> str | None:
        payload = claim.payload
        with database.reading() as session:
            waiting = [row.enrolment_id for row in session.execute(reading.waiting(payload["run"]))]
        press = replace(self.press, address=payload["address"])
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            _issue_some(database, claim, some, press, payload["actor"], payload["language"])
        with database.writing() as session:
            if queue.finish(session, claim):
                session.commit()
        return None


def _issue_some(
    database: Database, claim: queue.Claim, enrolments: list[int], press: Press, actor_id: int | None, language: str
) -> set[int]:
    """Issue to these in one transaction, tracks too. Who can't be issued one (a letter that no font has) stays on the
    officer's list and is told of there; returned are their enrolments."""
    refused = set()
    with database.writing() as session:
        if not queue.extend(session, claim, timedelta(minutes=5)):
            raise RuntimeError("the job is another worker's by now")
        for enrolment in enrolments:
            try:
                made = issue(session, enrolment, press, actor_id=actor_id, language=language)
            except CertificateError as error:
                if error.reason not in ("issued", "not_completed", "questioned"):
                    refused.add(enrolment)
                    log.warning("enrolment %d has no certificate: %s", enrolment, error.reason)
            else:
                tracks.issue_due(session, made.person_id, press)
        session.commit()
    return refused


def ask_for_run(session: Session, viewer: Viewer, run: Run, *, language: str, address: str) -> None:
    """Have a worker issue to all of a run who completed and have no certificate; `address` is printed."""
    payload = {"run": run.id, "actor": viewer.id, "language": language, "address": address}
    queue.enqueue(session, RUN, payload, priority=150)


def is_issuing(session: Session, run: Run) -> bool:
    """Whether a worker is about to."""
    from_payload = select(Job.payload).where(Job.kind == RUN, Job.state.in_(("ready", "running")))
    return any(payload.get("run") == run.id for payload in session.scalars(from_payload))

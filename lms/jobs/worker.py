"""The loop that claims jobs and runs their handlers, with as many slots as the settings say.

A handler gets the database and the claim, does its slow work outside any transaction, and then writes the result and
finishes the job in one. It raises to have the job tried again; `NotNowError` where the machine is at fault.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import log_context
from lms.models import Database, Job

from . import chores, heartbeat, queue
from .names import is_dead, process_name

log = logging.getLogger("lms.jobs")

# What a handler returns says in a word what came of the job, for the metrics; None: it was done.
Handler = Callable[[Database, queue.Claim], str | None]
# Told of each job that ended: kind, what came of it, seconds.
Observer = Callable[[str, str, float], None]
IDLE_SECONDS = 0.25
BACK_OFF_SECONDS = 2.0


def worker_name(slot: int) -> str:
    """The name of a slot: host:pid:start-time:slot."""
    return f"{process_name()}:{slot}"


def release_dead(session: Session) -> int:
    """Give back at once what workers of this host held that no longer live. Returns how many jobs."""
    released = 0
    for name in session.scalars(select(Job.worker).where(Job.state == "running").distinct()):
        if is_dead(name or ""):
            released += queue.release_worker(session, name or "")
    return released


class Worker:
    """Runs handlers by kind until `stop` is set. Each slot is a thread; a slot's work runs in processes of its own.

    Where `urgent` names kinds, the slots take these alone, and one slot more takes all others, so that nobody who waits
    for a grade waits for a roster of thousands.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        slots: int = 1,
        urgent: Collection[str] = (),
        lease_seconds: int = 60,
        isolation: str = "",
        observe: Observer = lambda kind, outcome, seconds: None,
        coming_round: Sequence[chores.Chore] = (),
    ) -> None:
        self.database = database
        self.handlers = handlers
        self.lanes: list[frozenset[str] | None] = [frozenset(urgent) or None] * slots
        if urgent:
            self.lanes.append(frozenset(handlers) - frozenset(urgent))
        self.lease = timedelta(seconds=lease_seconds)
        self.isolation = isolation
        self.observe = observe
        self.coming_round = coming_round
        self.stop = threading.Event()

    def run(self) -> None:
        """Work until `stop` is set; the jobs in hand are finished first."""
        with self.database.writing() as session:
            if released := release_dead(session):
                log.info("took back %d jobs of workers that are no more", released)
            session.commit()
        threads = [
            threading.Thread(target=self._slot, args=(number, kinds), name=f"slot-{number}")
            for number, kinds in enumerate(self.lanes)
        ]
        with (
            heartbeat.beating(self.database, slots=len(self.lanes), isolation=self.isolation),
            chores.coming_round(self.database, self.coming_round),
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def run_one(self, name: str, kinds: Collection[str] | None = None) -> bool:
        """Claim and run one job (of these kinds). False if there was none."""
        with self.database.reading() as session:
            if not queue.anything_due(session, kinds=kinds):
                return False
        with self.database.writing() as session:
            claimed = queue.claim(session, name, self.lease, kinds=kinds)
            session.commit()
        if claimed is None:
            return False
        with _Lease(self.database, claimed, self.lease):
            self._handle(claimed)
        return True

    def _slot(self, number: int, kinds: Collection[str] | None) -> None:
        name = worker_name(number)
        while not self.stop.is_set():
            try:
                if not self.run_one(name, kinds):
                    self.stop.wait(IDLE_SECONDS)
            except Exception:  # the database may be away for a while; the worker outlives it
                log.exception("the worker could not reach its work; it tries again")
                self.stop.wait(BACK_OFF_SECONDS)

    def _handle(self, claimed: queue.Claim) -> None:
        begun = time.monotonic()
        about = {"job": claimed.id, "kind": claimed.kind, queue.REQUEST_KEY: claimed.payload.get(queue.REQUEST_KEY)}
        with log_context.bound(**about):
            outcome = self._outcome(claimed)
            seconds = time.monotonic() - begun
            log.info("job %d (%s): %s in %.2f s", claimed.id, claimed.kind, outcome, seconds)
        self.observe(claimed.kind, outcome, seconds)

    def _outcome(self, claimed: queue.Claim) -> str:
        """Run the handler; whatever happens, the job must not be lost. Returns what came of it in a word."""
        try:
            return self.handlers[claimed.kind](self.database, claimed) or "done"
        except queue.NotNowError as error:
            log.warning("job %d (%s) is put back: %s", claimed.id, claimed.kind, error)
            with self.database.writing() as session:
                queue.put_back(session, claimed, str(error))
                session.commit()
            return "put_back"
        except Exception as error:
            log.exception("job %d (%s), attempt %d", claimed.id, claimed.kind, claimed.attempt)
            with self.database.writing() as session:
                queue.fail(session, claimed, f"{type(error).__name__}: {error}")
                session.commit()
            return "failed"


class _Lease:
    """Lengthens a lease from a thread of its own while the work goes on."""

    def __init__(self, database: Database, claimed: queue.Claim, lease: timedelta) -> None:
        self.database, self.claimed, self.lease = database, claimed, lease
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _beat(self) -> None:
        while not self.done.wait(self.lease.total_seconds() / 3):
            try:
                with self.database.writing() as session:
                    queue.extend(session, self.claimed, self.lease)
                    session.commit()
            except Exception:
                log.exception("the lease of job %d could not be lengthened", self.claimed.id)

"""The worker: runs handlers, tries again, outlives faults, and takes back what a killed worker held."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from lms.clock import utcnow
from lms.jobs import queue
from lms.jobs.worker import Worker, release_dead, worker_name
from lms.models import AuditEntry, Database, Job, make_engine

LEASE = timedelta(seconds=60)
SECONDS = 30


def put(database: Database, kind: str = "note", **payload: object) -> int:
    with database.writing() as session:
        job = queue.enqueue(session, kind, payload)
        session.commit()
        return job.id


def job(database: Database) -> Job:
    with database.reading() as session:
        return session.scalars(select(Job)).one()


def note(database: Database, claim: queue.Claim) -> None:
    """A handler as they should be: the result and the end of the job in one transaction."""
    with database.writing() as session:
        if queue.finish(session, claim):
            session.add(AuditEntry(at=utcnow(), action="worked", subject=f"job:{claim.id}"))
            session.commit()


def notes(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry.subject).order_by(AuditEntry.id)))


def break_down(database: Database, claim: queue.Claim) -> None:
    raise ValueError("the press is stuck")


@contextmanager
def running(worker: Worker) -> Iterator[None]:
    """The worker works beside the test, and stops with it however it ends."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop.set()
        thread.join()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


def test_a_job_is_done(database: Database) -> None:
    job_id = put(database)
    worker = Worker(database, {"note": note})
    assert worker.run_one("w1") is True
    assert worker.run_one("w1") is False
    assert notes(database) == [f"job:{job_id}"]
    assert job(database).state == "done"


def test_a_handler_that_raises_is_tried_again_later(database: Database) -> None:
    put(database)
    Worker(database, {"note": break_down}).run_one("w1")
    row = job(database)
    assert (row.state, row.attempt, row.error) == ("ready", 1, "ValueError: the press is stuck")
    assert row.run_at > utcnow()


def test_a_kind_that_nobody_handles_is_not_lost(database: Database) -> None:
    put(database, "unheard-of")
    Worker(database, {"note": note}).run_one("w1")
    assert (job(database).state, job(database).error) == ("ready", "KeyError: 'unheard-of'")


def test_who_lost_the_lease_while_working_does_not_put_the_job_back(database: Database) -> None:
    put(database)

    def slow(database: Database, claim: queue.Claim) -> None:
        with database.writing() as session:  # the lease ended and another worker has it
            session.execute(update(Job).values(worker="w2", attempt=2))
            session.commit()
        raise RuntimeError("lost")

    Worker(database, {"note": slow}).run_one("w1")
    row = job(database)
    assert (row.state, row.worker, row.error) == ("running", "w2", "")


def test_the_lease_grows_while_the_work_goes_on(database: Database) -> None:
    put(database)
    begun, go_on = threading.Event(), threading.Event()

    def slow(database: Database, claim: queue.Claim) -> None:
        begun.set()
        go_on.wait(SECONDS)
        note(database, claim)

    worker = Worker(database, {"note": slow}, lease_seconds=1)
    thread = threading.Thread(target=worker.run_one, args=("w1",))
    thread.start()
    try:
        begun.wait(SECONDS)
        first = job(database).lease_until
        assert first is not None
        wait_for(lambda: (job(database).lease_until or first) > first + timedelta(seconds=1))
        with database.writing() as session:
            assert queue.claim(session, "w2", LEASE) is None
            session.commit()
    finally:
        go_on.set()
        thread.join()
    assert job(database).state == "done"


def test_it_stops_when_told_and_finishes_what_it_has(database: Database) -> None:
    put(database), put(database)
    worker: Worker

    def stop_and_note(database: Database, claim: queue.Claim) -> None:
        worker.stop.set()
        note(database, claim)

    worker = Worker(database, {"note": stop_and_note})
    worker.run()
    with database.reading() as session:
        assert queue.count_by_state(session) == {"done": 1, "ready": 1}


def test_several_slots_work_at_the_same_time(database: Database) -> None:
    put(database), put(database)
    both = threading.Barrier(2, timeout=SECONDS)

    def meet(database: Database, claim: queue.Claim) -> None:
        both.wait()
        note(database, claim)

    worker = Worker(database, {"note": meet}, slots=2)
    with running(worker):
        wait_for(lambda: len(notes(database)) == 2)


def test_it_outlives_a_database_that_was_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms.jobs.worker.BACK_OFF_SECONDS", 0.01)
    put(database)
    worker = Worker(database, {"note": note})
    real = worker.run_one
    failures: list[str] = []

    def away_at_first(name: str, kinds: Collection[str] | None) -> bool:
        if not failures:
            failures.append(name)
            raise ConnectionError("the server closed the connection")
        return real(name, kinds)

    monkeypatch.setattr(worker, "run_one", away_at_first)
    with running(worker):
        wait_for(lambda: len(notes(database)) == 1)
    assert failures


def work_for_ever(url: str, marker: str) -> None:
    """A worker in a process of its own whose handler never comes back."""

    def hang(database: Database, claim: queue.Claim) -> None:
        Path(marker).touch()
        time.sleep(3600)

    Worker(Database(make_engine(url)), {"note": hang}).run()


@pytest.fixture
def killed_worker(database: Database, database_url: str, tmp_path: Path) -> Iterator[int]:
    """A job that a worker held when it got kill -9. Gives the job's id."""
    job_id = put(database)
    marker = tmp_path / "begun"
    process = multiprocessing.get_context("spawn").Process(target=work_for_ever, args=(database_url, str(marker)))
    process.start()
    wait_for(marker.exists)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    yield job_id  # it is a zombie now, which counts as dead
    process.join()


def test_the_next_worker_takes_back_at_once_what_a_killed_one_held(database: Database, killed_worker: int) -> None:
    assert job(database).state == "running"
    with running(Worker(database, {"note": note})):
        wait_for(lambda: job(database).state == "done")
    assert notes(database) == [f"job:{killed_worker}"]
    assert job(database).attempt == 2


def test_without_a_start_the_lease_gives_it_back(database: Database, killed_worker: int) -> None:
    with database.writing() as session:
        assert queue.claim(session, "elsewhere", LEASE) is None
        assert queue.claim(session, "elsewhere", LEASE, utcnow() + 2 * LEASE) is not None


def test_what_a_living_worker_holds_is_left_to_it(database: Database) -> None:
    put(database)
    with database.writing() as session:
        queue.claim(session, worker_name(0), LEASE)
        assert release_dead(session) == 0


def test_a_reused_process_number_is_no_living_worker(database: Database) -> None:
    put(database)
    host, pid, started, slot = worker_name(0).split(":")
    with database.writing() as session:
        queue.claim(session, f"{host}:{pid}:{int(started) - 1}:{slot}", LEASE)
        assert release_dead(session) == 1


def test_another_machine_s_workers_are_none_of_our_business(database: Database) -> None:
    put(database)
    with database.writing() as session:
        queue.claim(session, "elsewhere:1:0:0", LEASE)
        assert release_dead(session) == 0


def test_who_waits_for_a_grade_does_not_wait_for_a_roster(database: Database) -> None:
    roster_may_end = threading.Event()

    def roster(database: Database, claim: queue.Claim) -> None:
        assert roster_may_end.wait(SECONDS)
        note(database, claim)

    long = put(database, "roster")
    grades = [put(database, "grade") for _ in range(3)]
    worker = Worker(database, {"roster": roster, "grade": note}, slots=1, urgent=("grade",))
    with running(worker):
        try:
            wait_for(lambda: notes(database) == [f"job:{id_}" for id_ in grades])
        finally:
            roster_may_end.set()
        wait_for(lambda: f"job:{long}" in notes(database))


def test_each_lane_takes_its_own_kinds_alone(database: Database) -> None:
    put(database, "roster")
    with database.writing() as session:
        assert queue.anything_due(session, kinds=("grade",)) is False
        assert queue.claim(session, "w1", LEASE, kinds=("grade",)) is None
        assert queue.claim(session, "w1", LEASE, kinds=("roster",)) is not None

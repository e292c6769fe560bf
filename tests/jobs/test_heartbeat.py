"""Heartbeats: who asks is told of the workers that live, and of no other."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from lms import __version__
from lms.clock import utcnow
from lms.jobs import heartbeat
from lms.jobs.names import is_dead, process_name
from lms.jobs.worker import Worker
from lms.models import Database, WorkerBeat


def beats(database: Database) -> list[WorkerBeat]:
    with database.reading() as session:
        return list(session.scalars(select(WorkerBeat)))


def living(database: Database) -> list[str]:
    with database.reading() as session:
        return [beat.name for beat in heartbeat.list_living(session)]


def put(database: Database, name: str, seconds_ago: float) -> None:
    seen = utcnow() - timedelta(seconds=seconds_ago)
    row = WorkerBeat(name=name, slots=1, isolation="user", version="1", started_at=seen, seen_at=seen)
    with database.writing() as session:
        session.add(row)
        session.commit()


def test_a_worker_lives_while_it_runs_and_leaves_no_row(database: Database) -> None:
    worker = Worker(database, {}, slots=2, isolation="user")
    thread = threading.Thread(target=worker.run)
    thread.start()
    while not living(database):
        assert thread.is_alive()
    (beat,) = beats(database)
    assert (beat.name, beat.slots, beat.isolation, beat.version) == (process_name(), 2, "user", __version__)
    worker.stop.set()
    thread.join()
    assert beats(database) == []


def test_it_beats_again_and_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    with heartbeat.beating(database, slots=1, isolation=""):
        while not (seen := [beat.seen_at for beat in beats(database)]):
            pass
        while [beat.seen_at for beat in beats(database)] == seen:
            pass
        assert len(beats(database)) == 1


def test_the_silent_of_other_machines_and_the_dead_of_this_one_are_gone(database: Database) -> None:
    host = process_name().partition(":")[0]
    put(database, "far:1:1", 30)
    put(database, "silent:1:1", 90)
    put(database, f"{host}:1:0", 5)  # process 1 began at another time
    assert living(database) == ["far:1:1"]


def test_rows_of_the_dead_are_taken_away(database: Database) -> None:
    host = process_name().partition(":")[0]
    put(database, f"{host}:1:0", 5)
    put(database, "forgotten:1:1", 2 * 24 * 3600)
    put(database, "silent:1:1", 90)
    with heartbeat.beating(database, slots=1, isolation=""):
        while process_name() not in living(database):
            pass
    assert [beat.name for beat in beats(database)] == ["silent:1:1"]


def test_a_database_that_is_away_is_outlived(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def away(*_: object) -> None:
        tried.set()
        raise OSError("the cable is out")

    monkeypatch.setattr(heartbeat, "_renew", away)
    with heartbeat.beating(database, slots=1, isolation=""):
        assert tried.wait(30)


def test_a_process_that_lives_is_not_dead() -> None:
    assert not is_dead(process_name())
    assert is_dead(process_name() + "0")
    assert not is_dead("another-host:1:1")

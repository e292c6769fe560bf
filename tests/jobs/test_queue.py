"""The queue: nothing is claimed twice, nothing is lost, and who lost the lease can't finish."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.jobs import queue
from lms.models import AuditEntry, Database, Job, make_engine
from tests.processes import run_together
from tests.world import at

NOW = at("2026-03-10")
LEASE = timedelta(seconds=60)


def enqueue(session: Session, name: str = "x", **options: object) -> Job:
    job = queue.enqueue(session, "grade", {"name": name}, now=NOW, **options)  # type: ignore[arg-type]
    session.flush()
    return job


def claim(session: Session, worker: str = "w1", after: timedelta = timedelta()) -> queue.Claim:
    claimed = queue.claim(session, worker, LEASE, NOW + after)
    assert claimed is not None
    return claimed


def state(session: Session, job_id: int) -> Job:
    return session.get_one(Job, job_id, populate_existing=True)


def test_the_most_urgent_goes_first_and_then_the_oldest(session: Session) -> None:
    for name, priority in (("bulk", 100), ("first", 10), ("second", 10), ("urgent", 1)):
        enqueue(session, name, priority=priority)
    claimed = [claim(session).payload["name"] for _ in range(4)]
    assert claimed == ["urgent", "first", "second", "bulk"]


def test_an_empty_queue_gives_nothing(session: Session) -> None:
    assert queue.claim(session, "w1", LEASE, NOW) is None
    assert queue.anything_due(session, NOW) is False


def test_a_job_for_later_waits(session: Session) -> None:
    enqueue(session).run_at = NOW + timedelta(seconds=30)
    session.flush()
    assert queue.anything_due(session, NOW) is False
    assert queue.claim(session, "w1", LEASE, NOW) is None
    assert queue.anything_due(session, NOW + timedelta(seconds=30)) is True
    assert claim(session, after=timedelta(seconds=30)).payload == {"name": "x"}


def test_a_claimed_job_is_not_claimed_again(session: Session) -> None:
    enqueue(session)
    claim(session)
    assert queue.claim(session, "w2", LEASE, NOW) is None


def test_a_job_goes_with_what_caused_it(database: Database) -> None:
    with database.writing() as session:
        session.add(AuditEntry(at=NOW, action="handed_in"))
        enqueue(session)
        session.rollback()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_what_is_to_be_done_once_is_there_once(session: Session) -> None:
    enqueue(session, once="grade:1:1")
    with pytest.raises(IntegrityError):
        enqueue(session, once="grade:1:1")


def test_when_the_lease_ends_another_takes_it(session: Session) -> None:
    enqueue(session)
    first = claim(session, "w1")
    assert queue.claim(session, "w2", LEASE, NOW + LEASE) is None
    assert queue.anything_due(session, NOW + LEASE + timedelta(seconds=1)) is True
    second = claim(session, "w2", LEASE + timedelta(seconds=1))
    assert (first.id, second.id, second.attempt) == (second.id, first.id, 2)


@pytest.mark.parametrize("act", ["finish", "fail", "extend"])
def test_who_lost_the_lease_changes_nothing(session: Session, act: str) -> None:
    job = enqueue(session)
    lost = claim(session, "w1")
    held = claim(session, "w2", LEASE * 2)
    done = {
        "finish": lambda: queue.finish(session, lost),
        "fail": lambda: queue.fail(session, lost, "too late"),
        "extend": lambda: queue.extend(session, lost, LEASE),
    }[act]()
    assert done is False
    row = state(session, job.id)
    assert (row.state, row.worker, row.attempt, row.error) == ("running", "w2", 2, "")
    assert queue.finish(session, held) is True


def test_the_same_worker_that_lost_it_and_got_it_again_is_told_apart(session: Session) -> None:
    enqueue(session)
    lost = claim(session, "w1")
    held = claim(session, "w1", LEASE * 2)
    assert queue.finish(session, lost) is False
    assert queue.finish(session, held) is True


def test_a_longer_lease_keeps_others_away(session: Session) -> None:
    enqueue(session)
    held = claim(session)
    assert queue.extend(session, held, LEASE, NOW + LEASE) is True
    assert queue.claim(session, "w2", LEASE, NOW + LEASE * 2) is None
    assert queue.finish(session, held) is True


def test_a_finished_job_is_not_finished_again(session: Session) -> None:
    job = enqueue(session)
    held = claim(session)
    assert queue.finish(session, held, NOW) is True
    assert queue.finish(session, held, NOW) is False
    row = state(session, job.id)
    assert (row.state, row.finished_at, row.lease_until) == ("done", NOW, None)


def test_a_failed_try_is_repeated_after_growing_pauses_and_then_no_more(session: Session) -> None:
    job = enqueue(session)
    now = timedelta()
    pauses = []
    for attempt in range(1, 6):
        held = claim(session, after=now)
        assert (held.attempt, held.last_try) == (attempt, attempt == 5)
        queue.fail(session, held, f"try {attempt}", NOW + now)
        row = state(session, job.id)
        if row.state == "ready":
            pauses.append((row.run_at - NOW - now).total_seconds())
            now = row.run_at - NOW
    assert pauses == [10, 20, 40, 80]
    assert (row.state, row.error) == ("failed", "try 5")
    assert queue.claim(session, "w1", LEASE, NOW + timedelta(days=1)) is None


def test_a_failed_try_does_not_hold_up_the_others(session: Session) -> None:
    enqueue(session, "poison", priority=1)
    enqueue(session, "good")
    queue.fail(session, claim(session), "x", NOW)
    assert claim(session).payload["name"] == "good"


def test_what_silences_every_worker_fails_in_the_end(session: Session) -> None:
    job = enqueue(session)
    for round_ in range(5):
        claim(session, f"w{round_}", LEASE * 2 * round_)
    assert queue.claim(session, "w6", LEASE, NOW + LEASE * 20) is None
    assert (state(session, job.id).state, state(session, job.id).error) == (
        "failed",
        "every worker that took it fell silent",
    )


def test_what_kills_every_worker_fails_in_the_end(session: Session) -> None:
    job = enqueue(session)
    for number in range(5):
        claim(session, f"w{number}", timedelta(seconds=number))
        assert queue.release_worker(session, f"w{number}", NOW) == 1
    assert (state(session, job.id).state, state(session, job.id).error) == ("failed", "every worker that took it died")
    assert queue.claim(session, "w6", LEASE, NOW + LEASE) is None


def test_a_long_error_is_cut(session: Session) -> None:
    job = enqueue(session)
    queue.fail(session, claim(session), "가" * 5000, NOW)
    assert len(state(session, job.id).error) == 2000


def test_only_the_dead_worker_s_jobs_are_given_back(session: Session) -> None:
    first, second = enqueue(session, "a"), enqueue(session, "b")
    claim(session, "dead"), claim(session, "alive")
    assert queue.release_worker(session, "dead", NOW) == 1
    assert (state(session, first.id).state, state(session, second.id).state) == ("ready", "running")


def test_states_are_counted(session: Session) -> None:
    for name in "abc":
        enqueue(session, name)
    queue.finish(session, claim(session))
    claim(session)
    assert queue.count_by_state(session) == {"ready": 1, "running": 1, "done": 1}


def test_a_claim_passes_over_what_another_is_about_to_claim(postgres_url: str) -> None:
    """On PostgreSQL a second worker takes the next job and does not wait for the first one's commit."""
    database = Database(make_engine(postgres_url, connect_args={"options": "-c lock_timeout=2000"}))
    with database.writing() as session:
        enqueue(session, "a"), enqueue(session, "b")
        session.commit()
    with database.writing() as one, database.writing() as other:
        assert claim(one, "w1").payload["name"] == "a"
        assert claim(other, "w2").payload["name"] == "b"
    database.dispose()


def drain(url: str, worker: str) -> list[int]:
    """Claim and finish until nothing is left; returns the jobs' ids."""
    database = Database(make_engine(url))
    done = []
    while True:
        with database.writing() as session:
            claimed = queue.claim(session, worker, LEASE)
            session.commit()
        if claimed is None:
            break
        time.sleep(0.001)
        with database.writing() as session:
            assert queue.finish(session, claimed)
            session.commit()
        done.append(claimed.id)
    database.dispose()
    return done


def test_workers_that_claim_at_the_same_time_share_the_work(database: Database, database_url: str) -> None:
    with database.writing() as session:
        ids = {enqueue(session, str(number)).id for number in range(120)}
        session.commit()
    shares = run_together(drain, [(database_url, f"w{number}") for number in range(3)])
    assert sorted(job for share in shares for job in share) == sorted(ids)
    with database.reading() as session:
        assert queue.count_by_state(session) == {"done": 120}
        assert session.scalar(select(func.max(Job.attempt))) == 1

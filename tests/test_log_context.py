"""What lines of the log say besides their words, and that a job tells which request caused it."""

from __future__ import annotations

import threading

from lms import log_context
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.models import Database


def test_fields_hold_for_a_block_and_a_thread() -> None:
    with log_context.bound(request="r1"):
        with log_context.bound(job=7):
            assert dict(log_context.fields()) == {"request": "r1", "job": 7}
        assert dict(log_context.fields()) == {"request": "r1"}
        seen: list[dict[str, object]] = []
        other = threading.Thread(target=lambda: seen.append(dict(log_context.fields())))
        other.start()
        other.join()
    assert seen == [{}]
    assert dict(log_context.fields()) == {}


def test_a_job_knows_the_request_that_caused_it(database: Database) -> None:
    with log_context.bound(request="r1"), database.writing() as session:
        queue.enqueue(session, "note", {"of": 1})
        session.commit()
    seen: list[dict[str, object]] = []

    def note(_database: Database, claim: queue.Claim) -> None:
        seen.append(dict(log_context.fields()))
        assert claim.payload["of"] == 1

    Worker(database, {"note": note}).run_one("w")
    assert [(fields["request"], fields["kind"]) for fields in seen] == [("r1", "note")]

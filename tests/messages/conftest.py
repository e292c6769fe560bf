"""A mail server, and a worker that sends to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from lms.jobs.worker import Worker
from lms.messages.letters import Letter
from lms.messages.post import Postman
from lms.messages.smtp import MailServer
from lms.models import Database, Delivery, Job

from .sink import Sink, listening


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as made:
        yield made


def compose(kind: str, facts: dict, language: str) -> Letter:
    words = "안녕하세요" if language == "ko" else "Hello"
    return Letter(
        f"{words} {kind}",
        (f"{words}, <{facts.get('name', '')}>",),
        ("열기", "https://site.example/x"),
        facts.get("code", ""),
    )


def way_out(person: UUID, topic: str) -> str:
    return f"https://learn.centre.example.kr/learn/messages/off/{topic}.{person.hex}.{person.hex[:24]}"


def worker(database: Database, server: MailServer | None, **prepare: object) -> Worker:
    postman = Postman(server, compose, lambda language, off: f"발신 전용 {off}", prepare, way_out=way_out)  # type: ignore[arg-type]
    return Worker(database, {"post": postman})


def work(made: Worker) -> int:
    """Let it do all that is due. Returns how many jobs there were."""
    done = 0
    while made.run_one(f"w{done}"):
        done += 1
    return done


def later(database: Database, by: timedelta) -> None:
    """As if so much time had passed: what waits for another try is due that much sooner."""
    with database.writing() as session:
        for job in session.scalars(select(Job)):
            job.run_at -= by
        for delivery in session.scalars(select(Delivery)):
            delivery.not_before -= by
            delivery.changed_at -= by
        session.commit()

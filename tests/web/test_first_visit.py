"""Somebody comes from a host for the first time, with several requests at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.models import ExternalIdentity, Person
from lms.people import accounts
from lms.web.extension import LMS, Identity
from tests.world import World

from .browser import Browser
from .site import settings_of


@pytest.fixture
def host(database_url: str, world: World, tmp_path: Path) -> Iterator[Flask]:
    """A host in which 나처음 is signed in."""
    app = Flask("host", instance_path=str(tmp_path))
    app.secret_key = "the secret of the host"
    who = Identity("new-1", "나처음", "first@hanbit.example")
    lms = LMS(app, url_prefix="/learn", identity=lambda: who, settings=settings_of(database_url, tmp_path, tmp_path))
    yield app
    lms.database.dispose()


def test_one_account_is_made_whatever_comes_at_once(host: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request is held until all have seen that there is no account; where one lock holds them, that long at most."""
    seen: list[bool] = []
    together, create_person = threading.Barrier(4), accounts.create_person

    def create_together(*args: Any, **kwargs: Any) -> Person:
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=1)
        return create_person(*args, **kwargs)

    monkeypatch.setattr(accounts, "create_person", create_together)

    def visit() -> None:
        browser = Browser(host, host.response_class)
        browser.prefix = "/learn"
        seen.append("나처음" in browser.see("/learn/consents/").get_text())

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 4
    with host.extensions["lms"].database.reading() as session:
        assert len(session.scalars(select(ExternalIdentity)).all()) == 1
        assert len(session.scalars(select(Person).where(Person.name == "나처음")).all()) == 1

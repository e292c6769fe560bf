"""When it is our fault: what people read, what the log says, and what the machines that watch us are told."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from lms.web.app import create_app

from .browser import Browser
from .site import Site, settings_of

HOME = "lms.learning.enrolments.list_own"


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What our log says; it doesn't go to the root's."""
    logger = logging.getLogger("lms")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_a_fault_shows_a_number_and_no_inside(
    site: Site, hana: Browser, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("the inside")

    monkeypatch.setattr(HOME, fail)
    page = hana.see("/", 500).get_text()
    assert "the inside" not in page
    [number] = set(re.findall(r"\b[0-9a-f]{8}\b", page))
    assert f"fault {number}" in said.text
    assert "KeyError: 'the inside'" in said.text


def test_a_database_that_is_away_is_told_as_such(
    site: Site, hana: Browser, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(HOME, away)
    hana.see("/", 503)
    assert hana.get("/").headers["Retry-After"] == "30"
    assert "flask lms init" not in said.text


def test_a_database_without_tables_tells_the_operator_what_to_do(
    empty_database_url: str, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "instance").mkdir()
    app = create_app(tmp_path / "instance", settings_of(empty_database_url, tmp_path, tmp_path))
    logging.getLogger("lms").addHandler(said.handler)  # making an app sets the log's handlers anew
    browser = Browser(app, app.response_class)
    browser.see("/sign-in", 503)
    assert "run `flask lms init`" in said.text
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/readyz").json == {"status": "unavailable", "database": True, "migrated": False}
    app.extensions["lms"].database.dispose()


def test_a_statement_that_is_wrong_is_a_fault(site: Site, hana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL it is of the same kind as a missing table; on a prepared database it is ours."""
    if site.lms.database.engine.dialect.name == "sqlite":
        monkeypatch.setattr(HOME, lambda *_: 1 / 0)
    else:
        monkeypatch.setattr(HOME, lambda session, _: session.execute(text("SELECT nothing FROM nowhere")))
    hana.see("/", 500)


def test_a_wrong_method_says_which_are_right(site: Site, hana: Browser) -> None:
    hana.see("/")
    for method, path, allowed in (
        ("DELETE", "/", "GET"),
        ("POST", site.address(), "GET"),
        ("GET", "/sign-out", "POST"),
        ("PATCH", "/sign-in", "GET, POST"),
    ):
        answer = hana.open(path, method=method, data={"csrf_token": hana.token} if method != "GET" else None)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed), path


def test_files_of_ours_are_kept_for_good_and_only_by_their_fingerprint(site: Site, hana: Browser) -> None:
    page = hana.see("/")
    for element in page.select("link[rel=stylesheet], script[src]"):
        answer = hana.get(str(element.get("href") or element.get("src")))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in hana.get("/static/css/base.css").headers["Cache-Control"]
    assert hana.get("/static/../wsgi.py").status_code == 404

"""The first visit to an empty site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lms.web import setup_code
from tests.world import World

from .browser import Browser
from .site import standalone

PASSWORD = "선반 위의 파란 공구함"


@pytest.fixture
def visitor(database_url: str, tmp_path: Path) -> Iterator[Browser]:
    """A browser at a site without a person, whose server has printed its code."""
    app = standalone(database_url, tmp_path, tmp_path)
    yield Browser(app, app.response_class)
    app.extensions["lms"].database.dispose()


def _form(browser: Browser, **changes: str) -> dict[str, str]:
    code = setup_code.make(browser.application.extensions["lms"].instance)
    form = {"code": code, "name": "강민서", "email": "minseo@site.example", "new": PASSWORD, "again": PASSWORD}
    return form | changes


def _set_up(browser: Browser, form: dict[str, str]) -> int:
    browser.see("/setup")
    return browser.send("/setup", form).status_code


def test_the_first_visitor_is_led_to_it(visitor: Browser) -> None:
    assert visitor.get("/").headers["Location"] == "/sign-in?next=/"
    assert visitor.get("/sign-in?next=/").headers["Location"] == "/setup"
    visitor.see("/setup")


def test_the_operator_is_signed_in_and_there_is_no_second(visitor: Browser) -> None:
    form = _form(visitor)
    assert _set_up(visitor, form) == 303
    visitor.see("/operations/")
    visitor.see("/desk/")
    visitor.see("/setup", 404)
    assert visitor.send("/setup", form).status_code == 404
    again = Browser(visitor.application, visitor.application.response_class)
    assert again.sign_in("minseo@site.example", PASSWORD).status_code == 303
    assert setup_code.read(visitor.application.extensions["lms"].instance) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "wrong"},
        {"code": ""},
        {"name": " "},
        {"email": "none"},
        {"new": "short", "again": "short"},
        {"again": "x"},
    ],
    ids=["code", "no code", "name", "email", "weak", "again"],
)
def test_what_is_wrong_makes_nobody(visitor: Browser, changes: dict[str, str]) -> None:
    assert _set_up(visitor, _form(visitor, **changes)) == 422
    assert visitor.page.select("[aria-invalid=true]")  # type: ignore[union-attr]
    assert visitor.get("/").status_code == 303
    visitor.see("/setup")


def test_without_a_printed_code_no_code_is_right(visitor: Browser) -> None:
    form = _form(visitor)
    setup_code.forget(visitor.application.extensions["lms"].instance)
    for code in ("", form["code"], "None"):
        assert _set_up(visitor, form | {"code": code}) == 422


def test_a_site_with_people_is_set_up(world: World, visitor: Browser) -> None:
    visitor.see("/setup", 404)

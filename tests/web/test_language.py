"""Korean first; English and others as the browser asks or the person chooses."""

from __future__ import annotations

import pytest

from .browser import Browser
from .site import Site


@pytest.fixture
def database_kind() -> str:
    """What a browser asks for doesn't hang on the database."""
    return "sqlite"


def _language(browser: Browser, path: str = "/sign-in", **kwargs: object) -> str:
    return str(browser.see(path, **kwargs).html["lang"])  # type: ignore[index,arg-type]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("", "ko"),
        ("en", "en"),
        ("en-GB,en;q=0.9,ko;q=0.1", "en"),
        ("ko-KR,en;q=0.5", "ko"),
        ("vi", "ko"),
        ("*", "ko"),
        (";;q=x", "ko"),
    ],
)
def test_the_browser_asks(site: Site, asked: str, answered: str) -> None:
    assert _language(site.browser(), headers={"Accept-Language": asked} if asked else {}) == answered


def test_a_choice_holds_against_what_the_browser_asks(site: Site) -> None:
    browser = site.browser()
    browser.see("/sign-in")
    answer = browser.send("/language", {"language": "en", "next": "/sign-in?by=number"})
    assert answer.headers["Location"] == "/sign-in?by=number"
    assert _language(browser, headers={"Accept-Language": "ko"}) == "en"


def test_a_choice_goes_with_the_person_to_other_devices(site: Site, hana: Browser) -> None:
    hana.see("/account")
    hana.send("/language", {"language": "en"})
    assert _language(hana, "/") == "en"
    assert _language(site.browser_of(site.world.hana), "/") == "en"


@pytest.mark.parametrize("language", ["", "xx", "../ko", "ko\n"])
def test_a_language_that_we_have_not_changes_nothing(site: Site, hana: Browser, language: str) -> None:
    hana.see("/account")
    assert hana.send("/language", {"language": language}).status_code == 303
    assert _language(hana, "/") == "ko"


def test_the_switch_stays_on_the_page(site: Site) -> None:
    form = site.browser().see("/sign-in?by=number").select_one("form[action$='/language']")
    assert form.select_one("input[name=next]")["value"] == "/sign-in?by=number"  # type: ignore[union-attr,index]

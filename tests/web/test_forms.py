"""No form of ours is taken without the token of the very session that it was made for."""

from __future__ import annotations

from typing import Any

import pytest

from lms.models import Role
from tests.world import LONG_AGO

from .browser import Browser
from .site import Site
from .test_matrix import EXPECTED

POSTS = sorted(
    endpoint for method, endpoint in EXPECTED if method == "POST" and endpoint not in ("missing", "messages.turn")
)
SOMETHING = "0190a000-0000-7000-8000-000000000000"
# Parts of addresses that are one of a few words, or a number.
WORDS: dict[str, dict[str, Any]] = {
    "companies.do": {"deed": "declare"},
    "companies.do_employment": {"deed": "end"},
    "organisations.change_service": {"what": "serve"},
    "organisations.give": {"kind": "officer"},
    "organisations.end": {"kind": "officer"},
    "slips.sheet": {"part": 1},
    "runs.remove_quota": {"quota": 1},
}


def _address(site: Site, endpoint: str) -> str:
    """Made-up ids will do: the token is looked at first."""
    rule = next(rule for rule in site.app.url_map.iter_rules(f"lms.{endpoint}") if "POST" in (rule.methods or ()))
    values: dict[str, Any] = {name: "key" if name == "key" else SOMETHING for name in rule.arguments}
    values |= WORDS.get(endpoint, {})
    with site.app.test_request_context():
        return site.app.url_for(f"lms.{endpoint}", **values)


@pytest.fixture
def officer(site: Site) -> Browser:
    """The one who passes every rule that a POST of ours has."""
    world = site.world
    with site.lms.database.writing() as session:
        scopes: dict[str, dict[str, int]] = {
            "instructor": {"centre_id": world.busan_centre.id},
            "company_manager": {"company_id": world.hanbit.id},
            "programme_office": {},
            "operator": {},
        }
        for kind, scope in scopes.items():
            session.add(Role(person_id=world.seoyeon.id, kind=kind, from_on=LONG_AGO, **scope))
        session.commit()
    browser = site.browser_of(world.seoyeon)
    browser.see("/desk/")
    return browser


@pytest.mark.parametrize("token", ["missing", "wrong", "another session's", "cut"])
def test_every_form_needs_its_own_token(site: Site, officer: Browser, token: str) -> None:
    other = site.browser_of(site.world.minjun)
    other.see("/desk/")
    given = {"missing": None, "wrong": "x", "another session's": other.token, "cut": officer.token[:-1]}[token]
    before = site.snapshot()
    for endpoint in POSTS:
        form = {"csrf_token": given} if given else {}
        answer = officer.post(_address(site, endpoint), data=form)
        assert answer.status_code == 400, endpoint
        headers = {"X-CSRFToken": given} if given else {}
        assert officer.post(_address(site, endpoint), headers=headers).status_code == 400, endpoint
    assert site.snapshot() == before


def test_a_token_of_the_signed_out_is_none_of_the_signed_in(site: Site) -> None:
    browser = site.browser()
    browser.see("/sign-in")
    before = browser.token
    browser.sign_in("hana@hanbit.example", "낮에는-선반-밤에는-배움")
    assert browser.post("/language", data={"language": "en", "csrf_token": before}).status_code == 400


def test_every_form_on_our_pages_carries_it(site: Site, hana: Browser) -> None:
    for path in ("/", "/account", site.address(), site.address("quiz-counts"), site.address("good-parts")):
        for form in hana.see(path).select("form[method=post]"):
            assert form.select_one("input[name=csrf_token]") is not None, (path, form["action"])

"""No form of ours is taken without the token of the very session that it was made for."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter

from lms.models import Role
from tests.world import LONG_AGO

from .browser import Browser
from .site import Site
from .test_matrix import EXPECTED

POSTS = sorted(
    endpoint
    for method, endpoint in EXPECTED
    if method == "POST" and endpoint not in ("missing", "api.missing", "messages.turn")
)
SOMETHING = "0190a000-0000-7000-8000-000000000000"


def _address(site: Site, endpoint: str) -> str:
    """Made-up ids will do: the token is looked at first."""
    rule = next(rule for rule in site.app.url_map.iter_rules(f"lms.{endpoint}") if "POST" in (rule.methods or ()))
    values = {name: _value(converter) for name, converter in rule._converters.items()}
    with site.app.test_request_context():
        return site.app.url_for(f"lms.{endpoint}", **values)


def _value(converter: BaseConverter) -> Any:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, IntegerConverter) else SOMETHING


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


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # refused before anything is asked of it
def test_every_form_needs_its_own_token(site: Site, officer: Browser) -> None:
    """With the token of another session in the form, and with none at all."""
    other = _token_of_another(site)
    before = site.snapshot()
    for endpoint in POSTS:
        where = _address(site, endpoint)
        assert officer.post(where, data={"csrf_token": other}).status_code == 400, endpoint
        assert officer.post(where).status_code == 400, endpoint
    assert site.snapshot() == before


@pytest.mark.parametrize("token", ["wrong", "another session's", "cut"])
def test_no_other_token_will_do(site: Site, officer: Browser, token: str) -> None:
    given = {"wrong": "x", "another session's": _token_of_another(site), "cut": officer.token[:-1]}[token]
    before = site.snapshot()
    for endpoint in ("account.change_password", "desk.record", "workspace.read_notebook"):
        where = _address(site, endpoint)
        assert officer.post(where, data={"csrf_token": given}).status_code == 400, endpoint
        assert officer.post(where, headers={"X-CSRFToken": given}).status_code == 400, endpoint
    assert site.snapshot() == before


def _token_of_another(site: Site) -> str:
    other = site.browser_of(site.world.minjun)
    other.visit("/desk/")
    return other.token


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

"""Baeum in the portal: who is signed in there is signed in here, and our pages are ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, g
from flask_wtf import CSRFProtect
from sqlalchemy import select

from examples.host_site.people import User
from lms.models import ExternalIdentity, Person
from lms.web.extension import LMS, Identity
from tests.web import small_course
from tests.web.browser import Browser
from tests.web.site import Site, open_site, settings_of, without_consents
from tests.world import World

from .conftest import HANA, LIAR, PASSWORD, SUJIN, add_user, sign_in, sign_out, token


def browser_of(site: Site, user: User) -> Browser:
    browser = site.browser()
    sign_in(browser, user)
    return browser


def test_whoever_is_signed_in_there_needs_no_second_sign_in(site: Site) -> None:
    home = browser_of(site, HANA).see("/learn/")
    assert "양품 세기" in home.get_text()
    assert home.select_one("a[href*=sign-in], form[action*=sign-out]") is None


def test_signed_out_leads_to_its_sign_in_and_back(site: Site) -> None:
    browser = site.browser()
    wanted = f"{site.address(small_course.QUIZ)}?attempt=1"
    answer = browser.get(wanted)
    assert answer.status_code == 303
    there = answer.headers["Location"]
    assert there.startswith("/sign-in?next=")
    add_user(site.app, HANA)
    form = {"csrf_token": token(browser, there), "number": HANA.number, "password": PASSWORD}
    back = browser.post(there, data=form)
    assert back.headers["Location"] == wanted
    browser.see(wanted)


@pytest.mark.parametrize("path", ["/learn/sign-in", "/learn/setup", "/learn/account/password", "/learn/nothing/at/all"])
def test_what_is_not_there_is_a_page_of_ours(site: Site, path: str) -> None:
    page = browser_of(site, HANA).see(path, 404)
    assert "포털" not in page.get_text()


def test_errors_below_our_prefix_are_pages_of_ours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the portal has handlers for 404, 405 and 500."""
    browser = browser_of(site, HANA)
    browser.see("/learn/")
    assert browser.delete("/learn/").status_code == 405
    assert browser.post(site.address()).headers["Allow"] == "GET"
    assert "포털" not in browser.page.get_text()  # type: ignore[union-attr]
    monkeypatch.setattr("lms.learning.enrolments.list_own", lambda *_: 1 / 0)
    page = browser.see("/learn/", 500)
    assert "포털" not in page.get_text()


def test_a_hook_of_the_hosts_that_stops_a_request_to_us_gets_our_page(site: Site) -> None:
    @site.app.before_request
    def closed_for_maintenance() -> None:
        if g.get("lms"):
            site.app.aborter(503)

    assert "포털" not in site.browser().see("/learn/", 503).get_text()


@pytest.mark.sandbox
def test_our_policies_stand_against_those_set_app_wide(site: Site) -> None:
    """The portal replaces the header on every answer; a learner's notebook must stay in its sandbox all the same."""
    browser = browser_of(site, HANA)
    assert "default-src 'self'" in browser.get("/learn/").headers["Content-Security-Policy"]
    where = site.hand_in(browser, site.notebook()).headers["Location"]
    site.grade_all()
    feedback = browser.get(f"{where}/feedback")
    assert feedback.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert feedback.headers["X-Portal"] == "hanbit"


@pytest.mark.sandbox
def test_the_whole_way_to_completion(site: Site) -> None:
    browser = browser_of(site, HANA)
    for key in (small_course.FIRST_PAGE, small_course.SECOND_PAGE):
        browser.see(site.address(key))
        assert browser.send(f"{site.address(key)}/done").status_code == 303
    browser.see(site.address(small_course.QUIZ))
    browser.send(f"{site.address(small_course.QUIZ)}/quiz", {"number": "117"})
    where = site.hand_in(browser, site.notebook()).headers["Location"]
    assert where.startswith("/learn/submissions/")
    assert site.grade_all() == 1
    assert "통과했습니다." in browser.see(where).get_text()
    notebook = browser.get(f"{where}/notebook")
    assert notebook.data == site.notebook()


def test_a_notebook_larger_than_the_hosts_limit_is_taken(site: Site) -> None:
    """The portal takes 64 kB a request; we say our own limit, on our routes alone."""
    browser = browser_of(site, HANA)
    notebook = site.notebook() + b" " * 200_000
    assert site.hand_in(browser, notebook).status_code == 303


def test_its_forms_are_still_protected_and_ours_have_tokens_of_their_own(site: Site) -> None:
    browser = browser_of(site, HANA)
    browser.see("/learn/account")
    assert browser.post("/notices", data={"text": "…"}).status_code == 400
    assert browser.post("/notices", data={"text": "…", "csrf_token": browser.token}).status_code == 400
    assert browser.post("/learn/language", data={"language": "en", "next": "/learn/"}).status_code == 400
    assert browser.send("/learn/language", {"language": "en", "next": "/learn/"}).status_code == 303
    assert browser.see("/learn/").html["lang"] == "en"  # type: ignore[index]


def test_the_next_person_at_the_browser_sees_her_own(site: Site) -> None:
    """The portal keeps its session when somebody signs out, so what of us is in it must not reach the next one."""
    browser = browser_of(site, HANA)
    browser.see(site.address(small_course.QUIZ))
    drafts_of = browser.page.body["data-person"]  # type: ignore[union-attr,index]
    hanas_token = browser.token
    with browser.session_transaction() as session:
        session["lms_flashes"] = [["note", "김하나에게 하는 말"]]
    sign_out(browser)
    sign_in(browser, SUJIN)
    home = browser.see("/learn/")
    assert "윤수진" in home.get_text()
    assert "김하나" not in home.get_text()
    assert browser.token != hanas_token
    answer = browser.post("/learn/language", data={"language": "en", "csrf_token": hanas_token})
    assert answer.status_code == 400
    browser.see(site.address(small_course.QUIZ), 404)
    site.enrol(_person(site, SUJIN.number))
    page = browser.see(site.address(small_course.QUIZ))
    assert page.body["data-person"] != drafts_of  # type: ignore[index]


def _person(site: Site, subject: str, issuer: str = "host") -> Person:
    with site.lms.database.reading() as session:
        return session.scalars(
            select(Person)
            .join(ExternalIdentity, ExternalIdentity.person_id == Person.id)
            .where(ExternalIdentity.subject == subject, ExternalIdentity.issuer == issuer)
        ).one()


def test_an_address_that_the_host_vouches_for_opens_the_account(site: Site) -> None:
    browser_of(site, HANA).see("/learn/")
    assert _person(site, HANA.number).id == site.world.hana.id


def test_an_address_that_the_host_does_not_vouch_for_opens_nothing(site: Site) -> None:
    browser = browser_of(site, LIAR)
    browser.see("/learn/consents/")  # where whoever comes for the first time is led
    assert _person(site, LIAR.number).id != site.world.seoyeon.id
    browser.see("/learn/desk/", 403)


def _second_host(site: Site, world: World, content: Path, tmp_path: Path, identity: Identity | None) -> Site:
    """Another site over the same database, whose people are somebody else's."""
    app = Flask("second", instance_path=str(tmp_path / "second"))
    app.secret_key = "another secret of another site"
    settings = settings_of(
        str(site.lms.settings.database_url), tmp_path, content, consents_dir=str(without_consents(tmp_path / "none"))
    )
    lms = LMS(app, url_prefix="/study", identity=lambda: identity, issuer="second", settings=settings)
    return Site(app, lms, world, site.run, "/study")


def test_the_same_subject_at_another_host_is_another_person(
    site: Site, world: World, small_content: Path, tmp_path: Path
) -> None:
    browser_of(site, HANA).see("/learn/")
    second = _second_host(site, world, small_content, tmp_path, Identity(HANA.number, "다른 김하나"))
    home = second.browser().see("/study/")
    second.lms.database.dispose()
    assert "다른 김하나" in home.get_text()
    assert _person(site, HANA.number, "second").id != world.hana.id


@pytest.mark.parametrize("email", ["kim@localhost", "no address", "@"])
def test_an_address_that_is_none_keeps_nobody_out(
    site: Site, world: World, small_content: Path, tmp_path: Path, email: str
) -> None:
    second = _second_host(site, world, small_content, tmp_path, Identity("7", "", email))
    second.browser().see("/study/")
    second.lms.database.dispose()
    assert (_person(site, "7", "second").email, _person(site, "7", "second").name) == (None, "7")


def test_the_hosts_language_counts_until_one_is_chosen(
    site: Site, world: World, small_content: Path, tmp_path: Path
) -> None:
    second = _second_host(site, world, small_content, tmp_path, Identity("7", "Anna", language="en"))
    browser = second.browser()
    assert browser.see("/study/").html["lang"] == "en"  # type: ignore[index]
    browser.send("/study/language", {"language": "ko"})
    assert browser.see("/study/").html["lang"] == "ko"  # type: ignore[index]
    second.lms.database.dispose()


def test_without_a_sign_in_address_a_page_says_what_to_do(
    site: Site, world: World, small_content: Path, tmp_path: Path
) -> None:
    second = _second_host(site, world, small_content, tmp_path, None)
    second.browser().see("/study/", 401)
    second.lms.database.dispose()


def test_a_host_that_can_not_say_who_is_there_gets_our_page(site: Site, small_content: Path, tmp_path: Path) -> None:
    app = Flask("second", instance_path=str(tmp_path / "second"))
    app.secret_key = "another secret of another site"
    settings = settings_of(str(site.lms.settings.database_url), tmp_path, small_content)
    lms = LMS(app, url_prefix="/study", identity=lambda: Identity(**{}), settings=settings)
    second = Site(app, lms, site.world, site.run, "/study")
    second.browser().see("/study/", 500)
    assert second.browser().get("/study/static/css/base.css").status_code == 200
    lms.database.dispose()


def _change(site: Site, person: Person, **values: object) -> None:
    with site.lms.database.writing() as session:
        row = session.get_one(Person, person.id)
        for name, value in values.items():
            setattr(row, name, value)
        session.commit()


def test_an_account_that_was_closed_here_stays_closed(site: Site) -> None:
    browser = browser_of(site, HANA)
    browser.see("/learn/")
    _change(site, site.world.hana, is_active=False)
    browser.see("/learn/", 403)
    assert browser.get("/").status_code == 200


def test_a_password_of_ours_that_nobody_uses_need_not_be_changed(site: Site) -> None:
    _change(site, site.world.hana, must_change_password=True)
    browser_of(site, HANA).see("/learn/")


def test_below_a_script_root_every_address_has_it(site: Site) -> None:
    """As behind a server that gives the portal a part of its addresses."""
    browser = site.browser()
    inside = {"SCRIPT_NAME": "/intra"}
    answer = browser.get("/learn/account", environ_overrides=inside)
    assert answer.headers["Location"] == "/intra/sign-in?next=/intra/learn/account"
    sign_in(browser, HANA)
    page = browser.see(site.address(small_course.FIRST_PAGE), environ_overrides=inside)
    addresses = [str(element[name]) for name in ("href", "src", "action") for element in page.select(f"[{name}]")]
    outside = [address for address in addresses if not address.startswith(("/intra/learn/", "#"))]
    assert not outside
    answer = browser.send("/learn/language", {"language": "en", "next": "/intra/learn/"}, environ_overrides=inside)
    assert answer.headers["Location"] == "/intra/learn/"


def test_a_csrf_protection_that_comes_after_us_leaves_our_forms_alone(
    database_url: str, world: World, small_content: Path, tmp_path: Path
) -> None:
    """The order in which a host sets up its extensions is not ours to say."""
    app = Flask("late", instance_path=str(tmp_path))
    app.secret_key = "a secret"
    lms = LMS(
        app,
        url_prefix="/learn",
        identity=lambda: Identity("1", "김하나", "hana@hanbit.example"),
        settings=settings_of(database_url, tmp_path, small_content),
    )
    CSRFProtect(app)
    site = open_site(app, world, small_content, "/learn")
    browser = site.browser()
    browser.see("/learn/")
    assert browser.send("/learn/language", {"language": "ko"}).status_code == 303
    lms.database.dispose()

"""Sign in and out, on one device and on several, alone and when time has passed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import utcnow
from lms.models import Person, QuizAttempt, SignIn
from tests.world import PASSWORD, World

from .browser import Browser
from .site import Site, open_site, standalone
from .small_course import QUIZ

NEW_PASSWORD = "선반 위의 파란 공구함"


def newest(site: Site, person: Person) -> SignIn:
    with site.lms.database.reading() as session:
        return session.scalars(
            select(SignIn).where(SignIn.person_id == person.id).order_by(SignIn.id.desc()).limit(1)
        ).one()


def leave(site: Site, person: Person, minutes: float) -> None:
    """Nobody touched the person's newest device for so long."""
    site.change(newest(site, person), last_seen_at=utcnow() - timedelta(minutes=minutes))


# In


@pytest.mark.parametrize(
    "form",
    [
        {"by": "email", "email": "hana@hanbit.example", "password": "wrong"},
        {"by": "email", "email": "nobody@hanbit.example", "password": PASSWORD},
        {"by": "number", "company": "한빛정밀", "employee_number": "H-999", "password": PASSWORD},
        {"by": "number", "company": "없는회사", "employee_number": "H-002", "password": PASSWORD},
    ],
    ids=["password", "email", "number", "company"],
)
def test_what_is_wrong_is_not_told(site: Site, form: dict[str, str]) -> None:
    """The same words for a person that there is and for one that there isn't."""
    browser = site.browser()
    browser.see("/sign-in")
    answer = browser.send("/sign-in", form)
    assert answer.status_code == 422
    assert "Caps Lock" in answer.text
    browser.see("/account/state")
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "form", [{}, {"by": "email"}, {"by": "number"}, {"by": "email", "email": "x" * 300, "password": "y"}]
)
def test_empty_and_endless_fields_are_named(site: Site, form: dict[str, str]) -> None:
    browser = site.browser()
    browser.see("/sign-in")
    answer = browser.send("/sign-in", form)
    assert answer.status_code == 422
    assert browser.page.select("[aria-invalid=true]")  # type: ignore[union-attr]


def test_a_deactivated_account_is_refused_and_its_devices_are_out(site: Site, hana: Browser) -> None:
    site.change(site.world.hana, is_active=False)
    assert hana.get("/").status_code == 303
    assert site.browser().sign_in("hana@hanbit.example", PASSWORD).status_code == 422


def test_too_many_wrong_tries_close_the_account_for_a_while(site: Site) -> None:
    browser = site.browser()
    for _ in range(site.lms.settings.sign_in_tries):
        assert browser.sign_in("hana@hanbit.example", "wrong").status_code == 422
    assert browser.sign_in("hana@hanbit.example", PASSWORD).status_code == 429
    assert site.browser().sign_in("HANA@hanbit.example ", PASSWORD).status_code == 429
    assert site.browser().sign_in("seoyeon@busan.example", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
    ],
)
def test_the_way_back_never_leads_elsewhere(site: Site, hana: Browser, wanted: str) -> None:
    browser = site.browser()
    browser.see("/sign-in")
    form = {"by": "email", "email": "hana@hanbit.example", "password": PASSWORD}
    assert browser.send("/sign-in", form, query_string={"next": wanted}).headers["Location"] == "/"
    assert browser.get("/sign-in", query_string={"next": wanted}).headers["Location"] == "/"
    hana.see("/account")
    assert hana.send("/language", {"language": "en", "next": wanted}).headers["Location"] == "/"


def test_what_was_planted_in_the_session_before_counts_for_nothing(site: Site) -> None:
    browser = site.browser()
    browser.see("/sign-in")
    token = browser.token
    with browser.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    browser.sign_in("hana@hanbit.example", PASSWORD)
    with browser.session_transaction() as cookie:
        assert "planted" not in cookie
    assert browser.post("/language", data={"language": "en", "csrf_token": token}).status_code == 400


# The cookie


@pytest.mark.parametrize("is_secure", [True, False])
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    database_url: str, world: World, small_content: Path, tmp_path: Path, is_secure: bool
) -> None:
    app = standalone(database_url, tmp_path, small_content, secure_cookies=is_secure)
    answer = open_site(app, world, small_content).browser().get("/sign-in", base_url="https://localhost")
    app.extensions["lms"].database.dispose()
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("lms_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) == is_secure


@pytest.mark.parametrize("path", ["/static/css/base.css", "/healthz"])
def test_what_is_nobodys_sets_no_cookie(site: Site, path: str) -> None:
    assert "Set-Cookie" not in site.browser().get(path).headers


def test_a_cookie_that_was_copied_ends_with_the_sign_out(site: Site, hana: Browser) -> None:
    thief = site.browser()
    thief.set_cookie("lms_session", hana.get_cookie("lms_session").value)  # type: ignore[union-attr]
    thief.see("/")
    hana.see("/")
    assert hana.send("/sign-out").headers["Location"] == "/sign-in"
    assert thief.get("/").status_code == 303


# Time


def test_a_device_that_nobody_touched_for_an_hour_is_signed_out(site: Site, hana: Browser) -> None:
    leave(site, site.world.hana, 59)
    hana.see("/")
    leave(site, site.world.hana, 61)
    assert hana.get("/account").headers["Location"] == "/sign-in?next=/account"


def test_being_there_keeps_the_device_signed_in(site: Site, hana: Browser) -> None:
    leave(site, site.world.hana, 59)
    hana.see("/")
    assert utcnow() - newest(site, site.world.hana).last_seen_at < timedelta(minutes=1)


def test_a_form_is_taken_also_after_some_minutes(site: Site, hana: Browser) -> None:
    hana.see(site.address(QUIZ))
    leave(site, site.world.hana, 20)
    assert hana.send(f"{site.address(QUIZ)}/quiz", {"number": "117"}).status_code == 303
    assert utcnow() - newest(site, site.world.hana).last_seen_at < timedelta(minutes=1)


def test_a_device_signs_in_anew_after_a_month(site: Site, hana: Browser) -> None:
    site.change(newest(site, site.world.hana), created_at=utcnow() - timedelta(days=31))
    assert hana.get("/").status_code == 303


def test_asking_how_long_is_left_does_not_lengthen_it_and_staying_does(site: Site, hana: Browser) -> None:
    hana.see("/")
    leave(site, site.world.hana, 50)
    for _ in range(2):
        assert 9 * 60 < hana.get("/account/state").json["seconds"] <= 10 * 60  # type: ignore[index]
    assert hana.post("/account/stay", headers={"X-CSRFToken": hana.token}).status_code == 204
    assert hana.get("/account/state").json["seconds"] > 59 * 60  # type: ignore[index]


def test_asking_when_nobody_is_there(site: Site) -> None:
    assert site.browser().get("/account/state").json == {"signed_in": False, "seconds": None}


def _expired(site: Site, browser: Browser) -> None:
    leave(site, site.world.hana, 61)


def _signed_out_in_another_tab(site: Site, browser: Browser) -> None:
    browser.send("/sign-out")


@pytest.mark.parametrize("what_happens", [_expired, _signed_out_in_another_tab], ids=["expired", "another tab"])
def test_a_sign_in_that_ended_while_typing(
    site: Site, hana: Browser, what_happens: Callable[[Site, Browser], None]
) -> None:
    """Nothing is recorded; she signs in and is back where she typed, and sends it once more."""
    where = site.address(QUIZ)
    hana.see(where)
    form = {"csrf_token": hana.token, "number": "117", "page": where}
    what_happens(site, hana)
    answer = hana.post(f"{where}/quiz", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={where}")
    assert site.count(QuizAttempt) == 0
    sign_in = hana.see(answer.headers["Location"])
    assert sign_in.select_one("[role=status], [role=alert], .flash, .callout") is not None
    back = hana.send(answer.headers["Location"], {"by": "email", "email": "hana@hanbit.example", "password": PASSWORD})
    assert back.headers["Location"] == where
    hana.see(where)
    hana.send(f"{where}/quiz", {"number": "117"})
    assert site.count(QuizAttempt) == 1


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(site: Site) -> None:
    """htmx would put the sign-in page into the page's middle."""
    answer = site.browser().get("/account", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/account"


# Passwords


@pytest.fixture
def changing(site: Site) -> Browser:
    """김하나's browser, signed in with a password that somebody else made."""
    site.change(site.world.hana, must_change_password=True)
    browser = site.browser()
    assert browser.sign_in("hana@hanbit.example", PASSWORD, to="/account").headers["Location"] == "/account/password"
    return browser


def _change(browser: Browser, old: str, new: str, again: str | None = None) -> TestResponse:
    browser.see("/account/password")
    return browser.send("/account/password", {"old": old, "new": new, "again": new if again is None else again})


def test_a_first_password_is_changed_before_anything_else(site: Site, changing: Browser) -> None:
    assert changing.get("/").headers["Location"] == "/account/password"
    assert _change(changing, PASSWORD, NEW_PASSWORD).headers["Location"] == "/"
    changing.see("/")
    assert site.browser().sign_in("hana@hanbit.example", PASSWORD).status_code == 422
    assert site.browser().sign_in("hana@hanbit.example", NEW_PASSWORD).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("wrong", NEW_PASSWORD, None),
        (PASSWORD, "short", None),
        (PASSWORD, PASSWORD, None),
        (PASSWORD, "1234567890", None),
        (PASSWORD, "hana@hanbit.example", None),
        (PASSWORD, "x" * 500, None),
        (PASSWORD, NEW_PASSWORD, "something else"),
        (PASSWORD, "", ""),
    ],
    ids=["old", "short", "same", "common", "personal", "long", "again", "empty"],
)
def test_a_password_that_is_not_taken_is_explained(site: Site, hana: Browser, old: str, new: str, again: str) -> None:
    assert _change(hana, old, new, again).status_code == 422
    assert hana.page.select("[aria-invalid=true]")  # type: ignore[union-attr]
    assert site.browser().sign_in("hana@hanbit.example", PASSWORD).status_code == 303


# Devices


def test_one_device_is_signed_out_from_another(site: Site, hana: Browser) -> None:
    phone = site.browser_of(site.world.hana)
    page = hana.see("/account")
    forms = [
        form["action"] for form in page.select("form[action*='/account/devices/']") if "others" not in form["action"]
    ]
    for action in forms:
        if str(newest(site, site.world.hana).uid) in str(action):
            assert hana.send(str(action)).status_code == 303
    assert phone.get("/").status_code == 303
    hana.see("/")


def test_all_other_devices_are_signed_out_at_once_and_by_a_new_password(site: Site, hana: Browser) -> None:
    phone, tablet = site.browser_of(site.world.hana), site.browser_of(site.world.hana)
    hana.see("/account")
    hana.send("/account/devices/end-others")
    assert [browser.get("/").status_code for browser in (hana, phone, tablet)] == [200, 303, 303]
    phone = site.browser_of(site.world.hana)
    _change(hana, PASSWORD, NEW_PASSWORD)
    assert [browser.get("/").status_code for browser in (hana, phone)] == [200, 303]


def test_the_password_page_does_not_lose_other_peoples_devices(site: Site, hana: Browser) -> None:
    officer = site.browser_of(site.world.seoyeon)
    hana.see("/account")
    hana.send("/account/devices/end-others")
    officer.see("/desk/")

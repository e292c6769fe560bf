"""Shared tablets: a sign-in that ends while somebody types, and what the next person sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from lms import content

from . import answers, steps
from .site import Account, Site
from .visits import PHONE, Visit

QUIZ = "quiz-middle"
IDLE_MINUTES = 60  # the default that the site runs with


@pytest.fixture
def quiz(site: Site) -> content.Quiz:
    return answers.quiz_of(site.course, QUIZ)


def _begin_typing(page: Page, site: Site, account: Account, quiz: content.Quiz) -> None:
    steps.sign_in(page, site, account)
    page.goto(site.unit_address(QUIZ))
    answers.answer_quiz(page, quiz, right=True)


def _values(page: Page) -> dict[str, object]:
    """What the quiz's form would send."""
    return page.evaluate(
        """() => [...new FormData(document.querySelector("form[data-keep]"))]
          .filter(([name]) => !["csrf_token", "page"].includes(name))"""
    )


def test_what_was_typed_is_back_after_signing_in_again(
    site: Site, visit: Callable[..., Visit], quiz: content.Quiz
) -> None:
    """The sign-in ended while she typed: handing in leads to the sign-in page, and from there back to her answers."""
    hana = site.add_learner("김하늘")
    page = visit(viewport=PHONE).open()
    _begin_typing(page, site, hana, quiz)
    typed = _values(page)
    site.end_sign_ins(hana)
    page.click("form[data-keep] button[type=submit]")
    expect(page.locator("main")).to_contain_text("적어 두신 내용도 남아 있습니다")
    steps.fill_sign_in(page, hana)
    page.wait_for_url(site.unit_address(QUIZ))
    expect(page.locator("[data-keep-note]")).to_be_visible()
    assert _values(page) == typed
    page.click("form[data-keep] button[type=submit]")
    assert steps.score_shown(page) == (quiz.max_points, quiz.max_points)
    page.goto(site.unit_address(QUIZ))
    expect(page.locator("[data-keep-note]")).to_be_hidden()
    assert _values(page) != typed


def test_the_next_person_at_the_browser_does_not_see_it(
    site: Site, visit: Callable[..., Visit], quiz: content.Quiz
) -> None:
    first, second = site.add_learner("남궁민"), site.add_learner("독고영")
    page = visit().open()
    page.goto(f"{site.address}/sign-in")
    steps.sign_in(page, site, second)
    page.goto(site.unit_address(QUIZ))
    empty = _values(page)
    steps.sign_out(page)
    _begin_typing(page, site, first, quiz)
    typed = _values(page)
    site.end_sign_ins(first)
    page.click("form[data-keep] button[type=submit]")
    steps.fill_sign_in(page, second)
    page.wait_for_url(site.unit_address(QUIZ))
    expect(page.locator("[data-keep-note]")).to_be_hidden()
    assert _values(page) == empty
    steps.sign_out(page)
    steps.come_in(page, site, first)
    page.goto(site.unit_address(QUIZ))
    assert _values(page) == typed


def test_signing_out_by_hand_forgets_what_was_typed(
    site: Site, visit: Callable[..., Visit], quiz: content.Quiz
) -> None:
    hana = site.add_learner("김한결")
    page = visit().open()
    _begin_typing(page, site, hana, quiz)
    typed = _values(page)
    steps.sign_out(page)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft'))") == []
    steps.come_in(page, site, hana)
    page.goto(site.unit_address(QUIZ))
    assert _values(page) != typed


def test_who_is_away_is_warned_and_then_signed_out(site: Site, visit: Callable[..., Visit], quiz: content.Quiz) -> None:
    """Both clocks are moved, the browser's and the server's: nobody touches the tablet for an hour."""
    hana = site.add_learner("김하람")
    page = visit(viewport=PHONE).open()
    page.clock.install()
    _begin_typing(page, site, hana, quiz)
    typed = _values(page)
    page.clock.run_for(1000)  # drafts are written once typing rests
    dialog = page.locator("dialog[data-idle]")
    expect(dialog).to_be_hidden()
    _let_time_pass(page, site, hana, IDLE_MINUTES - 1)
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-idle-stay]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    page.goto(site.unit_address(QUIZ))
    _let_time_pass(page, site, hana, IDLE_MINUTES - 1)
    expect(dialog).to_be_visible()
    _let_time_pass(page, site, hana, 2)
    page.wait_for_url(steps.SIGN_IN)
    expect(page.locator("main")).to_contain_text("오랫동안 이용하지 않아 로그아웃되었습니다.")
    steps.fill_sign_in(page, hana)
    page.goto(site.unit_address(QUIZ))
    assert _values(page) == typed


def _let_time_pass(page: Page, site: Site, account: Account, minutes: int) -> None:
    site.let_idle(account, minutes)
    page.clock.fast_forward(minutes * 60_000)
    page.clock.run_for(2000)

"""What people do to web sites: two tabs, two clicks, the Back button."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect
from sqlalchemy import func, select

from lms import content
from lms.models import Enrolment, LedgerEntry, Person, QuizAttempt, Submission

from . import answers, steps
from .site import Account, Site
from .visits import PHONE, Visit

EXERCISE = "read-machine-log"
QUIZ = "quiz-middle"


def _count(site: Site, table: type[Submission] | type[QuizAttempt], account: Account) -> int:
    with site.database.reading() as session:
        mine = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id).where(Person.email == account.email)
        return session.scalar(select(func.count(table.id)).where(table.enrolment_id.in_(mine))) or 0


def test_two_tabs_go_on_from_the_same_page(site: Site, visit: Callable[..., Visit]) -> None:
    """Read in both, 다음 in both: it counts once, and both arrive."""
    learner = site.add_learner("탁두리")
    window = visit()
    one, other = window.open(), window.open()
    steps.sign_in(one, site, learner)
    first, second = [unit for unit in site.course.units if isinstance(unit, content.PageUnit)][:2]
    for tab in (one, other):
        tab.goto(site.unit_address(first.key))
    for tab in (one, other):
        steps.read_page(tab)
        expect(tab.locator("h1")).to_have_text(second.title)
    with site.database.reading() as session:
        done = select(LedgerEntry).join(Enrolment).join(Person).where(Person.email == learner.email)
        entries = session.scalars(done.where(LedgerEntry.kind == "unit_done")).all()
    assert [entry.unit_key for entry in entries] == [first.key]


def test_signed_out_in_one_tab_is_signed_out_in_the_other(site: Site, visit: Callable[..., Visit]) -> None:
    learner = site.add_learner("한소리")
    window = visit()
    one, other = window.open(), window.open()
    steps.sign_in(one, site, learner)
    other.goto(site.unit_address(QUIZ))
    steps.sign_out(one)
    other.click("form[data-keep] button[type=submit]")
    other.wait_for_url(steps.SIGN_IN)
    assert _count(site, QuizAttempt, learner) == 0
    steps.fill_sign_in(other, learner)
    other.wait_for_url(site.unit_address(QUIZ))


def test_a_form_of_before_the_second_sign_in_says_so_and_works_when_sent_again(
    site: Site, visit: Callable[..., Visit]
) -> None:
    """One tab kept a form of the last stay; its token is of that stay."""
    learner = site.add_learner("이다시")
    window = visit()
    window.expected.add(400)
    one, other = window.open(), window.open()
    steps.sign_in(one, site, learner)
    other.goto(site.unit_address(QUIZ))
    answers.answer_quiz(other, answers.quiz_of(site.course, QUIZ), right=True)
    steps.sign_out(one)
    steps.come_in(one, site, learner)
    other.click("form[data-keep] button[type=submit]")
    expect(other.locator("main")).to_contain_text("바뀐 것은 없")
    other.goto(site.unit_address(QUIZ))
    expect(other.locator("[data-keep-note]")).to_be_visible()
    other.click("form[data-keep] button[type=submit]")
    points, most = steps.score_shown(other)
    assert points == most


def test_a_double_click_hands_in_once(site: Site, visit: Callable[..., Visit]) -> None:
    learner = site.add_learner("조급한")
    page = visit(viewport=PHONE).open()
    steps.sign_in(page, site, learner)
    page.goto(site.unit_address(EXERCISE))
    steps.choose_notebook(page, steps.download_starter(page))
    with site.worker_halted():
        page.dblclick("form[data-upload] button[type=submit]")
        page.wait_for_url("**/submissions/*")
        expect(page.locator(".waiting")).to_be_visible()
        assert _count(site, Submission, learner) == 1
    expect(page.locator(".checks")).to_be_visible(timeout=steps.GRADED_MS)
    page.goto(site.unit_address(QUIZ))
    answers.answer_quiz(page, answers.quiz_of(site.course, QUIZ), right=False)
    page.dblclick("form[data-keep] button[type=submit]")
    expect(page.locator("#result-title")).to_be_visible()
    assert _count(site, QuizAttempt, learner) == 1


def test_a_second_press_while_the_answer_is_on_its_way_sends_nothing(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(viewport=PHONE).open()
    steps.sign_in(page, site, site.add_learner("성급희"))
    page.goto(site.unit_address(QUIZ))
    answers.answer_quiz(page, answers.quiz_of(site.course, QUIZ), right=True)
    sent: list[Route] = []
    page.route("**/quiz", lambda route: sent.append(route))
    button = page.locator("form[data-keep] button[type=submit]")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    for _ in range(2):
        page.mouse.click(box["x"] + 20, box["y"] + 10)
        page.wait_for_timeout(150)
    assert len(sent) == 1
    sent[0].continue_()
    expect(page.locator("#result-title")).to_be_visible()


def test_back_after_signing_out_shows_nothing(site: Site, visit: Callable[..., Visit]) -> None:
    learner = site.add_learner("나가린")
    page = visit().open()
    steps.sign_in(page, site, learner)
    page.goto(site.run_address)
    page.goto(site.unit_address(QUIZ))
    steps.sign_out(page)
    for _ in range(3):
        page.go_back()
        expect(page.locator("main")).not_to_contain_text(learner.name)
        expect(page.locator("[name=password]")).to_be_visible()

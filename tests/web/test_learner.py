"""The learner's way through a course, as she goes it: page by page, form by form, with the real grading."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from lms.models import LedgerEntry, QuizAttempt, Submission
from tests.world import PASSWORD

from . import small_course
from .browser import Browser
from .site import Site
from .small_course import EXERCISE, FIRST_PAGE, QUIZ, SECOND_PAGE


def _right_answers(page: BeautifulSoup) -> dict[str, list[str]]:
    """What a learner who knows chooses on the quiz's page."""
    return {
        "one": [_choice(page, "one", "생산에서 불량을 뺀 것")],
        "many": [_choice(page, "many", "생산"), _choice(page, "many", "불량")],
        "number": ["117"],
        "order": [_item(page, text) for text in ("센다", "뺀다", "적는다")],
    }


def _choice(page: BeautifulSoup, question: str, text: str) -> str:
    for field in page.select(f'input[name="{question}"]'):
        label = page.select_one(f'label[for="{field.get("id")}"]') or field.find_parent("label")
        if label is not None and label.get_text(strip=True) == text:
            return str(field["value"])
    raise AssertionError(f"{question} does not offer {text}")


def _item(page: BeautifulSoup, text: str) -> str:
    """Without scripts an order is given by as many selects as there are items."""
    option = next(
        option for option in page.select('select[name="order"] option') if option.get_text(strip=True) == text
    )
    return str(option["value"])


def _read_pages(site: Site, browser: Browser) -> None:
    for key in (FIRST_PAGE, SECOND_PAGE):
        browser.see(site.address(key))
        browser.send(f"{site.address(key)}/done")


@pytest.mark.sandbox
def test_the_whole_way(site: Site) -> None:
    browser = site.browser()
    assert browser.sign_in("hana@hanbit.example", PASSWORD).headers["Location"] == "/"
    home = browser.see("/")
    assert home.select_one(f'a[href="{site.address(FIRST_PAGE)}"]') is not None

    first = browser.see(site.address(FIRST_PAGE))
    answer = browser.send(str(first.select_one("form[action$=done]")["action"]))  # type: ignore[index]
    assert answer.headers["Location"] == site.address(SECOND_PAGE)
    browser.see(site.address(SECOND_PAGE))
    assert browser.send(f"{site.address(SECOND_PAGE)}/done").headers["Location"] == site.address(QUIZ)

    page = browser.see(site.address(QUIZ))
    shown = browser.send(f"{site.address(QUIZ)}/quiz", _right_answers(page) | {"page": site.address(QUIZ)})
    result = browser.see(shown.headers["Location"]).select_one("#result")
    assert result is not None
    assert "맞습니다." in result.get_text() + browser.page.get_text()

    exercise = browser.see(site.address(EXERCISE))
    starter = browser.get(str(exercise.select_one("a[href$='starter.ipynb']")["href"]))  # type: ignore[index]
    assert "BEGIN SOLUTION" not in starter.text
    assert "HIDDEN" not in starter.text
    data = browser.get(str(exercise.select_one("a[href*='data/parts.csv']")["href"]))  # type: ignore[index]
    assert data.data == small_course.DATA

    first_try = site.hand_in(browser, small_course.filled(starter.data, small_course.HALF)).headers["Location"]
    waiting = browser.see(first_try)
    assert waiting.select_one("[hx-get]") is not None
    assert site.grade_all() == 1
    graded = browser.see(first_try)
    assert "수율이 다릅니다." in graded.get_text()
    assert "0.75" not in graded.get_text()
    assert graded.select_one("[hx-trigger]") is None

    second_try = site.hand_in(browser, small_course.filled(starter.data, small_course.RIGHT)).headers["Location"]
    site.grade_all()
    assert "수료" in browser.see(second_try).get_text()
    feedback = browser.get(f"{second_try}/feedback")
    assert feedback.status_code == 200
    assert "abs(rate(200, 50)" not in feedback.text
    assert "수료" in browser.see("/").get_text()
    with site.lms.database.reading() as session:
        kinds = session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)).all()
    assert kinds.count("completed") == 1


def test_signing_in_by_company_and_employee_number(site: Site) -> None:
    """이준호 has no e-mail; the company's name or its business number will do."""
    for company in ("한빛정밀", "124-81-00998"):
        browser = site.browser()
        browser.see("/sign-in?by=number")
        form = {"by": "number", "company": company, "employee_number": "H-002", "password": PASSWORD}
        assert browser.send("/sign-in", form).status_code == 303
        assert "이준호" in browser.see("/").get_text()


def test_opening_a_page_counts_nothing(site: Site, hana: Browser) -> None:
    before = site.count(LedgerEntry)
    for key in small_course.UNIT_KEYS:
        hana.see(site.address(key))
    assert site.count(LedgerEntry) == before


def test_going_on_from_a_page_twice_is_recorded_once(site: Site, hana: Browser) -> None:
    before = site.count(LedgerEntry)
    hana.see(site.address(FIRST_PAGE))
    for _ in range(2):
        assert hana.send(f"{site.address(FIRST_PAGE)}/done").status_code == 303
    assert site.count(LedgerEntry) == before + 1


def test_a_later_worse_try_lowers_nothing(site: Site, hana: Browser) -> None:
    page = hana.see(site.address(QUIZ))
    hana.send(f"{site.address(QUIZ)}/quiz", _right_answers(page))
    best = _score(hana.see(site.address()))
    hana.see(site.address(QUIZ))
    hana.send(f"{site.address(QUIZ)}/quiz", {"number": "1"})
    assert site.count(QuizAttempt) == 2
    assert _score(hana.see(site.address())) == best


def _score(page: BeautifulSoup) -> str:
    """The words about the score, on the course's page."""
    return next(text.strip() for text in page.find_all(string=True) if "점수" in text or "/100" in text)


def test_a_try_is_shown_with_what_was_chosen_and_why_it_is_wrong(site: Site, hana: Browser) -> None:
    page = hana.see(site.address(QUIZ))
    wrong = _choice(page, "one", "생산한 것 모두")
    where = hana.send(f"{site.address(QUIZ)}/quiz", {"one": wrong, "number": "12"}).headers["Location"]
    text = hana.see(where).get_text()
    assert "불량이 남아 있습니다." in text
    assert "120에서 3을 뺍니다." in text
    assert "생산에서 불량을 뺀 것입니다." in text


@pytest.mark.parametrize("form", [{}, {"one": "no such choice", "order": ["x", "x"], "number": "많이"}])
def test_a_quiz_takes_whatever_is_sent(site: Site, hana: Browser, form: dict[str, object]) -> None:
    hana.see(site.address(QUIZ))
    where = hana.send(f"{site.address(QUIZ)}/quiz", form).headers["Location"]
    hana.see(where)
    assert site.count(QuizAttempt) == 1


def test_the_notebook_comes_back_as_it_was(site: Site, hana: Browser) -> None:
    notebook = site.notebook()
    where = site.hand_in(hana, notebook, name='../../나의 "노트북".ipynb').headers["Location"]
    answer = hana.get(f"{where}/notebook")
    assert answer.data == notebook
    assert "attachment" in answer.headers["Content-Disposition"]
    assert ".." not in answer.headers["Content-Disposition"]


def test_figures_of_a_course_come_with_no_rights(site: Site, hana: Browser) -> None:
    page = hana.see(site.address(FIRST_PAGE))
    figure = hana.get(str(page.select_one("img[src*=media]")["src"]))  # type: ignore[index]
    assert figure.mimetype == "image/svg+xml"
    assert figure.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "path",
    [
        "media/nothing.svg",
        "media/../course.toml",
        "units/nothing",
        "units/why-count/x.csv",
        "units/good-parts/data/nothing.csv",
    ],
)
def test_what_a_course_does_not_have_is_not_found(site: Site, hana: Browser, path: str) -> None:
    hana.see(f"{site.address()}/{path}", 404)


def test_only_an_exercise_takes_notebooks_and_only_a_quiz_answers(site: Site, hana: Browser) -> None:
    hana.see("/")
    for key, deed in ((QUIZ, "done"), (EXERCISE, "done"), (FIRST_PAGE, "quiz"), (FIRST_PAGE, "submissions")):
        assert hana.send(f"{site.address(key)}/{deed}").status_code == 404, (key, deed)
    hana.see(f"{site.address(FIRST_PAGE)}/starter.ipynb", 404)


def test_staff_see_whose_submission_it_is(site: Site, hana: Browser) -> None:
    where = site.hand_in(hana, site.notebook()).headers["Location"]
    page = site.browser_of(site.world.seoyeon).see(where)
    assert "김하나" in page.get_text()


def test_a_submission_that_can_not_be_graded_is_told_as_our_fault(
    site: Site, hana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = site.hand_in(hana, site.notebook()).headers["Location"]
    monkeypatch.setattr("lms.submissions.take_result.grading.grade", lambda *_, **__: 1 / 0)
    assert site.grade_all() == 1
    hana.see(where)
    assert site.count(Submission) == 1
    with site.lms.database.reading() as session:
        notebook = session.scalars(select(Submission.notebook)).one()
    assert json.loads(site.lms.files.read(notebook))["nbformat"] == 4

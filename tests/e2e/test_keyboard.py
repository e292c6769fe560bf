"""The whole of it with the keys alone: no click, no touch."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from lms import content
from lms.content import MultipleQuestion, NumericQuestion, OrderingQuestion, SingleQuestion
from lms.content.names import choice_key

from . import answers, steps, working
from .site import Site
from .visits import Visit

EXERCISE, QUIZ = "read-machine-log", "quiz-middle"
MOST_STOPS = 120


def _go_to(page: Page, wanted: Locator) -> None:
    """Tab until the focus is there."""
    for _ in range(MOST_STOPS):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        steps.tab(page)
    raise AssertionError(f"Tab does not reach {wanted} on {page.url}")


def _press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    _go_to(page, wanted)
    page.keyboard.press(key)


def test_a_learner_without_a_mouse(site: Site, visit: Callable[..., Visit]) -> None:
    learner = site.add_learner("차건반")
    page = visit().open()
    page.goto(f"{site.address}/")
    _go_to(page, page.locator("[name=email]"))
    page.keyboard.type(learner.email)
    page.keyboard.press("Tab")
    page.keyboard.type(learner.password)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(learner.name)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the header, to the main part
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    _press(page, page.locator(".button-go"))
    first, second = [unit for unit in site.course.units if isinstance(unit, content.PageUnit)][:2]
    expect(page.locator("h1")).to_have_text(first.title)
    read = page.locator("form[data-reading] button")
    _go_to(page, read)  # brings the page's end into view
    expect(read).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(second.title)
    page.goto(site.unit_address(QUIZ))
    _answer_by_keys(page, answers.quiz_of(site.course, QUIZ))
    _press(page, page.locator("form[data-keep] button[type=submit]"))
    expect(page.locator("#result-title")).to_be_visible()
    points, most = steps.score_shown(page)
    assert points == most
    page.goto(site.unit_address(EXERCISE))
    working.wait_until_all_is_there(page)
    _press(page, page.locator("#ws-elsewhere summary").last)
    with page.expect_file_chooser() as chooser:
        _press(page, page.locator("#ws-elsewhere input[type=file]"))
    chooser.value.set_files({"name": "실습.ipynb", "mimeType": "application/json", "buffer": _starter(page)})
    _press(page, page.locator("form[data-upload] button[type=submit]"))
    page.wait_for_url("**/submissions/*")
    expect(page.locator(".checks")).to_be_visible(timeout=steps.GRADED_MS)
    _sign_out_by_keys(page)


def _starter(page: Page) -> bytes:
    href = page.locator("a[href$='starter.ipynb']").get_attribute("href")
    assert href is not None
    return page.request.get(page.url.split("/runs/")[0] + href).body()


def _answer_by_keys(page: Page, quiz: content.Quiz) -> None:
    for question in quiz.questions:
        match question:
            case SingleQuestion():
                _choose_one(page, question)
            case MultipleQuestion():
                for option in question.options:
                    if option.correct:
                        _press(page, page.locator(f"[name={question.key}][value='{option.key}']"), "Space")
            case NumericQuestion():
                _go_to(page, page.locator(f"[name={question.key}]"))
                page.keyboard.type(f"{question.answer:g}")
            case OrderingQuestion():
                _order_by_keys(page, question)


def _choose_one(page: Page, question: SingleQuestion) -> None:
    """Tab into the group, then the arrows."""
    choices = page.locator(f"[name={question.key}]")
    _go_to(page, choices.first)
    page.keyboard.press("Space")
    right = next(option.key for option in question.options if option.correct)
    for _ in question.options:
        if page.locator(f"[name={question.key}]:checked").input_value() == right:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows do not reach {right} of {question.key}")


def _order_by_keys(page: Page, question: OrderingQuestion) -> None:
    """Bring each item up with its button; the focus goes with the item."""
    wanted = [choice_key(item) for item in question.items]
    places = page.locator(f"select[name={question.key}]")
    rows = page.locator(f"#{question.key} .order > li")
    for place, key in reversed(list(enumerate(wanted))):  # from below, since Tab only goes on
        now = [places.nth(index).input_value() for index in range(len(wanted))].index(key)
        if now < place:
            page.evaluate("document.activeElement.blur()")
            _go_to(page, rows.nth(now).locator(".order-move").last)
        for _ in range(now, place):
            page.keyboard.press("Enter")
    assert [places.nth(index).input_value() for index in range(len(wanted))] == wanted


def _sign_out_by_keys(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    menu = page.locator("[data-menu]")
    _press(page, menu.locator("summary"))
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    page.keyboard.press("Enter")
    _press(page, page.locator("form[data-sign-out] button"))
    expect(page.locator("[name=password]")).to_be_visible()

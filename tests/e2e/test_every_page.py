"""Each kind of page, in both languages and at the widths that people have: axe, overflow, keyboard, console."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lms import content

from . import answers, steps, unseen, working
from .looking import look_at
from .site import Account, Site
from .visits import DESKTOP, PHONE, Visit, begin_visit

EXERCISE, QUIZ, MATH_PAGE = "read-machine-log", "quiz-middle", "what-is-oee"
MISSING = "/no-such-page"


@dataclass(frozen=True)
class Practised:
    """A learner who tried a quiz and an exercise, and where the results lie."""

    account: Account
    attempt: str
    submission: str


@pytest.fixture(scope="module")
def _practised(chromium: Browser, _demo_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Practised:
    site = _demo_site
    learner = site.add_learner("김보라")
    wrong, _ = answers.wrong_answers(EXERCISE)
    notebook = answers.fill_in(unseen.starter(EXERCISE), wrong)
    submission = unseen.hand_in(site, learner.email, EXERCISE, notebook, tmp_path_factory.mktemp("exercises"))
    visit = begin_visit(chromium, site.address)
    with closing(visit.context):
        page = visit.open()
        steps.sign_in(page, site, learner)
        page.goto(site.unit_address(QUIZ))
        steps.take_quiz(page, site.course, QUIZ, right=False)
        attempt = page.url.partition("#")[0]  # Tab would begin at the result
    unseen.wait_until_graded(site)
    return Practised(learner, attempt, f"{site.address}/submissions/{submission}")


@pytest.fixture
def practised(site: Site, request: pytest.FixtureRequest) -> Practised:
    return request.getfixturevalue("_practised")


def _learners_pages(site: Site, practised: Practised) -> list[str]:
    page = next(unit for unit in site.course.units if isinstance(unit, content.PageUnit))
    return [
        f"{site.address}/",
        site.run_address,
        site.unit_address(page.key),
        site.unit_address(MATH_PAGE),
        site.unit_address(QUIZ),
        practised.attempt,
        site.unit_address(EXERCISE),
        practised.submission,
        f"{practised.submission}/feedback",
        f"{site.address}/account",
        f"{site.address}/account/password",
        f"{site.address}{MISSING}",
    ]


def _let_scripts_run(route: Route) -> None:
    """A graded notebook's page lets no script run, axe's neither."""
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
    route.fulfill(response=answer, headers=headers)


FOCUSABLE = """() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const all = [...document.querySelectorAll(
    "a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary, [tabindex='0'], " +
    "[contenteditable='true']")].filter(shown);
  const first = (radio) => all.find((other) => other.type === "radio" && other.name === radio.name);
  const wanted = all.filter((element) => element.type !== "radio" || element === first(element));
  wanted.forEach((element, place) => (element.dataset.place = place));
  return wanted.length;
}"""
# Where the focus is, whether it can be seen there, and whether something shows it.
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = (target) => { const s = getComputedStyle(target); return [s.outlineStyle, s.outlineWidth, s.boxShadow].join(); };
  const box = element.getBoundingClientRect();
  const seen = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  const around = [element, element.closest("label, .upload, .choice, .cm-editor")].filter(Boolean);
  const focused = around.map(style).join();
  element.blur();
  const marked = focused !== around.map(style).join();
  element.focus({ preventScroll: true, focusVisible: true });
  const place = Number(element.dataset.place ?? -1);
  return { place, seen, marked, isEditor: element.matches(".cm-content, .cell-code"), html: element.outerHTML.slice(0, 120) };
}"""


# Tab goes on from here.
TOP = "document.body.tabIndex = -1, document.body.focus(), document.body.removeAttribute('tabindex')"


def _tab_through(page: Page) -> None:
    for screen in (PHONE, DESKTOP):
        page.set_viewport_size(screen)
        page.evaluate(TOP)
        _tab_at_this_width(page)


def _tab_at_this_width(page: Page) -> None:
    """Tab reaches all that can be used, in the order of the page, and one always sees where one is."""
    count = page.evaluate(FOCUSABLE)
    places: list[int] = []
    is_editor = False
    for _ in range(count + 5):
        if is_editor:
            page.keyboard.press("Escape")  # where Tab indents
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None or (places and found["place"] == 0):
            break  # round, by way of the browser's own bar or not
        assert found["seen"], f"out of sight: {found['html']} on {page.url}"
        assert found["marked"], f"no sign of the focus: {found['html']} on {page.url}"
        places.append(found["place"])
        is_editor = found["isEditor"]
    assert places == list(range(count)), page.url


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_pages_of_a_learner(site: Site, visit: Callable[..., Visit], practised: Practised, locale: str) -> None:
    """In Korean also: Tab reaches everything, on a phone and at a desk."""
    is_korean = locale == "ko-KR"
    window = visit(locale=locale, with_python=is_korean)
    window.expected.add(404)
    page, graded = window.open(), window.open()
    graded.route("**/feedback", _let_scripts_run)
    page.goto(f"{site.address}/sign-in")
    if is_korean:
        _tab_through(page)
    steps.fill_sign_in(page, practised.account)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    for address in _learners_pages(site, practised):
        shown = graded if address.endswith("/feedback") else page
        shown.goto(address)
        working.wait_until_all_is_there(shown)
        if is_korean and not address.endswith(MISSING):
            _tab_through(shown)
        look_at(shown)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_pages_of_those_who_are_not_signed_in(site: Site, visit: Callable[..., Visit], locale: str) -> None:
    window = visit(locale=locale)
    window.expected.update((404, 422))
    page = window.open()
    for address in ("/sign-in", "/sign-in?by=number", MISSING):
        page.goto(site.address + address)
        look_at(page)
    page.goto(f"{site.address}/sign-in")
    steps.fill_sign_in(page, Account("", "not the password", email="nobody@site.example"))
    expect(page.locator("[data-focus]")).to_be_focused()
    look_at(page)


def _check_companies(page: Page, site: Site) -> None:
    """Finding, one company with what may be done to it, one of its people."""
    page.goto(f"{site.address}/companies/")
    look_at(page)
    page.click("tbody a:text-is('한빛정밀')")
    company = page.url
    look_at(page)
    for rest in ("/declare", "/people/new", "/people"):
        page.goto(company + rest)
        look_at(page)
    page.locator("tbody a").first.click()
    look_at(page)
    for address in ("/companies/new", "/organisations/", "/organisations/centres/busan"):
        page.goto(site.address + address)
        look_at(page)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_pages_of_an_officer(site: Site, visit: Callable[..., Visit], practised: Practised, locale: str) -> None:
    page = visit(locale=locale).open()
    steps.sign_in(page, site, site.accounts["이서연"])
    if locale == "en-US":
        page.click("button[name=language][value=en]")
        expect(page.locator("html")).to_have_attribute("lang", "en")
    for address in (
        "/?own=1",
        "/desk/",
        "/desk/?by=size&run=&region=busan",
        "/desk/?as_of=x",
        "/desk/waiting",
        "/account",
        "/account/data",
        "/account/data/looks",
    ):
        page.goto(site.address + address)
        look_at(page)
    page.goto(practised.submission)
    look_at(page)
    _check_companies(page, site)
    page.goto(f"{site.address}/desk/")
    page.click("tbody a:text-is('한빛정밀')")
    look_at(page)
    page.locator("tbody th a").first.click()
    look_at(page)
    page.locator("main a[href*='/people/']").first.click()
    look_at(page)
    if locale == "en-US":
        page.click("button[name=language][value=ko]")


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_page_of_an_operator(site: Site, visit: Callable[..., Visit], locale: str) -> None:
    page = visit(locale=locale).open()
    steps.sign_in(page, site, site.accounts["강태오"])
    if locale == "en-US":
        page.click("button[name=language][value=en]")
        expect(page.locator("html")).to_have_attribute("lang", "en")
    page.click("nav a[href$='/operations/']")
    expect(page.locator("#state")).to_contain_text("SQLite")
    look_at(page)
    with page.expect_response("**/operations/state"):
        page.evaluate("htmx.trigger('#state', 'renew')")
    expect(page.locator("#state")).to_contain_text("SQLite")
    look_at(page)
    for address in ("/operations/audit", "/operations/looks", "/operations/kept"):
        page.goto(site.address + address)
        look_at(page)
    if locale == "en-US":
        page.click("button[name=language][value=ko]")


@pytest.mark.parametrize(
    ("name", "addresses"),
    [("박도윤", ("/company/", "/company/?run=")), ("오세린", ("/desk/", "/office/", "/office/targets"))],
)
def test_pages_of_a_manager_and_of_the_programme_office(
    site: Site, visit: Callable[..., Visit], name: str, addresses: tuple[str, ...]
) -> None:
    page = visit().open()
    steps.sign_in(page, site, site.accounts[name])
    for address in addresses:
        page.goto(site.address + address)
        look_at(page)


def test_the_page_for_everybody(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open()
    page.goto(f"{site.address}/figures/")
    look_at(page)

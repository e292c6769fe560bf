"""Each kind of page, in both languages and at the widths that people have: axe, overflow, keyboard, console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from lms import content

from . import answers, steps, working
from .site import Account, Site
from .visits import DESKTOP, PHONE, Visit, begin_visit

SMALLEST: ViewportSize = {"width": 360, "height": 740}
ZOOMED: ViewportSize = {"width": 640, "height": 450}  # a desktop of 1280 × 900 at 200 %
EXERCISE, QUIZ, MATH_PAGE = "read-machine-log", "quiz-middle", "what-is-oee"
MISSING = "/no-such-page"


@dataclass(frozen=True)
class Practised:
    """A learner who tried a quiz and an exercise, and where the results lie."""

    account: Account
    attempt: str
    submission: str


@pytest.fixture(scope="module")
def _practised(chromium: Browser, _demo_site: Site) -> Iterator[Practised]:
    site = _demo_site
    learner = site.add_learner("김보라")
    visit = begin_visit(chromium, site.address)
    with closing(visit.context):
        page = visit.open()
        steps.sign_in(page, site, learner)
        page.goto(site.unit_address(QUIZ))
        steps.take_quiz(page, site.course, QUIZ, right=False)
        attempt = page.url.partition("#")[0]  # Tab would begin at the result
        page.goto(site.unit_address(EXERCISE))
        wrong, _ = answers.wrong_answers(EXERCISE)
        steps.hand_in(page, answers.fill_in(steps.download_starter(page), wrong))
        yield Practised(learner, attempt, page.url)


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


def _check(page: Page) -> None:
    """What axe finds at both widths, and whether the page has to be moved sideways at its narrowest or zoomed.

    In English the widths alone: other words are wider or narrower, but the page is built the same.
    """
    faults: dict[object, object] = {}
    is_korean = page.locator("html").get_attribute("lang") == "ko"
    for screen in (DESKTOP, PHONE) if is_korean else ():
        page.set_viewport_size(screen)
        found = Axe().run(page)
        if found.violations_count:
            faults[screen["width"]] = found.generate_snapshot() + "\n" + found.generate_report()
    for screen in (SMALLEST, ZOOMED):
        page.set_viewport_size(screen)
        if over := _too_wide(page):
            faults[f"wider than {screen['width']}"] = over
    page.set_viewport_size(DESKTOP)
    assert faults == {}, page.url


def _too_wide(page: Page) -> int:
    """By how many pixels the page has to be moved sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def _let_scripts_run(route: Route) -> None:
    """A graded notebook's page lets no script run, axe's neither."""
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
    route.fulfill(response=answer, headers=headers)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_pages_of_a_learner(site: Site, visit: Callable[..., Visit], practised: Practised, locale: str) -> None:
    window = visit(locale=locale)
    window.expected.add(404)
    page = window.open()
    page.goto(f"{site.address}/")
    steps.fill_sign_in(page, practised.account)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    page.route("**/feedback", _let_scripts_run)
    for address in _learners_pages(site, practised):
        page.goto(address)
        _check(page)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_pages_of_those_who_are_not_signed_in(site: Site, visit: Callable[..., Visit], locale: str) -> None:
    window = visit(locale=locale)
    window.expected.update((404, 422))
    page = window.open()
    for address in ("/sign-in", "/sign-in?by=number", MISSING):
        page.goto(site.address + address)
        _check(page)
    page.goto(f"{site.address}/sign-in")
    steps.fill_sign_in(page, Account("", "not the password", email="nobody@site.example"))
    expect(page.locator("[data-focus]")).to_be_focused()
    _check(page)


def _check_companies(page: Page, site: Site) -> None:
    """Finding, one company with what may be done to it, one of its people."""
    page.goto(f"{site.address}/companies/")
    _check(page)
    page.click("tbody a:text-is('한빛정밀')")
    company = page.url
    _check(page)
    for rest in ("/declare", "/people/new", "/people"):
        page.goto(company + rest)
        _check(page)
    page.locator("tbody a").first.click()
    _check(page)
    for address in ("/companies/new", "/organisations/", "/organisations/centres/busan"):
        page.goto(site.address + address)
        _check(page)


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
        _check(page)
    page.goto(practised.submission)
    _check(page)
    _check_companies(page, site)
    page.goto(f"{site.address}/desk/")
    page.click("tbody a:text-is('한빛정밀')")
    _check(page)
    page.locator("tbody th a").first.click()
    _check(page)
    page.locator("main a[href*='/people/']").first.click()
    _check(page)
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
    _check(page)
    with page.expect_response("**/operations/state"):
        page.evaluate("htmx.trigger('#state', 'renew')")
    expect(page.locator("#state")).to_contain_text("SQLite")
    _check(page)
    for address in ("/operations/audit", "/operations/looks", "/operations/kept"):
        page.goto(site.address + address)
        _check(page)
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
        _check(page)


def test_the_page_for_everybody(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open()
    page.goto(f"{site.address}/figures/")
    _check(page)


def test_no_unit_of_the_course_is_wider_than_a_phone(site: Site, visit: Callable[..., Visit]) -> None:
    """Tables, formulas, code and pictures scroll in themselves, where they are read and where answers are told."""
    page = visit(viewport=SMALLEST).open()
    steps.sign_in(page, site, site.add_learner("서가늘"))
    over = {}
    for unit in site.course.units:
        page.goto(site.unit_address(unit.key))
        over[unit.key] = _too_wide(page)
        if isinstance(unit, content.QuizUnit):
            steps.take_quiz(page, site.course, unit.key, right=False)
            over[f"{unit.key}, result"] = _too_wide(page)
    assert not any(over.values()), over


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
  return { place: Number(element.dataset.place ?? -1), seen, marked, html: element.outerHTML.slice(0, 120) };
}"""


def _tab_through(page: Page) -> None:
    """Tab reaches all that can be used, in the order of the page, and one always sees where one is."""
    count = page.evaluate(FOCUSABLE)
    places: list[int] = []
    for _ in range(count + 5):
        steps.tab(page)
        found = page.evaluate(FOCUSED)
        if found is None or (places and found["place"] == 0):
            break  # round, by way of the browser's own bar or not
        assert found["seen"], f"out of sight: {found['html']} on {page.url}"
        assert found["marked"], f"no sign of the focus: {found['html']} on {page.url}"
        places.append(found["place"])
    assert places == list(range(count)), page.url


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_tab_reaches_everything(
    site: Site, visit: Callable[..., Visit], practised: Practised, screen: ViewportSize
) -> None:
    page = visit(viewport=screen).open()
    page.goto(f"{site.address}/sign-in")
    _tab_through(page)
    steps.fill_sign_in(page, practised.account)
    for address in _learners_pages(site, practised)[:-1]:
        page.goto(address)
        working.wait_until_all_is_there(page)
        _tab_through(page)

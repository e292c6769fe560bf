"""What people do on the pages, in the words that the pages use."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from lms import content

from . import answers
from .site import Account, Site

# The first notebook after a start waits for the libraries to be imported, on a machine that does much else.
GRADED_MS = 60_000
SIGN_IN = re.compile(r"/sign-in(\?|$)")


def sign_in(page: Page, site: Site, account: Account) -> None:
    """To the first page behind the site's front door. Where signing in is the subject, `come_in` goes through the door."""
    form = page.request.get(f"{site.address}/sign-in").text()
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    assert found is not None, form
    given = {"csrf_token": found.group(1), "by": "email", "email": account.email, "password": account.password}
    page.request.post(f"{site.address}/sign-in", form=given)
    page.goto(f"{site.address}/")
    expect(page.locator("[data-menu] summary")).to_contain_text(account.name)


def come_in(page: Page, site: Site, account: Account) -> None:
    """From the site's front door to whatever comes behind it."""
    page.goto(f"{site.address}/")
    fill_sign_in(page, account)
    expect(page.locator("[data-menu] summary")).to_contain_text(account.name)


def fill_sign_in(page: Page, account: Account) -> None:
    """The form of the sign-in page that is open."""
    if account.email:
        page.fill("[name=email]", account.email)
    else:
        page.click(".tabs a:not([aria-current])")
        page.fill("[name=company]", account.company)
        page.fill("[name=employee_number]", account.employee_number)
    page.fill("[name=password]", account.password)
    page.click("main form button[type=submit]")


def sign_out(page: Page) -> None:
    page.click("[data-menu] summary")
    page.click("form[data-sign-out] button")
    page.wait_for_url(SIGN_IN)


def read_page(page: Page) -> None:
    """Scroll to the end and press 다음."""
    button = page.locator("form[data-reading] button")
    button.scroll_into_view_if_needed()
    expect(button).to_have_attribute("aria-disabled", "false")
    where = page.url
    button.click()
    page.wait_for_url(lambda url: url != where)


def take_quiz(page: Page, course: content.Course, key: str, *, right: bool) -> None:
    """From the quiz's open form to its result."""
    answers.answer_quiz(page, answers.quiz_of(course, key), right=right)
    page.click("form[data-keep] button[type=submit]")
    expect(page.locator("#result-title")).to_be_visible()


def score_shown(page: Page) -> tuple[float, float]:
    """Points and most points of the result that is open."""
    number, of = page.locator(".score-number").inner_text(), page.locator(".score-of").inner_text()
    return float(number), float(of.removeprefix("/ "))


def tab(page: Page) -> None:
    """To what comes next; out of an editor, where Tab indents, by Escape first."""
    if page.evaluate("document.activeElement?.matches('.cm-content, .cell-code') ?? false"):
        page.keyboard.press("Escape")
    page.keyboard.press("Tab")


def open_elsewhere(page: Page) -> None:
    """The part of an exercise's page for who works in a notebook program of her own."""
    part = page.locator("#ws-elsewhere details").last
    if part.get_attribute("open") is None:
        part.locator("summary").click()


def download_starter(page: Page) -> bytes:
    open_elsewhere(page)
    with page.expect_download() as started:
        page.click("a[href$='starter.ipynb']")
    return Path(started.value.path()).read_bytes()


def choose_notebook(page: Page, notebook: bytes, name: str = "실습.ipynb") -> None:
    open_elsewhere(page)
    page.set_input_files(
        "#ws-elsewhere input[type=file]", {"name": name, "mimeType": "application/x-ipynb+json", "buffer": notebook}
    )


def hand_in(page: Page, notebook: bytes) -> None:
    """From the exercise's page to its result; the page tells it by itself."""
    choose_notebook(page, notebook)
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url("**/submissions/*")
    expect(page.locator(".checks")).to_be_visible(timeout=GRADED_MS)


def progress_shown(page: Page) -> int:
    """Of the line on the home page: "진도 67 % · 실습 1개 남음 · 점수 72/100"."""
    found = re.search(r"\d+(?= %)", page.locator(".standing-line").inner_text())
    assert found is not None
    return int(found.group())

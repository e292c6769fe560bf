"""What a learner does in the workspace: wait for Python, write an answer, run it, see what is saved."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

# Python and its libraries come from the disk of a machine that does much else.
READY_MS = 120_000
_UP_OR_OFF = re.compile("^(ready|off)$")
_SAVED = re.compile(r"^저장됨 \d\d:\d\d$")


def cell(page: Page, key: str) -> Locator:
    return page.locator(f'[data-cell="{key}"]')


def editor(page: Page, key: str) -> Locator:
    return cell(page, key).locator(".cm-content")


def wait_for_python(page: Page) -> None:
    expect(page.locator("[data-ws-python]")).to_have_attribute("data-ws-python", "ready", timeout=READY_MS)


def wait_until_all_is_there(page: Page) -> None:
    """Where the page that is open is a workspace: Python if this visit has it, editors, and what comes after them."""
    if page.locator("#workspace").count():
        expect(page.locator("[data-ws-python]")).to_have_attribute("data-ws-python", _UP_OR_OFF, timeout=READY_MS)
        expect(page.locator(".cm-content").first).to_be_visible()
        expect(page.locator("[data-attempt]:not([data-ready])")).to_have_count(0)


def write(page: Page, key: str, source: str) -> None:
    """In the place of what the cell holds, as one paste."""
    editor(page, key).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(source)


def run(page: Page, key: str) -> None:
    """By its button, until it is done."""
    cell(page, key).locator("[data-run]").first.click()
    wait_until_ran(page, key)


def wait_until_ran(page: Page, key: str) -> None:
    for state in ("queued", "running"):
        expect(cell(page, key)).not_to_have_attribute("data-run", state, timeout=READY_MS)
    wait_for_python(page)


def output(page: Page, key: str) -> Locator:
    return cell(page, key).locator(".cell-output")


def save(page: Page) -> None:
    """By Ctrl+S in the editor that has the focus; by itself it is saved two seconds later."""
    page.keyboard.press("Control+s")
    wait_until_saved(page)


def wait_until_saved(page: Page) -> None:
    expect(page.locator("[data-ws-saved]")).to_have_text(_SAVED)


def saved(page: Page, address: str) -> dict[str, str]:
    """The answers that the server holds for who is signed in."""
    return page.request.get(f"{address}/draft", headers={"Accept": "application/json"}).json()["answers"]


def kept_on_device(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage).filter((key) => key.includes(':workspace:'))")

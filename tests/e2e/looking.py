"""What people with other eyes and other screens meet on a page: axe, and what has to be moved sideways."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

from .visits import DESKTOP, PHONE

SMALLEST: ViewportSize = {"width": 360, "height": 740}
ZOOMED: ViewportSize = {"width": 640, "height": 450}  # a desktop of 1280 × 900 at 200 %
_RUN = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  const facts = ({ html, failureSummary }) => [html, failureSummary];
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(facts) }));
}"""


def axe_finds(page: Page) -> list[dict[str, Any]]:
    """The rules that the page breaks, with the elements that break them. The page reads axe once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(_RUN)


def too_wide(page: Page) -> int:
    """By how many pixels the page has to be moved sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def look_at(page: Page) -> None:
    """What axe finds at both widths, and whether the page has to be moved sideways at its narrowest or zoomed.

    In English the widths alone: other words are wider or narrower, but the page is built the same.
    """
    faults: dict[str, object] = {}
    is_korean = page.locator("html").get_attribute("lang") == "ko"
    for screen in (DESKTOP, PHONE) if is_korean else ():
        page.set_viewport_size(screen)
        if found := axe_finds(page):
            faults[f"axe at {screen['width']}"] = found
    for screen in (SMALLEST, ZOOMED):
        page.set_viewport_size(screen)
        if over := too_wide(page):
            faults[f"wider than {screen['width']}"] = over
    page.set_viewport_size(DESKTOP)
    assert not faults, f"{page.url}: {faults}"

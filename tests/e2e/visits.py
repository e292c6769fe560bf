"""A browser window that notices what a person would not: errors of scripts, and requests that leave the site."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
_STATUS = re.compile(r"responded with a status of (\d+)")
# What the page of an exercise is told on a site that has no Python for the browser: there it is for writing and handing in.
_WITHOUT_PYTHON = """{
  const parse = JSON.parse;
  JSON.parse = (...given) => {
    const read = parse(...given);
    if (read?.runtime && read.draft) read.runtime = null;
    return read;
  };
}"""


@dataclass
class Visit:
    """One profile of a browser. `expected` are the statuses of answers that the browser may complain about."""

    context: BrowserContext
    host: str
    expected: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def open(self) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        status = _STATUS.search(said.text)
        if said.type in ("error", "warning") and not (status and int(status.group(1)) in self.expected):
            self.faults.append(f"{said.type}: {said.text} ({said.location})")

    def look_at(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and urlsplit(request.url).netloc != self.host:
            self.faults.append(f"asked another host: {request.url}")


def begin_visit(chromium: Browser, address: str, *, with_python: bool = False, **options: Any) -> Visit:
    """Options are those of a browser context; a desktop in Korean unless they say otherwise.

    Python starts on each page of an exercise and takes seconds of a processor, so only those who run code have it.
    """
    context = chromium.new_context(**{"viewport": DESKTOP, "locale": "ko-KR", **options})
    context.set_default_timeout(20_000)
    if not with_python:
        context.add_init_script(_WITHOUT_PYTHON)
    visit = Visit(context, urlsplit(address).netloc)
    context.on("request", visit.look_at)
    return visit

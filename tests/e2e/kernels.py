"""A notebook's Python of a test's own, on the workspace's page but without the page's script."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, Worker

from . import steps
from .site import Account, Site
from .visits import Visit

EXERCISE = "read-machine-log"
_BEGIN = """async (more) => {
  const island = JSON.parse(document.getElementById("workspace-data").textContent);
  const script = document.querySelector("script[data-workspace], script[src*='js/workspace/page.js']").src;
  const { createKernel } = await import(new URL("kernel/kernel.js", script));
  const { language, files } = island;
  const cells = more.cells ?? island.cells;
  const made = createKernel({ ...island.kernel, runtime: island.runtime, language, cells, files, ...more });
  window.kernel = made;
  window.said = [];
  for (const type of ["state", "output", "done", "restarted"]) {
    made.addEventListener(type, (event) => window.said.push({ type, ...event.detail }));
  }
  return made.start();
}"""
_RUN = """async ([key, source]) => {
  window.said.length = 0;
  const done = await window.kernel.run(key, source);
  return { done, said: window.said };
}"""


@dataclass
class Ran:
    done: dict[str, Any]
    said: list[dict[str, Any]]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return [one["output"] for one in self.said if one["type"] == "output" and one["op"] == "append"]

    @property
    def text(self) -> str:
        return "".join(output.get("text", "") for output in self.outputs)


@dataclass
class Kernel:
    page: Page

    def begin(self, **more: Any) -> Kernel:
        assert self.page.evaluate(_BEGIN, more) is True
        return self

    def run(self, source: str, key: str = "scratch") -> Ran:
        return Ran(**self.page.evaluate(_RUN, [key, source]))

    def begin_run(self, source: str) -> None:
        """And don't wait for its end, but for the first thing that it prints."""
        self.page.evaluate(
            "(source) => { window.said.length = 0; window.run = kernel.run('scratch', source); }", source
        )
        self.wait_until_said("one.op === 'append'")

    def wait_until_said(self, what: str) -> None:
        """An expression in JavaScript about `one` of what the kernel said."""
        until = time.monotonic() + 30
        while not self.page.evaluate(f"window.said.some((one) => {what})"):
            assert time.monotonic() < until
            self.page.wait_for_timeout(20)

    def interrupt(self) -> tuple[str, dict[str, Any]]:
        how = self.page.evaluate("kernel.interrupt()")
        return how, self.page.evaluate("run")

    def checks(self, *names: str) -> list[dict[str, Any]]:
        return self.page.evaluate("(names) => kernel.runChecks(names.length ? names : null)", list(names))

    @property
    def worker(self) -> Worker:
        """Python's; what it makes comes after it."""
        return next(worker for worker in self.page.workers if worker.url.startswith("blob:null"))


def open_exercise(site: Site, window: Visit, learner: Account) -> Page:
    """The workspace's page with everything but its script."""
    page = window.open()
    page.route("**/js/workspace/page.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    steps.sign_in(page, site, learner)
    page.goto(site.unit_address(EXERCISE))
    return page

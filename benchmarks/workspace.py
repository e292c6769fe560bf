"""From opening an exercise to `import pandas` done in the browser, beside Pyodide as it is published, in the same run.

Each figure is a median, each pair is measured in turn, and only ratios say something about another machine than this one.
Cold is a browser profile that was never here, warm the same profile's second visit. The line of 10 Mbit/s with 40 ms there and
back is a proxy; the slow machine is the browser's processes halted for three parts in four.

    python -m benchmarks.workspace [--rounds N]         (needs Chromium, and the package index for the untouched files)
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from lms.workspace.runtime import pieces as runtime_pieces
from lms.workspace.runtime.command import DEFAULT
from lms.workspace.runtime.lock import load_lock
from lms.workspace.runtime.prepare import prepare

from .lines import poor_line, slowed
from .site import ROOT, Client, Site, _free_port, temporary_site
from .soak import descendants

EXERCISE = "read-machine-log"
CELLS = 40
LEARNERS = 20
_ARGUMENTS = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update")
_SECONDS = 300.0
_MBIT, _ROUND_TRIP, _SLOW = 10e6, 0.04, 4


@dataclass(frozen=True)
class Place:
    """What is opened: an address after the port, and an expression that says, in the page, that pandas is there."""

    name: str
    port: int
    path: str
    press: str = ""  # what is pressed once Python is up


@dataclass
class Visit:
    seconds: float
    bytes: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    ours = prepare(DEFAULT)
    with (
        tempfile.TemporaryDirectory() as folder,
        untouched(Path(folder), ours.folder) as other,
        temporary_site(LEARNERS + 1) as site,
    ):
        with sync_playwright() as playwright:
            measure(playwright, site, other, rounds)
        memory(site)
    return 0


@contextmanager
def untouched(folder: Path, ours: Path) -> Iterator[int]:
    """The port of a page with the published files, behind the same server as ours. What both have is compressed alike."""
    lock = load_lock()
    runtime_pieces.fetch(lock, folder, None, print)
    for name, piece in lock.pieces.items():
        if not piece.is_repacked:
            for end in (".br", ".gz"):
                shutil.copyfile(ours / (name + end), folder / (name + end))
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--port", str(port), "--workers", "2"]
    command += ["--blocking-threads", "4", "--log-level", "error", "benchmarks.untouched:app"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"BAEUM_UNTOUCHED": str(folder)})
    try:
        time.sleep(2)
        yield port
    finally:
        process.terminate()
        process.wait()


def measure(playwright: Playwright, site: Site, other: int, rounds: int) -> None:
    client = Client(site)
    client.sign_in(0)
    path = f"{client.run_path()}/units/{EXERCISE}"
    ours = Place("workspace", site.port, path, "press")
    theirs = Place("untouched", other, "/")
    print(f"{'':34}{'workspace':>12}{'untouched':>12}{'ratio':>8}")
    for name, line, factor, count in (
        ("loopback", None, 1, rounds),
        ("10 Mbit/s, 40 ms", _MBIT, 1, rounds),
        (f"CPU slowed {_SLOW} times", None, _SLOW, max(1, rounds - 1)),
    ):
        found: dict[str, list[tuple[Visit, Visit]]] = {ours.name: [], theirs.name: []}
        for _ in range(count):
            for place in (theirs, ours):
                found[place.name].append(two_visits(playwright, site, place, line, factor))
        for number, visit in enumerate(("cold", "warm")):
            seconds = {key: statistics.median(pair[number].seconds for pair in pairs) for key, pairs in found.items()}
            row(f"{name}, {visit}, s", seconds[ours.name], seconds[theirs.name])
        if line is not None:
            for number, visit in enumerate(("cold", "warm")):
                sent = {key: pairs[0][number].bytes / 1e6 for key, pairs in found.items()}
                row(f"over the line, {visit}, MB", sent[ours.name], sent[theirs.name])
    cell(playwright, site, ours)


def row(name: str, ours: float, theirs: float) -> None:
    print(f"{name:34}{ours:12.2f}{theirs:12.2f}{ours / theirs if theirs else 0:8.2f}", flush=True)


def two_visits(
    playwright: Playwright, site: Site, place: Place, line: float | None, factor: int
) -> tuple[Visit, Visit]:
    """A profile's first and second visit."""
    with tempfile.TemporaryDirectory() as profile, _through(place.port, line) as (port, sent):
        visits = []
        for _ in range(2):
            before = sent()
            seconds = visit(playwright, profile, site, place, port, factor)
            visits.append(Visit(seconds, sent() - before))
    return visits[0], visits[1]


@contextmanager
def _through(port: int, line: float | None) -> Iterator[tuple[int, Callable[[], int]]]:
    """A port, and how many bytes came through it so far; nobody counts where there is no line."""
    if line is None:
        yield port, lambda: 0
    else:
        with poor_line(port, bits_per_second=line, round_trip=_ROUND_TRIP) as slow:
            yield slow.listens, lambda: slow.sent


@contextmanager
def browser(playwright: Playwright, profile: str) -> Iterator[BrowserContext]:
    chromium = shutil.which("chromium") or "chromium"
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium, args=list(_ARGUMENTS), locale="ko-KR"
    )
    try:
        yield context
    finally:
        context.close()


def visit(playwright: Playwright, profile: str, site: Site, place: Place, port: int, factor: int) -> float:
    with browser(playwright, profile) as context:
        page = context.new_page()
        if place.press:
            sign_in(context, site, port)
        with slowed(factor, psutil.Process()):
            began = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}{place.path}", wait_until="commit", timeout=_SECONDS * 1000)
            if place.press:
                until(page, "document.querySelector('[data-ws-python=ready]') !== null")
                press_first_cell(page)
            else:
                until(page, "document.body?.dataset.python === 'ready'")
            return time.perf_counter() - began


def press_first_cell(page: Page) -> None:
    """The given cell that imports pandas and reads the data."""
    cell = "[...document.querySelectorAll('[data-cell][data-kind=given]')].find(one => one.textContent.includes('import pandas'))"
    page.evaluate(f"() => {cell}.querySelector('[data-run]').click()")
    until(page, f"['ok', 'error'].includes({cell}.dataset.run)")


def until(page: Page, expression: str) -> None:
    deadline = time.perf_counter() + _SECONDS
    while not page.evaluate(f"() => {expression}"):
        if time.perf_counter() > deadline:
            raise TimeoutError(expression)
        time.sleep(0.02)


def sign_in(context: BrowserContext, site: Site, port: int) -> None:
    client = Client(site)
    client.sign_in(0)
    name, _, value = client.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])


def cell(playwright: Playwright, site: Site, place: Place) -> None:
    """The time of a cell that does next to nothing, from the page's call to its answer."""
    script = """async (count) => {
      const island = JSON.parse(document.getElementById("workspace-data").textContent);
      const script = document.querySelector("script[src*='js/workspace/page.js']").src;
      const { createKernel } = await import(new URL("kernel/kernel.js", script));
      const { language, files, cells } = island;
      const kernel = createKernel({ ...island.kernel, runtime: island.runtime, language, cells, files });
      await kernel.start();
      const times = [];
      for (let number = 0; number < count; number++) {
        const began = performance.now();
        await kernel.run("scratch", "1 + 1");
        times.push(performance.now() - began);
      }
      kernel.dispose();
      return times;
    }"""
    with tempfile.TemporaryDirectory() as profile, browser(playwright, profile) as context:
        page = context.new_page()
        sign_in(context, site, place.port)
        page.goto(f"http://127.0.0.1:{place.port}{place.path}")
        until(page, "document.querySelector('[data-ws-python=ready]') !== null")
        times = page.evaluate(script, CELLS)
    print(f"{'a cell, 1 + 1, ms':34}{statistics.median(times):12.1f}")


def memory(site: Site) -> None:
    """What the server holds more for a learner who works: pages, files of the runtime and drafts of twenty, one after another."""
    fetch = worker_of(site)
    fetch(0)  # what any site holds once it was used
    before = held(site)
    for number in range(1, LEARNERS + 1):
        fetch(number)
    after = held(site)
    print(
        f"{'server memory a learner, MB':34}{(after - before) / LEARNERS / 1e6:12.2f}   (web processes hold {after / 1e6:.0f})"
    )


def worker_of(site: Site) -> Callable[[int], None]:
    lock = load_lock()
    names = [*lock.core, *(lock.packages[name].file for name in lock.closed(["pandas"]))]

    def fetch(number: int) -> None:
        client = Client(site)
        client.sign_in(number)
        client.get(f"{client.run_path()}/units/{EXERCISE}")
        for name in names:
            status, _, _ = client.request("GET", f"/runtime/{lock.release}/{name}", headers={"Accept-Encoding": "br"})
            assert status == 200, name

    return fetch


def held(site: Site) -> int:
    """PSS of the web server's processes, in bytes."""
    assert site.process is not None
    pids = [pid for pid, command in descendants(site.process.pid) if "granian" in command]
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids)


if __name__ == "__main__":
    sys.exit(main())

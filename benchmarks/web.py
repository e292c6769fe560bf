"""Requests a second and CPU of a request, of a learner's pages and of those who answer for the figures, against the floor of
the very same server in the same run. The site holds the full demonstration: three years, sixty companies, 900 people.

The floor is `/healthz`, which says ok and asks nobody. Each page is measured in turn with the floor, round after round, so
that a machine whose speed drifts tells the same ratio.

    python -m benchmarks.web [--seconds N] [--rounds N]
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .site import Client, Site, temporary_site
from .soak import descendants

CLIENTS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figure:
    """Of one page in one round."""

    per_second: float
    cpu_ms: float


def _cpu_seconds(site: Site) -> float:
    """CPU of the web server's processes so far."""
    assert site.process is not None
    total = 0.0
    for pid, command in descendants(site.process.pid):
        if "granian" in command:
            fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def _load(site: Site, path: str, cookie: str, seconds: float) -> Figure:
    """Ask for one page from a few clients at once, each over one connection that is kept."""
    counts = [0] * CLIENTS
    deadline = time.monotonic() + seconds

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        while time.monotonic() < deadline:
            connection.request("GET", path, headers={"Cookie": cookie, "Accept-Language": "ko"})
            response = connection.getresponse()
            response.read()
            assert response.status == 200, (path, response.status)
            counts[place] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    before, started = _cpu_seconds(site), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cpu = time.monotonic() - started, _cpu_seconds(site) - before
    return Figure(sum(counts) / took, 1000 * cpu / max(1, sum(counts)))


def _pages(site: Site) -> dict[str, tuple[str, str]]:
    """Name of a page → its path, and the cookie of whom it is for."""
    learner, officer, office, instructor = (Client(site) for _ in range(4))
    learner.sign_in(0)
    officer.sign_in_as("seoyeon@busan.example")
    office.sign_in_as("serin@office.example")
    instructor.sign_in_as("jiwoo@busan.example")
    run = learner.run_path()
    company = re.search(r"/desk/companies/[0-9a-f-]{36}", officer.get("/desk/")[2])
    a_class = re.search(r"/classes/[0-9a-f-]{36}", instructor.get("/classes/")[2])
    assert company, "the officer's home names no company"
    assert a_class, "the instructor's home names no class"
    return {
        "home": ("/", learner.cookie),
        "course": (run, learner.cookie),
        "page of a course": (f"{run}/units/what-is-data", learner.cookie),
        "exercise": (f"{run}/units/oee", learner.cookie),
        "officer's home": ("/desk/", officer.cookie),
        "company": (company.group(), officer.cookie),
        "programme office": ("/office/", office.cookie),
        "class": (a_class.group(), instructor.cookie),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with temporary_site(learners=1, demo=("--full",)) as site:
        pages = _pages(site)
        figures: dict[str, list[tuple[Figure, Figure]]] = {name: [] for name in pages}
        for path, cookie in pages.values():
            _load(site, path, cookie, 0.2)
        for _ in range(chosen.rounds):
            for name, (path, cookie) in pages.items():
                floor = _load(site, "/healthz", cookie, chosen.seconds)
                figures[name].append((_load(site, path, cookie, chosen.seconds), floor))
    print(
        f"{'page':20} {'requests/s':>11} {'floor':>7} {'CPU ms':>7} {'floor':>7} {'CPU, page/floor: min, median, max':>36}"
    )
    for name, pairs in figures.items():
        ratios = sorted(page.cpu_ms / floor.cpu_ms for page, floor in pairs)
        middle = statistics.median
        print(
            f"{name:20} {middle(p.per_second for p, _ in pairs):11.0f} {middle(f.per_second for _, f in pairs):7.0f}"
            f" {middle(p.cpu_ms for p, _ in pairs):7.2f} {middle(f.cpu_ms for _, f in pairs):7.2f}"
            f" {ratios[0]:14.1f} {middle(ratios):10.1f} {ratios[-1]:10.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

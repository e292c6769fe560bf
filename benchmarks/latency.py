"""How long a learner waits: from the press of 제출 until the page shows the result, beyond what her code itself takes.

    python -m benchmarks.latency [--submissions 40]

A client does what her browser does: it sends the notebook, opens the page of the submission and asks again after the pause
that the page names. The notebook's own time is that of its cells by `exec` in one forked process that has the libraries
already (the floor of `benchmarks.grading`), taken in turn with the submissions in the same run.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time

from lms.grading import load_exercise

from .grading import Floor
from .site import ROOT, Client, solved_notebook, temporary_site

EXERCISES = ("read-machine-log", "missing-and-outliers", "oee")
GOAL = 1.0
_PAUSE = re.compile(r"load delay:(\d+)ms")


def wait_for_result(client: Client, path: str) -> None:
    """Until the page no longer asks to be asked again."""
    while True:
        status, _, page = client.get(path)
        assert status == 200, (path, status)
        pause = _PAUSE.search(page)
        if pause is None:
            assert 'class="checks' in page, "the page shows no checks"
            return
        time.sleep(int(pause.group(1)) / 1000)


def one(client: Client, unit: str, notebook: bytes) -> float:
    started = time.perf_counter()
    path = client.submit(unit, notebook)
    assert path is not None, "the notebook was not taken"
    wait_for_result(client, path)
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=40)
    count = parser.parse_args().submissions
    print(
        f"{'exercise':24}{'own code':>10}{'first':>8}{'wait p50':>10}{'p95':>8}{'beyond p50':>12}{'p95':>8}   goal p95 < {GOAL} s"
    )
    with temporary_site(learners=1) as site:
        client = Client(site)
        client.sign_in(0)
        run = client.run_path()
        for slug in EXERCISES:
            folder = ROOT / "exercises" / slug
            floor = Floor(load_exercise(folder), folder)
            notebooks = [solved_notebook(slug, number) for number in range(count + 1)]
            first = one(client, f"{run}/units/{slug}", notebooks[0])
            waits, own = [], []
            for notebook in notebooks[1:]:
                waits.append(one(client, f"{run}/units/{slug}", notebook))
                started = time.perf_counter()
                floor.run()
                own.append(time.perf_counter() - started)
            floor.close()
            beyond = sorted(wait - code for wait, code in zip(waits, own, strict=True))
            last = int(0.95 * (count - 1))
            print(
                f"{slug:24}{statistics.median(own):10.3f}{first:8.2f}{statistics.median(waits):10.2f}{sorted(waits)[last]:8.2f}"
                f"{statistics.median(beyond):12.2f}{beyond[last]:8.2f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())

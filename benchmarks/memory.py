"""What an idle site holds in memory: proportional set size (PSS) of all its processes after a first page and a first grade.

python -m benchmarks.memory
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from .site import Client, Site, solved_notebook, temporary_site
from .soak import descendants, kind_of

EXERCISE = "oee"
GOAL_MB = 512


def pss_mb(pid: int) -> float:
    """In MB of 2**20 bytes, with pages that several processes share counted in parts (proc(5), smaps_rollup)."""
    for line in (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    if os.geteuid() != 0:
        print("as root, or processes of other users can't be looked at", file=sys.stderr)
    with temporary_site(learners=1) as site:
        client = Client(site)
        client.sign_in(0)
        submitted = client.submit(f"{client.run_path()}/units/{EXERCISE}", solved_notebook(EXERCISE, 0))
        assert submitted, "the submission was not taken"
        while 'hx-trigger="load' in client.get(submitted)[2]:
            time.sleep(0.5)
        time.sleep(3)
        held = _by_kind(site)
    for kind, size in held.items():
        print(f"{kind:10} {size:7.0f} MB")
    total = sum(held.values())
    print(f"{'together':10} {total:7.0f} MB   (goal: below {GOAL_MB})")
    return 0 if total < GOAL_MB else 1


def _by_kind(site: Site) -> dict[str, float]:
    assert site.process is not None
    held = {"parent": pss_mb(site.process.pid)}
    for pid, command in descendants(site.process.pid):
        held[kind_of(command)] = held.get(kind_of(command), 0.0) + pss_mb(pid)
    return held


if __name__ == "__main__":
    sys.exit(main())

"""Hand in many notebooks while web server, worker, grading processes and their parent are killed with -9 at random.

Then count: every submission that the site said it had is there, has one grade and one score in the ledger, and no job is
left. Exit status 1 where one was lost or graded twice.

    python -m benchmarks.soak [SUBMISSIONS] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from sqlalchemy import func, select

from lms.models import Grade, Job, LedgerEntry, Submission

from .site import Client, Site, solved_notebook, temporary_site

EXERCISE = "oee"
LEARNERS = 20
CLIENTS = 3
PATIENCE_SECONDS = 900


def descendants(pid: int) -> list[tuple[int, str]]:
    """Living processes below `pid`, as (pid, command line)."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, todo = [], list(parents.get(pid, ()))
    while todo:
        child = todo.pop()
        todo += parents.get(child, ())
        try:
            command = (Path("/proc") / str(child) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found.append((child, command))
    return found


def kind_of(command: str) -> str:
    for mark, kind in (("granian", "web"), ("lms worker", "worker")):
        if mark in command:
            return kind
    return "grading"


class Killer(threading.Thread):
    """Every now and then kills one process, now and then the parent of all, which is then started again."""

    def __init__(self, site: Site, seed: int) -> None:
        super().__init__(daemon=True)
        self.site, self.random, self.stop = site, random.Random(seed), threading.Event()
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        while not self.stop.wait(self.random.uniform(3.0, 12.0)):
            assert self.site.process is not None
            if self.random.random() < 0.08:
                self.site.process.kill()
                self.site.process.wait()
                self.killed["parent"] += 1
                time.sleep(1)
                self._start_again()
                continue
            victims = descendants(self.site.process.pid)
            kinds = sorted({kind_of(command) for _, command in victims})
            if not kinds:
                continue
            kind = self.random.choice(kinds)
            pid = self.random.choice([pid for pid, command in victims if kind_of(command) == kind])
            try:
                os.kill(pid, signal.SIGKILL)
                self.killed[kind] += 1
            except ProcessLookupError:
                pass

    def _start_again(self) -> None:
        for _ in range(20):
            with suppress(TimeoutError):
                self.site.start()
            assert self.site.process is not None
            if self.site.process.poll() is None:
                return
            self.site.process.wait()


class HandingIn(threading.Thread):
    """One client: hands in its share, and tries again until the site says that it has each."""

    def __init__(self, site: Site, numbers: range) -> None:
        super().__init__(daemon=True)
        self.site, self.numbers = site, numbers
        self.received: list[str] = []

    def run(self) -> None:
        for number in self.numbers:
            notebook = solved_notebook(EXERCISE, number)
            while (path := self._try(number, notebook)) is None:
                time.sleep(0.5)
            self.received.append(path.rpartition("/")[2])

    def _try(self, number: int, notebook: bytes) -> str | None:
        try:
            client = Client(self.site)
            client.sign_in(number % LEARNERS)
            return client.submit(f"{client.run_path()}/units/{EXERCISE}", notebook)
        except (OSError, AssertionError):
            return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("submissions", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20260701)
    chosen = parser.parse_args()
    with temporary_site(LEARNERS) as site:
        killer = Killer(site, chosen.seed)
        clients = [HandingIn(site, range(first, chosen.submissions, CLIENTS)) for first in range(CLIENTS)]
        killer.start()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        received = [uid for client in clients for uid in client.received]
        _wait_for_grades(site)
        killer.stop.set()
        killer.join()
        _wait_for_grades(site)
        return _judge(site, received, killer.killed)


def _open_jobs(site: Site) -> int:
    database = site.database()
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(Job).where(Job.state.in_(("ready", "running"))))
    database.dispose()
    return count or 0


def _wait_for_grades(site: Site) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := _open_jobs(site)) and time.monotonic() < deadline:
        print(f"{left} wait for their grade", file=sys.stderr)
        time.sleep(5)


def _judge(site: Site, received: list[str], killed: Counter[str]) -> int:
    database = site.database()
    with database.reading() as session:
        there = {str(uid) for uid in session.scalars(select(Submission.uid))}
        grades = dict(session.execute(select(Grade.submission_id, func.count()).group_by(Grade.submission_id)).all())
        submissions = session.scalars(select(Submission.id)).all()
        scores = dict(
            session.execute(
                select(LedgerEntry.submission_id, func.count())
                .where(LedgerEntry.kind == "scored")
                .group_by(LedgerEntry.submission_id)
            ).all()
        )
        failed = session.scalar(select(func.count()).select_from(Job).where(Job.state == "failed")) or 0
        outcomes = Counter(session.scalars(select(Grade.outcome)))
    database.dispose()
    lost = [uid for uid in received if uid not in there]
    ungraded = [id_ for id_ in submissions if not grades.get(id_)]
    twice = [id_ for id_ in submissions if grades.get(id_, 0) > 1 or scores.get(id_, 0) > 1]
    print(f"killed: {', '.join(f'{kind} {count}' for kind, count in sorted(killed.items()))}")
    print(f"received {len(received)}, kept {len(there)}, outcomes {dict(outcomes)}")
    print(f"lost {len(lost)}, not graded {len(ungraded)}, graded twice {len(twice)}, jobs given up {failed}")
    return 1 if lost or ungraded or twice or failed or outcomes.get("error") else 0


if __name__ == "__main__":
    sys.exit(main())

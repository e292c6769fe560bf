"""A roster of 50,000 rows: dry run and applying, memory, and how long anybody waits to write meanwhile; on both databases.

    python -m benchmarks.roster [--rows 50000]

The file is a CSV of 500 companies, one row in fifty wrong, everybody enrolled into a run. Each database has a process of its
own, so that its peak of memory is its own; reading happens in a child of that, which is told apart. Beside it a second process
writes a row now and then, as a learner's submission does, and says how long the longest took. The reference, in the same run:
pandas reads the same file and puts it into one bare table (`read_csv`, `to_sql`), which checks nothing and keeps no history.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lms.clock import today, utcnow
from lms.migrations import upgrade
from lms.models import (
    AccessEntry,
    Centre,
    CompletionRule,
    Course,
    CourseVersion,
    Database,
    Roster,
    Run,
    RunUnit,
    make_engine,
    reference_data,
)
from lms.people.privacy import sealing
from lms.people.privacy.sealing import Sealer
from lms.rosters import applying, checking, storage, undoing
from lms.rosters.exporting import HEADINGS
from tests.postgres import running_cluster

COMPANIES = 500
WRONG_EVERY = 50
TITLE = "명단 시험"
GOAL_RATE, GOAL_HOLD = 1_000, 2.0


def business_number(place: int) -> str:
    """One of its own with a right check digit."""
    digits = [int(letter) for letter in f"{101 + place // 70:03}{10 + place % 70:02}{1 + place:04}"]
    total = sum(w * digit for w, digit in zip((1, 3, 7, 1, 3, 7, 1, 3, 5), digits, strict=True)) + digits[8] * 5 // 10
    return "".join(map(str, digits)) + str((10 - total % 10) % 10)


def write_file(file: Path, rows: int) -> None:
    numbers = [business_number(place) for place in range(COMPANIES)]
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(HEADINGS)
        for n in range(rows):
            company = n % COMPANIES
            number = "123-45-67890" if n % WRONG_EVERY == 7 else numbers[company]
            name = "김이박최정"[n % 5] + chr(0xAC00 + n % 900) + chr(0xAC00 + n % 1100)
            birth = f"19{60 + n % 40}-{1 + n % 12:02}-{1 + n % 28:02}"
            mail = f"p{n}@roster.example" if n % 3 == 0 else ""
            writer.writerow(
                [number, f"시험기업{company}", "부산", name, f"E{n:06}", birth, f"010-{n % 10000:04}-{n % 9000:04}", mail,
                 f"생산{n % 7}팀", "조립", TITLE, "1"]
            )  # fmt: skip


def prepare(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    database = Database(engine)
    with database.writing() as session:
        reference_data.load(session)
        session.flush()
        course = Course(slug="roster")
        session.add(course)
        session.flush()
        version = CourseVersion(
            course_id=course.id, digest="b" * 64, title=TITLE, summary="", document={}, published_at=utcnow()
        )
        session.add(version)
        session.flush()
        run = Run(
            course_id=course.id, course_version_id=version.id, number=1,
            centre_id=session.scalars(select(Centre.id).where(Centre.slug == "busan")).one(),
            learn_from=today(), learn_to=today().replace(year=today().year + 1), hours=8, created_at=utcnow(),
            opened_at=utcnow(),
        )  # fmt: skip
        run.units = [RunUnit(position=0, key="one", kind="page", title="", minutes=1, weight=0)]
        run.rules = [CompletionRule(progress=80, score=60, recorded_at=utcnow())]
        session.add(run)
        session.commit()
    database.dispose()


def write_now_and_then(url: str, done: Event, longest: Any) -> None:
    """Like a learner who hands in: a short transaction that writes. How long it took is how long the lock was held."""
    database = Database(make_engine(url))
    while not done.wait(0.02):
        begun = time.perf_counter()
        with database.writing() as session:
            session.add(AccessEntry(at=utcnow(), action="tried", count=1))
            session.commit()
        longest.value = max(longest.value, time.perf_counter() - begun)
    database.dispose()


def measure(url: str, file: Path, keys: Path) -> dict[str, float]:
    """Seconds of each stage, bytes, and the longest wait of who wrote meanwhile."""
    database, sealer = Database(make_engine(url)), Sealer(keys)
    context = multiprocessing.get_context("spawn")
    told: dict[str, float] = {}

    def timed(name: str, deed: Any) -> Any:
        done, longest = context.Event(), context.Value("d", 0.0)
        other = context.Process(target=write_now_and_then, args=(url, done, longest))
        other.start()
        time.sleep(2)  # until it writes
        begun = time.perf_counter()
        result = deed()
        told[name] = time.perf_counter() - begun
        done.set()
        other.join()
        told[f"{name}_wait"] = longest.value
        return result

    def yes(_session: object) -> bool:
        return True

    def look() -> int:
        upload = storage.read_upload(file.read_bytes(), file.name, sealer)
        with database.writing() as session:
            roster = storage.keep(session, upload, actor_id=None, queued=False)
            session.commit()
        told["rows"] = len(checking.check(database, roster.id, sealer, yes, finish=yes).decisions)
        return roster.id

    def apply() -> None:
        with database.writing() as session:
            applying.ask_to_apply(session, session.get_one(Roster, roster_id), queued=False)
            session.commit()
        applying.apply(database, roster_id, sealer, yes, finish=yes)

    def undo() -> None:
        with database.writing() as session:
            undoing.take_back(session, session.get_one(Roster, roster_id), actor_id=None)
            session.commit()

    roster_id = timed("dry_run", look)
    timed("apply", apply)
    timed("undo", undo)
    told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told["child_memory"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return told


def reference(file: Path, folder: Path) -> dict[str, float]:
    import pandas  # noqa: PLC0415 (its memory is to be its own process's)

    begun = time.perf_counter()
    rows = pandas.read_csv(file, dtype=str)
    with sqlite3.connect(folder / "reference.sqlite3") as connection:
        rows.to_sql("roster", connection, index=False)
    took = time.perf_counter() - begun
    return {"seconds": took, "rows": len(rows), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def in_process(*words: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.roster", "--one", *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def tell(name: str, told: dict[str, float]) -> bool:
    """One line; whether the goals are met."""
    rates = {stage: told["rows"] / told[stage] for stage in ("dry_run", "apply", "undo")}
    holds = {stage: told[f"{stage}_wait"] for stage in ("dry_run", "apply", "undo")}
    print(
        f"{name:12}{rates['dry_run']:>12,.0f}{rates['apply']:>12,.0f}{rates['undo']:>12,.0f}"
        f"{holds['dry_run']:>10.2f}{holds['apply']:>8.2f}{holds['undo']:>8.2f}"
        f"{told['memory'] / 1e6:>10.0f}{told['child_memory'] / 1e6:>9.0f}"
    )
    return min(rates["dry_run"], rates["apply"]) >= GOAL_RATE and holds["apply"] < GOAL_HOLD


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "FILE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        what, file, folder = arguments.one[0], Path(arguments.one[1]), Path(arguments.one[2])
        told = reference(file, folder) if what == "reference" else measure(what, file, folder / "personal.keys")
        print(json.dumps(told))
        return 0
    with tempfile.TemporaryDirectory() as name, running_cluster() as cluster:
        folder = Path(name)
        file = folder / "roster.csv"
        write_file(file, arguments.rows)
        sealing.write_fresh(folder / "personal.keys")
        cluster.execute("CREATE DATABASE roster")
        urls = {"SQLite": f"sqlite:///{folder / 'lms.sqlite3'}", "PostgreSQL": cluster.url("roster")}
        print(
            f"{arguments.rows:,} rows, {COMPANIES} companies, all enrolled; "
            f"goals: {GOAL_RATE:,} rows/s, nobody waits {GOAL_HOLD:g} s"
        )
        print(
            f"{'':12}{'dry run/s':>12}{'apply/s':>12}{'undo/s':>12}"
            f"{'waited s:':>10}{'apply':>8}{'undo':>8}{'MB':>10}{'reader':>9}"
        )
        met = True
        for kind, url in urls.items():
            prepare(url)
            met = tell(kind, in_process(url, str(file), name)) and met
        pandas = in_process("reference", str(file), name)
        rate = pandas["rows"] / pandas["seconds"]
        print(f"reference: pandas read_csv + to_sql {rate:,.0f} rows/s, {pandas['memory'] / 1e6:.0f} MB")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

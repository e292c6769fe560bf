"""Deeds on many at once in a run of 3,500: enrolling, marking the rest present, a rule that questions all, deciding on all.

    python -m benchmarks.bulk [--people 3500] [--enrol 1500]

On both databases, each deed by its own function in one transaction, as a page does it. Meanwhile another process is a learner of
that run who hands in now and then: her enrolment locked, a submission and its job committed; `waited` is the longest that took.
The reference, in the same run on the same database: one INSERT … SELECT of as many ledger entries into a bare table, which
decides nothing and tells nobody. CPU is this process's, in which SQLite itself runs; PostgreSQL's own is not in it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.jobs import queue
from lms.learning import decisions, ledger
from lms.learning.applications import people
from lms.learning.runs import reading, rules
from lms.learning.runs.rules import RuleFields
from lms.learning.sittings import presence
from lms.migrations import upgrade
from lms.models import (
    Database,
    Employment,
    Enrolment,
    LedgerEntry,
    Person,
    Run,
    RunUnit,
    Sitting,
    StoredFile,
    Submission,
    make_engine,
    new_uid,
)
from tests.postgres import running_cluster
from tests.sittings import a_sitting
from tests.world import EXERCISE, PAGES, World, build_world, make_run

HANDED_IN = "a" * 64
GOAL_SECONDS = 1.5  # for a deed on 3,500


@dataclass(frozen=True)
class Site:
    """A run that `ids` are in and have completed, and another that nobody is in yet."""

    database: Database
    world: World
    run: Run
    later: Run
    sitting: Sitting
    ids: list[int]


def prepare(url: str, number: int) -> Site:
    database = Database(make_engine(url))
    upgrade(database.engine)
    with database.writing() as session:
        world = build_world(session)
        ids = _workers(session, world, number)
        run, later = (
            make_run(
                session, world.course, world.exercise_version, world.busan_centre, number=place,
                learn_from=today() + timedelta(days=from_day), learn_to=today() + timedelta(days=to_day),
            )
            for place, from_day, to_day in ((2, -20, 40), (3, 60, 90))
        )  # fmt: skip
        run.rules[0].progress, run.rules[0].score = 50, 0
        sitting = a_sitting(run.id, choice="first")
        session.add_all([sitting, a_sitting(run.id, choice="second", begins_at=utcnow() + timedelta(days=9))])
        session.add(StoredFile(digest=HANDED_IN, size=1, media_type="application/x-ipynb+json", created_at=utcnow()))
        session.flush()
        people.enrol(session, run.id, ids, way="officer", actor_id=world.seoyeon.id)
        for enrolment in session.scalars(select(Enrolment).where(Enrolment.run_id == run.id)).all():
            session.add_all(
                ledger.entry_of(enrolment, "unit_done", effective_on=today(), recorded_at=utcnow(), unit_key=key)
                for key in PAGES
            )
        session.flush()
        ledger.settle_run(session, run.id)
        session.commit()
    return Site(database, world, run, later, sitting, ids)


def _workers(session: Session, world: World, number: int) -> list[int]:
    now = utcnow()
    rows = [
        {"uid": new_uid(), "name": f"수강생{n}", "is_active": True, "must_change_password": False, "created_at": now}
        for n in range(number)
    ]
    ids = list(session.scalars(insert(Person).returning(Person.id), rows))
    session.execute(
        insert(Employment),
        [
            {
                "person_id": one,
                "company_id": world.hanbit.id,
                "employee_number": f"B-{one}",
                "from_on": today() - timedelta(days=400),
            }
            for one in ids
        ],
    )
    return ids


def hand_in_now_and_then(url: str, run_id: int, ready: Event, done: Event, longest: Any) -> None:
    """A learner of the run, by the transaction in which a notebook is handed in."""
    database = Database(make_engine(url))
    with database.reading() as session:
        enrolment_id = session.scalar(select(func.min(Enrolment.id)).where(Enrolment.run_id == run_id))
        number = session.scalar(select(func.count()).select_from(Submission)) or 0
        unit = session.scalars(select(RunUnit).where(RunUnit.run_id == run_id, RunUnit.key == EXERCISE)).one()
    while not done.wait(0.02):
        begun = time.perf_counter()
        with database.writing() as session:
            _hand_in(session, enrolment_id, unit, number := number + 1)
            session.commit()
        if ready.is_set():
            longest.value = max(longest.value, time.perf_counter() - begun)
        ready.set()
    database.dispose()


def _hand_in(session: Session, enrolment_id: int, unit: RunUnit, number: int) -> None:
    ledger.lock(session, enrolment_id)
    made = Submission(
        enrolment_id=enrolment_id,
        run_unit_id=unit.id,
        exercise_version_id=unit.exercise_version_id,
        number=number,
        notebook=HANDED_IN,
        file_name="notebook.ipynb",
        submitted_at=utcnow(),
    )
    session.add(made)
    session.flush()
    queue.enqueue(session, "grade", {"submission": made.id}, once=f"grade:{made.id}")


# The deeds


def deeds(site: Site, enrol: int) -> dict[str, tuple[int, Callable[[Session, Run], int]]]:
    """Name, how many it is about, and the deed, which says how many it reached."""
    officer = site.world.viewer(site.world.seoyeon)
    many = len(site.ids)

    def enrol_some(session: Session, _run: Run) -> int:
        _set, admitted = people.enrol(session, site.later.id, site.ids[:enrol], way="officer", actor_id=officer.id)
        return sum(one.outcome == "enrolled" for one in admitted)

    def mark_the_rest(session: Session, run: Run) -> int:
        sitting = session.get_one(Sitting, site.sitting.id)
        return presence.mark_rest(session, run, sitting, "present", actor_id=officer.id)

    def raise_the_rule(session: Session, run: Run) -> int:
        return rules.change(session, officer, run, RuleFields(50, 0, 80), reason="기준 변경")

    def decide_on_all(session: Session, run: Run) -> int:
        newest = session.scalar(select(func.max(LedgerEntry.id))) or 0
        return decisions.decide(session, officer, run, "upheld", None, up_to=newest, reason="기준 변경")

    return {
        "enrol": (enrol, enrol_some),
        "mark present": (many, mark_the_rest),
        "raise rule": (many, raise_the_rule),
        "decide on all": (many, decide_on_all),
    }


@dataclass(frozen=True)
class Took:
    """Seconds: by the clock, of this process's CPU, and of the learner's longest commit meanwhile."""

    seconds: float
    cpu: float
    waited: float


def measure(site: Site, url: str, number: int, deed: Callable[[Session, Run], int]) -> Took:
    """Raises SystemExit where the deed did not reach all, which would make its time worthless."""
    context = multiprocessing.get_context("spawn")
    ready, done, longest = context.Event(), context.Event(), context.Value("d", 0.0)
    learner = context.Process(target=hand_in_now_and_then, args=(url, site.run.id, ready, done, longest))
    learner.start()
    if not ready.wait(30):
        raise SystemExit("the learner could not hand in")
    begun, cpu = time.perf_counter(), time.process_time()
    with site.database.writing() as session:
        run = reading.load_to_edit(session, site.world.viewer(site.world.seoyeon), site.run.uid, lock=True)
        reached = deed(session, run)
        session.commit()
    took = Took(time.perf_counter() - begun, time.process_time() - cpu, 0)
    done.set()
    learner.join()
    if reached != number:
        raise SystemExit(f"{reached} were reached of {number}")
    return Took(took.seconds, took.cpu, longest.value)


def reference(database: Database, number: int) -> float:
    """Seconds of one INSERT … SELECT of as many ledger entries into a bare table: the median of three."""
    found = []
    for _ in range(3):
        with database.writing() as session:
            session.execute(text("CREATE TABLE bare AS SELECT * FROM lms_ledger_entry WHERE 1 = 0"))
            session.commit()
        begun = time.perf_counter()
        with database.writing() as session:
            session.execute(text(f"INSERT INTO bare SELECT * FROM lms_ledger_entry LIMIT {number:d}"))
            session.commit()
        found.append(time.perf_counter() - begun)
        with database.writing() as session:
            session.execute(text("DROP TABLE bare"))
            session.commit()
    return sorted(found)[1]


def tell(kind: str, url: str, number: int, enrol: int) -> bool:
    """A line a deed; whether each took no longer than it should."""
    site, met = prepare(url, number), True
    for name, (count, deed) in deeds(site, enrol).items():
        took = measure(site, url, count, deed)
        bare = reference(site.database, count)
        print(
            f"{kind:12}{name:15}{count:>8,}{took.seconds:>9.2f}{took.cpu:>9.2f}{took.waited:>9.2f}"
            f"{bare:>10.4f}{took.seconds / bare:>9.0f}"
        )
        met = met and took.seconds < GOAL_SECONDS
    site.database.dispose()
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3_500)
    parser.add_argument("--enrol", type=int, default=1_500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_cluster() as cluster:
        cluster.execute("CREATE DATABASE bulk")
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'lms.sqlite3'}", "PostgreSQL": cluster.url("bulk")}
        print(f"goal: a deed takes less than {GOAL_SECONDS:g} s")
        print(f"{'':12}{'deed':15}{'people':>8}{'s':>9}{'CPU s':>9}{'waited':>9}{'bare s':>10}{'ratio':>9}")
        met = [tell(kind, url, given.people, min(given.enrol, given.people)) for kind, url in urls.items()]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Issue and print a run's certificates while the workers that do it are killed with -9 at random.

Then count: everybody who completed has one certificate, numbers run from 1 without gaps, nobody was told twice, each PDF is
there and whole. Exit status 1 where one was lost or doubled.

    python -m benchmarks.soak_certificates [--count 300] [--seed N]
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from lms.credentials import batches, reading, work
from lms.credentials.batches import BatchPrinter
from lms.credentials.work import RunIssuer
from lms.files import FileStore
from lms.jobs.worker import Handler, Worker
from lms.migrations import upgrade
from lms.models import Certificate, CertificateBatch, Database, Job, Message, Person, Run, make_engine
from lms.people.viewers import Viewer
from tests.credentials.conftest import ADDRESS, PRESS

from .certificates import fill

KINDS = (work.RUN, batches.JOB_KIND)
WORKERS, LEASE_SECONDS, PATIENCE = 2, 3, 300.0


def work_on(url: str, files: str) -> None:
    """One worker, until it is killed."""
    database = Database(make_engine(url))
    handlers: dict[str, Handler] = {work.RUN: RunIssuer(PRESS), batches.JOB_KIND: BatchPrinter(FileStore(files))}
    worker = Worker(database, handlers, lease_seconds=LEASE_SECONDS)
    name = f"soak:{time.monotonic_ns()}"
    while True:
        try:
            busy = worker.run_one(name, KINDS)
        except Exception:
            busy = False
        if not busy:
            time.sleep(0.1)


def start(url: str, files: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", __spec__.name, "--work-on", url, "--files", files])


def ask(database: Database, run_id: int, officer_id: int) -> None:
    with database.writing() as session:
        officer = viewer(session.get_one(Person, officer_id))
        run = session.get_one(Run, run_id)
        for _ in range(3):  # three officers press at once
            work.ask_for_run(session, officer, run, language="", address=ADDRESS)
        session.commit()


def viewer(person: Person) -> Viewer:
    return Viewer(id=person.id, uid=person.uid, name=person.name)


def open_jobs(database: Database) -> int:
    """What isn't done. Leases of the killed are cut short, so that the soak needn't wait for them."""
    with database.writing() as session:
        for job in session.scalars(select(Job).where(Job.kind.in_(KINDS), Job.state == "running")):
            if job.lease_until and job.started_at:
                job.lease_until = min(job.lease_until, job.started_at + timedelta(seconds=30))
            job.max_attempts = 1_000
        for job in session.scalars(select(Job).where(Job.kind.in_(KINDS), Job.state == "ready")):
            job.run_at, job.max_attempts = job.created_at, 1_000
        session.commit()
        wanted = (Job.kind.in_(KINDS), Job.state.in_(("ready", "running", "failed")))
        return session.scalar(select(func.count()).select_from(Job).where(*wanted)) or 0


def _unfinished(database: Database) -> bool:
    try:
        return open_jobs(database) > 0
    except OperationalError:  # the lock was another's for too long: looked at again
        return True


def kill_until_done(database: Database, url: str, files: str, chance: random.Random) -> int:
    """Returns how many workers were killed."""
    workers = [start(url, files) for _ in range(WORKERS)]
    killed, until = 0, time.monotonic() + PATIENCE
    try:
        while _unfinished(database) and time.monotonic() < until:
            time.sleep(chance.uniform(4.0, 9.0))
            place = chance.randrange(WORKERS)
            workers[place].send_signal(signal.SIGKILL)
            workers[place].wait()
            killed += 1
            workers[place] = start(url, files)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return killed


def faults(database: Database, files: FileStore, run_id: int, count: int) -> list[str]:
    with database.reading() as session:
        rows = session.scalars(select(Certificate).order_by(Certificate.serial)).all()
        told = Counter(session.scalars(select(Message.person_id).where(Message.kind == "certificate_ready")))
        waiting = session.execute(reading.waiting(run_id)).all()
        batch = session.scalars(select(CertificateBatch)).one()
        found = []
        if [row.serial for row in rows] != list(range(1, count + 1)) or waiting:
            found.append(f"{len(rows)} certificates for {count} people, {len(waiting)} without one")
        if len({row.enrolment_id for row in rows}) != len(rows):
            found.append("somebody has two")
        if set(told.values()) != {1} or len(told) != count:
            found.append(f"told: {len(told)} people, {sum(told.values())} messages")
        whole = [row for row in rows if row.pdf and files.read(row.pdf).rstrip().endswith(b"%%EOF")]
        if len(whole) != count or (batch.state, batch.made) != ("done", count):
            found.append(f"{len(whole)} PDFs, the file is {batch.state} with {batch.made}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work-on", default="", help=argparse.SUPPRESS)
    parser.add_argument("--files", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work_on:
        work_on(asked.work_on, asked.files)
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        url, files = f"sqlite:///{folder}/lms.sqlite3", str(Path(folder) / "files")
        engine = make_engine(url)
        upgrade(engine)
        database = Database(engine)
        world = fill(database, asked.count)
        ask(database, world.run.id, world.seoyeon.id)
        killed = kill_until_done(database, url, files, chance)
        with database.writing() as session:
            officer = viewer(session.get_one(Person, world.seoyeon.id))
            batches.ask(session, officer, session.get_one(Run, world.run.id), reason="오래 시험하기")
            session.commit()
        killed += kill_until_done(database, url, files, chance)
        found = faults(database, FileStore(files), world.run.id, asked.count)
        database.dispose()
    for fault in found:
        print(f"FAULT: {fault}")
    print(f"{asked.count} certificates, {killed} workers killed, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

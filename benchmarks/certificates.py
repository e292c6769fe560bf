"""A run's certificates as one file: seconds and memory of issuing, making and packing them, beside typst alone.

    python -m benchmarks.certificates [--count 1000]

The reference, in the same run: the same data compiled by typst in one loop of a bare process, which keeps and checks nothing
(`typst.Compiler.compile`). Beside both: a process for each document, as it would be without `render_many`, from a sample.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import typst
from sqlalchemy import select

from lms import documents
from lms.credentials import batches, issuing, printing, reading
from lms.credentials.batches import BatchPrinter
from lms.documents.places import FONTS, ROOT
from lms.files import FileStore
from lms.jobs.worker import Worker
from lms.migrations import upgrade
from lms.models import Certificate, CertificateBatch, Database, LedgerEntry, Person, Run, make_engine
from lms.people.viewers import Viewer
from tests import world as people
from tests.credentials.conftest import DAY, PRESS
from tests.world import World, build_world

SAMPLE = 20  # of a process for each
FAMILIES, GIVEN = "김이박최정강조윤장임", "하준서연민지도윤예은우진현아"


def fill(database: Database, count: int) -> World:
    """So many people who completed the run, each with a name of three syllables."""
    at = people.at(DAY)
    with database.writing() as session:
        world = build_world(session)
        run = session.get_one(Run, world.run.id)
        for place in range(count):
            name = FAMILIES[place % 10] + GIVEN[place // 10 % 14] + GIVEN[place // 140 % 14]
            person = Person(name=name, created_at=at)
            session.add(person)
            session.flush()
            people.employ(session, person, world.hanbit, f"N-{place}")
            enrolment = people.enrolments.enrol(session, run, person.id, now=people.JOINED)
            session.add(
                LedgerEntry(
                    enrolment_id=enrolment.id,
                    kind="completed",
                    run_id=run.id,
                    company_id=enrolment.company_id,
                    region_id=enrolment.region_id,
                    effective_on=at.date(),
                    recorded_at=at,
                )
            )
        session.commit()
    return world


def issue_all(database: Database, world: World) -> None:
    with database.writing() as session:
        for row in session.execute(reading.waiting(world.run.id)).all():
            issuing.issue(session, row.enrolment_id, PRESS)
        session.commit()


def print_all(database: Database, files: FileStore, run_id: int, officer_id: int) -> int:
    """By jobs, as a worker does it; returns the bytes of the zip file, which goes nowhere."""
    with database.writing() as session:
        person = session.get_one(Person, officer_id)
        officer = Viewer(id=person.id, uid=person.uid, name=person.name)
        batch = batches.ask(session, officer, session.get_one(Run, run_id), reason="측정하기 위해").id
        session.commit()
    worker = Worker(database, {batches.JOB_KIND: BatchPrinter(files)})
    while worker.run_one("bench", [batches.JOB_KIND]):
        pass
    with database.reading() as session:
        found = session.get_one(CertificateBatch, batch)
        assert found.made == found.size, (found.made, found.size)
        return sum(map(len, batches.pieces(session, files, found)[1]))


def typst_alone(data: list[dict[str, Any]]) -> None:
    compiler = typst.Compiler(
        str(ROOT / f"{printing.TEMPLATE}.typ"), root=str(ROOT), font_paths=[str(FONTS)], ignore_system_fonts=True
    )
    for one in data:
        compiler.compile(format="pdf", sys_inputs={"data": json.dumps(one, ensure_ascii=False)}, pdf_standards="ua-1")


def one_each(data: list[dict[str, Any]]) -> None:
    for one in data:
        documents.render(printing.TEMPLATE, one, accessible=True)


def _measured(deed: Callable[..., Any], arguments: tuple[Any, ...], told: Any) -> None:
    begun = time.perf_counter()
    result = deed(*arguments)
    seconds = time.perf_counter() - begun
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    told.send((seconds, own, child, result))


def measured(deed: Callable[..., Any], *arguments: Any) -> tuple[float, float, float, Any]:
    """Seconds, peak of memory (MB) of its process and of that one's children, and what it returned: in a fresh process."""
    context = get_context("spawn")
    heard, told = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(deed, arguments, told))
    process.start()
    told.close()  # so that a process that failed ends the waiting
    found: tuple[float, float, float, Any] = heard.recv()
    process.join()
    return found


def _print(url: str, files: str, run_id: int, officer_id: int) -> int:
    return print_all(Database(make_engine(url)), FileStore(files), run_id, officer_id)


def lines(count: int, folder: Path) -> Iterator[str]:
    url, files = f"sqlite:///{folder / 'lms.sqlite3'}", FileStore(folder / "files")
    engine = make_engine(url)
    upgrade(engine)
    database = Database(engine)
    world = fill(database, count)
    begun = time.perf_counter()
    issue_all(database, world)
    issued = time.perf_counter() - begun
    with database.reading() as session:
        data = [printing.data_of(row, files) for row in session.scalars(select(Certificate).order_by(Certificate.id))]
    database.dispose()
    alone, alone_peak, _, _ = measured(typst_alone, data)
    ours, peak, child_peak, size = measured(_print, url, str(files.root), world.run.id, world.seoyeon.id)
    each, _, _, _ = measured(one_each, data[:SAMPLE])

    def row(what: str, seconds: float, of: int, *peaks: float) -> str:
        told = " + ".join(f"{one:.0f} MB" for one in peaks)
        return f"{what:46}{1000 * seconds / of:7.1f} ms each" + (f"   peak {told}" if told else "")

    yield f"{count} certificates, SQLite; one file of {size / 1e6:.1f} MB ({size / count / 1000:.0f} kB each)"
    yield row("issuing (number, facts, message)", issued, count)
    yield row("typst alone, one bare loop (reference)", alone, count, alone_peak)
    yield row("made by jobs, kept and packed (and its child)", ours, count, peak, child_peak)
    yield row(f"a process for each, {SAMPLE} of them", each, SAMPLE)
    yield f"{ours:.1f} s for all by jobs"
    yield f"jobs : typst alone = {ours / alone:.2f}; a process for each : jobs = {each / SAMPLE / (ours / count):.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(asked.count, Path(folder)):
            print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Long files by the worker's own handler, in a process that does nothing else; says what they took, as JSON.

    python -m benchmarks.exporting URL FOLDER DAY EMAIL [--seconds 20]

The whole list of enrolments is written as CSV. Of the list with standings, of spreadsheets, and of PostgreSQL's own COPY of
the same rows, which is the floor, only the rate is measured, for so many seconds each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lms.clock import today
from lms.files import FileStore
from lms.jobs.worker import Worker
from lms.models import Database, Person, make_engine
from lms.people.viewers import Viewer
from lms.reports import tables
from lms.reports.exports import asking, lists, making
from lms.reports.exports.lists import Asked
from lms.reports.question import Question


def peak() -> float:
    """Bytes at most of this process's own memory; getrusage would tell that of the one which began it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found.group(1)) * 1024


def whole(database: Database, files: FileStore, asked: Asked) -> dict[str, float]:
    """The file as a worker makes it."""
    viewer = asked.viewer
    assert viewer
    with database.writing() as session:
        made = asking.ask(session, viewer, asked, "csv", "속도 측정", lists.count(session, asked))
        session.commit()
    idle, begun = peak(), time.perf_counter()
    Worker(database, {asking.JOB_KIND: making.ExportMaker(files, kept_days=1)}).run_one("benchmark", [asking.JOB_KIND])
    seconds = time.perf_counter() - begun
    with database.reading() as session:
        done = asking.load(session, viewer, made.uid).export
        assert done.state == "done", done.state
    asking.take(viewer, done, making.folder_of(files)).unlink()
    return {"rows": done.rows, "bytes": done.bytes, "seconds": seconds, "memory": peak(), "idle": idle}


class Rows:
    """Rows of a list for so many seconds, counted."""

    def __init__(self, database: Database, asked: Asked, seconds: float) -> None:
        self.database, self.asked, self.seconds = database, asked, seconds
        self.begun, self.took, self.count = time.perf_counter(), 0.0, 0

    def parts(self) -> Iterator[lists.Part]:
        with contextlib.closing(lists.parts(self.database.reading, self.asked)) as parts:
            for part in parts:
                self.count += len(part.rows)
                yield part
                self.took = time.perf_counter() - self.begun
                if self.took > self.seconds:
                    return

    def __iter__(self) -> Iterator[Any]:
        return (row for part in self.parts() for row in part.rows)


def csv_rate(database: Database, asked: Asked, seconds: float) -> float:
    rows = Rows(database, asked, seconds)
    with tempfile.TemporaryFile() as file:
        for part in rows.parts():
            file.write(tables.csv_rows(lists.columns(asked), part.rows).encode())
    return rows.count / rows.took


def xlsx_rate(database: Database, asked: Asked, seconds: float) -> float:
    begun, rows = time.perf_counter(), Rows(database, asked, seconds)
    with tempfile.TemporaryFile() as file:
        tables.write_workbook(lists.sheet(asked, rows), file)
    return rows.count / (time.perf_counter() - begun)


def copy_rate(database: Database, asked: Asked, seconds: float) -> float:
    """What PostgreSQL alone needs for what the rows are made of, by spans as we read them."""
    begun, count = time.perf_counter(), 0
    with database.reading() as session:
        reader = lists.Reader(session, asked)
        for span in reader.spans(lambda: contextlib.nullcontext(session), 0):
            told, people = reader.told(span).subquery(), reader.people(span).subquery()
            count += _copied(session, select(people, told).join(told, told.c.enrolment_id == people.c.id))
            if time.perf_counter() - begun > seconds:
                break
    return count / (time.perf_counter() - begun)


def _copied(session: Session, statement: Any) -> int:
    words = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY ({str(words).replace('%%', '%')}) TO STDOUT (FORMAT csv)") as copy:
            for _block in copy:
                pass
        return cursor.rowcount


def export(url: str, folder: Path, day: date, email: str, seconds: float) -> dict[str, float]:
    """By the worker's own handler, in this process alone, so that the peak of memory is its own."""
    database = Database(make_engine(url))
    with database.reading() as session:
        person = session.scalars(select(Person).where(Person.email == email)).one()
    viewer = Viewer(person.id, person.uid, person.name, is_programme_office=True)
    plain, standings = (Asked(report, Question(as_of=day, by=()), viewer, today()) for report in lists.LISTS)
    told = whole(database, FileStore(folder / "files"), plain)
    told["learners"] = csv_rate(database, standings, seconds)
    told["xlsx"] = xlsx_rate(database, plain, seconds)
    if url.startswith("postgresql"):
        told["copy"] = copy_rate(database, plain, seconds)
        told["copy_learners"] = copy_rate(database, standings, seconds)
    return told | {"memory_of_all": peak()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("day", type=date.fromisoformat)
    parser.add_argument("email")
    parser.add_argument("--seconds", type=float, default=10)
    words = parser.parse_args()
    print(json.dumps(export(words.url, words.folder, words.day, words.email, words.seconds)))


if __name__ == "__main__":
    main()

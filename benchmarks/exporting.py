"""One long file by the worker's own handler, in a process that does nothing else; says what it took, as JSON.

    python -m benchmarks.exporting URL FOLDER DAY EMAIL

Of the list with standings, for which each enrolment is judged, only the rate is measured, for ten seconds.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from datetime import date
from pathlib import Path

from sqlalchemy import select

from lms.clock import today
from lms.files import FileStore
from lms.jobs.worker import Worker
from lms.models import Database, Person, make_engine
from lms.people.viewers import Viewer
from lms.reports.exports import asking, lists, making
from lms.reports.question import Question


def peak() -> float:
    """Bytes at most of this process's own memory; getrusage would tell that of the one which began it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found.group(1)) * 1024


def export(url: str, folder: Path, day: date, email: str) -> dict[str, float]:
    """By the worker's own handler, in this process alone, so that the peak of memory is its own."""
    database = Database(make_engine(url))
    files = FileStore(folder / "files")
    with database.reading() as session:
        person = session.scalars(select(Person).where(Person.email == email)).one()
    viewer = Viewer(person.id, person.uid, person.name, is_programme_office=True)
    asked = lists.Asked("enrolments", Question(as_of=day, by=()), viewer, today())
    with database.writing() as session:
        made = asking.ask(session, viewer, asked, "csv", "속도 측정", lists.count(session, asked))
        session.commit()
    idle = peak()
    begun = time.perf_counter()
    Worker(database, {asking.JOB_KIND: making.ExportMaker(files)}).run_one("benchmark", [asking.JOB_KIND])
    seconds = time.perf_counter() - begun
    memory = peak()
    with database.reading() as session:
        done = asking.load(session, viewer, made.uid).export
        assert done.state == "done", done.state
    asking.take(viewer, done, making.folder_of(files)).unlink()
    rows, begun = 0, time.perf_counter()
    with contextlib.closing(
        lists.parts(database.reading, lists.Asked("learners", asked.question, viewer, today()))
    ) as parts:
        for part in parts:
            rows += len(part.rows)
            if time.perf_counter() - begun > 10:
                break
    told = {"rows": done.rows, "bytes": done.bytes, "seconds": seconds, "memory": memory, "idle": idle}
    return told | {"learners": rows / (time.perf_counter() - begun)}


if __name__ == "__main__":
    url, folder, day, email = sys.argv[1:]
    print(json.dumps(export(url, Path(folder), date.fromisoformat(day), email)))

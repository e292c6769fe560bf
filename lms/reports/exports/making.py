"""The worker's part: a file part by part, and the end of those that nobody needs any more.

Each part is on the disk before the row says that it is there. A worker that was killed leaves a file that may be longer than
the row says; the next cuts it off there and goes on. A spreadsheet can't be gone on with and is begun again.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from lms import messages
from lms.clock import utcnow
from lms.files import FileStore
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.jobs.queue import Claim
from lms.models import Database, Export, Person
from lms.people.viewers import Viewer

from .. import tables
from . import asking, lists, scopes

FORGET = "export_forget"
_LEASE = timedelta(seconds=60)


def folder_of(files: FileStore) -> Path:
    return files.root / "exports"


class _StoppedError(Exception):
    """It was cancelled, or the job is another worker's by now."""


@dataclass
class ExportMaker:
    """The handler of `export` jobs."""

    files: FileStore

    def __call__(self, database: Database, claim: Claim) -> str | None:
        folder = folder_of(self.files)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with database.reading() as session:
            export = session.get_one(Export, claim.payload["export"])
            asked = _asked(session, export)
        if export.state == "waiting":
            try:
                made = _Making(database, claim, export, asked, folder)
                made.to_xlsx() if export.form == "xlsx" else made.to_csv()
            except _StoppedError:
                with database.reading() as session:
                    if session.get_one(Export, export.id).state == "waiting":
                        return "lost"
        with database.writing() as session:
            if queue.finish(session, claim):
                session.commit()
        return None


def _asked(session: Session, export: Export) -> lists.Asked:
    person = session.get_one(Person, export.person_id)
    viewer, day = scopes.viewer_of(export.scope, Viewer(person.id, person.uid, person.name))
    return lists.Asked(export.report, asking.question_of(export), viewer, day, export.language)


@dataclass
class _Making:
    database: Database
    claim: Claim
    export: Export
    asked: lists.Asked
    folder: Path

    def to_csv(self) -> None:
        part, columns = asking.part_of(self.folder, self.export), lists.columns(self.asked)
        rows, length, reached = self.export.rows, self.export.bytes, self.export.reached
        if not part.exists() or part.stat().st_size < length:
            rows = length = reached = 0  # another machine's disk: begun again
        with part.open("r+b" if part.exists() else "w+b") as file:
            os.chmod(part, 0o600)
            file.truncate(length)
            file.seek(length)
            if not length:
                file.write(tables.csv_head(columns).encode())
            with closing(self._parts(reached)) as parts:
                for found in parts:
                    file.write(tables.csv_rows(columns, found.rows).encode())
                    rows += len(found.rows)
                    file.flush()
                    os.fsync(file.fileno())
                    self._note(rows=rows, bytes=file.tell(), reached=found.reached)
        self._finish(part, rows)

    def to_xlsx(self) -> None:
        part = asking.part_of(self.folder, self.export)
        counted = 0

        def rows() -> Iterator[Sequence[Any]]:
            nonlocal counted
            with closing(self._parts(0)) as parts:
                for found in parts:
                    yield from found.rows
                    counted += len(found.rows)
                    self._note(rows=counted, bytes=0, reached=0)

        with tables.to_xlsx(lists.sheet(self.asked, rows())) as made, part.open("wb") as file:
            os.chmod(part, 0o600)
            while block := made.read(1 << 20):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        self._finish(part, counted)

    def _parts(self, after: int) -> Generator[lists.Part, None, None]:
        return lists.parts(self.database.reading, self.asked, after)

    def _note(self, **values: Any) -> None:
        """How far it is; of one that is done its owner is told. Raises _StoppedError."""
        with self.database.writing() as session:
            if not (queue.extend(session, self.claim, _LEASE) and self._held(session, values)):
                raise _StoppedError()
            if values.get("state") == "done":
                facts = {"rows": values["rows"], "export": str(self.export.uid)}
                messages.send(
                    session, self.export.person_id, "export_made", facts, once=f"export_made:{self.export.id}"
                )
            session.commit()

    def _held(self, session: Session, values: dict[str, Any]) -> int:
        changed = session.execute(
            update(Export).where(Export.id == self.export.id, Export.state == "waiting").values(values)
        )
        assert isinstance(changed, CursorResult)
        return changed.rowcount

    def _finish(self, part: Path, rows: int) -> None:
        """The file has its name before the row says so. Raises _StoppedError."""
        length = part.stat().st_size
        os.replace(part, asking.file_of(self.folder, self.export))
        now = utcnow()
        self._note(rows=rows, bytes=length, state="done", finished_at=now, forget_at=now + asking.KEPT, total=rows)


def _is_due(session: Session) -> bool:
    return session.scalar(select(Export.id).where(Export.forget_at <= utcnow()).limit(1)) is not None


CHORE = Chore(FORGET, timedelta(minutes=1), _is_due)


@dataclass
class ExportForgetter:
    """The handler of `export_forget` jobs: files whose time is over, and what lies of those that were given up."""

    files: FileStore

    def __call__(self, database: Database, claim: Claim) -> str | None:
        folder = folder_of(self.files)
        with database.reading() as session:
            over = session.scalars(select(Export).where(Export.forget_at <= utcnow())).all()
        for export in over:
            asking.part_of(folder, export).unlink(missing_ok=True)
            asking.file_of(folder, export).unlink(missing_ok=True)
        self._sweep(database, folder)
        with database.writing() as session:
            ids = [export.id for export in over]
            session.execute(update(Export).where(Export.id.in_(ids)).values(forget_at=None))
            session.execute(update(Export).where(Export.id.in_(ids), Export.state == "done").values(state="removed"))
            if queue.finish(session, claim):
                session.commit()
        return None

    def _sweep(self, database: Database, folder: Path) -> None:
        """Files of rows that were taken away with their owner."""
        there = list(folder.glob("*"))  # before the rows: each of these has had one
        with database.reading() as session:
            known = {uid.hex for uid in session.scalars(select(Export.uid))}
        for file in there:
            if file.stem not in known:
                file.unlink(missing_ok=True)

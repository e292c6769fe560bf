"""The worker's part: a file part by part, and the end of those that nobody needs any more.

Each part is on the disk before the row says that it is there. A worker that was killed leaves a file that may be longer than
the row says; the next copies what the row vouches for into a file of its own and goes on there, so that one which was only
asleep and wakes up writes to a file that nobody reads. A spreadsheet can't be gone on with and is begun again.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from lms import messages
from lms.clock import utcnow
from lms.files import FileStore
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.jobs.queue import Claim
from lms.models import Database, Export, Job, Person
from lms.people.viewers import Viewer

from .. import tables
from ..tables import TooLongError
from . import asking, lists, scopes

FORGET = "export_forget"
_LEASE = timedelta(seconds=60)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def folder_of(files: FileStore) -> Path:
    return files.root / "exports"


class _StoppedError(Exception):
    """It was cancelled, or the job is another worker's by now."""


@dataclass
class ExportMaker:
    """The handler of `export` jobs. Files are kept for so many days."""

    files: FileStore
    kept_days: int

    def __call__(self, database: Database, claim: Claim) -> str | None:
        folder = folder_of(self.files)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with database.reading() as session:
            export = session.get_one(Export, claim.payload["export"])
            asked = _asked(session, export)
        if export.state == "waiting":
            making = _Making(database, claim, export, asked, folder, timedelta(days=self.kept_days))
            try:
                making.make()
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
    kept: timedelta

    def make(self) -> None:
        """Raises _StoppedError. What can't come right by another try is told and leaves nothing on the disk."""
        try:
            self._to_xlsx() if self.export.form == "xlsx" else self._to_csv()
        except TooLongError:
            self._give_up("too_long")
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self._give_up("disk")

    def _to_csv(self) -> None:
        part, columns = self._own_part(), lists.columns(self.asked)
        rows, reached = (self.export.rows, self.export.reached) if part.exists() else (0, 0)
        with _opened(part, "ab") as file:
            if not file.tell():
                file.write(tables.csv_head(columns).encode())
            with closing(self._parts(reached)) as parts:
                for found in parts:
                    file.write(tables.csv_rows(columns, found.rows).encode())
                    rows += len(found.rows)
                    _settle(file)
                    self._note(rows=rows, bytes=file.tell(), reached=found.reached)
            _settle(file)
        self._finish(part, rows)

    def _own_part(self) -> Path:
        """Where this worker writes: there is a file if an earlier one left what the row says. Nothing else is left."""
        own, length = asking.part_of(self.folder, self.export, self.claim.attempt), self.export.bytes
        earlier = list(asking.leavings(self.folder, self.export))
        whole = [part for part in earlier if part.suffix == ".part" and part.stat().st_size >= length]
        if length and whole:
            with whole[-1].open("rb") as source, _opened(own, "wb") as file:
                _copy(source, file, length)
                _settle(file)
        for each in earlier:
            asking.remove(each)
        return own

    def _to_xlsx(self) -> None:
        part, counted = self._own_part(), 0

        def rows() -> Iterator[Sequence[Any]]:
            nonlocal counted
            with closing(self._parts(0)) as parts:
                for found in parts:
                    yield from found.rows
                    counted += len(found.rows)
                    self._note(rows=counted, bytes=0, reached=0)

        work = part.with_suffix(".rows")
        work.mkdir(mode=0o700)
        with _opened(part, "wb") as file:
            tables.write_workbook(lists.sheet(self.asked, rows()), file, work)
            _settle(file)
        asking.remove(work)
        self._finish(part, counted)

    def _parts(self, after: int) -> Generator[lists.Part, None, None]:
        return lists.parts(self.database.reading, self.asked, after)

    def _give_up(self, problem: str) -> None:
        for each in asking.leavings(self.folder, self.export):
            asking.remove(each)
        self._note(rows=0, bytes=0, reached=0, state="failed", problem=problem, finished_at=utcnow())

    def _note(self, **values: Any) -> None:
        """How far it is; of one that ended its owner is told. Raises _StoppedError."""
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
        try:
            length = part.stat().st_size
            os.replace(part, asking.file_of(self.folder, self.export))
        except FileNotFoundError:
            raise _StoppedError() from None  # whoever took the job over has taken it away
        now = utcnow()
        self._note(rows=rows, bytes=length, state="done", finished_at=now, forget_at=now + self.kept, total=rows)


def _opened(path: Path, mode: str) -> IO[bytes]:
    """For the site's own account alone from the beginning."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))


def _copy(source: IO[bytes], target: IO[bytes], length: int) -> None:
    while length and (block := source.read(min(length, 1 << 20))):
        target.write(block)
        length -= len(block)


def _settle(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _is_due(session: Session) -> bool:
    over = select(Export.id).where(Export.forget_at <= utcnow()).limit(1)
    return session.scalar(over) is not None or session.scalar(_broken().limit(1)) is not None


def _broken() -> Any:
    """Those whose job failed for good."""
    failed = select(Job.id).where(Job.once == asking.once_of(Export.id), Job.state == "failed")
    return select(Export.id).where(Export.state == "waiting", failed.exists())


CHORE = Chore(FORGET, timedelta(minutes=1), _is_due)


@dataclass
class ExportForgetter:
    """The handler of `export_forget` jobs: files whose time is over, and what lies of those that were given up."""

    files: FileStore

    def __call__(self, database: Database, claim: Claim) -> str | None:
        folder, now = folder_of(self.files), utcnow()
        with database.writing() as session:
            broken = session.scalars(_broken()).all()
            session.execute(
                update(Export).where(Export.id.in_(broken)).values(state="failed", problem="fault", forget_at=now)
            )
            session.commit()
        with database.reading() as session:
            over = session.scalars(select(Export).where(Export.forget_at <= now)).all()
        for export in over:
            asking.file_of(folder, export).unlink(missing_ok=True)
            for part in asking.leavings(folder, export):
                asking.remove(part)
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
            if file.name.partition(".")[0] not in known:
                asking.remove(file)

"""Bring a site back from its backup: read and checked whole before anything takes its place."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from lms import migrations
from lms.clock import utcnow
from lms.errors import LMSError
from lms.files import FileStore
from lms.jobs import heartbeat
from lms.models import Database, StoredFile, make_engine

from . import archive, dumps
from .archive import ArchiveError, Manifest

SETTINGS_NAME = "lms.toml.of-backup"


class RestoreError(LMSError):
    """The place is not one to restore into. Nothing was changed."""

    reason = "restore"
    sentence = "Nothing was restored: {why}"


@dataclass(frozen=True)
class Restored:
    """`aside`: where the database lies that was there before; empty if there was none."""

    manifest: Manifest
    aside: str


def restore(database: Database, files: FileStore, instance: Path, source: Path, *, replace: bool = False) -> Restored:
    """Have the site be what it was when the backup was made.

    Stored files are only ever added: they are named by their content, and those of the database that is put aside stay.

    Raises:
        ArchiveError: the backup is damaged, cut short, forged, newer than this program or of another kind of database.
        RestoreError: there is a site here already and `replace` is not set, or it runs, or there is no room.
        DumpError: the database is in use.
    """
    refuse_running(database)
    if not replace and has_people(database):
        raise RestoreError(why="there is a site with people here. --replace puts it aside, into a file of its own.")
    folder = _staging(database, instance)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as staged, archive.reading(source) as reader:
        manifest = reader.manifest
        _refuse_foreign(manifest, database)
        _refuse_too_large(manifest, Path(staged), files.root)
        dump = Path(staged) / "dump"
        settings = _unpack(reader, dump, files)
        if manifest.kind == "sqlite":
            _check_sqlite(dump, manifest, files)
        aside = dumps.put_in_place(database.engine, dump, utcnow())
    (instance / SETTINGS_NAME).write_bytes(settings)
    with database.engine.connect() as connection:
        if dumps.count_rows(connection) != manifest.rows:
            raise RestoreError(
                why=f"the rows are not those of the backup. What was there before is in {aside or 'none'}."
            )
    return Restored(manifest, aside)


def has_people(database: Database) -> bool:
    """Whether somebody has an account here. A site that was only prepared has nobody yet."""
    try:
        with database.engine.connect() as connection:
            if not inspect(connection).has_table("lms_person"):
                return False
            return connection.scalar(text("SELECT 1 FROM lms_person LIMIT 1")) is not None
    except SQLAlchemyError:
        return True  # it can't be asked, so something is there


def refuse_running(database: Database) -> None:
    """Raises RestoreError where a worker says that it lives."""
    try:
        with database.reading() as session:
            living = heartbeat.list_living(session)
    except SQLAlchemyError:  # no such table: nothing was ever here
        return
    if living:
        raise RestoreError(why=f"the worker {living[0].name} still runs. Stop the site first.")


def _staging(database: Database, instance: Path) -> Path:
    """On the disk of the database, so that the file is put in its place in one step."""
    file = database.engine.url.database
    return Path(file).parent if database.engine.dialect.name == "sqlite" and file else instance


def _refuse_foreign(manifest: Manifest, database: Database) -> None:
    kind = database.engine.dialect.name
    if manifest.kind != kind:
        raise ArchiveError(why=f"it is of a site on {manifest.kind}, and this one is on {kind}.")
    if not migrations.is_known(manifest.revision):
        raise ArchiveError(
            why=f"its tables are at revision '{manifest.revision}', which this program does not know. "
            f"Install the program that made it ({manifest.program}) or a newer one."
        )


def _refuse_too_large(manifest: Manifest, *folders: Path) -> None:
    needed = manifest.size + manifest.bytes
    for folder in folders:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if shutil.disk_usage(there).free < needed:
            raise RestoreError(why=f"{needed / 1e9:.1f} GB are needed, and the disk of {there} has less.")


def _unpack(reader: archive.Reader, dump: Path, files: FileStore) -> bytes:
    """Write the dump and add the files, each held against its digest. Returns the settings."""
    settings = b""
    for part in reader.parts():
        if part.digest:
            _add(part, files)
        elif part.name == archive.DATABASE:
            with dump.open("xb") as target:
                if part.copy_to(target) != reader.manifest.digest:
                    raise ArchiveError(why="the database in it is damaged.")
        else:
            settings = part.read()
    return settings


def _add(part: archive.Part, files: FileStore) -> None:
    path = files.path(part.digest)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with open(descriptor, "wb") as target:
            digest = part.copy_to(target)
            target.flush()
            os.fsync(target.fileno())
        if digest != part.digest:
            raise ArchiveError(why=f"the file {part.digest[:12]}… in it is damaged.")
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _check_sqlite(dump: Path, manifest: Manifest, files: FileStore) -> None:
    dumps.refuse_damage(dump)
    engine = make_engine(f"sqlite:///{dump}")
    try:
        with engine.connect() as connection:
            if dumps.revision_of(connection) != manifest.revision or dumps.count_rows(connection) != manifest.rows:
                raise ArchiveError(why="the database in it is not the one that its manifest tells of.")
            for digest in connection.scalars(select(StoredFile.digest)):
                if not files.path(digest).exists() and digest not in manifest.missing:
                    raise ArchiveError(why=f"the file {digest[:12]}… that its database names is not in it.")
    finally:
        _close(engine, dump)


def _close(engine: Engine, dump: Path) -> None:
    engine.dispose()
    dumps.leave_wal(dump)

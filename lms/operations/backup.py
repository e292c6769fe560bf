"""Keep the whole site in one file while it runs.

The database is copied first and the files that its rows name after it. A file is on the disk before its row and never
changes, so what the copy names is there.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from lms import __version__
from lms.clock import utcnow
from lms.errors import LMSError
from lms.files import FileStore
from lms.models import Database, StoredFile
from lms.settings import Settings

from . import archive, dumps

SECRETS = ("secret_key", "database_url", "metrics_token", "mail_password")


class BackupError(LMSError):
    """There is no backup at the place that was asked for."""

    reason = "backup"
    sentence = "There is no backup: {why}"


def backup(database: Database, files: FileStore, settings: Settings, target: Path) -> archive.Manifest:
    """Write the backup to `target`, readable by its owner alone. It appears there when it is whole.

    Raises:
        BackupError: the target exists, or the disk refused.
        DumpError: the database could not be copied.
    """
    if target.exists():
        raise BackupError(why=f"{target} is there already. Give another name.")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
            manifest = _write(database, files, settings, Path(folder))
            os.link(Path(folder) / "whole", target)  # refuses where somebody else has made one meanwhile
    except OSError as error:
        raise BackupError(why=f"{target}: {error.strerror or error}") from error
    return manifest


def _write(database: Database, files: FileStore, settings: Settings, folder: Path) -> archive.Manifest:
    dump, whole = folder / "dump", folder / "whole"
    with dumps.dumped(database.engine, dump) as connection:
        revision, rows = dumps.revision_of(connection), dumps.count_rows(connection)
        wanted = _files_of(connection)
        sizes = dict(_sound(files, wanted))
    manifest = archive.Manifest(
        form=archive.FORM,
        program=__version__,
        made_at=utcnow().isoformat(),
        kind=database.engine.dialect.name,
        revision=revision,
        rows=rows,
        digest=_digest(dump),
        size=dump.stat().st_size,
        files=len(sizes),
        bytes=sum(sizes.values()),
        missing=sorted(set(wanted) - set(sizes)),
    )
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as target:
        with archive.writing(target) as writer:
            writer.manifest(manifest)
            writer.add_dump(dump)
            writer.add(archive.SETTINGS, public_settings(settings).encode())
            for digest in sizes:
                writer.add_file(digest, files.read(digest))
            writer.end()
        target.flush()
        os.fsync(target.fileno())
    return manifest


def _files_of(connection: Connection) -> list[str]:
    return list(connection.scalars(select(StoredFile.digest).order_by(StoredFile.digest)))


def _sound(files: FileStore, digests: list[str]) -> Iterator[tuple[str, int]]:
    """Digest and size of those that are there and still what their name says."""
    for digest in digests:
        try:
            size, found = files.path(digest).stat().st_size, _digest(files.path(digest))
        except OSError:
            continue
        if found == digest:
            yield digest, size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def public_settings(settings: Settings) -> str:
    """The settings as TOML, without what nobody else may know."""
    given = {name: value for name, value in msgspec.structs.asdict(settings).items() if name not in SECRETS}
    lines = (f"{name} = {msgspec.json.encode(value).decode()}" for name, value in given.items())
    return "# Without secret_key and database_url, which a backup does not hold.\n" + "\n".join(lines) + "\n"

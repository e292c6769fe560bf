"""Bring the site to this program's form: backup first, migrate, check; where anything fails, back to the backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from lms import migrations
from lms.clock import utcnow
from lms.errors import LMSError
from lms.files import FileStore
from lms.models import Database, reference_data
from lms.settings import Settings

from . import dumps
from .backup import backup
from .restore import refuse_running, restore

FOLDER = "backups"


class UpgradeError(LMSError):
    """It failed, and the site is as it was. `revision` is what its tables are at, `file` the backup that was made before."""

    reason = "upgrade"
    sentence = (
        "The upgrade failed: {why} The site was brought back from {file} and is at revision {revision}, as it was. "
        "Start it with the program that you had before."
    )


class StuckError(LMSError):
    """It failed, and the backup could not be restored by itself."""

    reason = "stuck"
    sentence = (
        "The upgrade failed: {why} Going back failed as well: {second} "
        "Mend that, then run: flask lms restore --replace {file}"
    )


@dataclass(frozen=True)
class Upgraded:
    """From which revision to which, and the backup that leads back; no file where nothing had to be done."""

    before: str
    after: str
    file: Path | None


def upgrade(
    database: Database, files: FileStore, settings: Settings, instance: Path, target: Path | None = None
) -> Upgraded:
    """Migrate to this program's form. A database without tables has nothing to keep and is only migrated.

    Raises:
        UpgradeError: it failed, and the backup was restored.
        RestoreError: the site runs.
        BackupError, DumpError: no backup could be made; nothing was changed.
    """
    before, after = migrations.current(database.engine) or "", migrations.head()
    if before == after:
        return Upgraded(before, after, None)
    refuse_running(database)
    if not before:
        migrations.upgrade(database.engine)
        return Upgraded(before, after, None)
    if not migrations.is_known(before):
        migrations.upgrade(database.engine)  # refuses, and says why
    file = target or _own_place(instance, after)
    backup(database, files, settings, file)
    try:
        _migrate(database)
    except Exception as error:
        _go_back(database, files, instance, file, error)
        raise UpgradeError(why=_sentence(error), file=file, revision=before) from error
    return Upgraded(before, after, file)


def _go_back(database: Database, files: FileStore, instance: Path, file: Path, error: Exception) -> None:
    try:
        restore(database, files, instance, file, replace=True)
    except (LMSError, OSError, SQLAlchemyError) as second:
        raise StuckError(why=_sentence(error), second=_sentence(second), file=file) from second


def _own_place(instance: Path, after: str) -> Path:
    folder = instance / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"before-{after}-{utcnow():%Y%m%d-%H%M%S}.tar.gz"


def _migrate(database: Database) -> None:
    migrations.upgrade(database.engine)
    with database.writing() as session:
        reference_data.load(session)
        session.commit()
    if database.engine.dialect.name == "sqlite":
        dumps.refuse_damage(Path(database.engine.url.database or ""))
    if (at := migrations.current(database.engine)) != migrations.head():
        raise migrations.MigrationError(why=f"it is at revision {at} in place of {migrations.head()}.")


def _sentence(error: Exception) -> str:
    said = str(error) or type(error).__name__
    return said.partition("\n")[0].rstrip(".") + "."

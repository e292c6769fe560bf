"""Bring a database to the newest form. Safe to start from several nodes at once, and never half done.

On SQLite a table is altered by copying it, which with foreign keys on deletes the rows that point to it without a word; so
they are off while migrating and checked afterwards, and the file is copied first. On PostgreSQL an advisory lock lets one
node migrate while the others wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from lms.errors import LMSError

VERSION_TABLE = "lms_alembic_version"
_ADVISORY_LOCK = 0x6C6D73  # "lms"
_PATIENCE_MS = 600_000  # a node waits while another copies a large table


class MigrationError(LMSError):
    """The database could not be brought to the newest form; it is as it was."""

    reason = "migration"
    sentence = "The database was not migrated: {why}"


def head() -> str:
    """The newest revision that this code knows."""
    revision = _scripts(_location()).get_current_head()
    assert revision is not None
    return revision


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with engine.execution_options(lms_reads_only=True).connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def upgrade(engine: Engine) -> bool:
    """Migrate to the head. True if anything had to be done.

    Raises:
        MigrationError: where rows would be left pointing to nothing, or the database is newer than this code.
    """
    if current(engine) == head():
        return False
    with _alone(engine) as connection:
        at = _revision(connection)
        if at == head():  # another node was first
            return False
        _refuse_newer(at)
        if engine.dialect.name == "sqlite":
            _copy_aside(engine, at)
        command.upgrade(_config(connection), "head")
        if engine.dialect.name == "sqlite":
            _refuse_loss(connection)
    return True


def is_known(revision: str) -> bool:
    """Whether this code can bring a database of that revision to the head."""
    return revision in {script.revision for script in _scripts(_location()).walk_revisions()}


def _location() -> str:
    return _config().get_main_option("script_location") or ""


@cache
def _scripts(location: str) -> ScriptDirectory:
    """Read once in a process's life: it takes a tenth of a second, and readiness is asked for every few seconds."""
    return ScriptDirectory(location)


def _refuse_newer(at: str | None) -> None:
    if at is not None and not is_known(at):
        raise MigrationError(
            why=f"it is at revision {at}, which is newer than this program. Install the newer program."
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction in which no other node migrates, on a connection that is thrown away afterwards."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Foreign keys are switched by the driver alone, before a transaction begins.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        try:
            with connection.begin():
                if engine.dialect.name != "sqlite":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
                yield connection
        finally:
            connection.invalidate()


def _refuse_loss(connection: Connection) -> None:
    lost = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
    if lost:
        raise MigrationError(why=f"{len(lost)} rows would point to nothing, first in {lost[0][0]}.")


def _copy_aside(engine: Engine, at: str | None) -> None:
    """Keep a copy of the file as it was, beside it; an empty database needs none. Who writes it has to be alone: a second
    node would put what the first one made in the place of what was."""
    file = engine.url.database
    if at is None or not file or file == ":memory:":
        return
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(f"{file}.before-{head()}")) as copy:
        source.backup(copy)

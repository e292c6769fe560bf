"""The database as one file: a copy by SQLite's own backup, or pg_dump's. And back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select, text

from lms import migrations
from lms.errors import LMSError
from lms.models import append_only, make_engine, rollups


class DumpError(LMSError):
    """The database could not be copied, or put in another's place."""

    reason = "dump"
    sentence = "{why}"


@contextmanager
def dumped(engine: Engine, file: Path) -> Iterator[Connection]:
    """Write the database to `file` while it is in use; the connection sees what the file holds, to the row."""
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(_path(engine))) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
        opened = make_engine(f"sqlite:///{file}")
        try:
            with opened.connect() as connection:
                yield connection
        finally:
            opened.dispose()
        leave_wal(file)
    else:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            _run(engine, "pg_dump", "--format=custom", f"--snapshot={snapshot}", "--table=lms_*", f"--file={file}")
            yield connection


def count_rows(connection: Connection) -> dict[str, int]:
    """Rows of each table of ours."""
    names = sorted(name for name in inspect(connection).get_table_names() if name.startswith("lms_"))
    tables = [Table(name, MetaData()) for name in names]
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


# SQLite


def _path(engine: Engine) -> Path:
    file = engine.url.database
    if not file or file == ":memory:":
        raise DumpError(why="A database in memory can't be kept.")
    return Path(file)


def leave_wal(file: Path) -> None:
    """Make it one file, without a journal beside it. Raises DumpError where somebody else has it open."""
    try:
        with closing(sqlite3.connect(file, timeout=2)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise DumpError(why=f"{file.name} is in use ({error}). Stop the site first.") from error
    if mode != "delete":
        raise DumpError(why=f"{file.name} is in use. Stop the site first.")


def refuse_damage(file: Path) -> None:
    """Raises DumpError where an SQLite file is damaged or a row of it points to nothing."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            lost = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        raise DumpError(why=f"The database is damaged ({error}).") from error
    if said != "ok":
        raise DumpError(why=f"The database is damaged ({said}).")
    if lost:
        raise DumpError(why=f"{len(lost)} rows point to nothing, first in {lost[0][0]}.")


# Putting in place


def put_in_place(engine: Engine, dump: Path, now: datetime) -> str:
    """Have the dump be the database. Returns where the one before lies now, empty if there was none.

    Raises:
        DumpError: the database is in use, or the dump can't be read back; the one before is in its place.
    """
    name = f"before-restore-{now:%Y%m%d-%H%M%S}"
    engine.dispose()
    return _swap_file(engine, dump, name) if engine.dialect.name == "sqlite" else _swap_tables(engine, dump, name)


def _swap_file(engine: Engine, dump: Path, name: str) -> str:
    file = _path(engine)
    aside = file.with_name(f"{file.name}.{name}")
    had_one = file.exists() and _has_tables(file)
    if file.exists():
        with suppress(sqlite3.DatabaseError):  # a damaged one takes its journal along
            leave_wal(file)
    for ending in ("", "-wal", "-shm"):
        if had_one and Path(f"{file}{ending}").exists():
            os.link(f"{file}{ending}", f"{aside}{ending}")
    for ending in ("-wal", "-shm"):  # a journal of another database would be played into the new one
        Path(f"{file}{ending}").unlink(missing_ok=True)
    os.replace(dump, file)
    return str(aside) if had_one else ""


def _has_tables(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
    except sqlite3.DatabaseError:
        return True  # damaged, and so worth keeping


def _swap_tables(engine: Engine, dump: Path, name: str) -> str:
    schema = f"lms_{name.replace('-', '_')}"
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        names = [table for table in inspect(connection).get_table_names() if table.startswith("lms_")]
        if names:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
            _move(connection, names, schema)
        append_only.prepare(connection)
        rollups.prepare(connection)
    try:
        _run(engine, "pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", str(dump))
    except DumpError:
        if names:
            with engine.begin() as connection:
                _move(connection, names, "public", was=schema)
                connection.execute(text(f"DROP SCHEMA {schema}"))
        raise
    return f"schema {schema}" if names else ""


def _move(connection: Connection, names: list[str], schema: str, was: str = "public") -> None:
    for table in names:
        connection.execute(text(f'ALTER TABLE "{was}"."{table}" SET SCHEMA "{schema}"'))


def _run(engine: Engine, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's on our database; the password goes by the environment, where others can't read it."""
    if shutil.which(program) is None:
        raise DumpError(
            why=f"{program} is not installed; it comes with postgresql-client (apt install postgresql-client)."
        )
    url = engine.url.set(drivername="postgresql")
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
        url = url._replace(password=None)
    command = [program, f"--dbname={url.render_as_string(hide_password=False)}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DumpError(why=f"{program}: {done.stderr.strip()[-600:]}")


def revision_of(connection: Connection) -> str:
    """The form of the tables; empty where there are none."""
    if not inspect(connection).has_table(migrations.VERSION_TABLE):
        return ""
    return connection.scalar(text(f"SELECT version_num FROM {migrations.VERSION_TABLE}")) or ""  # noqa: S608

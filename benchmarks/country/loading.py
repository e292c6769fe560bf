"""Bulk loading: all that holds the rows together is set aside, the rows are copied in, and it is put back and checked.

On PostgreSQL everything happens in one transaction over tables that it empties first, so that with `wal_level=minimal` the
rows are written once, to the tables alone; rows come in frozen, as after a vacuum.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol

import psycopg
from sqlalchemy import Table
from sqlalchemy.engine import make_url

from lms.models import Company, CompanyStatus, Employment, Enrolment, LedgerEntry, Person

from .columns import SIGNATURE, TRAILER, Columns, length, to_copy, to_rows

TABLES: tuple[Table, ...] = tuple(
    model.__table__ for model in (Company, CompanyStatus, Person, Employment, Enrolment, LedgerEntry)
)  # type: ignore[assignment]
_BATCH = 250_000  # rows in memory at once
Tell = Callable[[str], None]


class Loader(Protocol):
    rows: int

    def write(self, table: Table, columns: Columns) -> None: ...


def batches(columns: Columns) -> Iterator[Columns]:
    count = length(columns)
    for begin in range(0, count, _BATCH):
        part = slice(begin, begin + _BATCH)
        yield {name: value[part] if hasattr(value, "shape") else value for name, value in columns.items()}


@contextmanager
def loading(url: str, tell: Tell) -> Iterator[Loader]:
    """A loader for an empty database at the newest migration. On leaving, indices and constraints are back, valid, and
    statistics are there."""
    if url.startswith("sqlite"):
        with _sqlite(Path(make_url(url).database or ""), tell) as made:
            yield made
    else:
        with _postgres(url, tell) as made:
            yield made


# PostgreSQL


def connect(url: str) -> psycopg.Connection:
    parts = make_url(url)
    host = parts.query.get("host", parts.host)
    return psycopg.connect(
        host=str(host or "") or None, port=parts.port, user=parts.username, password=parts.password,
        dbname=parts.database,
    )  # fmt: skip


_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype::text FROM pg_constraint
WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY(%(tables)s::regclass[]) OR confrelid = ANY(%(tables)s::regclass[]))
ORDER BY conrelid::regclass::text, conname
"""
_INDICES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%(tables)s::regclass[])
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY 1
"""


class _Copier:
    """Copies from a thread of its own, so that the next rows are made while the server takes these."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.rows = 0
        self._connection = connection
        self._waiting: queue.Queue[tuple[str, memoryview] | None] = queue.Queue(maxsize=2)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="copy")

    def __enter__(self) -> _Copier:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._waiting.put(None)
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def write(self, table: Table, columns: Columns) -> None:
        if self._failure is not None:
            raise self._failure
        names = ", ".join(f'"{name}"' for name in columns)
        statement = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT binary, FREEZE)'
        for part in batches(columns):
            self._waiting.put((statement, to_copy(table, part)))
            self.rows += length(part)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            if self._failure is not None:
                continue  # so that nobody waits for the queue
            try:
                statement, rows = item
                with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                    copy.write(SIGNATURE)
                    copy.write(rows)
                    copy.write(TRAILER)
            except BaseException as error:
                self._failure = error


@contextmanager
def _postgres(url: str, tell: Tell) -> Iterator[Loader]:
    names = [table.name for table in TABLES]
    with connect(url) as connection:
        found = {"tables": names}
        constraints = connection.execute(_CONSTRAINTS, found).fetchall()
        indices = connection.execute(_INDICES, found).fetchall()
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(f"TRUNCATE {listed} CASCADE".encode())
        _triggers(connection, "DISABLE")
        for table, name, *_ in sorted(constraints, key=lambda row: row[3] != "f"):
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
        for name, _ in indices:
            connection.execute(f"DROP INDEX {name}".encode())
        connection.execute("SET LOCAL maintenance_work_mem = '1GB'")
        with _Copier(connection) as loader:
            yield loader
        begun = time.monotonic()
        tell(f"{loader.rows:,} rows are in; indices, keys and foreign keys")
        for kinds in ("p", "u"):
            _put_back(connection, [row for row in constraints if row[3] == kinds])
        for _, definition in indices:
            connection.execute(definition.encode())
        for name in names:
            connection.execute(f'ANALYZE "{name}"'.encode())
            _forward(connection, name)
        tell(f"indices took {time.monotonic() - begun:.0f} s; foreign keys")
        _put_back(connection, [row for row in constraints if row[3] == "f"])
        _triggers(connection, "ENABLE")
        if connection.execute(_CONSTRAINTS, found).fetchall() != constraints:
            raise RuntimeError("constraints are not as they were")
        if connection.execute(_INDICES, found).fetchall() != indices:
            raise RuntimeError("indices are not as they were")


def _triggers(connection: psycopg.Connection, word: str) -> None:
    """Of ours, which heed each row that is written."""
    for table in TABLES:
        connection.execute(f'ALTER TABLE "{table.name}" {word} TRIGGER USER'.encode())


def _put_back(connection: psycopg.Connection, constraints: Sequence[tuple[str, str, str, str]]) -> None:
    """All of a table in one statement."""
    by_table: dict[str, list[str]] = {}
    for table, name, definition, _ in constraints:
        by_table.setdefault(table, []).append(f'ADD CONSTRAINT "{name}" {definition}')
    for table, parts in by_table.items():
        connection.execute(f"ALTER TABLE {table} {', '.join(parts)}".encode())


def _forward(connection: psycopg.Connection, table: str) -> None:
    """The sequence of ids goes on after the rows."""
    connection.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), GREATEST(1, (SELECT max(id) FROM \"{table}\")))".encode()
    )


# SQLite


class _Inserter:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.rows = 0
        self._connection = connection

    def write(self, table: Table, columns: Columns) -> None:
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        for part in batches(columns):
            self._connection.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', to_rows(table, part))
            self.rows += length(part)


@contextmanager
def _sqlite(file: Path, tell: Tell) -> Iterator[Loader]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA cache_size=-500000")  # kilobytes
        connection.execute("BEGIN IMMEDIATE")
        aside = []
        for table in TABLES:
            aside += connection.execute(
                "SELECT type, name, sql FROM sqlite_master"
                " WHERE type IN ('index', 'trigger') AND tbl_name = ? AND sql IS NOT NULL",
                (table.name,),
            ).fetchall()
        for kind, name, _ in aside:
            connection.execute(f'DROP {kind} "{name}"')
        loader = _Inserter(connection)
        yield loader
        tell(f"{loader.rows:,} rows are in; indices and foreign keys")
        for *_, sql in aside:
            connection.execute(sql)
        if wrong := connection.execute("PRAGMA foreign_key_check").fetchmany(3):
            raise RuntimeError(f"rows point to nothing: {wrong}")
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

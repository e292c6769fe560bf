"""Engines and sessions. SQLite's defaults lose writes, so each transaction here says at its start whether it will write.

With the driver's defaults a read that leads to a write runs outside the transaction, and two such lose one of the writes
without a word. Here a writing transaction takes the lock first (`BEGIN IMMEDIATE`), a reading one (`BEGIN`) never does, and
a session for reading refuses to write. tests/models/test_database.py shows it with two processes.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker

from .base import Base

BUSY_TIMEOUT_MS = 10_000


def make_engine(url: str, **options: Any) -> Engine:
    """An engine for SQLite or PostgreSQL, set up as this module's head says."""
    if url.startswith("sqlite"):
        options.setdefault("connect_args", {}).setdefault("timeout", BUSY_TIMEOUT_MS / 1000)
        options.setdefault("pool_size", 16)
    else:
        options.setdefault("pool_pre_ping", True)
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver no longer begins transactions by itself; _begin_sqlite does
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """A report of a tenth of a second has its many expressions translated for longer than it then runs."""
    was = connection.autocommit
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.autocommit = was


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Processes that turn one new file to WAL at the same moment don't wait for each other as the busy timeout says: SQLite
    refuses all but one at once, so that none holds what another waits for."""
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("lms_reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


class Database:
    """The two kinds of session over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writing: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        reader = engine.execution_options(lms_reads_only=True)
        self.reading: sessionmaker[Session] = sessionmaker(
            reader, autoflush=False, expire_on_commit=False, class_=_ReadSession
        )

    def dispose(self) -> None:
        self.engine.dispose()


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what to do on a conflict, which both databases spell alike and SQLAlchemy keeps apart."""
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


class _ReadSession(Session):
    """Refuses to write: a page that is only looked at must not wait for the write lock, nor change anything."""

    def flush(self, objects: Any = None) -> None:
        if self.new or self.deleted or any(self.is_modified(row) for row in self.dirty):
            raise RuntimeError(_ONLY_READS)


_ONLY_READS = "this session only reads; open one for writing"


@event.listens_for(_ReadSession, "do_orm_execute")
def _refuse_to_write(state: ORMExecuteState) -> None:
    """A statement that writes would be rolled back at the session's end without a word."""
    if state.is_insert or state.is_update or state.is_delete:
        raise RuntimeError(_ONLY_READS)

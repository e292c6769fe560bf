"""Transactions: no update is lost between processes, readers never wait, and a reading session can't write."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Database, Enrolment, Person, Region, Role, Throttle, make_engine
from lms.models import database as database_module
from lms.models.database import _use_wal
from tests.cheaper import PREPARE_SQLITE
from tests.processes import run_together
from tests.world import LONG_AGO, World, at

KEY = {"key": "counter", "window_start": at("2026-03-10")}
ROUNDS = 60


def count_up(url: str) -> None:
    """Read a number, then write one more, in many transactions: what a lost update is made of."""
    database = Database(make_engine(url))
    for _ in range(ROUNDS):
        with database.writing() as session:
            row = session.scalars(select(Throttle).with_for_update()).one()
            row.count = row.count + 1
            session.commit()
    database.dispose()


def test_two_processes_lose_no_update(database: Database, database_url: str) -> None:
    with database.writing() as session:
        session.add(Throttle(**KEY, count=0))
        session.commit()
    run_together(count_up, [(database_url,), (database_url,)])
    with database.reading() as session:
        assert session.scalar(select(Throttle.count)) == 2 * ROUNDS


def test_a_writer_takes_the_lock_before_it_reads(sqlite_url: str) -> None:
    writer = Database(make_engine(sqlite_url))
    impatient = Database(make_engine(sqlite_url, connect_args={"timeout": 0}))
    event.listen(impatient.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=0"))
    with writer.writing() as first:
        first.scalar(select(Throttle.count))
        with impatient.writing() as second, pytest.raises(OperationalError, match="locked"):
            second.scalar(select(Throttle.count))
    writer.dispose()
    impatient.dispose()


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as writer:
        writer.add(Throttle(**KEY, count=7))
        writer.flush()
        with database.reading() as reader:
            assert reader.scalar(select(Throttle.count)) is None
        writer.commit()
    with database.reading() as reader:
        assert reader.scalar(select(Throttle.count)) == 7


def test_a_reading_session_refuses_to_add(database: Database) -> None:
    with database.reading() as session:
        session.add(Throttle(**KEY, count=0))
        with pytest.raises(RuntimeError, match="only reads"):
            session.commit()


def test_a_reading_session_refuses_to_change(database: Database, world: World) -> None:
    with database.reading() as session:
        session.get_one(Person, world.hana.id).name = "김둘"
        with pytest.raises(RuntimeError, match="only reads"):
            session.flush()


def test_a_reading_session_refuses_to_delete(database: Database, world: World) -> None:
    with database.reading() as session:
        session.delete(session.get_one(Region, world.busan.id))
        with pytest.raises(RuntimeError, match="only reads"):
            session.flush()


def test_a_reading_session_refuses_a_statement_that_writes(database: Database, world: World) -> None:
    with database.reading() as session, pytest.raises(RuntimeError, match="only reads"):
        session.execute(update(Person).values(name="김둘"))


def test_a_connection_writes_again_after_it_was_lent_to_a_reader(database_url: str) -> None:
    database = Database(make_engine(database_url, pool_size=1, max_overflow=0))
    with database.reading() as session:
        session.scalar(select(Throttle.count))
    with database.writing() as session:
        session.add(Throttle(**KEY, count=1))
        session.commit()
    database.dispose()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with database.writing() as session:
        session.add(Throttle(**KEY, count=1))
        session.flush()
    with database.reading() as session:
        assert session.scalar(select(Throttle.count)) is None


def test_foreign_keys_hold(session: Session) -> None:
    session.add(Role(person_id=4711, kind="operator", from_on=LONG_AGO))
    with pytest.raises(IntegrityError):
        session.flush()


def test_vocabularies_hold(session: Session, world: World) -> None:
    session.add(
        Enrolment(
            run_id=world.run.id,
            person_id=world.hana.id,
            company_id=world.hanbit.id,
            region_id=world.busan.id,
            state="asleep",
            enrolled_at=at("2026-03-10"),
        )
    )
    with pytest.raises(IntegrityError):
        session.flush()


class Refusing(sqlite3.Cursor):
    """Refuses as SQLite does where two processes open one new file at once; `codes` are used up from the end."""

    codes: ClassVar[list[int]] = []

    def execute(self, statement: str, values: Any = ()) -> Self:
        if self.codes:
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = self.codes.pop()
            raise error
        return super().execute(statement, values)


def test_who_opens_a_new_file_with_others_tries_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as connection:
        Refusing.codes[:] = [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY]
        _use_wal(connection.cursor(Refusing))
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_waiting_would_not_mend_is_told_at_once(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as connection:
        Refusing.codes[:] = [sqlite3.SQLITE_READONLY]
        with pytest.raises(sqlite3.OperationalError, match="refused"):
            _use_wal(connection.cursor(Refusing))


def test_sqlite_is_set_up_for_several_processes(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_prepare_sqlite", PREPARE_SQLITE)
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 10, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 10, 9, 30, tzinfo=timezone(timedelta(hours=9))),
        datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    ],
    ids=["utc", "seoul", "half-hour-zone"],
)
def test_a_moment_comes_back_the_same(database: Database, moment: datetime) -> None:
    with database.writing() as session:
        session.add(AuditEntry(at=moment, action="x"))
        session.commit()
    with database.reading() as session:
        found = session.scalars(select(AuditEntry.at)).one()
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.at == moment)) is not None
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_naive_moment_is_refused(session: Session) -> None:
    session.add(AuditEntry(at=datetime(2026, 3, 10, 9, 30), action="x"))  # noqa: DTZ001 (it is the point)
    with pytest.raises(StatementError, match="naive"):
        session.flush()


def test_threads_of_one_process_lose_no_update(database: Database) -> None:
    with database.writing() as session:
        session.add(Throttle(**KEY, count=0))
        session.commit()

    def work() -> None:
        for _ in range(20):
            with database.writing() as session:
                session.scalars(select(Throttle).with_for_update()).one().count += 1
                session.commit()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalar(select(Throttle.count)) == 80

"""The chain over the audit: what it seals, and what it tells apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms import audit
from lms.audit import chain
from lms.clock import utcnow
from lms.jobs import chores
from lms.jobs.worker import Worker
from lms.models import AuditEntry, AuditSeal, Database, Job
from lms.models.append_only import APPEND_ONLY, guard, release


def _write(database: Database, *actions: str) -> None:
    with database.writing() as session:
        for action in actions:
            audit.record(session, action, actor_id=7, subject="person:3", reason="사유", detail={"나이": 3, "a": [1.5]})
        session.commit()


def _seal(database: Database) -> int:
    with database.writing() as session:
        count = chain.seal(session)
        session.commit()
    return count


def _verify(database: Database, head: chain.Head | None = None) -> chain.Verdict:
    with database.reading() as session:
        return chain.verify(session, head)


def _tamper(database: Database, *statements: str) -> None:
    """As somebody who may do anything to the database."""
    with database.engine.begin() as connection:
        release(connection, *APPEND_ONLY)
        if database.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        else:
            connection.execute(text("ALTER TABLE lms_audit_seal DROP CONSTRAINT IF EXISTS fk_lms_audit_seal_entry_id"))
        for statement in statements:
            connection.execute(text(statement))
        guard(connection, *APPEND_ONLY)


def _tamper_without_keys(database: Database, statement: str) -> None:
    if database.engine.dialect.name == "postgresql":
        _tamper(database, statement)
        return
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            release(connection, *APPEND_ONLY)
            connection.execute(text(statement))
            guard(connection, *APPEND_ONLY)
        connection.invalidate()


@pytest.fixture
def sealed(database: Database) -> Database:
    """Six entries under seal, numbered as their ids."""
    _write(database, "a", "b", "c")
    assert _seal(database) == 3
    _write(database, "d", "e", "f")
    assert _seal(database) == 3
    return database


def test_what_was_left_alone_is_right(sealed: Database) -> None:
    verdict = _verify(sealed)
    assert (verdict.problem, verdict.checked, verdict.unsealed, verdict.head.number) == ("", 6, 0, 6)
    assert _seal(sealed) == 0
    _write(sealed, "g")
    assert _verify(sealed).unsealed == 1


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_the_database_refuses_to_change_it(sealed: Database, table: str, statement: str) -> None:
    column = "reason = 'x'" if table == "lms_audit_entry" else "digest = 'x'"
    with pytest.raises(DBAPIError, match="append-only"), sealed.engine.begin() as connection:
        connection.execute(text(statement.format(table, column)))


def test_the_rooms_cannot_change_it_either(sealed: Database) -> None:
    for statement in (update(AuditEntry).values(reason="x"), delete(AuditEntry), delete(AuditSeal)):
        with pytest.raises(DBAPIError, match="append-only"), sealed.writing() as session:
            session.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'nothing'",
        "actor_id = 8",
        "subject = 'person:4'",
        "action = 'x'",
        "address = '1.2.3.4'",
        "detail = '{}'",
    ],
)
def test_a_changed_entry_is_named(sealed: Database, change: str) -> None:
    _tamper(sealed, f"UPDATE lms_audit_entry SET {change} WHERE id = 4")
    verdict = _verify(sealed)
    assert (verdict.problem, verdict.number, verdict.entry_id, verdict.checked) == ("changed", 4, 4, 3)


def test_a_changed_time_is_named(sealed: Database) -> None:
    _tamper(sealed, "UPDATE lms_audit_entry SET at = '2020-01-01 00:00:00.000000+00:00' WHERE id = 2")
    assert (_verify(sealed).problem, _verify(sealed).entry_id) == ("changed", 2)


def test_a_deleted_entry_is_named(sealed: Database) -> None:
    _tamper_without_keys(sealed, "DELETE FROM lms_audit_entry WHERE id = 3")
    verdict = _verify(sealed)
    assert (verdict.problem, verdict.number, verdict.entry_id) == ("deleted", 3, 3)


def test_an_entry_that_went_with_its_link_is_named(sealed: Database) -> None:
    _tamper(sealed, "DELETE FROM lms_audit_seal WHERE number = 3", "DELETE FROM lms_audit_entry WHERE id = 3")
    assert (_verify(sealed).problem, _verify(sealed).number) == ("seal_deleted", 3)
    _tamper(sealed, *(f"UPDATE lms_audit_seal SET number = {n - 1} WHERE number = {n}" for n in (4, 5, 6)))
    assert (_verify(sealed).problem, _verify(sealed).entry_id) == ("changed", 4)


def test_entries_in_another_order_are_named(sealed: Database) -> None:
    _tamper(
        sealed,
        "UPDATE lms_audit_seal SET entry_id = 99 WHERE number = 2",
        "UPDATE lms_audit_seal SET entry_id = 2 WHERE number = 5",
        "UPDATE lms_audit_seal SET entry_id = 5 WHERE number = 2",
    )
    verdict = _verify(sealed)
    assert (verdict.problem, verdict.number, verdict.entry_id) == ("changed", 2, 5)


def test_an_entry_put_between_is_named_and_never_sealed(database: Database) -> None:
    _write(database, "a", "b", "c")
    _tamper(
        database,
        "UPDATE lms_audit_entry SET id = id + 10 WHERE id = 3",
        "UPDATE lms_audit_entry SET id = 9 WHERE id = 13",
    )
    assert _seal(database) == 3
    _tamper(
        database,
        "INSERT INTO lms_audit_entry (id, at, action, address, subject, reason)"
        " VALUES (5, '2026-01-01 00:00:00.000000+00:00', 'role_given', '', '', '')",
    )
    assert _seal(database) == 0
    assert (_verify(database).problem, _verify(database).entry_id) == ("inserted", 5)


def test_a_transaction_that_commits_late_breaks_nothing(database: Database) -> None:
    """On PostgreSQL an entry with a lower id appears after one with a higher was sealed."""
    _write(database, "a", "b")
    _tamper(database, "UPDATE lms_audit_entry SET id = 7 WHERE id = 2")
    assert _seal(database) == 2
    with database.writing() as session:
        session.add(AuditEntry(id=4, at=utcnow() - timedelta(seconds=40), actor_id=None, action="late"))
        session.commit()
    assert _seal(database) == 1
    verdict = _verify(database)
    assert (verdict.problem, verdict.checked) == ("", 3)
    with database.reading() as session:
        assert session.scalars(select(AuditSeal.entry_id).order_by(AuditSeal.number)).all() == [1, 7, 4]


def test_a_cut_off_end_is_told_by_the_head_that_was_printed(sealed: Database) -> None:
    with sealed.reading() as session:
        head = chain.parse_head(str(chain.get_head(session)))
    _write(sealed, "g")
    _seal(sealed)
    assert _verify(sealed, head).problem == ""
    _tamper(
        sealed,
        *(f"DELETE FROM lms_audit_seal WHERE number = {n}" for n in (7, 6, 5)),
        "DELETE FROM lms_audit_entry WHERE id > 4",
    )
    assert _verify(sealed).problem == ""
    assert (_verify(sealed, head).problem, _verify(sealed, head).number) == ("head", 6)


def test_a_chain_made_anew_is_told_by_the_head(sealed: Database) -> None:
    with sealed.reading() as session:
        head = chain.get_head(session)
    _tamper(sealed, "DELETE FROM lms_audit_seal", "UPDATE lms_audit_entry SET reason = 'x' WHERE id = 1")
    _seal(sealed)
    assert _verify(sealed).problem == ""
    assert _verify(sealed, head).problem == "head"


@pytest.mark.parametrize("given", ["", "12", "12:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_what_is_no_head_is_refused(given: str) -> None:
    with pytest.raises(chain.HeadError):
        chain.parse_head(given)


def test_two_that_seal_at_once_leave_one_chain(database: Database) -> None:
    """The second takes the same number, and its transaction fails as a whole."""
    _write(database, "a", "b")
    if database.engine.dialect.name == "sqlite":
        assert _seal(database) == 2  # the write lock is held from the first look on
        return
    with database.writing() as first, database.writing() as second:
        assert chain.seal(first) == 2
        assert second.scalar(select(AuditSeal.number)) is None
        first.commit()
    assert _verify(database).checked == 2


def test_a_worker_seals_when_it_is_due_and_in_portions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "AT_ONCE", 2)
    _write(database, "a", "b", "c", "d", "e")
    assert chores.put_in(database, (chain.CHORE,)) == [chain.SEAL]
    assert chores.put_in(database, (chain.CHORE,)) == []  # it is ready already
    worker = Worker(database, {chain.SEAL: chain.handle})
    assert worker.run_one("w")
    assert (_verify(database).checked, _verify(database).unsealed) == (5, 0)
    _write(database, "f")
    assert chores.put_in(database, (chain.CHORE,)) == []  # not yet
    later = utcnow() + timedelta(minutes=6)
    assert chores.put_in(database, (chain.CHORE,), later) == [chain.SEAL]
    with database.reading() as session:
        assert _states(session) == ["ready"]


def _states(session: Session) -> list[str]:
    return list(session.scalars(select(Job.state)))

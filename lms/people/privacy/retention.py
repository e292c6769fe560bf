"""How long what is kept, what is due, and destroying it, which leaves a record of what kind, how much and when.

Logs and messages go by themselves, once a day. Of people, somebody decides: their figures stay (who completed what at which
company), everything that says who they were goes, also from the rows before and after each change, and the notebooks that
they handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.files import FileStore
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.models import (
    AccessEntry,
    Base,
    Certificate,
    Change,
    Database,
    Delivery,
    Destruction,
    Employment,
    Enrolment,
    Grade,
    Message,
    Person,
    Role,
    Run,
    SignIn,
    StoredFile,
    Submission,
)
from lms.settings import Settings

from . import access_log
from .holdings import HOLDINGS, PERSONAL_COLUMNS

LOGS = "destroy_logs"
PEOPLE = "destroy_people"
AT_ONCE = 100  # people in a transaction
ROWS_AT_ONCE = 5_000
EMPTY_NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
NOTEBOOK_TYPE = "application/x-ipynb+json"
KINDS = ("access_log", "sign_ins", "messages", "people")


class RetentionError(LMSError):
    """`reason`: never (people are kept for ever by the settings), reason_missing, in_use (she works or answers for something)."""

    sentence = "Nothing was destroyed: {reason}."


@dataclass(frozen=True)
class Due:
    """A kind of data: kept for so many days after it was last needed (None: for ever), and how much is older than that."""

    kind: str
    days: int | None
    before: datetime | None
    count: int

    @property
    def is_automatic(self) -> bool:
        return self.kind != "people"


def list_due(session: Session, settings: Settings, now: datetime | None = None) -> list[Due]:
    """Every kind with what is due of it."""
    now = now or utcnow()
    found = []
    for kind in KINDS:
        days = days_of(session, settings, kind)
        before = now - timedelta(days=days) if days is not None else None
        found.append(Due(kind, days, before, _count(session, kind, before) if before else 0))
    return found


def days_of(session: Session, settings: Settings, kind: str) -> int | None:
    """The log of who looked at whom is kept at least as long as the law asks for."""
    if kind == "access_log":
        return max(access_log.keeping_days(session), settings.keep_access_days)
    if kind == "people":
        return settings.keep_people_years * 365 or None
    return {"sign_ins": settings.keep_sign_ins_days, "messages": settings.keep_messages_days}[kind]


def list_records(session: Session, limit: int = 50) -> Sequence[Destruction]:
    """Newest first."""
    return session.scalars(select(Destruction).order_by(Destruction.id.desc()).limit(limit)).all()


def names_of(session: Session, records: Sequence[Destruction]) -> dict[int, str]:
    """Who had it destroyed, by id."""
    known = select(Person.id, Person.name).where(Person.id.in_({record.actor_id for record in records} - {None}))
    return {id_: name for id_, name in session.execute(known)}


def _count(session: Session, kind: str, before: datetime) -> int:
    if kind == "people":
        return session.scalar(select(func.count()).select_from(_due_people(before).subquery())) or 0
    table, old = _old(kind, before)
    return session.scalar(select(func.count()).select_from(table).where(old)) or 0


def _old(kind: str, before: datetime) -> tuple[type[Base], ColumnElement[bool]]:
    if kind == "access_log":
        return AccessEntry, AccessEntry.at < before
    if kind == "sign_ins":
        return SignIn, SignIn.last_seen_at < before
    unsent = select(Delivery.id).where(Delivery.message_id == Message.id, Delivery.state == "waiting").exists()
    return Message, and_(Message.created_at < before, ~unsent)


# People


def _due_people(before: datetime) -> Any:
    """Ids of those who work nowhere, answer for nothing and learn nothing, and haven't since `before`."""
    day = seoul_day(before)
    works = select(Employment.id).where(
        Employment.person_id == Person.id, or_(Employment.to_on.is_(None), Employment.to_on >= day)
    )
    answers = select(Role.id).where(Role.person_id == Person.id, or_(Role.to_on.is_(None), Role.to_on >= day))
    learns = (
        select(Enrolment.id)
        .join(Run, Run.id == Enrolment.run_id)
        .where(
            Enrolment.person_id == Person.id,
            or_(Run.learn_to >= day, Enrolment.own_extension >= day, Enrolment.company_extension >= day),
        )
    )
    comes = select(SignIn.id).where(SignIn.person_id == Person.id, SignIn.last_seen_at >= before)
    return select(Person.id).where(
        Person.destroyed_at.is_(None),
        Person.created_at < before,
        *(~found.exists() for found in (works, answers, learns, comes)),
    )


def ask_for_people(session: Session, settings: Settings, *, actor_id: int | None, reason: str) -> None:
    """Have a worker destroy the data of all who are due now.

    Raises:
        RetentionError: never, reason_missing
    """
    days = days_of(session, settings, "people")
    if days is None:
        raise RetentionError("never")
    reason = " ".join(reason.split())
    if len(reason) < 4:
        raise RetentionError("reason_missing")
    now = utcnow()
    payload = {"before": (now - timedelta(days=days)).isoformat(), "actor": actor_id, "reason": reason[:400]}
    queue.enqueue(session, PEOPLE, payload, once=f"{PEOPLE}:{seoul_day(now)}:{now:%H%M%S}", priority=200, now=now)


def destroy_person(
    session: Session, files: FileStore, person: Person, *, actor_id: int | None, reason: str
) -> tuple[str, ...]:
    """Destroy one person's data because she asks for it. The caller commits, then calls `discard` with what is returned.

    Raises:
        RetentionError: reason_missing, or in_use: she has an employment or a role, which has to be ended first.
    """
    reason = " ".join(reason.split())
    if len(reason) < 4:
        raise RetentionError("reason_missing")
    today = seoul_day(utcnow())
    for table in (Employment, Role):
        holds = or_(table.to_on.is_(None), table.to_on >= today)
        if session.scalar(select(table.id).where(table.person_id == person.id, holds).limit(1)):
            raise RetentionError("in_use")
    rows, orphans = _destroy(session, files, [person.id])
    _record(session, "person", None, 1, rows, actor_id, reason)
    return orphans


def _destroy(session: Session, files: FileStore, ids: Sequence[int]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Take what says who they were. Returns rows by table, and digests of files that nothing names any more."""
    people = select(Person.id).where(Person.id.in_(ids))
    rows: dict[str, int] = {}
    named = _files_of(session, people)
    notebook = files.put(session, EMPTY_NOTEBOOK, NOTEBOOK_TYPE)
    for holding in HOLDINGS:
        rest = holding.rest
        if rest is not None and not rest:
            continue
        values = dict(rest) if rest else {}
        if holding.table is Submission:
            values["notebook"] = notebook
        if holding.table is Person:
            values["destroyed_at"] = utcnow()
        found = holding.of(people)
        statement = (
            delete(holding.table).where(found) if rest is None else update(holding.table).where(found).values(values)
        )
        rows[holding.table.__tablename__] = _changed(session, statement)
    rows[Change.__tablename__] = _blank_changes(session, ids)
    orphans = _orphans(session, named - {notebook})
    return {table: count for table, count in rows.items() if count}, orphans


def _blank_changes(session: Session, ids: Sequence[int]) -> int:
    """Of the rows before and after each change the personal columns; that something was changed when stays."""
    changed = 0
    for change in session.scalars(select(Change).where(Change.person_id.in_(ids))):
        columns = PERSONAL_COLUMNS.get(change.table_name, ())
        for side in ("before", "after"):
            row = getattr(change, side)
            if row and any(row.get(column) for column in columns):
                setattr(change, side, row | {column: None for column in columns if column in row})
                changed += 1
    session.flush()
    return changed


def _files_of(session: Session, people: Any) -> set[str]:
    submissions = select(Submission.id).join(Enrolment).where(Enrolment.person_id.in_(people))
    notebooks = select(Submission.notebook).where(Submission.id.in_(submissions))
    feedback = select(Grade.feedback).where(Grade.submission_id.in_(submissions), Grade.feedback.is_not(None))
    papers = select(Certificate.pdf).where(Certificate.person_id.in_(people))
    found = (*session.scalars(notebooks), *session.scalars(feedback), *session.scalars(papers))
    return {digest for digest in found if digest}


def _orphans(session: Session, digests: set[str]) -> tuple[str, ...]:
    """Those that no row names any more; their own rows go."""
    if not digests:
        return ()
    session.flush()
    named: set[str] = set()
    for column in _columns_of_files():
        named |= set(session.scalars(select(column).where(column.in_(digests))))
    # Packages and starters of exercises are named without a foreign key; nobody hands in what the store made itself.
    orphans = tuple(sorted(digests - named - _of_exercises(session, digests)))
    session.execute(delete(StoredFile).where(StoredFile.digest.in_(orphans)))
    return orphans


def _columns_of_files() -> Iterator[Any]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname == "lms_file.digest" for key in column.foreign_keys):
                yield column


def _of_exercises(session: Session, digests: set[str]) -> set[str]:
    tables = Base.metadata.tables
    version = tables["lms_exercise_version"]
    found = select(version.c.starter).where(version.c.starter.in_(digests))
    packages = select(version.c.digest).where(version.c.digest.in_(digests))
    return {*session.scalars(found), *session.scalars(packages)}


def discard(session: Session, files: FileStore, digests: Sequence[str]) -> None:
    """Take files off the disk which nobody has handed in again since. In a transaction that writes."""
    there = set(session.scalars(select(StoredFile.digest).where(StoredFile.digest.in_(digests))))
    for digest in digests:
        if digest not in there:
            files.path(digest).unlink(missing_ok=True)


# Jobs


class PeopleDestroyer:
    """Handles PEOPLE: a hundred people in a transaction, so that nobody waits; what was interrupted goes on where it was."""

    def __init__(self, files: FileStore) -> None:
        self.files = files

    def __call__(self, database: Database, claim: queue.Claim) -> str | None:
        payload = claim.payload
        before = datetime.fromisoformat(payload["before"])
        while True:
            with database.writing() as session:
                ids = session.scalars(_due_people(before).order_by(Person.id).limit(AT_ONCE)).all()
                if not ids:
                    if queue.finish(session, claim):
                        session.commit()
                    return None
                rows, orphans = _destroy(session, self.files, ids)
                _record(session, "people", before, len(ids), rows, payload["actor"], payload["reason"])
                session.commit()
            with database.writing() as session:
                discard(session, self.files, orphans)


class LogDestroyer:
    """Handles LOGS: what is older than its period, in portions."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, database: Database, claim: queue.Claim) -> str | None:
        now = utcnow()
        for kind in KINDS[:-1]:
            with database.reading() as session:
                days = days_of(session, self.settings, kind)
            assert days is not None
            self._destroy(database, kind, now - timedelta(days=days))
        with database.writing() as session:
            if queue.finish(session, claim):
                session.commit()
        return None

    @staticmethod
    def _destroy(database: Database, kind: str, before: datetime) -> None:
        while True:
            with database.writing() as session:
                rows = destroy_logs(session, kind, before)
                session.commit()
            if rows < ROWS_AT_ONCE:
                return


def destroy_logs(session: Session, kind: str, before: datetime) -> int:
    """Delete at most ROWS_AT_ONCE of what is older, and record it. Returns how many."""
    table, old = _old(kind, before)
    some = select(table.id).where(old).order_by(table.id).limit(ROWS_AT_ONCE)  # type: ignore[attr-defined]
    rows: dict[str, int] = {}
    if table is Message:
        rows[Delivery.__tablename__] = _changed(session, delete(Delivery).where(Delivery.message_id.in_(some)))
    rows[table.__tablename__] = _changed(session, delete(table).where(table.id.in_(some)))  # type: ignore[attr-defined]
    count = rows[table.__tablename__]
    if count:
        _record(session, kind, before, count, rows, None, "")
    return count


def chore(settings: Settings) -> Chore:
    """Comes round once a day."""
    return Chore(LOGS, timedelta(days=1), lambda session: _anything_old(session, settings))


def _anything_old(session: Session, settings: Settings) -> bool:
    return any(due.count for due in list_due(session, settings) if due.is_automatic)


def _record(
    session: Session,
    kind: str,
    before: datetime | None,
    count: int,
    rows: dict[str, int],
    actor_id: int | None,
    reason: str,
) -> None:
    session.add(
        Destruction(
            at=utcnow(), actor_id=actor_id, kind=kind, before=before, count=count, rows=rows, reason=reason[:400]
        )
    )
    told = {"kind": kind, "count": count}
    audit.record(session, "destroyed", actor_id=actor_id, subject=f"kept:{kind}", reason=reason, detail=told)


def _changed(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount

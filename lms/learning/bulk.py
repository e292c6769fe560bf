"""Enrol, take up again and withdraw any number of people by a few statements, as rosters do. Nothing here loads a row.

The rules of one person's enrolment (`enrolments.enrol`) hold: it keeps the company, region and status of the day, and each
deed is an entry of the ledger. Who may be enrolled, and whether there are seats, the caller has found out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, literal, or_, select, update
from sqlalchemy.orm import Session

from lms.clock import seoul_day
from lms.errors import LMSError
from lms.models import Application, Enrolment, LedgerEntry, QuizAttempt, Submission
from lms.models.applications import LIVE_STATES
from lms.models.database import insert_into

from .applications import seats, waiting


class BulkError(LMSError):
    """`reason`: closed, full (a run has fewer seats than people), begun (somebody has worked in the run since)."""

    sentence = "The people were not enrolled, or not withdrawn: {reason}."


def enrol_many(session: Session, wanted: Select, *, now: datetime) -> None:
    """`wanted` selects uid, run_id, person_id, company_id, region_id and company_status_id of people who are in none of the
    runs yet."""
    day = seoul_day(now)
    names = [
        "uid",
        "run_id",
        "person_id",
        "company_id",
        "region_id",
        "company_status_id",
        "state",
        "enrolled_at",
        "enrolled_on",
    ]
    rows = wanted.subquery()
    of_time = (literal("enrolled"), literal(now, Enrolment.enrolled_at.type), literal(day, Enrolment.enrolled_on.type))
    session.execute(
        insert_into(session, Enrolment).from_select(names, select(*rows.c, *of_time), include_defaults=False)
    )
    once = literal("enrolled:").concat(cast(Enrolment.id, String))
    made = select(Enrolment.id).where(Enrolment.uid.in_(select(rows.c.uid)))
    _enter(session, "enrolled", made, now, once=once)
    _accept(session, made, now)


def take_up_again(session: Session, ids: Select, *, now: datetime) -> None:
    """People who had left come again, with the company and region that they were first enrolled with."""
    session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(ids))
        .values(state="enrolled")
        .execution_options(synchronize_session=False)
    )
    _enter(session, "enrolled", ids, now)
    _accept(session, ids, now)


def _accept(session: Session, ids: Select, now: datetime) -> None:
    """Who had applied for the run has what she asked for."""
    mine = (Enrolment.run_id == Application.run_id, Enrolment.person_id == Application.person_id, Enrolment.id.in_(ids))
    session.execute(
        update(Application)
        .where(Application.state.in_(LIVE_STATES), select(Enrolment.id).where(*mine).exists())
        .values(state="accepted", decided_at=now, enrolment_id=select(Enrolment.id).where(*mine).scalar_subquery())
        .execution_options(synchronize_session=False)
    )


def withdraw_many(
    session: Session, ids: Select, *, now: datetime, actor_id: int | None = None, reason: str = ""
) -> None:
    """Their seats go to those who wait. Raises BulkError where one of them has done something in the run."""
    if _has_begun(session, ids):
        raise BulkError("begun")
    runs = session.scalars(select(Enrolment.run_id).where(Enrolment.id.in_(ids)).distinct()).all()
    in_run = select(Enrolment.id).where(Enrolment.id.in_(ids), Enrolment.state == "enrolled")
    _enter(session, "withdrawn", in_run, now, actor_id=actor_id, reason=reason)
    session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(ids))
        .values(state="withdrawn")
        .execution_options(synchronize_session=False)
    )
    for run_id in sorted(runs):
        waiting.move_up(session, run_id, now=now)


def refuse_overfull(session: Session, runs: Select, added: Select) -> None:
    """After enrolling: whether these runs are open and had seats for all who were `added`, of whom this selects the ids of
    the enrolments. On PostgreSQL the runs are locked until the end.

    Raises:
        BulkError
    """
    locked = [seats.lock(session, run_id) for run_id in session.scalars(runs.distinct()).all()]
    if any(run.closed_at is not None for run in locked):
        raise BulkError("closed")
    books = seats.books_of(session, locked, without=added)
    for run_id, origin, number in seats.count_by_origin(session, locked, Enrolment.id.in_(added)):
        if not books[run_id].has_seats(*origin, number):
            raise BulkError("full")
        books[run_id].take(*origin, number)


def _has_begun(session: Session, ids: Select) -> bool:
    entry = select(LedgerEntry.id).where(
        LedgerEntry.enrolment_id.in_(ids), LedgerEntry.kind.not_in(("enrolled", "withdrawn"))
    )
    handed_in = select(Submission.id).where(Submission.enrolment_id.in_(ids))
    tried = select(QuizAttempt.id).where(QuizAttempt.enrolment_id.in_(ids))
    return bool(session.scalar(select(or_(entry.exists(), handed_in.exists(), tried.exists()))))


def _enter(
    session: Session,
    kind: str,
    ids: Select,
    now: datetime,
    *,
    once: Any = None,
    actor_id: int | None = None,
    reason: str = "",
) -> None:
    """The ledger's entries; run, company and region are the enrolments' own."""
    columns: dict[str, Any] = {
        "enrolment_id": Enrolment.id,
        "kind": literal(kind),
        "run_id": Enrolment.run_id,
        "company_id": Enrolment.company_id,
        "region_id": Enrolment.region_id,
        "effective_on": literal(seoul_day(now), LedgerEntry.effective_on.type),
        "recorded_at": literal(now, LedgerEntry.recorded_at.type),
        "reason": literal(reason[:400]),
    }
    if once is not None:
        columns["once"] = once
    if actor_id is not None:
        columns["actor_id"] = literal(actor_id)
    rows = select(*columns.values()).where(Enrolment.id.in_(ids)).order_by(Enrolment.id)
    session.execute(insert_into(session, LedgerEntry).from_select(list(columns), rows, include_defaults=False))

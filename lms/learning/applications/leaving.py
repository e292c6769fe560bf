"""Leave a run: a learner before its start, an officer at any time until it is closed, and back again within a day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.messages import send_many
from lms.models import Enrolment, LedgerEntry, Transfer

from .. import ledger
from . import seats, telling, waiting

# As long as a deed on organisations and people may be taken back.
UNDONE_WITHIN = timedelta(days=1)


class LeavingError(LMSError):
    """`reason`: reason_missing, closed (the run is), begun (a learner leaves by herself only before the start), completed (what
    was completed is revoked, not left), nobody (none of these is in the run).

    Of taking back: too_late (a day is over), not_withdrawn, transferred, overlaps (she is in another run of the course
    at the time), full (the seat is somebody else's)."""

    sentence = "Nobody left the run, or came back: {reason}."


def withdraw(
    session: Session,
    run_id: int,
    enrolment_ids: Collection[int],
    *,
    actor_id: int | None,
    reason: str,
    is_told: bool = True,
    now: datetime | None = None,
) -> list[int]:
    """Take learners out of a run, with a reason, and give their seats to those who wait. Returns the ids of those who left.

    Raises:
        LeavingError: and then all stay.
    """
    now, reason = now or utcnow(), " ".join(reason.split())
    run = seats.lock(session, run_id)
    if not reason:
        raise LeavingError("reason_missing")
    if run.closed_at is not None:
        raise LeavingError("closed")
    leaving = session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run_id, Enrolment.id.in_(enrolment_ids), Enrolment.state == "enrolled")
        .order_by(Enrolment.id)
        .with_for_update(of=Enrolment)
    ).all()
    if not leaving:
        raise LeavingError("nobody")
    if _have_completed(session, [row.id for row in leaving]):
        raise LeavingError("completed")
    for row in leaving:
        row.state = "withdrawn"
        ledger.append(
            session,
            row,
            "withdrawn",
            effective_on=seoul_day(now),
            recorded_at=now,
            actor_id=actor_id,
            reason=reason,
        )
    audit.record(
        session,
        "withdrawn",
        actor_id=actor_id,
        subject=f"run:{run_id}",
        reason=reason,
        detail={"enrolments": [row.id for row in leaving]},
    )
    if is_told:
        facts = telling.of_run(session, run) | {"reason": reason[:400]}
        told = [(row.person_id, facts, None) for row in leaving if row.person_id != actor_id]
        send_many(session, "withdrawn", told, now=now)
    waiting.move_up(session, run_id, now=now)
    return [row.id for row in leaving]


def withdraw_oneself(session: Session, enrolment: Enrolment, *, reason: str = "", now: datetime | None = None) -> None:
    """A learner leaves a run, which is loaded, on a day before its first.

    Raises:
        LeavingError
    """
    now = now or utcnow()
    run = seats.lock(session, enrolment.run_id)
    if seoul_day(now) >= run.learn_from:
        raise LeavingError("begun", learn_from=run.learn_from)
    withdraw(
        session,
        run.id,
        [enrolment.id],
        actor_id=enrolment.person_id,
        reason=reason or "수강생 본인 취소",
        now=now,
    )


def may_come_back(enrolment: Enrolment, withdrawn_at: datetime, now: datetime | None = None) -> bool:
    return enrolment.state == "withdrawn" and (now or utcnow()) <= withdrawn_at + UNDONE_WITHIN


def take_back(session: Session, enrolment: Enrolment, *, actor_id: int | None, now: datetime | None = None) -> None:
    """Undo a withdrawal within a day, if the seat is still free.

    Raises:
        LeavingError
    """
    now = now or utcnow()
    run = seats.lock(session, enrolment.run_id)
    enrolment = ledger.lock(session, enrolment.id)
    left = session.scalar(
        select(LedgerEntry.recorded_at)
        .where(LedgerEntry.enrolment_id == enrolment.id, LedgerEntry.kind == "withdrawn")
        .order_by(LedgerEntry.id.desc())
        .limit(1)
    )
    if enrolment.state != "withdrawn" or left is None:
        raise LeavingError("not_withdrawn")
    if run.closed_at is not None:
        raise LeavingError("closed")
    if not may_come_back(enrolment, left, now):
        raise LeavingError("too_late")
    if session.scalar(select(exists().where(Transfer.from_id == enrolment.id))):
        raise LeavingError("transferred")
    if seats.elsewhere(session, run, [enrolment.person_id]):
        raise LeavingError("overlaps")
    if not seats.book_of(session, run).has_seats(enrolment.company_id, enrolment.region_id):
        raise LeavingError("full")
    enrolment.state = "enrolled"
    day = seoul_day(now)
    ledger.append(session, enrolment, "enrolled", effective_on=day, recorded_at=now, actor_id=actor_id)
    audit.record(session, "withdrawal_undone", actor_id=actor_id, subject=f"enrolment:{enrolment.id}")


def _have_completed(session: Session, ids: Collection[int]) -> bool:
    """Whether a completion of one of them stands."""
    newest: dict[int, str] = {}
    for enrolment_id, kind in session.execute(
        select(LedgerEntry.enrolment_id, LedgerEntry.kind)
        .where(LedgerEntry.enrolment_id.in_(ids), LedgerEntry.kind.in_(("completed", "revoked")))
        .order_by(LedgerEntry.id)
    ):
        newest[enrolment_id] = kind
    return "completed" in newest.values()

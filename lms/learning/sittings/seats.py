"""Learners choose among the dates of one thing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.learning import ledger
from lms.models import Attendance, Enrolment, Sitting, SittingSeat

from .errors import SittingError


def take(session: Session, enrolment: Enrolment, sitting: Sitting, now: datetime | None = None) -> None:
    """Take a seat at a sitting; the one that she had at another date of it is free again. Until the day before both.

    Raises:
        SittingError
    """
    now = now or utcnow()
    enrolment = ledger.lock(session, enrolment.id)
    sitting = _lock(session, sitting.id)
    if sitting.run_id != enrolment.run_id or enrolment.state != "enrolled" or sitting.expects != "seated":
        raise SittingError("no_choice")
    if sitting.is_cancelled:
        raise SittingError("cancelled")
    seat = _seat_of(session, enrolment, sitting.choice)
    if seat is not None and seat.sitting_id == sitting.id:
        return
    if not may_choose(sitting, now) or (seat is not None and not _may_leave(session, seat, now)):
        raise SittingError("too_late")
    if sitting.seats is not None and taken(session, sitting) >= sitting.seats:
        raise SittingError("full")
    if seat is None:
        seat = SittingSeat(enrolment_id=enrolment.id, choice=sitting.choice)
        session.add(seat)
    seat.sitting_id, seat.taken_at = sitting.id, now
    session.flush()


def give_up(session: Session, enrolment: Enrolment, sitting: Sitting, now: datetime | None = None) -> None:
    """Give a seat back, until the day before. Raises SittingError."""
    now = now or utcnow()
    enrolment = ledger.lock(session, enrolment.id)
    seat = _seat_of(session, enrolment, sitting.choice)
    if seat is None or seat.sitting_id != sitting.id:
        return
    if not _may_leave(session, seat, now):
        raise SittingError("too_late")
    session.delete(seat)
    session.flush()


def assign(
    session: Session, sitting: Sitting, enrolment: Enrolment, *, actor_id: int, now: datetime | None = None
) -> None:
    """Let somebody of the run who came without a seat have one here, whatever the day and however many there are. What was
    noted of her at another date stays. Raises SittingError."""
    now = now or utcnow()
    enrolment = ledger.lock(session, enrolment.id)
    if sitting.run_id != enrolment.run_id or enrolment.state != "enrolled" or sitting.expects != "seated":
        raise SittingError("no_choice")
    seat = _seat_of(session, enrolment, sitting.choice)
    if seat is None:
        seat = SittingSeat(enrolment_id=enrolment.id, choice=sitting.choice)
        session.add(seat)
    seat.sitting_id, seat.taken_at = sitting.id, now
    session.flush()
    audit.record(
        session,
        "sitting_seat_given",
        actor_id=actor_id,
        subject=f"enrolment:{enrolment.uid}",
        detail={"sitting": str(sitting.uid)},
    )


def may_choose(sitting: Sitting, now: datetime) -> bool:
    return seoul_day(now) < sitting.day


def taken(session: Session, sitting: Sitting) -> int:
    """Seats of learners who are still in the run."""
    held = (
        select(func.count())
        .select_from(SittingSeat)
        .join(Enrolment, Enrolment.id == SittingSeat.enrolment_id)
        .where(SittingSeat.sitting_id == sitting.id, Enrolment.state == "enrolled")
    )
    return session.scalar(held) or 0


def _may_leave(session: Session, seat: SittingSeat, now: datetime) -> bool:
    """Whether the seat may be given up: until the day before, and while nothing was noted of her there."""
    noted = select(Attendance.id).where(
        Attendance.sitting_id == seat.sitting_id, Attendance.enrolment_id == seat.enrolment_id
    )
    return may_choose(session.get_one(Sitting, seat.sitting_id), now) and session.scalar(noted.limit(1)) is None


def _seat_of(session: Session, enrolment: Enrolment, choice: str) -> SittingSeat | None:
    return session.scalar(
        select(SittingSeat).where(SittingSeat.enrolment_id == enrolment.id, SittingSeat.choice == choice)
    )


def _lock(session: Session, sitting_id: int) -> Sitting:
    """One seat of a sitting is given at a time."""
    return session.scalars(
        select(Sitting).where(Sitting.id == sitting_id).with_for_update().execution_options(populate_existing=True)
    ).one()

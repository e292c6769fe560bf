"""How learners come into a run: whom one who applies has to wait for, and until when the waiting list moves up."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from lms import audit
from lms.errors import LMSError
from lms.models import Admission, Run
from lms.models.applications import APPROVALS

APPROVAL = "officer"
MOVES_UP_DAYS = 7  # who moves up later than a week after the start has too little time left
MOST_DAYS = 366


class AdmissionError(LMSError):
    """`reason`: approval (no such word), days (not from 0 to 366)."""

    sentence = "The way into the run was not changed: {reason}."


def of_run(session: Session, run_id: int) -> Admission:
    """As it is set, or the usual; the latter is not in the database."""
    return session.get(Admission, run_id) or Admission(run_id=run_id, approval=APPROVAL, moves_up_days=MOVES_UP_DAYS)


def change(session: Session, run: Run, *, approval: str, moves_up_days: int, actor_id: int | None) -> None:
    """Who applied already is decided on as the run says from now on.

    Raises:
        AdmissionError
    """
    if approval not in APPROVALS:
        raise AdmissionError("approval")
    if not 0 <= moves_up_days <= MOST_DAYS:
        raise AdmissionError("days")
    session.merge(Admission(run_id=run.id, approval=approval, moves_up_days=moves_up_days))
    audit.record(
        session,
        "admission_changed",
        actor_id=actor_id,
        subject=f"run:{run.id}",
        detail={"approval": approval, "moves_up_days": moves_up_days},
    )


def copy(session: Session, from_run_id: int, to_run_id: int) -> None:
    """The new run takes people in as the old one did."""
    there = session.get(Admission, from_run_id)
    if there is not None:
        session.merge(Admission(run_id=to_run_id, approval=there.approval, moves_up_days=there.moves_up_days))


def last_day_to_move_up(session: Session, run: Run) -> date:
    """The last day on which somebody gets a seat from the waiting list."""
    return last_day_of(of_run(session, run.id), run)


def last_day_of(settings: Admission | None, run: Run) -> date:
    """The same where the run's settings are there."""
    days = settings.moves_up_days if settings is not None else MOVES_UP_DAYS
    return min(run.learn_to, run.learn_from + timedelta(days=days))

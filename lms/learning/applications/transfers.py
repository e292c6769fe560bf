"""From a run to a later one of the same course. What was done stays in the old run; in the new one she begins anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.messages import send
from lms.models import Enrolment, Run, Transfer

from . import leaving, seats, telling
from .leaving import LeavingError


class TransferError(LMSError):
    """`reason`: reason_missing, closed, completed, nobody (of `leaving.LeavingError`), another_course, earlier (the other run
    doesn't begin later), and those of `seats.Admitted`, of which full."""

    sentence = "The learner was not transferred: {reason}."


def list_targets(session: Session, run: Run, now: datetime | None = None) -> Sequence[Run]:
    """The later runs of the course at the centre that take people today, the next first."""
    day = seoul_day(now or utcnow())
    return session.scalars(
        select(Run)
        .where(
            Run.course_id == run.course_id,
            Run.centre_id == run.centre_id,
            Run.learn_from > run.learn_from,
            Run.opened_at.is_not(None),
            Run.closed_at.is_(None),
            Run.learn_to >= day,
        )
        .options(joinedload(Run.course_version))
        .order_by(Run.learn_from, Run.id)
    ).all()


def transfer(
    session: Session,
    enrolment: Enrolment,
    to: Run,
    *,
    reason: str,
    actor_id: int | None,
    now: datetime | None = None,
) -> Enrolment:
    """Withdraw her from the run and enrol her in a later one, or neither.

    Raises:
        TransferError
    """
    now, reason = now or utcnow(), " ".join(reason.split())
    for run_id in sorted(
        {enrolment.run_id, to.id}
    ):  # always in the same order, so that two transfers don't wait in a ring
        seats.lock(session, run_id)
    run, to = session.get_one(Run, enrolment.run_id), session.get_one(Run, to.id)
    if not reason:
        raise TransferError("reason_missing")
    if to.course_id != run.course_id:
        raise TransferError("another_course")
    if to.learn_from <= run.learn_from:
        raise TransferError("earlier")
    _refuse_full(session, enrolment, to, now)
    try:
        leaving.withdraw(session, run.id, [enrolment.id], actor_id=actor_id, reason=reason, is_told=False, now=now)
    except LeavingError as error:
        raise TransferError(error.reason) from error
    admitted = seats.admit(
        session,
        to.id,
        [enrolment.person_id],
        way="transfer",
        actor_id=actor_id,
        reason=reason,
        waits=False,
        now=now,
    )[0]
    if admitted.enrolment is None:
        raise TransferError(admitted.reason)
    session.add(
        Transfer(from_id=enrolment.id, to_id=admitted.enrolment.id, reason=reason[:400], actor_id=actor_id, at=now)
    )
    session.flush()
    audit.record(
        session,
        "transferred",
        actor_id=actor_id,
        subject=f"enrolment:{enrolment.id}",
        reason=reason,
        detail={"to": admitted.enrolment.id},
    )
    facts = telling.of_run(session, to) | {"from_number": run.number, "reason": reason[:400]}
    send(session, enrolment.person_id, "transferred", facts, now=now)
    return admitted.enrolment


def _refuse_full(session: Session, enrolment: Enrolment, to: Run, now: datetime) -> None:
    """Before anything is written, so that an error leaves all as it was."""
    desk = seats.Desk(
        session, to, [enrolment.person_id], now, is_program=True
    )  # she is still in the run that she leaves
    if refused := desk.refusal(enrolment.person_id):
        raise TransferError(refused)
    if not desk.has_seat(enrolment.person_id):
        raise TransferError("full")

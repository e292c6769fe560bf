"""An application: made, approved by the company, decided by the officer, withdrawn. Each list below is one query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError, NotFoundError
from lms.messages import send_many
from lms.models import Admission, Application, Company, Person, Run
from lms.models.applications import LIVE_STATES
from lms.people.viewers import Viewer

from . import admission, seats, telling
from .seats import Admitted

LONGEST_REASON = 400


class ApplicationError(LMSError):
    """`reason`: not_now (the run takes no applications that day; `apply_from`, `apply_to`), reason_missing, nothing (none of
    these can be decided on any more), too_late (it was decided), and those of `seats.Admitted`."""

    sentence = "The application was not taken: {reason}."


# Made and withdrawn by the learner


def apply(session: Session, run_id: int, person_id: int, *, now: datetime | None = None) -> Admitted:
    """A learner asks for a seat herself. Where nobody has to approve she has it at once, or waits for one.

    Asking again changes nothing. Who is asked for approval comes back with the outcome `waiting` and without a place.

    Raises:
        ApplicationError
    """
    now = now or utcnow()
    run = seats.lock(session, run_id)
    day = seoul_day(now)
    if not run.takes_applications_on(day):
        raise ApplicationError("not_now", apply_from=run.apply_from, apply_to=run.apply_to)
    return put_in(session, run, person_id, way="self", now=now)


def put_in(
    session: Session,
    run: Run,
    person_id: int,
    *,
    way: str,
    link_id: int | None = None,
    is_direct: bool = False,
    now: datetime,
) -> Admitted:
    """The application of one person for a run, which is locked, whichever way she came. Raises ApplicationError."""
    if (there := live_of(session, run.id, person_id)) is not None:
        place = seats.place_of(session, there) if there.state == "waiting" else None
        return Admitted(person_id, "waiting", application=there, place=place)
    desk = seats.Desk(session, run, [person_id], now)
    if refused := desk.refusal(person_id):
        raise ApplicationError(refused)
    approval = "none" if is_direct else admission.of_run(session, run.id).approval
    if approval == "none":
        admitted = desk.admit(person_id, way=way, actor_id=None)
        if admitted.outcome == "refused":
            raise ApplicationError(admitted.reason)
        assert admitted.application is not None
        admitted.application.link_id = link_id
        return admitted
    origin = desk.origins[person_id]
    made = Application(
        run_id=run.id,
        person_id=person_id,
        company_id=origin.company_id,
        region_id=origin.region_id,
        state="applied",
        way=way,
        link_id=link_id,
        applied_at=now,
    )
    session.add(made)
    session.flush()
    return Admitted(person_id, "waiting", application=made)


def withdraw(session: Session, viewer: Viewer, uid: UUID, *, now: datetime | None = None) -> Application:
    """Take back one's own application that nobody has decided, or one's place on the waiting list.

    Raises:
        NotFoundError; ApplicationError: too_late.
    """
    found = session.scalar(select(Application).where(Application.uid == uid, Application.person_id == viewer.id))
    if found is None:
        raise NotFoundError()
    seats.lock(session, found.run_id)
    session.refresh(found)
    if not found.is_live:
        raise ApplicationError("too_late")
    found.state, found.decided_at, found.decided_by = "withdrawn", now or utcnow(), viewer.id
    session.flush()
    return found


def live_of(session: Session, run_id: int, person_id: int) -> Application | None:
    return session.scalar(
        select(Application).where(
            Application.run_id == run_id, Application.person_id == person_id, Application.state.in_(LIVE_STATES)
        )
    )


# Whose turn it is


def approval() -> ColumnElement[str]:
    """Whom a run asks, over Application joined (outer) with Admission."""
    return func.coalesce(Admission.approval, admission.APPROVAL)


def of_companies(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on applications of people of the companies that the viewer manages."""
    if not viewer.managed_companies:
        return false()
    merged = select(Company.id).where(Company.merged_into_id.in_(viewer.managed_companies))
    return or_(Application.company_id.in_(viewer.managed_companies), Application.company_id.in_(merged))


def count_pending(session: Session, run_id: int) -> int:
    """Applications of a run that nobody has decided. Those who wait for a seat are not among them."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Application)
            .where(Application.run_id == run_id, Application.state.in_(("applied", "approved")))
        )
        or 0
    )


# Decided


def approve(
    session: Session, viewer: Viewer, run_id: int, uids: Collection[UUID], *, now: datetime | None = None
) -> list[Admitted]:
    """A company manager lets her people take part. Where the company alone is asked they have their seats at once; otherwise
    the officer decides, and `Admitted.place` is None.

    Raises:
        ApplicationError: nothing.
    """
    now = now or utcnow()
    run = seats.lock(session, run_id)
    found = [row for row in _load(session, run_id, uids, of_companies(viewer)) if row.state == "applied"]
    asks = admission.of_run(session, run_id).approval
    if not found or asks not in ("company", "both"):
        raise ApplicationError("nothing")
    for row in found:
        row.state, row.approved_at, row.approved_by = "approved", now, viewer.id
    session.flush()
    _note(session, "applications_approved", run, found, viewer.id)
    if asks == "company":
        return _seat(session, run, found, viewer.id, now)
    return [Admitted(row.person_id, "waiting", application=row) for row in found]


def accept(
    session: Session, run_id: int, uids: Collection[UUID], *, actor_id: int | None, now: datetime | None = None
) -> list[Admitted]:
    """The officer says yes: seats in the order of applying, and then places on the waiting list.

    Raises:
        ApplicationError: nothing.
    """
    now = now or utcnow()
    run = seats.lock(session, run_id)
    found = [row for row in _load(session, run_id, uids) if row.state in ("applied", "approved")]
    if not found:
        raise ApplicationError("nothing")
    _note(session, "applications_accepted", run, found, actor_id)
    return _seat(session, run, found, actor_id, now)


def refuse(
    session: Session,
    run_id: int,
    uids: Collection[UUID],
    *,
    actor_id: int | None,
    reason: str,
    of: ColumnElement[bool] | None = None,
    now: datetime | None = None,
) -> list[Application]:
    """Say no, with a reason, which the learner reads. `of` narrows to what the one who decides may decide.

    Raises:
        ApplicationError: reason_missing, nothing.
    """
    now, reason = now or utcnow(), " ".join(reason.split())
    if not reason:
        raise ApplicationError("reason_missing")
    run = seats.lock(session, run_id)
    found = [row for row in _load(session, run_id, uids, of) if row.is_live]
    if not found:
        raise ApplicationError("nothing")
    _refuse(session, run, found, actor_id, reason, now, by="centre" if of is None else "company")
    return found


def end_all(session: Session, run_id: int, *, actor_id: int | None, now: datetime | None = None) -> int:
    """Whoever still waits when a run is closed is told so. Returns how many."""
    run = seats.lock(session, run_id)
    live = session.scalars(
        select(Application)
        .where(Application.run_id == run_id, Application.state.in_(LIVE_STATES))
        .order_by(Application.id)
    ).all()
    if live:
        _refuse(session, run, live, actor_id, "차수가 마감되었습니다.", now or utcnow(), by="centre")
    return len(live)


def _refuse(
    session: Session,
    run: Run,
    found: Sequence[Application],
    actor_id: int | None,
    reason: str,
    now: datetime,
    *,
    by: str,
) -> None:
    """`by`: centre or company; of which the learner may ask."""
    for row in found:
        row.state, row.reason = "refused", reason[:LONGEST_REASON]
        row.decided_at, row.decided_by = now, actor_id
    session.flush()
    _note(session, "applications_refused", run, found, actor_id, reason)
    decider = session.scalar(select(Person.name).where(Person.id == actor_id)) or ""
    facts = telling.of_run(session, run) | {"reason": reason[:LONGEST_REASON], "decider": decider, "decided_at": by}
    send_many(session, "application_refused", [(row.person_id, facts, None) for row in found], now=now)


def _seat(
    session: Session, run: Run, found: Sequence[Application], actor_id: int | None, now: datetime
) -> list[Admitted]:
    desk = seats.Desk(session, run, [row.person_id for row in found], now)
    results = desk.admit_all([(row.person_id, row.way) for row in found], actor_id=actor_id)
    waiting = [result for result in results if result.outcome == "waiting"]
    facts = telling.of_run(session, run)
    told = [(result.person_id, facts | {"place": result.place}, None) for result in waiting]
    send_many(session, "application_waiting", told, now=now)
    return results


def _load(
    session: Session, run_id: int, uids: Collection[UUID], of: ColumnElement[bool] | None = None
) -> Sequence[Application]:
    """In the order of applying."""
    statement = select(Application).where(Application.run_id == run_id, Application.uid.in_(uids))
    if of is not None:
        statement = statement.where(of)
    return session.scalars(
        statement.order_by(Application.applied_at, Application.id).execution_options(populate_existing=True)
    ).all()


def _note(
    session: Session,
    action: str,
    run: Run,
    found: Sequence[Application],
    actor_id: int | None,
    reason: str = "",
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        subject=f"run:{run.id}",
        reason=reason,
        detail={"applications": [row.id for row in found]},
    )

"""Enrol people, and the one place that knows which enrolments a viewer may see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.models import CentreRegion, Company, Enrolment, Run, RunUnit
from lms.people.organisations.places import covers
from lms.people.viewers import Viewer

from . import ledger
from .applications import seats
from .completion import Standing, evaluate


class EnrolmentError(LMSError):
    """`reason`: no_employment, no_region (the company has no region that day), already, full, draft, closed."""

    sentence = "The person was not enrolled: {reason}."


class RunNotOpenError(LMSError):
    """Work was handed in to a run that is not open. `reason`: not_begun, over or closed; `learn_from`, and as `learn_to` the
    learner's own last day."""

    sentence = "The run takes no work now: {reason} (it runs from {learn_from} to {learn_to})."


def enrol(session: Session, run: Run, person_id: int, *, now: datetime | None = None) -> Enrolment:
    """Enrol a person with the company and region of that day, and note it in the ledger. A region that has become another
    by then is the other. The command line and programs come in by this; `applications` has the ways of people.

    Raises:
        EnrolmentError
    """
    admitted = seats.admit(
        session, run.id, [person_id], way="officer", waits=False, is_noted=False, is_program=True, now=now
    )[0]
    if admitted.enrolment is None:
        raise EnrolmentError(admitted.reason)
    return admitted.enrolment


def visible_to(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """The condition on enrolments that a viewer may see on a day (today): her own, and what her roles open.

    A company manager sees the company's people, also those counted under a row that was merged into it; an officer and an
    instructor those of the centre, the programme office all.
    An operator runs the machine and sees nobody's learning.
    """
    if viewer.is_programme_office:
        return true()
    conditions: list[ColumnElement[bool]] = [Enrolment.person_id == viewer.id]
    if viewer.managed_companies:
        merged = select(Company.id).where(Company.merged_into_id.in_(viewer.managed_companies))
        conditions.append(or_(Enrolment.company_id.in_(viewer.managed_companies), Enrolment.company_id.in_(merged)))
    if centres := viewer.officer_centres | viewer.instructor_centres:
        conditions.append(of_centres(centres, day or today()))
    return or_(*conditions)


def of_centres(centres: Collection[int], day: date) -> ColumnElement[bool]:
    """The condition on enrolments of the regions that one of these centres served when they were made, or serves on `day`.

    So what was counted in a region stays with the centre that served it, although the region ended in a merger or passed
    to another centre; and who takes a region over sees the people who still learn there.
    """
    served = or_(
        covers(CentreRegion.from_on, CentreRegion.to_on, Enrolment.enrolled_on),
        covers(CentreRegion.from_on, CentreRegion.to_on, day),
    )
    return (
        select(CentreRegion.id)
        .where(CentreRegion.centre_id.in_(centres), CentreRegion.region_id == Enrolment.region_id, served)
        .correlate(Enrolment)
        .exists()
    )


def decided_by(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on enrolments whose completion a viewer may uphold or revoke: officers, in their regions."""
    if not viewer.officer_centres:
        return false()
    return of_centres(viewer.officer_centres, today())


def load_enrolment(session: Session, viewer: Viewer, uid: UUID) -> Enrolment:
    """An enrolment that the viewer may see, with its run. Raises NotFoundError."""
    return _one(session, _with_run().where(Enrolment.uid == uid, visible_to(viewer)))


def load_own(session: Session, viewer: Viewer, run_uid: UUID) -> Enrolment:
    """The viewer's own enrolment in a run, with run, units, rules and sittings. Raises NotFoundError."""
    return _one(
        session, _with_run().where(Run.uid == run_uid, Enrolment.person_id == viewer.id, Enrolment.state == "enrolled")
    )


def _with_run() -> Select[Enrolment]:
    return (
        select(Enrolment)
        .join(Enrolment.run)
        .options(
            contains_eager(Enrolment.run).options(
                joinedload(Run.course_version),
                selectinload(Run.units).joinedload(RunUnit.exercise_version),
                joinedload(Run.rules),
                joinedload(Run.sittings),
            )
        )
    )


def _one(session: Session, statement: Select[Enrolment]) -> Enrolment:
    found = session.scalars(statement).unique().one_or_none()
    if found is None:
        raise NotFoundError()
    return found


@dataclass(frozen=True)
class Attendance:
    """An enrolment and where it stands."""

    enrolment: Enrolment
    standing: Standing


def standing_of(session: Session, enrolment: Enrolment) -> Standing:
    """One query; the run's units, rules and sittings have to be loaded."""
    run = enrolment.run
    return evaluate(run.units, run.rules[-1], ledger.entries_of(session, [enrolment.id]), run.sittings)


def list_own(session: Session, viewer: Viewer) -> list[Attendance]:
    """The viewer's enrolments, newest run first, with their standings: five queries however many there are."""
    enrolments: Sequence[Enrolment] = (
        session.scalars(
            _with_run()
            .where(Enrolment.person_id == viewer.id, Enrolment.state == "enrolled")
            .order_by(Run.learn_from.desc(), Enrolment.id.desc())
        )
        .unique()
        .all()
    )
    entries: dict[int, list] = {enrolment.id: [] for enrolment in enrolments}
    for entry in ledger.entries_of(session, entries):
        entries[entry.enrolment_id].append(entry)
    return [
        Attendance(enrolment, evaluate(run.units, run.rules[-1], entries[enrolment.id], run.sittings))
        for enrolment in enrolments
        for run in (enrolment.run,)
    ]


def load_to_decide(session: Session, viewer: Viewer, uid: UUID) -> Enrolment:
    """An enrolment whose completion the viewer may uphold or revoke. Raises NotFoundError."""
    found = session.scalar(select(Enrolment).where(Enrolment.uid == uid, decided_by(viewer)))
    if found is None:
        raise NotFoundError()
    return found


def refuse_closed(enrolment: Enrolment, day: date) -> None:
    """Raises RunNotOpenError unless the learner may hand in work to her run, which is loaded, on that day."""
    if enrolment.is_open_on(day):
        return
    run = enrolment.run
    reason = "closed" if run.closed_at else "not_begun" if day < run.learn_from or run.opened_at is None else "over"
    raise RunNotOpenError(reason, learn_from=run.learn_from, learn_to=enrolment.last_day)


def load_unit(enrolment: Enrolment, key: str) -> RunUnit:
    """A unit of the enrolment's run. Raises NotFoundError."""
    for unit in enrolment.run.units:
        if unit.key == key:
            return unit
    raise NotFoundError()

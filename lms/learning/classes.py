"""The runs of a centre, and who may see which learner of them as of those who teach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.models import Enrolment, LedgerEntry, Run
from lms.people.viewers import Viewer

from . import enrolments

ACTIVE_DAYS = 7  # the same as in the reports
STUCK_TRIES = 3


def taught_by(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on enrolments, joined with their run, that a viewer may see as of those who teach.

    An instructor sees everybody in the runs of the own centre, from whichever region; an officer of that centre those whom
    officers see anyway.
    """
    conditions: list[ColumnElement[bool]] = []
    if viewer.instructor_centres:
        conditions.append(Run.centre_id.in_(viewer.instructor_centres))
    if viewer.officer_centres:
        conditions.append(and_(Run.centre_id.in_(viewer.officer_centres), enrolments.visible_to(viewer)))
    return or_(*conditions) if conditions else false()


def in_class(viewer: Viewer) -> Select[int]:
    """Ids of the enrolments that a viewer sees in classes; who withdrew is not among them."""
    return (
        select(Enrolment.id)
        .join(Run, Run.id == Enrolment.run_id)
        .where(Enrolment.state == "enrolled", taught_by(viewer))
    )


@dataclass(frozen=True)
class RunRow:
    """A run with how many are in it, did a unit within seven days, have completed, and are stuck."""

    run: Run
    enrolled: int
    active: int
    completed: int
    stuck: int


def list_runs(session: Session, viewer: Viewer, day: date) -> list[RunRow]:
    """The runs of the viewer's centres, newest first: six queries however many there are."""
    centres = viewer.instructor_centres | viewer.officer_centres
    runs = session.scalars(
        select(Run)
        .where(Run.centre_id.in_(centres), Run.opened_at.is_not(None))
        .options(joinedload(Run.course_version), selectinload(Run.rules))
        .order_by(Run.learn_from.desc(), Run.id.desc())
    ).all()
    seen = in_class(viewer)
    enrolled = _count(session, select(Enrolment.run_id, func.count()).where(Enrolment.id.in_(seen)), Enrolment.run_id)
    active = _count(
        session,
        select(LedgerEntry.run_id, func.count(LedgerEntry.enrolment_id.distinct())).where(
            LedgerEntry.enrolment_id.in_(seen),
            LedgerEntry.kind == "unit_done",
            LedgerEntry.effective_on > day - timedelta(days=ACTIVE_DAYS),
            LedgerEntry.effective_on <= day,
        ),
        LedgerEntry.run_id,
    )
    completed = _count(
        session,
        select(Enrolment.run_id, func.count()).where(Enrolment.id.in_(seen), Enrolment.id.in_(_completed())),
        Enrolment.run_id,
    )
    stuck = _count_stuck(session, runs, seen)
    return [RunRow(run, *(counts.get(run.id, 0) for counts in (enrolled, active, completed, stuck))) for run in runs]


def _count(session: Session, statement: Any, by: Any) -> dict[int, int]:
    return {run_id: count for run_id, count in session.execute(statement.group_by(by))}


def _completed() -> Select[int]:
    """Ids of the enrolments whose completion stands."""
    newest = (
        select(func.max(LedgerEntry.id))
        .where(LedgerEntry.kind.in_(("completed", "revoked")))
        .group_by(LedgerEntry.enrolment_id)
    )
    return select(LedgerEntry.enrolment_id).where(LedgerEntry.id.in_(newest), LedgerEntry.kind == "completed")


def _count_stuck(session: Session, runs: Sequence[Run], seen: Select[int]) -> dict[int, int]:
    """Run → how many are stuck, by the same rule as in a class: see `stuck_on`."""
    newest = (
        select(func.max(LedgerEntry.id))
        .where(LedgerEntry.submission_id.is_not(None), LedgerEntry.kind == "scored", LedgerEntry.enrolment_id.in_(seen))
        .group_by(LedgerEntry.submission_id)
    )
    best = func.max(LedgerEntry.points / func.nullif(LedgerEntry.max_points, 0))
    tries = session.execute(
        select(LedgerEntry.run_id, LedgerEntry.enrolment_id, best)
        .where(LedgerEntry.id.in_(newest), LedgerEntry.enrolment_id.not_in(_completed()))
        .group_by(LedgerEntry.run_id, LedgerEntry.enrolment_id, LedgerEntry.unit_key)
        .having(func.count() >= STUCK_TRIES)
    )
    asked = {run.id: run.rules[-1].score for run in runs}
    people: dict[int, set[int]] = defaultdict(set)
    for run_id, enrolment_id, share in tries:
        if is_too_little(share, asked[run_id]):
            people[run_id].add(enrolment_id)
    return {run_id: len(found) for run_id, found in people.items()}


def is_too_little(share: float | None, score: float) -> bool:
    """Whether the best share of the points (0..1) lies below the score (of 100) that the run asks for."""
    return 100 * (share or 0.0) < score - 1e-9

"""Runs as those see them who give and teach them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.clock import end_of_day, today
from lms.errors import NotFoundError
from lms.learning import ledger
from lms.models import Application, Enrolment, LedgerEntry, Run, RunInstructor, Sitting
from lms.models.runs import RunState
from lms.people.viewers import Viewer

from . import states


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on runs that a viewer may see: an officer those of the own centre, an instructor of the centre those
    that she teaches. What learners see of theirs begins at enrolments."""
    conditions: list[ColumnElement[bool]] = []
    if viewer.officer_centres:
        conditions.append(edited_by(viewer))
    if viewer.instructor_centres:
        teaches = select(RunInstructor.id).where(RunInstructor.run_id == Run.id, RunInstructor.person_id == viewer.id)
        conditions.append(
            and_(Run.centre_id.in_(viewer.instructor_centres), Run.opened_at.is_not(None), teaches.exists())
        )
    return or_(*conditions) if conditions else false()


def edited_by(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on runs that a viewer may change: officers, those of the own centre."""
    return Run.centre_id.in_(viewer.officer_centres) if viewer.officer_centres else false()


def load_run(session: Session, viewer: Viewer, uid: UUID) -> Run:
    """A run that the viewer may see, with its version, units and rules. Raises NotFoundError."""
    return _one(session, uid, visible_to(viewer))


def load_to_edit(session: Session, viewer: Viewer, uid: UUID, *, lock: bool = False) -> Run:
    """A run that the viewer may change, with its version, units and rules. With `lock`, one deed at a time: others on this run
    wait for the end of the transaction.

    Raises:
        NotFoundError
    """
    if lock:
        session.scalar(select(Run.id).where(Run.uid == uid, edited_by(viewer)).with_for_update())
    return _one(session, uid, edited_by(viewer))


def _one(session: Session, uid: UUID, condition: ColumnElement[bool]) -> Run:
    found = session.scalars(
        select(Run)
        .where(Run.uid == uid, condition)
        .options(joinedload(Run.course_version), selectinload(Run.units), selectinload(Run.rules))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError()
    return found


@dataclass(frozen=True)
class RunLine:
    """A run in the list. `waiting`: live applications; `sittings`: those of today; `questioned`: completions to decide on."""

    run: Run
    state: RunState
    enrolled: int
    completed: int
    waiting: int
    sittings: int
    questioned: int

    @property
    def is_to_close(self) -> bool:
        """Learning is over, and no review period keeps it open."""
        return self.state == "review"

    @property
    def needs(self) -> bool:
        return bool(self.waiting or self.sittings or self.questioned or self.is_to_close)


def list_runs(session: Session, viewer: Viewer, day: date | None = None) -> list[RunLine]:
    """The runs that the viewer may see, the newest first, with what needs her: six queries however many there are."""
    day = day or today()
    runs = session.scalars(
        select(Run)
        .where(visible_to(viewer))
        .options(joinedload(Run.course_version))
        .order_by(Run.learn_from.desc(), Run.id.desc())
    ).all()
    counts = [_count(session, statement) for statement in _counted(select(Run.id).where(visible_to(viewer)), day)]
    return [RunLine(run, states.state_of(run, day), *(found.get(run.id, 0) for found in counts)) for run in runs]


def _counted(mine: Select[int], day: date) -> Iterator[Select[int, int]]:
    """Enrolled, completed, waiting, sittings, questioned: each run's id and number."""
    yield (
        select(Enrolment.run_id, func.count())
        .where(Enrolment.run_id.in_(mine), Enrolment.state == "enrolled")
        .group_by(Enrolment.run_id)
    )
    newest = select(func.max(LedgerEntry.id)).where(LedgerEntry.run_id.in_(mine))
    standing = newest.where(LedgerEntry.kind.in_(("completed", "revoked"))).group_by(LedgerEntry.enrolment_id)
    yield _entries("completed", standing)
    yield (
        select(Application.run_id, func.count())
        .where(Application.run_id.in_(mine), Application.state.in_(("applied", "approved")))
        .group_by(Application.run_id)
    )
    begins, ends = end_of_day(day - timedelta(days=1)), end_of_day(day)
    yield (
        select(Sitting.run_id, func.count())
        .where(
            Sitting.run_id.in_(mine),
            Sitting.cancelled_at.is_(None),
            Sitting.begins_at >= begins,
            Sitting.begins_at < ends,
        )
        .group_by(Sitting.run_id)
    )
    yield (
        select(LedgerEntry.run_id, func.count())
        .where(LedgerEntry.run_id.in_(mine), ledger.is_open_question())
        .group_by(LedgerEntry.run_id)
    )


def _entries(kind: str, newest: Select[int]) -> Select[int, int]:
    return (
        select(LedgerEntry.run_id, func.count())
        .where(LedgerEntry.id.in_(newest), LedgerEntry.kind == kind)
        .group_by(LedgerEntry.run_id)
    )


def _count(session: Session, statement: Select[int, int]) -> dict[int, int]:
    return {run_id: count for run_id, count in session.execute(statement)}

"""Runs as those see them who give and teach them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.errors import NotFoundError
from lms.models import Run, RunInstructor
from lms.people.viewers import Viewer


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

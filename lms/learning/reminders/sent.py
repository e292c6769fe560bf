"""What was written to learners, as those read it who may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.errors import NotFoundError
from lms.learning.classes import taught_by
from lms.models import Bulletin, BulletinRecipient, Enrolment, Person, Run
from lms.people.viewers import Viewer

from .audience import Scope


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on bulletins that a viewer may read: her own, those to her centre's runs, those to companies of hers."""
    conditions: list[ColumnElement[bool]] = [Bulletin.sender_id == viewer.id]
    if viewer.officer_centres:
        conditions.append(Bulletin.run_id.in_(select(Run.id).where(Run.centre_id.in_(viewer.officer_centres))))
    if viewer.managed_companies:
        conditions.append(Bulletin.company_id.in_(viewer.managed_companies))
    return or_(*conditions)


def list_bulletins(session: Session, viewer: Viewer, scope: Scope, limit: int = 50) -> Sequence[Bulletin]:
    """The newest first, each with its sender and run."""
    of = (
        Bulletin.run_id == scope.run.id
        if scope.run
        else Bulletin.company_id == scope.company.id
        if scope.company
        else false()
    )
    return session.scalars(
        select(Bulletin)
        .where(of, visible_to(viewer))
        .options(joinedload(Bulletin.sender), joinedload(Bulletin.run).joinedload(Run.course_version))
        .order_by(Bulletin.id.desc())
        .limit(limit)
    ).all()


def load_bulletin(session: Session, viewer: Viewer, uid: UUID) -> Bulletin:
    """With its sender and what it was to. Raises NotFoundError."""
    found = session.scalar(
        select(Bulletin)
        .where(Bulletin.uid == uid, visible_to(viewer))
        .options(
            joinedload(Bulletin.sender),
            joinedload(Bulletin.run).joinedload(Run.course_version),
            joinedload(Bulletin.company),
        )
    )
    if found is None:
        raise NotFoundError()
    return found


def list_recipients(
    session: Session, viewer: Viewer, bulletin: Bulletin, limit: int = 500
) -> Sequence[tuple[str, str]]:
    """Name and state of those of a bulletin whom the viewer sees among her people."""
    found = (
        select(Person.name, BulletinRecipient.state)
        .join(BulletinRecipient, BulletinRecipient.person_id == Person.id)
        .where(BulletinRecipient.bulletin_id == bulletin.id)
        .order_by(Person.name, Person.id)
        .limit(limit)
    )
    if bulletin.company_id is not None and bulletin.company_id not in viewer.managed_companies:
        return []  # she wrote it when the company was hers
    if bulletin.run_id is not None:
        mine = select(Enrolment.id).join(Run, Run.id == Enrolment.run_id).where(taught_by(viewer))
        found = found.where(BulletinRecipient.enrolment_id.in_(mine))
    return [(name, state) for name, state in session.execute(found)]


def count_by_state(session: Session, bulletin: Bulletin) -> Mapping[str, int]:
    """How many were told, wait, and were left out."""
    counted = (
        select(BulletinRecipient.state, func.count())
        .where(BulletinRecipient.bulletin_id == bulletin.id)
        .group_by(BulletinRecipient.state)
    )
    return {state: count for state, count in session.execute(counted)}

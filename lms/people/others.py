"""Another person's row, for those who answer for her."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from lms import audit
from lms.errors import ForbiddenError, LMSError, NotFoundError
from lms.models import Company, Employment, Person

from .organisations import companies
from .privacy import access_log, own_data
from .privacy.sealing import Sealer
from .viewers import Viewer

SHORTEST_REASON = 4  # letters, as for a download


class RevealError(LMSError):
    """`reason`: reason_missing."""

    sentence = "Say why it is needed; the reason is kept."


def seen_by(session: Session, viewer: Viewer) -> ColumnElement[bool]:
    """The condition on persons: who works or worked at a company that the viewer may see. Operators see all."""
    if viewer.is_operator:
        return Person.id.is_not(None)
    works = (
        select(Employment.id)
        .join(Company, Company.id == Employment.company_id)
        .where(Employment.person_id == Person.id, companies.visible_to(session, viewer))
    )
    return or_(Person.id == viewer.id, and_(works.exists(), Person.destroyed_at.is_(None)))


def load_person(session: Session, viewer: Viewer, uid: UUID) -> Person:
    """Raises NotFoundError."""
    found = session.scalar(select(Person).where(Person.uid == uid, seen_by(session, viewer)))
    if found is None:
        raise NotFoundError()
    return found


def may_see(session: Session, viewer: Viewer, person_id: int) -> bool:
    return session.scalar(select(Person.id).where(Person.id == person_id, seen_by(session, viewer))) is not None


def list_employments(session: Session, viewer: Viewer, person: Person) -> list[tuple[Employment, Company]]:
    """Hers at companies that the viewer may see, newest first."""
    rows = session.execute(
        select(Employment, Company)
        .join(Company, Company.id == Employment.company_id)
        .where(Employment.person_id == person.id, companies.visible_to(session, viewer))
        .order_by(Employment.from_on.desc(), Employment.id.desc())
    )
    return [(employment, company) for employment, company in rows]


def may_reveal(viewer: Viewer) -> bool:
    """Those who have to reach people. The programme office counts them."""
    return bool(viewer.is_operator or viewer.officer_centres or viewer.managed_companies)


def reveal(
    session: Session, sealer: Sealer, viewer: Viewer, person: Person, *, reason: str, address: str
) -> own_data.Contact:
    """Open what lies under seal, and note who saw it why. In a session that writes.

    Raises:
        ForbiddenError, RevealError, SealError
    """
    if not may_reveal(viewer):
        raise ForbiddenError()
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise RevealError("reason_missing")
    contact = own_data.contact_of(sealer, person)
    audit.record(session, "revealed", subject=f"person:{person.id}", actor_id=viewer.id, address=address, reason=reason)
    access_log.note(session, "revealed", person_id=person.id, actor_id=viewer.id, address=address, reason=reason)
    return contact

"""Take a roster back within a day: what it added goes, what it changed is as before, whom it enrolled is withdrawn.

Whom it enrolled stays as a person, with the company and its status, since the ledger names them; she works there no more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.learning import bulk
from lms.models import ChangeSet, Company, CompanyStatus, Enrolment, Person, Roster, RosterEnrolment
from lms.people import changes, undo

from . import storage
from .storage import KEPT, RosterStateError


def may_undo(roster: Roster, now: datetime | None = None) -> bool:
    return roster.state == "applied" and roster.applied_at is not None and (now or utcnow()) <= roster.applied_at + KEPT


def take_back(
    session: Session,
    roster: Roster,
    *,
    actor_id: int | None,
    reason: str = "",
    address: str = "",
    now: datetime | None = None,
) -> None:
    """Undo a roster that was applied.

    Raises:
        RosterStateError: not_applied, undone, too_late.
        bulk.BulkError: begun; somebody has worked in the run since.
        undo.UndoRefusedError: something else was built on it since.
    """
    now = now or utcnow()
    roster = storage.lock(session, roster.id)
    if roster.state != "applied":
        raise RosterStateError("undone" if roster.state == "undone" else "not_applied")
    if not may_undo(roster, now):
        raise RosterStateError("too_late")
    made = select(RosterEnrolment.enrolment_id).where(RosterEnrolment.roster_id == roster.id)
    enrolled = select(Enrolment).where(Enrolment.id.in_(made))
    if roster.change_set_id is not None:
        set_ = session.get_one(ChangeSet, roster.change_set_id)
        _take_back_set(session, set_, enrolled, actor_id, reason, address, now)
    bulk.withdraw_many(session, made, now=now, actor_id=actor_id, reason=reason or "명단 반영 취소")
    roster = storage.lock(session, roster.id)
    roster.state, roster.undone_at = "undone", now
    session.flush()


def _take_back_set(
    session: Session, set_: ChangeSet, enrolled: Select, actor_id: int | None, reason: str, address: str, now: datetime
) -> None:
    kept: dict = {
        Person: enrolled.with_only_columns(Enrolment.person_id),
        Company: enrolled.with_only_columns(Enrolment.company_id),
        CompanyStatus: enrolled.with_only_columns(Enrolment.company_status_id).where(
            Enrolment.company_status_id.is_not(None)
        ),
    }
    touched = {
        name
        for (name,) in session.execute(
            select(changes.Change.table_name).where(changes.Change.set_id == set_.id).distinct()
        )
    }
    if touched:
        undo.undo(session, set_, actor_id=actor_id, reason=reason, address=address, kept=kept, now=now)

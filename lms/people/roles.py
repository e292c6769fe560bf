"""Give and end roles."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import today
from lms.errors import LMSError
from lms.models import Person, Role
from lms.models.people import ROLES

from . import codes


class RoleError(LMSError):
    """`reason`: unknown, needs_centre, needs_company, takes_no_scope, needs_email, name_differs, already."""

    sentence = "The role was not given: {reason}."


def grant(
    session: Session,
    person: Person,
    kind: str,
    *,
    centre_id: int | None = None,
    company_id: int | None = None,
    actor_id: int | None = None,
    from_on: date | None = None,
) -> Role:
    """Give a role with its scope: officers and instructors a centre, company managers a company, the others none.

    Raises:
        RoleError
    """
    if kind not in ROLES:
        raise RoleError("unknown")
    if (kind in ("officer", "instructor")) != (centre_id is not None):
        raise RoleError("needs_centre" if centre_id is None else "takes_no_scope")
    if (kind == "company_manager") != (company_id is not None):
        raise RoleError("needs_company" if company_id is None else "takes_no_scope")
    role = Role(person_id=person.id, kind=kind, centre_id=centre_id, company_id=company_id, from_on=from_on or today())
    session.add(role)
    codes.void_of_hand(session, person.id)
    audit.record(session, "role_given", actor_id=actor_id, subject=f"person:{person.id}", reason=kind)
    return role


def any_operator(session: Session) -> bool:
    """Whether the site has somebody to run it; without one the first visitor is led through making the account."""
    return session.scalar(select(Role.id).where(Role.kind == "operator").limit(1)) is not None

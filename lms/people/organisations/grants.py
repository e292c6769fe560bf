"""Who looks after whom: officers give and end the roles of their companies' managers, operators those of all but operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import today
from lms.errors import ForbiddenError, NotFoundError
from lms.models import Centre, Company, Person, Role

from .. import accounts, changes, codes
from ..roles import RoleError
from ..viewers import Viewer

OF_CENTRES = ("officer", "instructor")


@dataclass(frozen=True)
class Scope:
    """What a role is for: a company, a centre, or neither (the programme office)."""

    kind: str
    company: Company | None = None
    centre: Centre | None = None

    @property
    def subject(self) -> str:
        if self.company is not None:
            return f"company:{self.company.id}"
        return f"centre:{self.centre.id}" if self.centre is not None else "programme"

    def holds(self) -> ColumnElement[bool]:
        return (
            (Role.kind == self.kind)
            & (Role.company_id == self.company.id if self.company else Role.company_id.is_(None))
            & (Role.centre_id == self.centre.id if self.centre else Role.centre_id.is_(None))
            & or_(Role.to_on.is_(None), Role.to_on >= today())
        )


def list_holders(session: Session, scope: Scope) -> Sequence[tuple[Role, Person]]:
    """Who has the role today, by name."""
    rows = session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(scope.holds())
        .order_by(Person.name, Role.id)
    )
    return [(role, person) for role, person in rows]


def give(
    session: Session, viewer: Viewer | None, scope: Scope, *, name: str, email: str, reason: str = "", address: str = ""
) -> Person:
    """Give the role to the person with that e-mail, who gets an account where she has none. The company has to have been
    loaded to be edited.

    Raises:
        ForbiddenError
        accounts.AccountError
        RoleError: already, needs_email, name_differs (the e-mail is somebody's of another name)
    """
    _check_may(viewer, scope)
    if not email.strip():
        raise RoleError("needs_email")
    record = changes.begin(
        session,
        "role_given",
        actor_id=viewer.id if viewer else None,
        subject=scope.subject,
        reason=reason,
        address=address,
    )
    person = session.scalar(select(Person).where(Person.email == accounts.normalise_email(email)))
    if person is None:
        person = accounts.create_person(session, name=name, email=email)
        record.add(person)
    elif "".join(person.name.split()) != "".join(name.split()):
        raise RoleError("name_differs")
    elif session.scalar(select(Role.id).where(Role.person_id == person.id, scope.holds()).limit(1)) is not None:
        raise RoleError("already")
    record.add(
        Role(
            person_id=person.id,
            kind=scope.kind,
            company_id=scope.company.id if scope.company else None,
            centre_id=scope.centre.id if scope.centre else None,
            from_on=today(),
        )
    )
    codes.void_of_hand(session, person.id)
    _tell(session, viewer, "role_given", scope, person.id, address)
    return person


def end(
    session: Session, viewer: Viewer | None, scope: Scope, person_uid: UUID, *, reason: str = "", address: str = ""
) -> None:
    """She has it no more, from now on; yesterday was its last day. Raises ForbiddenError, NotFoundError."""
    _check_may(viewer, scope)
    roles = session.scalars(
        select(Role).join(Person, Person.id == Role.person_id).where(Person.uid == person_uid, scope.holds())
    ).all()
    if not roles:
        raise NotFoundError()
    record = changes.begin(
        session,
        "role_ended",
        actor_id=viewer.id if viewer else None,
        subject=scope.subject,
        reason=reason,
        address=address,
    )
    for role in roles:
        record.alter(role, to_on=today() - timedelta(days=1))
        _tell(session, viewer, "role_ended", scope, role.person_id, address)


def _tell(session: Session, viewer: Viewer | None, action: str, scope: Scope, person_id: int, address: str) -> None:
    """The deed stands in the audit of what the role is for; this is the person's own line."""
    audit.record(
        session,
        action,
        actor_id=viewer.id if viewer else None,
        subject=f"person:{person_id}",
        address=address,
        reason=scope.kind,
    )


def _check_may(viewer: Viewer | None, scope: Scope) -> None:
    """Operators are made on the command line alone."""
    if viewer is None or (viewer.is_operator and scope.kind != "operator"):
        return
    if scope.kind != "company_manager" or not viewer.officer_centres:
        raise ForbiddenError()

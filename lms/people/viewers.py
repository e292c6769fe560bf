"""Who asks: a person with the roles that she holds today. Everything that is loaded or listed starts from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import joinedload, with_expression

from lms.clock import today
from lms.messages import box
from lms.models import Person

from . import consents


@dataclass(frozen=True)
class Viewer:
    """A person and her scopes. Company managers see companies, officers and instructors centres."""

    id: int
    uid: UUID
    name: str
    language: str | None = None
    must_change_password: bool = False
    sign_in_id: int | None = None
    is_operator: bool = False
    is_programme_office: bool = False
    officer_centres: frozenset[int] = frozenset()
    instructor_centres: frozenset[int] = frozenset()
    managed_companies: frozenset[int] = frozenset()
    unread: int = 0  # messages
    consents: str = ""  # the fingerprint of the texts that she has agreed to

    @property
    def is_staff(self) -> bool:
        return bool(
            self.is_operator
            or self.is_programme_office
            or self.officer_centres
            or self.instructor_centres
            or self.managed_companies
        )


def with_viewer() -> list[Any]:
    """What is loaded with a person who is to become a viewer."""
    return [
        joinedload(Person.roles),
        with_expression(Person.unread, box.unread_of_person()),
        with_expression(Person.consents, consents.given_of_person()),
    ]


def viewer_of(person: Person, *, sign_in_id: int | None = None, day: date | None = None) -> Viewer:
    """The viewer that `person`, whose roles are loaded, is on that day."""
    day = day or today()
    roles = [role for role in person.roles if role.from_on <= day and (role.to_on is None or day <= role.to_on)]

    def centres(kind: str) -> frozenset[int]:
        return frozenset(role.centre_id for role in roles if role.kind == kind and role.centre_id is not None)

    return Viewer(
        id=person.id,
        uid=person.uid,
        name=person.name,
        language=person.language,
        must_change_password=person.must_change_password,
        sign_in_id=sign_in_id,
        is_operator=any(role.kind == "operator" for role in roles),
        is_programme_office=any(role.kind == "programme_office" for role in roles),
        officer_centres=centres("officer"),
        instructor_centres=centres("instructor"),
        managed_companies=frozenset(
            role.company_id for role in roles if role.kind == "company_manager" and role.company_id is not None
        ),
        unread=person.unread or 0,
        consents=person.consents or "",
    )

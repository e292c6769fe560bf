"""Whose figures a schedule's are, and who may see them today."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.models import Centre, Person, Role
from lms.people.viewers import Viewer, viewer_of

from ..exports import scopes

MOST_OFFERED = 200


@dataclass(frozen=True)
class Addressee:
    """Somebody who may see the figures: of the programme office, or an officer of these centres."""

    id: int
    name: str
    is_programme_office: bool
    centres: Sequence[str]


def reach(viewer: Viewer) -> Viewer:
    """The same person with what a schedule of hers counts: all regions, or those of the centres whose officer she is. Neither
    her own enrolments nor what she teaches or manages besides: colleagues are to get the same."""
    bare = Viewer(0, viewer.uid, viewer.name)
    scope = {
        "is_programme_office": viewer.is_programme_office,
        "officer_centres": () if viewer.is_programme_office else viewer.officer_centres,
        "instructor_centres": (),
        "managed_companies": (),
        "day": date.min.isoformat(),
    }
    return scopes.viewer_of(scope, bare)[0]


def answers_for(scope: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether somebody may have statements of a scope issued in her name."""
    return scopes.still_covers(scope, viewer)


def may_see(scope: Mapping[str, Any], viewer: Viewer) -> bool:
    """As `statements.reading.load` decides."""
    return viewer.is_programme_office or scopes.still_covers(scope, viewer)


def who_may_see(session: Session, scope: Mapping[str, Any], people: Collection[int], day: date) -> set[int]:
    """Those of these people, by their roles of a day, who have an account that is open."""
    found = session.scalars(
        select(Person).where(Person.id.in_(people), Person.is_active).options(selectinload(Person.roles))
    )
    return {person.id for person in found if may_see(scope, viewer_of(person, day=day))}


def list_addressees(session: Session, scope: Mapping[str, Any], language: str, day: date) -> Sequence[Addressee]:
    """Who may see them, by name."""
    holds = and_(
        Role.from_on <= day,
        or_(Role.to_on.is_(None), Role.to_on >= day),
        or_(
            Role.kind == "programme_office",
            and_(Role.kind == "officer", Role.centre_id.in_(scope["officer_centres"])),
        ),
    )
    found = session.scalars(
        select(Person)
        .where(Person.is_active, Person.id.in_(select(Role.person_id).where(holds)))
        .order_by(Person.name, Person.id)
        .limit(MOST_OFFERED)
        .options(selectinload(Person.roles))
    ).all()
    word = Centre.name_ko if language == "ko" else Centre.name_en
    names = dict(session.execute(select(Centre.id, word).where(Centre.id.in_(scope["officer_centres"]))).all())
    return [
        Addressee(
            person.id,
            person.name,
            viewer.is_programme_office,
            sorted(names[centre] for centre in viewer.officer_centres if centre in names),
        )
        for person in found
        if may_see(scope, viewer := viewer_of(person, day=day))
    ]

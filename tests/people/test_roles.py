"""Roles with their scopes, and the viewer that a person is on a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from lms.models import AuditEntry, Person, Role
from lms.people import roles
from lms.people.viewers import viewer_of
from tests.world import LONG_AGO, World

DAY = date(2026, 3, 10)


def with_roles(session: Session, person: Person) -> Person:
    session.expire_all()
    return session.scalars(select(Person).where(Person.id == person.id).options(selectinload(Person.roles))).one()


def test_each_role_opens_its_own_scope(world: World) -> None:
    seen = {name: viewer_of(person, day=DAY) for name, person in world.everybody.items()}
    assert {name for name, viewer in seen.items() if viewer.is_operator} == {"operator"}
    assert {name for name, viewer in seen.items() if viewer.is_programme_office} == {"programme_office"}
    assert seen["officer"].officer_centres == {world.busan_centre.id}
    assert seen["other_officer"].officer_centres == {world.gyeonggi_centre.id}
    assert seen["instructor"].instructor_centres == {world.busan_centre.id}
    assert seen["company_manager"].managed_companies == {world.hanbit.id}
    assert {name for name, viewer in seen.items() if not viewer.is_staff} == {"learner", "colleague", "other_learner"}


@pytest.mark.parametrize(
    ("day", "holds"),
    [(DAY - timedelta(days=1), False), (DAY, True), (DAY + timedelta(days=9), True), (DAY + timedelta(days=10), False)],
    ids=["before", "first", "last", "after"],
)
def test_a_role_holds_from_its_first_day_to_its_last(session: Session, world: World, day: date, holds: bool) -> None:
    role = roles.grant(session, world.hana, "programme_office", from_on=DAY)
    role.to_on = DAY + timedelta(days=9)
    session.flush()
    assert viewer_of(with_roles(session, world.hana), day=day).is_programme_office is holds


def test_a_person_may_hold_several(session: Session, world: World) -> None:
    roles.grant(session, world.seoyeon, "instructor", centre_id=world.gyeonggi_centre.id, from_on=LONG_AGO)
    roles.grant(session, world.seoyeon, "officer", centre_id=world.gyeonggi_centre.id, from_on=LONG_AGO)
    session.flush()
    viewer = viewer_of(with_roles(session, world.seoyeon), day=DAY)
    assert viewer.officer_centres == {world.busan_centre.id, world.gyeonggi_centre.id}
    assert viewer.instructor_centres == {world.gyeonggi_centre.id}


@pytest.mark.parametrize(
    ("kind", "scope", "reason"),
    [
        ("wizard", {}, "unknown"),
        ("officer", {}, "needs_centre"),
        ("instructor", {"company_id": 1}, "needs_centre"),
        ("company_manager", {}, "needs_company"),
        ("programme_office", {"centre_id": 1}, "takes_no_scope"),
        ("operator", {"company_id": 1}, "takes_no_scope"),
    ],
)
def test_a_role_without_its_scope_is_not_given(
    session: Session, world: World, kind: str, scope: dict[str, int], reason: str
) -> None:
    with pytest.raises(roles.RoleError) as caught:
        roles.grant(session, world.hana, kind, **scope)  # type: ignore[arg-type]
    assert caught.value.reason == reason


@pytest.mark.parametrize("role", [{"kind": "officer"}, {"kind": "company_manager"}, {"kind": "wizard"}])
def test_the_database_refuses_it_too(session: Session, world: World, role: dict[str, str]) -> None:
    session.add(Role(person_id=world.hana.id, from_on=DAY, **role))
    with pytest.raises(IntegrityError):
        session.flush()


def test_giving_one_is_noted(session: Session, world: World) -> None:
    roles.grant(session, world.hana, "operator", actor_id=world.minseo.id)
    session.flush()
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor_id, entry.action, entry.subject, entry.reason) == (
        world.minseo.id,
        "role_given",
        f"person:{world.hana.id}",
        "operator",
    )


def test_a_site_without_an_operator_is_known(session: Session) -> None:
    assert roles.any_operator(session) is False


def test_a_site_with_an_operator_is_known(session: Session, world: World) -> None:
    assert roles.any_operator(session) is True

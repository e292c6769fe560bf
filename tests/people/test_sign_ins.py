"""Devices: signed in until they are idle, too old, ended, or the account is closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.models import AuditEntry, Person, SignIn
from lms.people import sign_ins
from tests.world import World, at

NOW = at("2026-03-10")
IDLE, LONGEST = timedelta(minutes=60), timedelta(days=30)


def start(session: Session, person: Person, minutes: int = 0) -> str:
    token = sign_ins.start(
        session, person, device="Chrome · Windows", address="192.0.2.7", now=NOW + timedelta(minutes=minutes)
    )
    session.flush()
    return token


def load(session: Session, token: str, after: timedelta = timedelta()) -> SignIn | None:
    return sign_ins.load(session, token, idle=IDLE, longest=LONGEST, now=NOW + after)


def test_a_token_finds_the_person_with_her_roles(session: Session, world: World) -> None:
    found = load(session, start(session, world.seoyeon))
    assert found is not None
    assert (found.person.name, [role.kind for role in found.person.roles]) == ("이서연", ["officer"])


def test_the_token_itself_is_not_kept(session: Session, world: World) -> None:
    token = start(session, world.hana)
    row = session.scalars(select(SignIn)).one()
    assert token not in (row.token_hash, row.device)
    assert load(session, row.token_hash) is None


def test_two_devices_have_two_tokens(session: Session, world: World) -> None:
    assert start(session, world.hana) != start(session, world.hana)


@pytest.mark.parametrize(
    ("after", "stays"),
    [(timedelta(minutes=59), True), (timedelta(minutes=60), False), (timedelta(days=1), False)],
    ids=["59-minutes", "60-minutes", "next-day"],
)
def test_an_idle_device_is_signed_out(session: Session, world: World, after: timedelta, stays: bool) -> None:
    assert (load(session, start(session, world.hana), after) is not None) is stays


def test_a_device_in_use_stays_until_its_longest_time(session: Session, world: World) -> None:
    token = start(session, world.hana)
    row = session.scalars(select(SignIn)).one()
    for days in range(1, 31):
        sign_ins.touch(session, row.id, NOW + timedelta(days=days) - timedelta(seconds=1))
        session.expire_all()
        assert (load(session, token, timedelta(days=days)) is not None) is (days < 30)


def test_who_was_deactivated_is_out_at_once(session: Session, world: World) -> None:
    token = start(session, world.hana)
    session.get_one(Person, world.hana.id).is_active = False
    session.flush()
    assert load(session, token) is None


def test_one_device_is_ended_and_the_others_stay(session: Session, world: World) -> None:
    tablet, phone = start(session, world.hana), start(session, world.hana, minutes=1)
    row = load(session, tablet)
    assert row is not None
    sign_ins.end(session, world.hana.id, row.uid, NOW)
    session.flush()
    assert load(session, tablet) is None
    assert load(session, phone) is not None
    assert "signed_out" in session.scalars(select(AuditEntry.action)).all()


def test_nobody_ends_another_s(session: Session, world: World) -> None:
    token = start(session, world.hana)
    row = load(session, token)
    assert row is not None
    with pytest.raises(NotFoundError):
        sign_ins.end(session, world.junho.id, row.uid)
    assert load(session, token) is not None


def test_all_but_this_device_are_ended(session: Session, world: World) -> None:
    tablet, phone, other = start(session, world.hana), start(session, world.hana), start(session, world.junho)
    kept = load(session, phone)
    assert kept is not None
    sign_ins.end_others(session, world.hana.id, kept.id, NOW)
    session.expire_all()
    assert [load(session, token) is not None for token in (tablet, phone, other)] == [False, True, True]


def test_the_list_shows_devices_that_are_signed_in_newest_use_first(session: Session, world: World) -> None:
    start(session, world.hana), start(session, world.junho), start(session, world.hana, minutes=5)
    listed = sign_ins.list_current(session, world.hana.id, idle=IDLE, now=NOW + timedelta(minutes=10))
    assert [row.last_seen_at - NOW for row in listed] == [timedelta(minutes=5), timedelta()]
    later = sign_ins.list_current(session, world.hana.id, idle=IDLE, now=NOW + timedelta(minutes=62))
    assert len(later) == 1

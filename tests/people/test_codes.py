"""One-time codes: one use, one person, and nothing left over that works."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Code, Database, Message, SignIn
from lms.people import accounts, codes, passwords, sign_ins
from lms.people.accounts import Credentials
from lms.people.codes import CodeError
from tests.world import World, at

KEY = codes.key_of("a secret of the tests")
NOW = at("2026-03-10")
LIFETIME = timedelta(days=30)
NEW = "새벽-용접-불꽃-하나"
HASH = passwords.hash_password(NEW)


def issue(session: Session, world: World, kind: str = "slip", after: timedelta = timedelta()) -> str:
    return codes.issue(session, world.hana.id, kind, key=KEY, lifetime=LIFETIME, now=NOW + after)


def redeem(session: Session, code: str, after: timedelta = timedelta(hours=1)) -> None:
    codes.redeem(session, code, HASH, key=KEY, now=NOW + after)


def works(session: Session, code: str, after: timedelta = timedelta(hours=1)) -> bool:
    try:
        codes.look_up(session, code, key=KEY, address="", now=NOW + after)
    except CodeError:
        return False
    return True


def test_a_code_lets_choose_a_password_once(session: Session, world: World) -> None:
    code = issue(session, world)
    redeem(session, code)
    credentials = Credentials(NEW, email="hana@hanbit.example")
    assert accounts.authenticate(session, credentials, address="", tries=5).id == world.hana.id
    with pytest.raises(CodeError, match="unknown"):
        redeem(session, code)


@pytest.mark.parametrize(
    "typed",
    ["{}", "{}-{}-{}", " {} {}  {} ", "{}{}{}\n"],
)
def test_it_may_be_typed_as_one_likes(session: Session, world: World, typed: str) -> None:
    code = issue(session, world)
    parts = (code,) if typed == "{}" else (code[:4], code[4:8], code[8:])
    assert works(session, typed.format(*parts).lower())


def test_it_is_understood_with_the_hangul_key_on() -> None:
    """ㅁㅠㅊㅇ are the keys A B C D, and 뮻ㅇ is what an input method makes of them."""
    assert codes.normalise("ㅁㅠㅊㅇ-ㄷㄹㅎㅗ") == "ABCDEFGH"
    assert codes.normalise("뮻ㅇ-ㄷㄹ호") == "ABCDEFGH"
    assert codes.normalise("ＡＢ２３ ab") == "AB23AB"


def test_no_look_alikes_are_drawn_and_no_two_are_the_same() -> None:
    drawn = codes.draw(range(2_000))
    letters = set("".join(drawn.values()))
    assert not letters & set("0O1IL")
    assert {len(code) for code in drawn.values()} == {12}
    assert len(set(drawn.values())) == 2_000


def test_the_table_holds_no_code(session: Session, world: World) -> None:
    code = issue(session, world)
    row = session.scalars(select(Code)).one()
    assert code not in repr(vars(row))
    assert row.code_hash == codes.hash_of(code, KEY)
    assert codes.hash_of(code, codes.key_of("another secret")) != row.code_hash


def test_it_ends_on_its_day(session: Session, world: World) -> None:
    code = issue(session, world)
    assert works(session, code, LIFETIME - timedelta(minutes=1))
    assert not works(session, code, LIFETIME)


def test_a_newer_one_voids_the_older(session: Session, world: World) -> None:
    first = issue(session, world, "slip")
    second = issue(session, world, "desk")
    assert (works(session, first), works(session, second)) == (False, True)


def test_a_mail_that_anybody_may_ask_for_voids_no_slip(session: Session, world: World) -> None:
    slip, mail = issue(session, world, "slip"), issue(session, world, "reset")
    assert works(session, slip)
    assert works(session, mail)


def test_after_one_was_used_none_works(session: Session, world: World) -> None:
    slip, mail = issue(session, world, "slip"), issue(session, world, "invitation")
    redeem(session, mail)
    assert not works(session, slip)


def test_all_devices_are_signed_out_and_the_person_hears_of_it(session: Session, world: World) -> None:
    sign_ins.start(session, world.hana, device="x", address="", now=NOW)
    redeem(session, issue(session, world, "reset"))
    assert session.scalars(select(SignIn.revoked_at)).one() is not None
    assert session.scalars(select(Message.kind).where(Message.person_id == world.hana.id)).all() == ["password_chosen"]


def test_of_two_at_the_same_moment_one_wins(database: Database, world: World) -> None:
    with database.writing() as session:
        code = issue(session, world)
        session.commit()
    with database.reading() as first:
        row = first.scalars(select(Code)).one()
    with database.writing() as session:
        redeem(session, code)
        session.commit()
    with database.writing() as second:
        assert not codes._use(second, row, NOW)


def test_guessing_is_slowed_down_by_where_it_comes_from(session: Session, world: World) -> None:
    code = issue(session, world)
    for _ in range(codes.TRIES_OF_ADDRESS):
        codes.note_wrong(session, address="10.0.0.9", now=NOW)
    with pytest.raises(CodeError, match="throttled"):
        codes.look_up(session, code, key=KEY, address="10.0.0.9", now=NOW)
    assert codes.look_up(session, code, key=KEY, address="10.0.0.8", now=NOW).person.id == world.hana.id


def test_its_holder_is_told_how_she_signs_in_afterwards(session: Session, world: World) -> None:
    holder = codes.look_up(session, issue(session, world), key=KEY, address="", now=NOW)
    assert (holder.company, holder.employee_number) == ("한빛정밀", "H-001")


@pytest.mark.parametrize(("password", "reason"), [("짧은것", "too_short"), ("hana@hanbit.example", "personal")])
def test_a_weak_password_is_not_taken(session: Session, world: World, password: str, reason: str) -> None:
    holder = codes.look_up(session, issue(session, world), key=KEY, address="", now=NOW)
    with pytest.raises(passwords.WeakPasswordError, match=reason):
        codes.hash_chosen(holder, password)


def test_a_closed_account_opens_by_no_code(session: Session, world: World) -> None:
    code = issue(session, world)
    session.merge(world.hana).is_active = False
    session.flush()
    assert not works(session, code)

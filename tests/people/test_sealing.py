"""Personal data under seal: keys, seals that open and those that don't, blind indices, masks."""

from __future__ import annotations

import os
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.clock import today
from lms.models import Database, Person
from lms.people.privacy import masks, personal, sealing
from lms.people.privacy.sealing import Sealer, SealError
from tests.world import World

PHONE = personal.PHONE


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    path = tmp_path / "personal.keys"
    assert sealing.write_fresh(path)
    return Sealer(path)


def test_what_was_sealed_opens_and_says_nothing(sealer: Sealer) -> None:
    sealed = sealer.seal("01012345678", PHONE)
    assert "0101234" not in sealed
    assert sealed != sealer.seal("01012345678", PHONE)
    assert sealer.open(sealed, PHONE) == "01012345678"
    assert len(sealer.seal("가" * 20, PHONE)) <= sealing.SEALED_LENGTH


def test_the_file_of_keys_is_its_owners_alone_and_never_made_twice(sealer: Sealer) -> None:
    assert stat.S_IMODE(sealer.path.stat().st_mode) == 0o600
    before = sealer.path.read_text()
    assert not sealing.write_fresh(sealer.path)
    assert sealer.path.read_text() == before
    sealing.add_key(sealer.path)
    assert stat.S_IMODE(sealer.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("place", [0, 3, 9, 12, 30, -1])
def test_a_changed_seal_does_not_open(sealer: Sealer, place: int) -> None:
    sealed = sealer.seal("01012345678", PHONE)
    letter = "A" if sealed[place] != "A" else "B"
    changed = sealed[:place] + letter + (sealed[place + 1 :] if place != -1 else "")
    with pytest.raises(SealError) as raised:
        sealer.open(changed, PHONE)
    assert raised.value.reason in ("broken", "unknown_key")


@pytest.mark.parametrize("sealed", ["", "x", "01012345678", "abcd.", ".AAAA", "가.나"])
def test_what_is_no_seal_does_not_open(sealer: Sealer, sealed: str) -> None:
    with pytest.raises(SealError):
        sealer.open(sealed, PHONE)


def test_a_seal_of_another_column_does_not_open(sealer: Sealer) -> None:
    with pytest.raises(SealError):
        sealer.open(sealer.seal("x", PHONE), personal.BIRTH_DATE)


def test_equal_texts_have_equal_indices_in_a_column_alone(sealer: Sealer) -> None:
    assert sealer.index("1990-01-01", "a.b") == sealer.index("1990-01-01", "a.b")
    assert sealer.index("1990-01-01", "a.b") != sealer.index("1990-01-02", "a.b")
    assert sealer.index("1990-01-01", "a.b") != sealer.index("1990-01-01", "a.c")


def test_a_new_key_seals_from_then_on_and_old_seals_open(sealer: Sealer) -> None:
    other = Sealer(sealer.path)  # another process
    old, index = other.seal("x", PHONE), other.index("x", PHONE)
    sealing.add_key(sealer.path)
    assert other.open(old, PHONE) == "x"
    assert index in other.indexes("x", PHONE)
    assert other.index("x", PHONE) != index
    fresh = other.reseal(old, PHONE)
    assert fresh.partition(".")[0] == other.key_names[0] != old.partition(".")[0]
    assert other.reseal(fresh, PHONE) == fresh
    sealing.drop_keys(sealer.path, [other.key_names[0]])
    assert other.open(fresh, PHONE) == "x"
    with pytest.raises(SealError, match="is not in") as raised:
        other.open(old, PHONE)
    assert raised.value.reason == "unknown_key"


@pytest.mark.parametrize("content", ["", "# nothing\n", "not base64 !\n", "QUJD\n", "키\n"])
def test_a_damaged_file_of_keys_is_told(sealer: Sealer, content: str) -> None:
    sealer.path.write_text(content, "utf-8")
    with pytest.raises(SealError) as raised:
        sealer.seal("x", PHONE)
    assert raised.value.reason == "bad_keys"
    assert str(sealer.path) in str(raised.value)


def test_a_missing_file_of_keys_is_told(sealer: Sealer) -> None:
    os.unlink(sealer.path)
    with pytest.raises(SealError, match="flask lms init"):
        sealer.open("abcd.AAAA", PHONE)


def test_a_birth_date_is_found_again_by_its_index(database: Database, world: World, sealer: Sealer) -> None:
    day = date(1990, 1, 1)
    with database.writing() as session:
        person = session.get_one(Person, world.hana.id)
        for column, value in personal.sealed_values(sealer, birth_date=day, phone="01012345678").items():
            setattr(person, column, value)
        session.commit()
    sealing.add_key(sealer.path)
    with database.reading() as session:
        found = session.scalars(
            select(Person).where(Person.birth_date_index.in_(personal.birth_date_indexes(sealer, day)))
        ).one()
        assert found.id == world.hana.id
        assert personal.birth_date_of(sealer, found) == day
        assert personal.phone_of(sealer, found) == "01012345678"
        assert "1990" not in repr(tuple(session.execute(select(Person.__table__)).all()))
        nobody = session.get_one(Person, world.junho.id)
        assert (personal.birth_date_of(sealer, nobody), personal.phone_of(sealer, nobody)) == (None, "")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("010-1234-5678", "01012345678"),
        ("０１０ 1234 5678", "01012345678"),
        ("+82 10-1234-5678", "01012345678"),
        ("+82 (0)10 1234 5678", "01012345678"),
        ("1012345678", "01012345678"),  # as a spreadsheet leaves it
        ("02-123-4567", "021234567"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_telephone_numbers_are_written_in_many_ways(text: str, digits: str) -> None:
    assert personal.normalise_phone(text) == digits


@pytest.mark.parametrize("text", ["abc", "12", "010-1234-567x", "9" * 20, "900101-1234567"])
def test_what_is_no_telephone_number_is_refused(text: str) -> None:
    with pytest.raises(personal.PersonalDataError):
        personal.normalise_phone(text)


@pytest.mark.parametrize("day", [date(1899, 1, 1), today(), today() + timedelta(days=1)])
def test_days_on_which_nobody_who_works_was_born_are_refused(day: date) -> None:
    with pytest.raises(personal.PersonalDataError):
        personal.check_birth_date(day)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("홍길동", "홍*동"),
        ("김하", "김*"),
        ("남궁민수", "남**수"),
        ("김", "김"),
        ("Nguyen Van An", "N***** V** A*"),
        ("", ""),
    ],
)
def test_masked_names(name: str, masked: str) -> None:
    assert masks.mask_name(name) == masked


def test_other_masks() -> None:
    assert masks.mask_phone("01012345678") == "010-****-5678"
    assert masks.mask_phone("12345") == "*****"
    assert masks.mask_phone("") == ""
    assert masks.mask_birth_date(date(1990, 1, 2)) == "1990-**-**"
    assert masks.mask_birth_date(None) == ""
    assert masks.mask_email("hana@hanbit.example") == "h***@hanbit.example"
    assert masks.mask_email("none") == "***"

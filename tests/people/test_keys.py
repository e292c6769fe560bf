"""Changing the keys of personal data: nothing is lost, nothing is left under the old ones, also not in the history."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.clock import utcnow
from lms.models import AuditEntry, Change, ChangeSet, Database, Person
from lms.people.privacy import keys, own_data, personal, sealing
from lms.people.privacy.sealing import Sealer, SealError
from tests.world import World

BORN = date(1990, 1, 31)


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    sealing.write_fresh(tmp_path / "personal.keys")
    return Sealer(tmp_path / "personal.keys")


@pytest.fixture
def filled(database: Database, world: World, sealer: Sealer) -> Database:
    """Three people with what lies under seal, and a change of one of them."""
    with database.writing() as session:
        for person in (world.hana, world.junho, world.sujin):
            row = session.get_one(Person, person.id)
            own_data.set_contact(session, sealer, row, birth_date=BORN, phone=f"0101234567{person.id % 10}")
        hana = session.get_one(Person, world.hana.id)
        set_ = ChangeSet(kind="person_changed", at=utcnow(), subject=f"person:{hana.id}")
        session.add(set_)
        session.flush()
        image = {"id": hana.id, "name": "김하나", "phone_sealed": hana.phone_sealed, "birth_date_sealed": None}
        keys_ = {"set_id": set_.id, "table_name": "lms_person", "row_id": hana.id, "person_id": hana.id}
        session.add(Change(**keys_, before=None, after=image))
        session.commit()
    return database


def _sealed(database: Database) -> set[str]:
    """The names of the keys that anything lies under."""
    with database.reading() as session:
        people = session.execute(select(Person.phone_sealed, Person.birth_date_sealed)).all()
        images = session.scalars(select(Change.after)).all()
    values = [value for row in people for value in row] + [(image or {}).get("phone_sealed") for image in images]
    return {value.partition(".")[0] for value in values if value}


def test_everything_opens_before_while_and_after(
    filled: Database, world: World, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "AT_ONCE", 2)
    running = Sealer(sealer.path)  # a web process
    (old,) = running.key_names
    assert keys.change(filled, sealer) == 4
    fresh = running.key_names[0]
    assert running.key_names == (fresh, old)
    assert _sealed(filled) == {fresh}
    with filled.writing() as session:  # one that was sealed by a process that had not seen the fresh key yet
        lines = sealer.path.read_text().splitlines()
        late = Sealer(sealer.path.with_name("late.keys"))
        late.path.write_text("\n".join(reversed(lines)))
        own_data.set_contact(
            session, late, session.get_one(Person, world.junho.id), birth_date=BORN, phone="010-1111-2222"
        )
        session.commit()
    assert _sealed(filled) == {fresh, old}
    assert keys.drop(filled, sealer) == 1
    assert running.key_names == (fresh,)
    assert _sealed(filled) == {fresh}
    with filled.reading() as session:
        junho = session.get_one(Person, world.junho.id)
        assert own_data.contact_of(running, junho) == own_data.Contact(BORN, "01011112222")
        same_day = select(Person.id).where(Person.birth_date_index.in_(personal.birth_date_indexes(running, BORN)))
        assert set(session.scalars(same_day)) == {world.hana.id, world.junho.id, world.sujin.id}
        image = session.scalars(select(Change.after)).one()
        assert image
        assert running.open(image["phone_sealed"], personal.PHONE) == f"0101234567{world.hana.id % 10}"
        told = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "keys_changed")).all()
    assert told == [{"key": fresh, "rows": 4}, {"dropped": [old]}]
    assert keys.drop(filled, sealer) == 0


def test_where_a_value_does_not_open_all_keys_stay(filled: Database, world: World, sealer: Sealer) -> None:
    with filled.writing() as session:
        session.get_one(Person, world.hana.id).phone_sealed = "12345678.AAAA"
        session.commit()
    with pytest.raises(SealError):
        keys.change(filled, sealer)
    with pytest.raises(SealError):
        keys.drop(filled, sealer)
    assert len(sealer.key_names) == 2

"""Numbers without gaps, facts that stay, and what revoking and replacing leave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from lms.credentials import issuing, reading
from lms.credentials.issuing import CertificateError
from lms.learning import ledger
from lms.learning.reminders import finding
from lms.models import Certificate, Database, Enrolment, Message, Person, Run, new_uid
from tests import world as people
from tests.world import World

from .conftest import ADDRESS, PRESS, complete, finish

NOW = people.at("2026-04-20")


def issue(session, enrolment_id: int, **how):  # type: ignore[no-untyped-def]
    return issuing.issue(session, enrolment_id, PRESS, now=NOW, **how)


def newest(session, enrolment_id: int) -> reading.Issued:  # type: ignore[no-untyped-def]
    statement = reading.issued(Certificate.enrolment_id == enrolment_id).order_by(Certificate.id.desc())
    return reading.all_of(session, statement)[0]


def test_what_is_printed_is_in_the_row_and_she_is_told(database: Database, world: World, hana: int) -> None:
    with database.writing() as session:
        made = issue(session, hana)
        assert made.number == "first-steps-01-0001"
        assert made.facts | {"code": "", "learn_to": ""} == {
            "kind": "run",
            "name": "김하나",
            "company": "한빛정밀",
            "course": "제조데이터 첫걸음",
            "run": 1,
            "hours": 8,
            "learn_from": "2026-03-02",
            "learn_to": "",
            "completed_on": "2026-04-10",
            "issued_on": "2026-04-20",
            "centre": "부산테크노파크",
            "signer_title": "",
            "signer_name": "",
            "seal": None,
            "signature": None,
            "number": "first-steps-01-0001",
            "code": "",
            "address": ADDRESS,
        }
        assert made.facts["code"].replace("-", "") == made.token
        assert made.token not in made.number
        assert newest(session, hana).state == "valid"
        told = session.scalars(select(Message).where(Message.kind == "certificate_ready")).one()
        assert (told.person_id, told.facts["path"]) == (world.hana.id, f"/certificates/{made.uid}")
        run = session.get_one(Run, made.run_id)
        assert finding.count_told(session, run)["certificate_ready"] == 1


def test_one_completion_has_one_certificate(database: Database, hana: int) -> None:
    with database.writing() as session:
        issue(session, hana)
        with pytest.raises(CertificateError, match="issued"):
            issue(session, hana)


def test_who_has_not_completed_has_none(database: Database, world: World, enrolment: Enrolment) -> None:
    with database.writing() as session, pytest.raises(CertificateError, match="not_completed"):
        issue(session, enrolment.id)


def test_a_questioned_completion_waits_for_a_persons_word(database: Database, world: World, hana: int) -> None:
    with database.writing() as session:
        row = session.get_one(Enrolment, hana)
        ledger.append(session, row, "questioned", effective_on=NOW.date(), recorded_at=NOW)
        assert session.execute(reading.waiting(world.run.id)).all() == []
        with pytest.raises(CertificateError, match="questioned"):
            issue(session, hana)
        ledger.uphold(session, row, actor_id=world.seoyeon.id, reason="답이 옳다", now=NOW)
        assert issue(session, hana).serial == 1


def test_numbers_have_no_gaps_though_several_are_issued_at_once(database: Database, world: World) -> None:
    with database.writing() as session:
        enrolments = []
        for count in range(6):
            person = Person(name=f"사람{count}", created_at=NOW)
            session.add(person)
            session.flush()
            people.employ(session, person, world.hanbit, f"N-{count}")
            enrolments.append(complete(session, world.run, person).id)
        session.commit()

    def one(enrolment_id: int) -> None:
        with database.writing() as session:
            issue(session, enrolment_id)
            if enrolment_id == enrolments[2]:
                return  # taken back: its number goes to another
            session.commit()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(one, enrolments))
    with database.reading() as session:
        assert sorted(session.scalars(select(Certificate.serial))) == [1, 2, 3, 4, 5]
        assert len(set(session.scalars(select(Certificate.token)))) == 5


def test_a_letter_that_no_font_has_is_refused_by_name(database: Database, world: World, hana: int) -> None:
    with database.writing() as session:
        session.get_one(Person, world.hana.id).name = "김𠮷나"
        session.flush()
        with pytest.raises(CertificateError) as caught:
            issue(session, hana)
        assert (caught.value.reason, caught.value.letters, caught.value.field) == ("letters", "𠮷", "name")
        assert session.scalar(select(Certificate.id)) is None


def test_a_wrong_name_is_put_right_by_another_and_both_say_so(database: Database, world: World, hana: int) -> None:
    officer = world.viewer(world.seoyeon)
    with database.writing() as session:
        old = issue(session, hana)
        session.get_one(Person, world.hana.id).name = "김한나"
        session.flush()
        given = newest(session, hana)
        with pytest.raises(CertificateError, match="reason_missing"):
            issuing.replace(session, officer, given, PRESS, reason=" ok ")
        new = issuing.replace(session, officer, given, PRESS, reason="이름을 잘못 적음", now=NOW)
        assert (old.facts["name"], new.facts["name"], new.serial) == ("김하나", "김한나", 2)
        first, second = reading.all_of(session, reading.issued().order_by(Certificate.id))
        assert (first.state, first.newer, first.older) == ("replaced", new, None)
        assert (second.state, second.newer, second.older) == ("valid", None, old)
        with pytest.raises(CertificateError, match="replaced"):
            issuing.replace(session, officer, first, PRESS, reason="한 번 더 고침")
        assert reading.numbers_of(session, world.run.id) == {hana: new.number}


def test_a_revoked_one_is_followed_by_a_new_one_alone(database: Database, world: World, hana: int) -> None:
    officer = world.viewer(world.seoyeon)
    with database.writing() as session:
        old = issue(session, hana)
        with pytest.raises(CertificateError, match="reason_missing"):
            issuing.revoke(session, officer, newest(session, hana), reason="")
        issuing.revoke(session, officer, newest(session, hana), reason="다른 사람이 수강", now=NOW)
        assert newest(session, hana).state == "revoked"
        with pytest.raises(CertificateError, match="revoked"):
            issuing.revoke(session, officer, newest(session, hana), reason="다시 한 번")
        assert session.execute(reading.waiting(world.run.id)).all() == []  # not by itself
        again = issue(session, hana, actor_id=world.seoyeon.id)
        assert again.replaces_id == old.id
        assert (old.revoked_reason, newest(session, hana).state) == ("다른 사람이 수강", "valid")


def test_a_revoked_completion_shows_at_its_certificate(database: Database, world: World, hana: int) -> None:
    with database.writing() as session:
        old = issue(session, hana)
        row = session.get_one(Enrolment, hana)
        ledger.revoke(session, row, actor_id=world.seoyeon.id, reason="대리 수강", now=NOW)
        assert newest(session, hana).state == "revoked"
        assert reading.numbers_of(session, world.run.id) == {}
        with pytest.raises(CertificateError, match="not_completed"):
            issue(session, hana)
        finish(session, row, "2026-05-02")
        assert [one.enrolment_id for one in session.execute(reading.waiting(world.run.id))] == [hana]
        new = issue(session, hana)
        assert (new.replaces_id, new.facts["completed_on"]) == (old.id, "2026-05-02")
        first, second = reading.all_of(session, reading.issued().order_by(Certificate.id))
        assert (first.state, second.state) == ("revoked", "valid")


def test_the_database_holds_that_none_is_doubled(database: Database, hana: int) -> None:
    with database.writing() as session:
        made = issue(session, hana)
        columns = {column.key: getattr(made, column.key) for column in Certificate.__table__.columns}
        del columns["id"], columns["uid"]
        other = columns | {"serial": 2, "number": "x", "token": "X" * 16, "once": "x"}
        for doubled in ("serial", "number", "token", "once"):
            statement = insert(Certificate).values(uid=new_uid(), **other | {doubled: columns[doubled]})
            with session.begin_nested() as point:
                with pytest.raises(IntegrityError):
                    session.execute(statement)
                point.rollback()


def test_a_list_of_holders_says_who_may_be_issued_one(database: Database, world: World, hana: int, junho: int) -> None:
    with database.writing() as session:
        issue(session, hana)
        holders, total = reading.list_holders(session, world.run)
        assert total == 2
        assert [(one.person.name, one.may_issue, one.newest is None) for one in holders] == [
            ("김하나", False, False),
            ("이준호", True, True),
        ]
        assert reading.count_of_run(session, world.run) == (1, 1)

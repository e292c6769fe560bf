"""Slips for companies, and a code by hand: whose people, what is on paper, what a killed worker leaves."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import documents
from lms.clock import utcnow
from lms.errors import ForbiddenError, NotFoundError
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.models import AuditEntry, Code, Company, Database, Job, Message, Person, SlipBatch, SlipSheet
from lms.people import codes, roles, slip_jobs, slips
from lms.people.organisations import grants
from lms.people.privacy import sealing
from lms.people.privacy.sealing import Sealer
from lms.people.slip_jobs import SlipMaker
from lms.people.slips import SlipError
from tests.world import World, employ

KEY = codes.key_of("a secret of the tests")
MONTH = timedelta(days=30)
WORDS = dict.fromkeys(("title", "number", "code", "address", "qr", "afterwards", "other"), "") | {"steps": []}


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    sealing.write_fresh(tmp_path / "keys")
    return Sealer(tmp_path / "keys")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What was put on paper, instead of the paper, where that is not the subject."""
    kept: list[dict] = []

    def render(template: str, data: dict, **options: object) -> bytes:
        kept.extend(one for one in data["slips"] if one)
        return b"%PDF-"

    monkeypatch.setattr(documents, "render", render)
    return kept


def add_people(session: Session, company: Company, count: int, **values: object) -> list[Person]:
    made = []
    for number in range(count):
        person = Person(name=f"사람{number:03}", created_at=utcnow(), **values)
        session.add(person)
        session.flush()
        employ(session, person, company, f"N-{company.id}-{number:03}").department = f"생산{number % 3}팀"
        made.append(person)
    session.flush()
    return made


def ask(session: Session, world: World, *companies: Company, by: Person | None = None) -> SlipBatch:
    viewer = world.viewer(by or world.seoyeon)
    uids = [company.uid for company in companies or (world.hanbit,)]
    return slips.ask_for_slips(session, viewer, uids, reason="입과 안내", site="https://learn.example", address="")


def worker(database: Database, sealer: Sealer) -> Worker:
    maker = SlipMaker(sealer, KEY, MONTH, lambda language, until: WORDS, lambda language, slip: slip.company)
    return Worker(database, {slips.JOB_KIND: maker, slips.FORGET_KIND: slip_jobs.forget})


def test_each_who_waits_has_a_slip_by_department(
    database: Database, world: World, sealer: Sealer, printed: list[dict]
) -> None:
    with database.writing() as session:
        people = add_people(session, world.hanbit, 7)
        batch = ask(session, world)
        session.commit()
    assert worker(database, sealer).run_one("w")
    assert [one["department"] for one in printed] == ["생산0팀"] * 3 + ["생산1팀"] * 2 + ["생산2팀"] * 2
    assert {one["name"] for one in printed} == {person.name for person in people}
    with database.reading() as session:
        done = session.get_one(SlipBatch, batch.id)
        assert (done.state, done.made, done.without) == ("done", 7, 0)
        for one in printed:
            holder = codes.look_up(session, one["code"], key=KEY, address="")
            assert holder.person.name == one["name"]
        assert session.scalars(select(Message.kind)).all() == ["slips_made"]


def test_the_paper_is_sealed_and_gone_after_a_day(database: Database, world: World, sealer: Sealer) -> None:
    with database.writing() as session:
        add_people(session, world.hanbit, 3)
        batch = ask(session, world)
        session.commit()
    made = worker(database, sealer)
    made.run_one("w")
    with database.reading() as session:
        sheet = slips.load_sheet(session, batch, 1)
        assert sheet.body is not None
        assert "JVBERi0" not in sheet.body  # %PDF- in base64
        with pikepdf.open(io.BytesIO(slip_jobs.open_sheet(sealer, sheet))) as pdf:
            assert len(pdf.pages) == 1
    assert not made.run_one("w")
    with database.writing() as session:
        session.get_one(SlipBatch, batch.id).created_at -= timedelta(days=2)
        session.scalars(select(Job).where(Job.kind == slips.FORGET_KIND)).one().run_at = utcnow()
        session.commit()
    assert made.run_one("w")
    with database.reading() as session, pytest.raises(SlipError, match="gone"):
        slips.load_sheet(session, batch, 1)


def _die(*args: object, **options: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("room", "step"), [(documents, "render"), (slips, "enqueue_part")], ids=["before", "after"])
def test_a_worker_killed_half_way_leaves_whole_parts_and_the_next_goes_on(
    database: Database,
    world: World,
    sealer: Sealer,
    printed: list[dict],
    monkeypatch: pytest.MonkeyPatch,
    room: ModuleType,
    step: str,
) -> None:
    """Killed before a part is written, and after it was but before its job was done."""
    monkeypatch.setattr(slip_jobs, "_OF_SHEET", 4)
    with database.writing() as session:
        add_people(session, world.hanbit, 10)
        batch = ask(session, world)
        session.commit()
        claim = queue.claim(session, "killed", timedelta(seconds=60))
        session.commit()
    assert claim is not None
    maker = worker(database, sealer).handlers[slips.JOB_KIND]
    with monkeypatch.context() as patched:
        patched.setattr(room, step, _die)
        with pytest.raises(KeyboardInterrupt):
            maker(database, claim)
    with database.writing() as session:
        queue.release_worker(session, "killed")
        session.commit()
    made = worker(database, sealer)
    while made.run_one("w"):
        pass
    with database.reading() as session:
        assert [sheet.people for sheet in slips.list_sheets(session, batch)] == [4, 4, 2]
        assert len({one["name"] for one in printed}) == 10
        assert all(codes.look_up(session, one["code"], key=KEY, address="") for one in printed)
        assert session.get_one(SlipBatch, batch.id).made == 10


def test_who_lost_the_job_writes_nothing(database: Database, world: World, sealer: Sealer, printed: list[dict]) -> None:
    with database.writing() as session:
        add_people(session, world.hanbit, 2)
        ask(session, world)
        session.commit()
        claim = queue.claim(session, "slow", timedelta(seconds=60))
        assert claim is not None
        queue.release_worker(session, "slow")
        session.commit()
    with pytest.raises(RuntimeError, match="another"):
        worker(database, sealer).handlers[slips.JOB_KIND](database, claim)
    with database.reading() as session:
        assert session.scalars(select(Code.id)).all() == []
        assert session.scalars(select(SlipSheet.id)).all() == []


def test_each_company_begins_on_a_page_of_its_own(database: Database, world: World, sealer: Sealer) -> None:
    with database.writing() as session:
        add_people(session, world.hanbit, 3)
        add_people(session, world.suwon, 2)
        viewer = world.viewer(world.minseo)
        uids = [world.hanbit.uid, world.suwon.uid]
        batch = slips.ask_for_slips(session, viewer, uids, reason="입과 안내", site="https://x", address="")
        session.commit()
    worker(database, sealer).run_one("w")
    with database.reading() as session:
        sheet = slip_jobs.open_sheet(sealer, slips.load_sheet(session, batch, 1))
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        assert len(pdf.pages) == 2


def test_who_could_not_sign_in_afterwards_is_left_out_and_counted(session: Session, world: World) -> None:
    people = add_people(session, world.hanbit, 2)
    person = Person(name="무번호", created_at=people[0].created_at)
    session.add(person)
    session.flush()
    employ(session, person, world.hanbit, "x").employee_number = None
    session.flush()
    batch = ask(session, world)
    assert (batch.people, batch.without) == (2, 1)


@pytest.mark.parametrize("who", ["learner", "instructor", "programme_office", "other_officer"])
def test_others_people_get_no_slips_from_one(session: Session, world: World, who: str) -> None:
    add_people(session, world.hanbit, 1)
    with pytest.raises(NotFoundError):
        ask(session, world, by=world.everybody[who])


@pytest.mark.parametrize("who", ["officer", "company_manager", "operator"])
def test_who_looks_after_a_company_may_have_slips(session: Session, world: World, who: str) -> None:
    add_people(session, world.hanbit, 1)
    viewer = world.viewer(world.everybody[who])
    assert ask(session, world, by=world.everybody[who]).people == 1
    rows, total = slips.list_waiting(session, viewer)
    assert [(row.company.id, row.people, row.with_slip) for row in rows] == [(world.hanbit.id, 1, 0)]
    assert total == 1


def test_a_batch_is_its_askers_alone(session: Session, world: World) -> None:
    add_people(session, world.hanbit, 1)
    batch = ask(session, world)
    assert slips.load_batch(session, world.viewer(world.seoyeon), batch.uid) is batch
    for other in (world.doyun, world.minseo):
        with pytest.raises(NotFoundError):
            slips.load_batch(session, world.viewer(other), batch.uid)
        with pytest.raises(ForbiddenError):
            slips.discard(session, world.viewer(other), batch)


def test_nobody_to_print_for_and_no_reason_are_refused(session: Session, world: World) -> None:
    with pytest.raises(SlipError, match="nobody"):
        ask(session, world)
    with pytest.raises(SlipError, match="reason_missing"):
        slips.ask_for_slips(
            session, world.viewer(world.seoyeon), [world.hanbit.uid], reason=" ㅇ ", site="", address=""
        )


# A code by hand


def give(session: Session, world: World, by: Person, person: Person, reason: str = "비밀번호 분실") -> str:
    viewer = world.viewer(by)
    given = slips.give_code(
        session, viewer, world.hanbit, person, key=KEY, lifetime=MONTH, reason=reason, address="10.0.0.1"
    )
    return given.code


def test_a_code_by_hand_is_noted_with_its_reason_and_told_to_the_person(session: Session, world: World) -> None:
    code = give(session, world, world.doyun, world.hana)
    session.flush()
    assert codes.look_up(session, code, key=KEY, address="").person.id == world.hana.id
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "code_made")).one()
    assert (entry.actor_id, entry.subject, entry.reason) == (
        world.doyun.id,
        f"person:{world.hana.id}",
        "비밀번호 분실",
    )
    assert session.scalars(select(Message.kind).where(Message.person_id == world.hana.id)).all() == ["code_given"]
    assert code not in repr([vars(row) for row in session.scalars(select(Message))])


@pytest.mark.parametrize("role", ["operator", "programme_office", "officer", "instructor", "company_manager"])
def test_a_manager_gets_nobody_who_answers_for_others(session: Session, world: World, role: str) -> None:
    scope = {"centre_id": world.busan_centre.id} if role in ("officer", "instructor") else {}
    scope |= {"company_id": world.suwon.id} if role == "company_manager" else {}
    roles.grant(session, world.hana, role, **scope)
    session.flush()
    with pytest.raises(SlipError, match="staff"):
        give(session, world, world.doyun, world.hana)


def test_an_officer_helps_a_companys_manager_and_an_operator_an_officer(session: Session, world: World) -> None:
    employ(session, world.doyun, world.hanbit, "H-900")
    employ(session, world.seoyeon, world.hanbit, "H-901")
    assert give(session, world, world.seoyeon, world.doyun)
    assert give(session, world, world.minseo, world.seoyeon)
    with pytest.raises(SlipError, match="staff"):
        give(session, world, world.doyun, world.seoyeon)


def test_who_works_elsewhere_too_is_not_taken_over_by_a_roster_that_names_her(session: Session, world: World) -> None:
    """An officer may put anybody whose e-mail she knows into a company of hers; the account stays its owner's."""
    employ(session, world.hana, world.suwon, "S-1")
    for by in (world.minjun, world.seoyeon):
        company = world.suwon if by is world.minjun else world.hanbit
        with pytest.raises(SlipError, match="elsewhere"):
            slips.give_code(
                session, world.viewer(by), company, world.hana,
                key=KEY, lifetime=MONTH, reason="비밀번호 분실", address="",
            )  # fmt: skip
    assert give(session, world, world.minseo, world.hana)


def test_a_manager_elsewhere_is_not_taken_over_either(session: Session, world: World) -> None:
    employ(session, world.doyun, world.suwon, "S-1")
    with pytest.raises(SlipError, match="elsewhere"):
        slips.give_code(
            session, world.viewer(world.minjun), world.suwon, world.doyun,
            key=KEY, lifetime=MONTH, reason="비밀번호 분실", address="",
        )  # fmt: skip


def test_nobody_who_answers_for_others_is_on_a_slip(
    database: Database, world: World, sealer: Sealer, printed: list[dict]
) -> None:
    with database.writing() as session:
        people = add_people(session, world.hanbit, 3)
        roles.grant(session, people[0], "operator")
        batch = ask(session, world)
        session.commit()
    assert worker(database, sealer).run_one("w")
    assert sorted(one["name"] for one in printed) == ["사람001", "사람002"]
    with database.reading() as session:
        assert session.get_one(SlipBatch, batch.id).without == 0


def test_a_role_voids_the_codes_in_other_peoples_hands(session: Session, world: World) -> None:
    (new,) = add_people(session, world.hanbit, 1, email="new@hanbit.example")
    code, other = give(session, world, world.doyun, world.hana), give(session, world, world.doyun, new)
    roles.grant(session, world.hana, "operator")
    scope = grants.Scope("company_manager", company=world.hanbit)
    grants.give(session, world.viewer(world.minseo), scope, name=new.name, email="new@hanbit.example")
    for given in (code, other):
        with pytest.raises(codes.CodeError, match="unknown"):
            codes.look_up(session, given, key=KEY, address="")


def test_without_a_reason_no_code(session: Session, world: World) -> None:
    with pytest.raises(SlipError, match="reason_missing"):
        give(session, world, world.doyun, world.hana, "  ")


def test_people_are_found_by_name_and_number_and_only_of_the_company(session: Session, world: World) -> None:
    add_people(session, world.hanbit, 3)
    found, total = slips.list_members(session, world.hanbit, waiting=False, text="김하")
    assert ([member.person.name for member in found], total) == (["김하나"], 1)
    found, _ = slips.list_members(session, world.hanbit, waiting=False, text="H-002")
    assert [member.person.name for member in found] == ["이준호"]
    assert slips.list_members(session, world.hanbit, waiting=True)[1] == 3
    with pytest.raises(NotFoundError):
        slips.load_member(session, world.hanbit, world.sujin.uid)

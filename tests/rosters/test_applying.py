"""What applying and undoing write, on each database: all of it or nothing, once, and back again."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.learning import enrolments
from lms.learning.bulk import BulkError
from lms.models import (
    AuditEntry,
    Base,
    ChangeSet,
    Company,
    CompanyStatus,
    Employment,
    Enrolment,
    Job,
    LedgerEntry,
    Person,
    Roster,
    RosterPart,
    RosterRow,
    RosterStep,
    Run,
    SignIn,
)
from lms.people import changes
from lms.people.organisations import companies
from lms.people.privacy import personal
from lms.people.undo import UndoRefusedError
from lms.rosters import applying, checking, exporting, handlers, storage, undoing
from lms.rosters.checking import LostError
from lms.rosters.storage import RosterStateError
from tests.world import World

from .conftest import NEW, Desk, csv_of, row, words, yes

COURSE = "제조데이터 첫걸음"
SOME = (
    row(
        number=NEW,
        company="(주)새기업",
        region="부산",
        name="홍길동",
        employee="1",
        birth="1990-02-15",
        email="gd@x.example",
    ),
    row(
        number=NEW,
        name="홍길순",
        employee="2",
        phone="010-1234-5678",
        department="품질",
        job="검사",
        course=COURSE,
        run="1",
    ),
    row(name="이준호", employee="H-002", department="생산2팀", course=COURSE, run="1"),
)


def test_all_of_a_roster_is_written(desk: Desk) -> None:
    roster_id, plan = desk.apply(*SOME, person=desk.world.seoyeon)
    assert [one.outcome for one in plan.decisions] == ["new", "new", "changed"]
    with desk.database.reading() as session:
        company = session.scalars(select(Company).where(Company.name == "(주)새기업")).one()
        status = session.scalars(select(CompanyStatus).where(CompanyStatus.company_id == company.id)).one()
        assert (company.business_number, status.region_id, status.from_on) == (
            "1208147521",
            desk.world.busan.id,
            today(),
        )
        stays = session.scalars(
            select(Employment).where(Employment.company_id == company.id).order_by(Employment.id)
        ).all()
        assert [(one.employee_number, one.department, one.job, one.from_on) for one in stays] == [
            ("1", "", "", today()),
            ("2", "품질", "검사", today()),
        ]
        gildong, gilsun = (session.get_one(Person, one.person_id) for one in stays)
        assert (gildong.email, gildong.is_active, gildong.password_hash) == ("gd@x.example", True, None)
        assert personal.birth_date_of(desk.sealer, gildong).isoformat() == "1990-02-15"  # type: ignore[union-attr]
        assert personal.phone_of(desk.sealer, gilsun) == "01012345678"
        roster = session.get_one(Roster, roster_id)
        assert (roster.state, roster.result["people"], roster.done) == ("applied", 2, 3)
        assert session.scalar(select(func.count()).where(RosterStep.roster_id == roster_id)) == 0


def test_who_is_enrolled_is_enrolled_as_by_hand(desk: Desk) -> None:
    desk.apply(*SOME)
    with desk.database.writing() as session:
        by_hand = enrolments.enrol(session, desk.world.run, desk.world.hana.id)
        session.flush()
        made = session.scalars(select(Enrolment).where(Enrolment.person_id == desk.world.junho.id)).one()
        names = ("run_id", "company_id", "region_id", "company_status_id", "state", "enrolled_on")
        assert [getattr(made, name) for name in names] == [getattr(by_hand, name) for name in names]
        entries = [
            session.scalars(select(LedgerEntry).where(LedgerEntry.enrolment_id == one.id)).one()
            for one in (made, by_hand)
        ]
        columns = [
            c.name for c in LedgerEntry.__table__.columns if c.name not in ("id", "enrolment_id", "recorded_at", "once")
        ]
        assert [getattr(entries[0], name) for name in columns] == [getattr(entries[1], name) for name in columns]
        assert entries[0].once == f"enrolled:{made.id}"


def test_twice_is_once(desk: Desk) -> None:
    wrong = row(number=NEW, company="딴이름", region="경기", name="박", employee="3")
    desk.apply(*SOME, wrong)
    before = _everything(desk)
    _, plan = desk.apply(*SOME, wrong)
    assert [one.outcome for one in plan.decisions] == ["same", "same", "same", "wrong"]
    assert _everything(desk) == before


def test_what_is_taken_out_and_put_in_again_changes_nothing(desk: Desk) -> None:
    desk.apply(*SOME)
    with desk.database.reading() as session:
        rows = list(exporting.export(session, None, desk.sealer))
        in_run = list(exporting.export(session, None, desk.sealer, run_id=desk.world.run.id))
    assert len(rows) == 5
    plan = desk.check(*rows, *in_run)
    assert {one.outcome for one in plan.decisions} == {"same"}
    assert [words(one) for one in plan.decisions[5:]] == [["in_run"], ["in_run"]]


def test_wrong_rows_are_left_out_and_the_right_ones_go_in(desk: Desk) -> None:
    rows = [row(name=f"사람{n}가", employee=f"W-{n}", phone="" if n % 50 else "전화") for n in range(100)]
    _, plan = desk.apply(*rows)
    assert (plan.counts()["new"], plan.counts()["wrong"]) == (98, 2)
    assert len(desk.people()) == 98 + 3


def test_a_person_who_comes_back_takes_her_number_along(desk: Desk) -> None:
    with desk.database.writing() as session:
        stay = session.scalars(select(Employment).where(Employment.person_id == desk.world.junho.id)).one()
        stay.to_on = today() - timedelta(days=3)
        session.commit()
    roster_id, _ = desk.apply(row(name="이준호", employee="H-002", department="품질"))
    with desk.database.reading() as session:
        stays = session.scalars(
            select(Employment).where(Employment.person_id == desk.world.junho.id).order_by(Employment.id)
        ).all()
        assert [(one.employee_number, one.to_on is None) for one in stays] == [(None, False), ("H-002", True)]
    desk.undo(roster_id)
    with desk.database.reading() as session:
        stay = session.scalars(select(Employment).where(Employment.person_id == desk.world.junho.id)).one()
        assert (stay.employee_number, stay.to_on) == ("H-002", today() - timedelta(days=3))


# Undo


def test_undo_leaves_what_was_before(desk: Desk) -> None:
    before = _everything(desk)
    roster_id, _ = desk.apply(
        *SOME[:2], row(name="이준호", employee="H-002", department="생산2팀", phone="010-1234-5678")
    )
    roster_id_2, _ = desk.apply(row(name="이준호", employee="H-002", department="품질"))
    with pytest.raises(UndoRefusedError):
        desk.undo(roster_id)
    desk.undo(roster_id_2)
    desk.undo(roster_id)
    after = _everything(desk)
    # Who was enrolled stays in the ledger, withdrawn, and works there no more.
    assert {name: after[name] for name in ("people_at_work",)} == {name: before[name] for name in ("people_at_work",)}
    with desk.database.reading() as session:
        gone = session.scalars(select(Enrolment)).one()
        kinds = session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)).all()
        assert (gone.state, kinds) == ("withdrawn", ["enrolled", "withdrawn"])
        assert session.scalar(select(Person.id).where(Person.name == "홍길동")) is None
        assert session.get_one(Roster, roster_id).state == "undone"
    with pytest.raises(RosterStateError, match="undone"):
        desk.undo(roster_id)


def test_undone_and_applied_again(desk: Desk) -> None:
    given = row(name="이준호", employee="H-002", course=COURSE, run="1")
    roster_id, _ = desk.apply(given)
    desk.undo(roster_id)
    _, plan = desk.apply(given)
    assert (plan.decisions[0].outcome, words(plan.decisions[0])) == ("changed", ["enrolled"])
    with desk.database.reading() as session:
        assert session.scalars(select(Enrolment.state)).all() == ["enrolled"]
        assert session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)).all() == [
            "enrolled",
            "withdrawn",
            "enrolled",
        ]


def test_undo_is_refused_where_something_was_built_on_it(desk: Desk) -> None:
    roster_id, _ = desk.apply(*SOME)
    with desk.database.writing() as session:
        person = session.scalars(select(Person).where(Person.name == "홍길동")).one()
        session.add(
            SignIn(
                person_id=person.id,
                token_hash="t" * 64,
                device="",
                address="",
                created_at=utcnow(),
                last_seen_at=utcnow(),
            )
        )
        session.commit()
    with pytest.raises(UndoRefusedError) as caught:
        desk.undo(roster_id)
    assert (caught.value.reason, caught.value.table) == ("in_use", "lms_sign_in")


def test_undo_is_refused_where_somebody_has_begun_to_learn(desk: Desk) -> None:
    roster_id, _ = desk.apply(row(name="이준호", employee="H-002", course=COURSE, run="1"))
    with desk.database.writing() as session:
        made = session.scalars(select(Enrolment)).one()
        session.add(
            LedgerEntry(
                enrolment_id=made.id, kind="unit_done", run_id=made.run_id, company_id=made.company_id,
                region_id=made.region_id, effective_on=today(), recorded_at=utcnow(), unit_key="outliers",
            )
        )  # fmt: skip
        session.commit()
    with pytest.raises(BulkError, match="begun"):
        desk.undo(roster_id)


def test_undo_ends_after_a_day(desk: Desk) -> None:
    roster_id, _ = desk.apply(row(name="홍길동", employee="1"))
    with desk.database.writing() as session:
        roster = session.get_one(Roster, roster_id)
        assert undoing.may_undo(roster, utcnow() + timedelta(hours=23))
        with pytest.raises(RosterStateError, match="too_late"):
            undoing.take_back(session, roster, actor_id=None, now=utcnow() + timedelta(hours=25))


# All of it or nothing


def test_killed_before_the_end_nothing_was_written(desk: Desk) -> None:
    """The last transaction fails to commit; what was staged is invisible, and the next worker begins again."""
    before = _everything(desk)
    roster_id = desk.upload(csv_of(*SOME))
    checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
    desk.press(roster_id)

    def dies(_session: Session) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        applying.apply(desk.database, roster_id, desk.sealer, yes, finish=dies)
    assert _everything(desk) == before
    applying.apply(desk.database, roster_id, desk.sealer, yes, finish=yes)
    assert len(desk.people()) == 5
    with pytest.raises(LostError):
        applying.apply(desk.database, roster_id, desk.sealer, yes, finish=yes)


def test_a_worker_that_lost_its_job_writes_nothing(desk: Desk) -> None:
    before = _everything(desk)
    roster_id = desk.upload(csv_of(*SOME))
    checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
    desk.press(roster_id)
    with pytest.raises(LostError):
        applying.apply(desk.database, roster_id, desk.sealer, yes, finish=lambda session: False)
    assert _everything(desk) == before


def test_another_officer_was_quicker(desk: Desk) -> None:
    """Both looked before either wrote. The second is planned anew in the moment of writing, and finds all of it there."""
    first, second = desk.upload(csv_of(*SOME)), desk.upload(csv_of(*SOME))
    for roster_id in (first, second):
        checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
        desk.press(roster_id)
    applied = []

    def overtaken(_session: Session) -> bool:
        """Called in the transactions of the staging: lets the other one through in its middle, once."""
        return True

    original = applying.stage

    def staged_late(*args: Any) -> None:
        original(*args)
        if not applied:
            applied.append(True)
            applying.apply(desk.database, first, desk.sealer, yes, finish=yes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "stage", staged_late)
        plan = applying.apply(desk.database, second, desk.sealer, overtaken, finish=yes)
    assert {one.outcome for one in plan.decisions} == {"same"}
    assert len(desk.people()) == 5
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ChangeSet)) == 1


def test_two_workers_apply_the_same_rows_at_once(desk: Desk) -> None:
    rows = [row(number=NEW, company="새기업", region="부산", name=f"사람{n}가", employee=str(n)) for n in range(60)]
    ids = [desk.upload(csv_of(*rows)) for _ in range(2)]
    for roster_id in ids:
        checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
        desk.press(roster_id)
    faults: list[BaseException] = []

    def work(roster_id: int) -> None:
        try:
            applying.apply(desk.database, roster_id, desk.sealer, yes, finish=yes)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(roster_id,)) for roster_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(desk.people()) == 63


def test_seats_that_were_given_meanwhile(desk: Desk) -> None:
    roster_id = desk.upload(csv_of(row(name="이준호", employee="H-002", course=COURSE, run="1")))
    checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
    desk.press(roster_id)
    with desk.database.writing() as session:
        session.get_one(Run, desk.world.run.id).seats = 1
        enrolments.enrol(session, desk.world.run, desk.world.hana.id)
        session.commit()
    plan = applying.apply(desk.database, roster_id, desk.sealer, yes, finish=yes)
    assert words(plan.decisions[0]) == ["run_full"]
    with desk.database.reading() as session:
        assert session.get_one(Roster, roster_id).state == "applied"
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 1


def test_as_many_statements_for_many_rows_as_for_few(desk: Desk) -> None:
    """What holds the write lock grows by rows that the database moves, not by statements."""

    def statements(count: int, prefix: str) -> int:
        rows = [
            row(
                number=NEW,
                company="새기업",
                region="부산",
                name=f"사람{n}가",
                employee=f"{prefix}{n}",
                course=COURSE,
                run="1",
            )
            for n in range(count)
        ]
        roster_id = desk.upload(csv_of(*rows))
        checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
        desk.press(roster_id)
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement)

        original = applying._do

        def counted(*args: Any) -> None:
            event.listen(desk.database.engine, "before_cursor_execute", note)
            try:
                original(*args)
            finally:
                event.remove(desk.database.engine, "before_cursor_execute", note)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(applying, "_do", counted)
            applying.apply(desk.database, roster_id, desk.sealer, yes, finish=yes)
        return len(seen)

    desk.apply(row(number=NEW, company="새기업", region="부산", name="먼저", employee="0"))
    assert statements(3, "a") == statements(300, "b") < 40


def test_learners_write_while_a_roster_is_applied(desk: Desk) -> None:
    """Between any two of its transactions the lock is free."""
    rows = [row(name=f"사람{n}가", employee=f"W-{n}") for n in range(50)]
    roster_id = desk.upload(csv_of(*rows))
    checking.check(desk.database, roster_id, desk.sealer, yes, finish=yes)
    desk.press(roster_id)
    written = []

    def others_write(*args: Any) -> None:
        with desk.database.writing() as session:
            session.add(AuditEntry(at=utcnow(), actor_id=None, action="tried"))
            session.commit()
        written.append(True)
        original(*args)

    original = applying._do
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "_do", others_write)
        applying.apply(desk.database, roster_id, desk.sealer, yes, finish=yes)
    assert written == [True]
    assert len(desk.people()) == 53


# Jobs


def test_a_worker_checks_and_applies(desk: Desk) -> None:
    worker = Worker(desk.database, handlers.handlers(desk.sealer))
    read = storage.read_upload(csv_of(*SOME), "명단.csv", desk.sealer)
    with desk.database.writing() as session:
        roster = storage.keep(session, read, actor_id=desk.world.seoyeon.id)
        session.commit()
    assert worker.run_one("w")
    with desk.database.writing() as session:
        found = session.get_one(Roster, roster.id)
        assert (found.state, found.counts["new"], found.done) == ("checked", 2, 3)
        applying.ask_to_apply(session, found)
        applying.ask_to_apply(session, found)
        session.commit()
    assert worker.run_one("w")
    assert not worker.run_one("w")
    assert len(desk.people()) == 5


def test_a_job_is_done_once_although_its_worker_was_killed(desk: Desk) -> None:
    """One took the job and fell silent; the other does it when the lease has ended, and the first can't any more."""
    read = storage.read_upload(csv_of(*SOME), "명단.csv", desk.sealer)
    with desk.database.writing() as session:
        roster = storage.keep(session, read, actor_id=desk.world.seoyeon.id)
        session.commit()
    with desk.database.writing() as session:
        lost = queue.claim(session, "silent", timedelta(seconds=-1))
        session.commit()
    assert lost is not None
    assert Worker(desk.database, handlers.handlers(desk.sealer)).run_one("other")
    assert handlers.handlers(desk.sealer)[storage.CHECK_KIND](desk.database, lost) == "lost"
    with desk.database.reading() as session:
        assert session.get_one(Roster, roster.id).state == "checked"
        assert session.scalars(select(Job.state)).all() == ["done"]


def test_after_a_day_nothing_of_the_file_is_left(desk: Desk) -> None:
    roster_id, _ = desk.apply(*SOME)
    waiting = desk.upload(csv_of(*SOME))
    with desk.database.writing() as session:
        assert storage.forget_old(session, utcnow() + timedelta(hours=23)) == 0
        assert storage.forget_old(session, utcnow() + timedelta(hours=25)) == 2
        session.commit()
    with desk.database.reading() as session:
        for table in (RosterPart, RosterRow, RosterStep):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert [session.get_one(Roster, id_).state for id_ in (roster_id, waiting)] == ["applied", "failed"]
    with pytest.raises(RosterStateError):
        desk.press(waiting)


def test_a_company_that_was_merged_is_what_it_is_now(desk: Desk, world: World) -> None:
    with desk.database.writing() as session:
        session.get_one(Company, world.suwon.id).merged_into_id = world.hanbit.id
        session.commit()
    desk.apply(row(number="220-81-62517", name="홍길동", employee="M-1"))
    assert ("한빛정밀", "홍길동", "M-1") in desk.people()
    with desk.database.reading() as session:
        assert companies.resolve(session, "2208162517").id == world.hanbit.id  # type: ignore[union-attr]


def test_the_history_of_a_person_tells_the_roster(desk: Desk) -> None:
    desk.apply(row(name="이준호", employee="H-002", department="생산2팀"))
    with desk.database.reading() as session:
        deed = changes.history_of_person(session, desk.world.junho.id)[0]
        assert deed.set.kind == "roster_applied"
        assert [change.after["department"] for change in deed.changes if change.after] == ["생산2팀"]


def _everything(desk: Desk) -> dict[str, Any]:
    """How many rows there are of what rosters write, and who works where."""
    with desk.database.reading() as session:
        tables: tuple[type[Base], ...] = (Company, CompanyStatus, Person, Employment, Enrolment, LedgerEntry, ChangeSet)
        counts = {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in tables}
    return {**counts, "people_at_work": desk.people()}

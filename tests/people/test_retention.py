"""What is kept about people: told whole, given to themselves, and destroyed so that nothing says who they were."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import today, utcnow
from lms.files import FileStore
from lms.jobs.worker import Worker
from lms.learning import enrolments
from lms.models import (
    AccessEntry,
    Base,
    Change,
    ChangeSet,
    Database,
    Destruction,
    Draft,
    Employment,
    Enrolment,
    Grade,
    LedgerEntry,
    Message,
    Person,
    Role,
    SignIn,
    StoredFile,
    Submission,
)
from lms.models.database import insert_into
from lms.people import sign_ins
from lms.people.privacy import (
    access_log,
    holdings,
    own_data,
    personal,
    retention,
    sealing,
)
from lms.people.privacy.retention import RetentionError
from lms.people.privacy.sealing import Sealer
from lms.reports import completions
from lms.reports.question import Question
from lms.settings import Settings
from lms.submissions.hand_in import NOTEBOOK_TYPE
from tests.world import World, at, unit
from tests.world import load as load_enrolment

LONG_AGO = at("2019-05-01")
SETTINGS = Settings(secret_key="x" * 40)
TRACES = ("윤수진", "sujin@suwon.example", "S-001", "품질관리", "옛이름", "그녀의 노트북", "피드백", "01077778888")


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    sealing.write_fresh(tmp_path / "personal.keys")
    return Sealer(tmp_path / "personal.keys")


@pytest.fixture
def gone(database: Database, world: World, files: FileStore, sealer: Sealer) -> Person:
    """윤수진, who left years ago: with all that may be kept about somebody."""
    with database.writing() as session:
        person = session.get_one(Person, world.sujin.id)
        person.created_at = LONG_AGO
        sealed = personal.sealed_values(sealer, birth_date=date(1985, 3, 3), phone="01077778888")
        for column, value in sealed.items():
            setattr(person, column, value)
        employment = session.scalars(select(Employment).filter_by(person_id=person.id)).one()
        employment.department, employment.to_on = "품질관리", date(2019, 12, 31)
        employment.from_on = date(2019, 1, 1)
        run = world.run
        session.add(run)
        run.learn_from, run.learn_to = date(2019, 3, 1), date(2019, 6, 30)
        session.flush()
        made = Enrolment(
            run_id=run.id,
            person_id=person.id,
            company_id=world.suwon.id,
            region_id=world.gyeonggi.id,
            enrolled_at=LONG_AGO,
        )
        session.add(made)
        session.flush()
        _leave_traces(session, files, made, person)
        session.commit()
    return person


def _leave_traces(session: Session, files: FileStore, enrolment: Enrolment, person: Person) -> None:
    run_unit = unit(load_enrolment(session, enrolment.id), "oee")
    assert run_unit.exercise_version_id
    session.add(
        LedgerEntry(
            enrolment_id=enrolment.id,
            run_id=enrolment.run_id,
            company_id=enrolment.company_id,
            region_id=enrolment.region_id,
            kind="enrolled",
            effective_on=date(2019, 5, 1),
            recorded_at=LONG_AGO,
        )
    )
    keys = {
        "enrolment_id": enrolment.id,
        "run_unit_id": run_unit.id,
        "exercise_version_id": run_unit.exercise_version_id,
    }
    submission = Submission(
        **keys,
        number=1,
        notebook=files.put(session, "그녀의 노트북".encode(), NOTEBOOK_TYPE),
        file_name="윤수진.ipynb",
        submitted_at=LONG_AGO,
    )
    session.add(submission)
    session.add(Draft(**keys, revision=1, cells={"answers": {"q1": "# 윤수진"}}, saved_at=LONG_AGO))
    session.flush()
    session.add(
        Grade(
            submission_id=submission.id,
            exercise_version_id=run_unit.exercise_version_id,
            outcome="graded",
            points=10,
            max_points=10,
            checks=[],
            flags=[{"kind": "x", "cell": "윤수진"}],
            repairs=[],
            seconds=1,
            engine="1",
            environment="1",
            feedback=files.put(session, "피드백".encode(), "text/html"),
            graded_at=LONG_AGO,
        )
    )
    sign_ins.start(session, person, device="윤수진의 전화", address="203.0.113.9", now=LONG_AGO)
    session.add(Message(person_id=person.id, kind="x", facts={"name": "윤수진"}, in_site=True, created_at=LONG_AGO))
    set_ = ChangeSet(kind="person_renamed", at=LONG_AGO, subject=f"person:{person.id}")
    session.add(set_)
    session.flush()
    session.add(
        Change(
            set_id=set_.id,
            table_name="lms_person",
            row_id=person.id,
            person_id=person.id,
            before={"id": person.id, "name": "옛이름", "phone_sealed": "abcd.x"},
            after={"id": person.id, "name": "윤수진", "email": "sujin@suwon.example"},
        )
    )


def _everything(database: Database, files: FileStore) -> str:
    with database.reading() as session:
        rows = [repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    kept = [path.read_text("utf-8", "replace") for path in files.root.rglob("*") if path.is_file()]
    return "\n".join(rows + kept)


def _ask(database: Database, reason: str = "보유 기간이 지남") -> None:
    with database.writing() as session:
        retention.ask_for_people(session, SETTINGS, actor_id=None, reason=reason)
        session.commit()


def _work(database: Database, files: FileStore) -> None:
    handlers = {retention.PEOPLE: retention.PeopleDestroyer(files), retention.LOGS: retention.LogDestroyer(SETTINGS)}
    assert Worker(database, handlers).run_one("w")


def test_every_column_that_refers_to_a_person_is_told_of() -> None:
    """Whoever adds a table says what of it is exported and what is left when a person's data are destroyed."""
    told = {holding.table.__tablename__ for holding in holdings.HOLDINGS}
    referring = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.target_fullname in ("lms_person.id", "lms_enrolment.id") for key in column.foreign_keys)
    }
    assert {pair for pair in referring if pair[0] not in told} == set()
    # Under other names: whose rows they are by these too, and who did something to rows that are another's.
    others = {pair for pair in referring if pair[1] not in ("person_id", "enrolment_id", "actor_id", "requested_by")}
    assert others == {
        ("lms_application", "approved_by"),
        ("lms_application", "decided_by"),
        ("lms_bulletin", "sender_id"),
        ("lms_centre_paper", "recorded_by"),
        ("lms_certificate", "issued_by"),
        ("lms_certificate", "revoked_by"),
        ("lms_code", "issued_by"),
        ("lms_run_closing", "closed_by"),
        ("lms_run_closing", "reopened_by"),
        ("lms_run_link", "made_by"),
        ("lms_schedule", "maker_id"),
        ("lms_track_version", "recorded_by"),
        ("lms_transfer", "from_id"),
        ("lms_transfer", "to_id"),
    }


def test_what_is_due_is_said_and_only_that_goes(
    database: Database, world: World, gone: Person, files: FileStore, sealer: Sealer
) -> None:
    before = _figures(database, world)
    said = _everything(database, files)
    assert all(trace in said for trace in TRACES if trace != "01077778888")
    with database.reading() as session:
        due = {one.kind: one.count for one in retention.list_due(session, SETTINGS)}
        others = session.scalars(select(Person.name).where(Person.id != gone.id).order_by(Person.id)).all()
    assert due == {"access_log": 0, "sign_ins": 1, "messages": 1, "people": 1}
    _ask(database)
    _work(database, files)
    said = _everything(database, files)
    assert [trace for trace in TRACES if trace in said] == []
    with database.reading() as session:
        row = session.get_one(Person, gone.id)
        assert (row.name, row.email, row.is_active, row.birth_date_sealed) == (holdings.NOBODY, None, False, None)
        assert row.destroyed_at is not None
        assert session.scalars(select(Person.name).where(Person.id != gone.id).order_by(Person.id)).all() == others
        record = session.scalars(select(Destruction)).one()
        assert (record.kind, record.count, record.rows["lms_person"], record.reason) == (
            "people",
            1,
            1,
            "보유 기간이 지남",
        )
        submission = session.scalars(select(Submission)).one()
        assert files.read(submission.notebook) == retention.EMPTY_NOTEBOOK
        assert session.scalars(select(StoredFile.digest)).all() == [submission.notebook]
        assert retention.list_due(session, SETTINGS)[-1].count == 0
    assert _figures(database, world) == before


def _figures(database: Database, world: World) -> object:
    with database.reading() as session:
        report = completions.count_completions(
            session, world.viewer(world.jimin), Question(as_of=today(), by=("region", "company"))
        )
    return [(row.group, row.enrolled, row.active, row.completed) for row in report.rows]


def _works_again(session: Session, person: Person) -> None:
    employment = session.scalars(select(Employment).filter_by(person_id=person.id)).one()
    employment.to_on = None


def _answers_for_something(session: Session, person: Person) -> None:
    session.add(Role(person_id=person.id, kind="programme_office", from_on=date(2020, 1, 1)))


def _signs_in(session: Session, person: Person) -> None:
    row = session.scalars(select(SignIn).filter_by(person_id=person.id)).one()
    row.last_seen_at = utcnow() - timedelta(days=30)


def _is_new(session: Session, person: Person) -> None:
    session.get_one(Person, person.id).created_at = utcnow()


@pytest.mark.parametrize("change", [_works_again, _answers_for_something, _signs_in, _is_new])
def test_who_is_still_here_is_not_due(database: Database, gone: Person, change) -> None:  # type: ignore[no-untyped-def]
    with database.writing() as session:
        change(session, gone)
        session.commit()
    with database.reading() as session:
        assert retention.list_due(session, SETTINGS)[-1].count == 0


def test_where_people_are_kept_for_ever_nobody_is_due(database: Database, gone: Person) -> None:
    settings = Settings(secret_key="x" * 40, keep_people_years=0)
    with database.writing() as session:
        due = retention.list_due(session, settings)[-1]
        assert (due.days, due.count) == (None, 0)
        with pytest.raises(RetentionError):
            retention.ask_for_people(session, settings, actor_id=None, reason="그냥 한번")


def test_a_file_that_somebody_else_handed_in_too_stays(
    database: Database, world: World, gone: Person, files: FileStore, sealer: Sealer
) -> None:
    with database.writing() as session:
        made = enrolments.enrol(session, world.run, world.hana.id)
        first = session.scalars(select(Submission)).one()
        session.add(
            Submission(
                enrolment_id=made.id,
                run_unit_id=first.run_unit_id,
                exercise_version_id=first.exercise_version_id,
                number=1,
                notebook=first.notebook,
                file_name="a.ipynb",
                submitted_at=utcnow(),
            )
        )
        digest = first.notebook
        session.commit()
    _ask(database)
    _work(database, files)
    assert files.read(digest) == "그녀의 노트북".encode()


def test_one_who_asks_for_it(database: Database, world: World, files: FileStore, gone: Person) -> None:
    with database.writing() as session:
        hana = session.get_one(Person, world.hana.id)
        for person, reason, why in ((hana, "본인이 요청함", "in_use"), (gone, " ", "reason_missing")):
            with pytest.raises(RetentionError) as raised:
                retention.destroy_person(session, files, person, actor_id=None, reason=reason)
            assert raised.value.reason == why
        orphans = retention.destroy_person(
            session, files, session.get_one(Person, gone.id), actor_id=world.minseo.id, reason="본인이 요청함"
        )
        session.commit()
    with database.writing() as session:
        retention.discard(session, files, orphans)
    said = _everything(database, files)
    assert [trace for trace in TRACES if trace in said] == []


def test_logs_go_by_themselves_after_their_period(database: Database, world: World, files: FileStore) -> None:
    now = utcnow()
    with database.writing() as session:
        for days in (10, 364, 366, 900):
            access_log.note(session, "x", actor_id=1, person_id=2, now=now - timedelta(days=days))
        for days in (10, 200):
            sign_ins.start(session, world.hana, device="", address="", now=now - timedelta(days=days))
        session.commit()
    with database.reading() as session:
        chore = retention.chore(SETTINGS)
        assert chore.is_due(session)
    from_now = {one.kind: one.count for one in _due(database)}
    assert from_now == {"access_log": 2, "sign_ins": 1, "messages": 0, "people": 0}
    with database.writing() as session:
        from_chore = insert_into(session, AccessEntry)
        assert from_chore is not None
        assert retention.destroy_logs(session, "access_log", now - timedelta(days=365)) == 2
        assert retention.destroy_logs(session, "sign_ins", now - timedelta(days=180)) == 1
        assert retention.destroy_logs(session, "messages", now - timedelta(days=730)) == 0
        session.commit()
    with database.reading() as session:
        assert {record.kind: record.count for record in retention.list_records(session)} == {
            "access_log": 2,
            "sign_ins": 1,
        }
        assert not retention.chore(SETTINGS).is_due(session)
        assert len(session.scalars(select(AccessEntry)).all()) == 2


def _due(database: Database) -> list[retention.Due]:
    with database.reading() as session:
        return retention.list_due(session, SETTINGS)


def test_the_log_is_kept_for_two_years_where_there_are_many(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.reading() as session:
        assert access_log.keeping_days(session) == 365
        monkeypatch.setattr(access_log, "MANY_PEOPLE", 9)
        assert access_log.keeping_days(session) == 730
        assert retention.days_of(session, Settings(secret_key="x" * 40, keep_access_days=400), "access_log") == 730
        assert retention.days_of(session, Settings(secret_key="x" * 40, keep_access_days=800), "access_log") == 800


# Her own


def test_her_own_export_has_all_and_no_secret(
    database: Database, gone: Person, files: FileStore, sealer: Sealer, world: World
) -> None:
    with database.writing() as session:
        access_log.note(session, "learner_page", actor_id=world.minjun.id, person_id=gone.id)
        audit.record(session, "role_given", actor_id=world.minseo.id, subject=f"person:{gone.id}")
        session.commit()
    target = io.BytesIO()
    with database.reading() as session:
        own_data.write_export(session, files, sealer, gone.id, target, titles={"title": "내 정보", "person": "계정"})
    with zipfile.ZipFile(target) as packed:
        assert packed.testzip() is None
        document = json.loads(packed.read("data.json"))
        page = packed.read("data.html").decode()
        (notebook,) = [packed.read(name) for name in packed.namelist() if name.endswith(".ipynb")]
    assert notebook == "그녀의 노트북".encode()
    tables = document["tables"]
    assert tables["person"][0]["phone"] == "01077778888"
    assert tables["person"][0]["birth_date"] == "1985-03-03"
    assert tables["employment"][0]["company"] == "수원전자"
    assert {"sign_in", "enrolment", "submission", "grade", "draft", "message", "access_entry", "audit_entry"} <= set(
        tables
    )
    assert "김하나" not in page
    assert "<h2>계정</h2>" in page
    text = json.dumps(document)
    with database.reading() as session:
        row = session.get_one(Person, gone.id)
        stay = session.scalars(select(SignIn).filter_by(person_id=gone.id)).one()
    for secret in (row.password_hash, row.phone_sealed, row.birth_date_index, stay.token_hash):
        assert secret
        assert secret not in text


def test_what_is_kept_is_counted_in_one_query(database: Database, gone: Person) -> None:
    with database.reading() as session:
        kept = {one.table: one.count for one in own_data.count_kept(session, gone.id)}
    assert kept["submission"] == 1
    assert kept["sign_in"] == 1
    assert "change" not in kept


def test_she_gives_and_takes_back_her_birth_date_and_telephone(
    database: Database, world: World, sealer: Sealer
) -> None:
    with database.writing() as session:
        person = session.get_one(Person, world.hana.id)
        own_data.set_contact(session, sealer, person, birth_date=date(1990, 1, 1), phone="010-1234-5678")
        assert own_data.contact_of(sealer, person) == own_data.Contact(date(1990, 1, 1), "01012345678")
        with pytest.raises(personal.PersonalDataError):
            own_data.set_contact(session, sealer, person, birth_date=None, phone="전화")
        own_data.set_contact(session, sealer, person, birth_date=None, phone="")
        assert (person.birth_date_sealed, person.birth_date_index, person.phone_sealed) == (None, None, None)


def test_she_sees_who_looked_also_at_lists_that_she_was_in(database: Database, world: World) -> None:
    with database.writing() as session:
        actor = {"actor_id": world.seoyeon.id}
        access_log.note(session, "learner_page", person_id=world.hana.id, **actor)
        access_log.note(session, "company_people", subject=f"company:{world.hanbit.uid}", count=2, **actor)
        access_log.note(session, "company_people", subject=f"company:{world.suwon.uid}", count=2, **actor)
        access_log.note(session, "learner_page", person_id=world.junho.id, **actor)
        access_log.note(session, "learner_page", person_id=world.hana.id, actor_id=world.hana.id)
        early = at("2019-01-01")
        access_log.note(session, "company_people", subject=f"company:{world.hanbit.uid}", now=early, **actor)
        session.commit()
    with database.reading() as session:
        looks = access_log.list_looks_at(session, world.hana.id, limit=10)
        assert access_log.count_looks_at(session, world.hana.id) == 2
    assert [(look.entry.action, look.actor) for look in looks] == [
        ("company_people", "이서연"),
        ("learner_page", "이서연"),
    ]

"""Taking the demonstration away: exactly its rows go, and none where a site's own data hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from lms import audit, demo
from lms.clock import today, utcnow
from lms.jobs import queue
from lms.learning import enrolments, ledger, runs
from lms.models import (
    Centre,
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    Course,
    Download,
    Draft,
    Employment,
    Enrolment,
    Export,
    LedgerEntry,
    Person,
    Region,
    Roster,
    RosterPart,
    Run,
    ScheduleTurn,
    SignIn,
    Statement,
    StoredFile,
    Submission,
)
from lms.people import accounts, roles
from lms.people.privacy import access_log
from lms.reports.statements.issuing import Press
from lms.submissions.hand_in import NOTEBOOK_TYPE

from .conftest import DemoSite


def _add_real_data(session: Session, site: DemoSite) -> None:
    """A company, a learner in a run of the site's own, and the notebook that she handed in: the blank."""
    centre = session.scalars(select(Centre).where(Centre.slug == "ulsan")).one()
    region = session.scalars(select(Region).where(Region.slug == "ulsan")).one()
    company = Company(business_number="1248100998", name="울산기공", created_at=utcnow())
    session.add(company)
    session.flush()
    since = today() - timedelta(days=90)
    session.add(CompanyStatus(company_id=company.id, from_on=since, region_id=region.id))
    person = accounts.create_person(session, name="하지민", email="jimin@plant.example")
    session.add(Employment(person_id=person.id, company_id=company.id, employee_number="U-1", from_on=since))
    course = session.scalars(select(Course).order_by(Course.id)).first()
    assert course is not None
    run = runs.open_run(session, course, centre_id=centre.id, learn_from=since, learn_to=today())
    session.flush()
    enrolment = enrolments.enrol(session, run, person.id)
    roles.grant(session, person, "officer", centre_id=centre.id)
    _hand_in(session, site, enrolment.id, _run_of(session, enrolment), b"a real notebook")


def _hand_in(session: Session, site: DemoSite, enrolment_id: int, run: Run, notebook: bytes) -> Submission:
    unit = next(unit for unit in run.units if unit.exercise_version_id is not None)
    assert unit.exercise_version_id is not None
    submission = Submission(
        enrolment_id=enrolment_id,
        run_unit_id=unit.id,
        exercise_version_id=unit.exercise_version_id,
        number=1,
        notebook=site.files.put(session, notebook, NOTEBOOK_TYPE),
        file_name="a.ipynb",
        submitted_at=utcnow(),
    )
    session.add(submission)
    session.flush()
    queue.enqueue(session, "grade", {"submission": submission.id}, once=f"grade:{submission.id}:1")
    return submission


def test_what_was_made_goes_and_what_was_there_stays(demo_site: DemoSite) -> None:
    with demo_site.database.writing() as session:
        _add_real_data(session, demo_site)
        session.commit()
    before, files = demo_site.rows(), demo_site.kept_files()
    demo_site.make(beside_real_data=True)
    assert demo_site.counts()["lms_person"] > 5
    removed = demo_site.remove()
    assert removed.rows["lms_run"] > 0
    assert demo_site.rows() == before
    assert demo_site.kept_files() == files
    assert demo_site.remove().rows == {}


@pytest.mark.parametrize(
    "database_kind", ["sqlite"], indirect=True
)  # the seed knows none, and what goes is told by ids
def test_all_of_it_goes_and_comes_again_with_the_same_people(demo_site: DemoSite) -> None:
    with demo_site.database.writing() as session:
        _add_real_data(session, demo_site)
        session.commit()
    before, files = demo_site.rows(), demo_site.kept_files()
    told = []
    for _ in range(2):
        demo_site.make(full=True, beside_real_data=True)
        assert demo_site.counts()["lms_person"] > 900
        told.append(_told(demo_site))
        assert demo_site.remove().rows["lms_company"] == 60
        assert demo_site.rows() == before
        assert demo_site.kept_files() == files
    assert told[0] == told[1]


def _told(site: DemoSite) -> tuple:
    """Who works where, and what the ledger says of days before today."""
    with site.database.reading() as session:
        people = session.execute(
            select(Person.name, Company.business_number, Employment.employee_number)
            .join(Employment, Employment.person_id == Person.id)
            .join(Company, Company.id == Employment.company_id)
            .order_by(Company.business_number, Employment.employee_number)
        ).all()
        entries = session.execute(
            select(LedgerEntry.kind, LedgerEntry.unit_key, LedgerEntry.points, LedgerEntry.effective_on)
            .where(LedgerEntry.effective_on < today())
            .order_by(LedgerEntry.id)
        ).all()
    return people, entries


def _one(session: Session, table: type, **values: object):  # type: ignore[no-untyped-def]
    return session.scalars(select(table).filter_by(**values).limit(1)).one()


def test_what_was_done_in_it_since_goes_too(demo_site: DemoSite) -> None:
    before, files = demo_site.rows(), demo_site.kept_files()
    demo_site.make()
    with demo_site.database.writing() as session:
        hana = _one(session, Person, name="김하나")
        enrolment = session.scalars(select(Enrolment).filter_by(person_id=hana.id)).one()
        submission = _hand_in(session, demo_site, enrolment.id, _run_of(session, enrolment), b"by her")
        now = utcnow()
        session.add(
            Draft(
                enrolment_id=enrolment.id,
                run_unit_id=submission.run_unit_id,
                exercise_version_id=submission.exercise_version_id,
                revision=1,
                cells={},
                saved_at=now,
            )
        )
        session.add(SignIn(person_id=hana.id, token_hash="t", device="", address="", created_at=now, last_seen_at=now))
        session.add(Download(at=now, actor_id=hana.id, report="r", form="csv", question={}, has_persons=False, rows=1))
        session.add(
            Export(
                person_id=hana.id, report="r", form="csv", language="ko", question={}, scope={}, reason="까닭", total=1
            )
        )
        roster = Roster(
            actor_id=hana.id, file_name="명단.csv", form="csv", headings=[], columns={}, head=[], notes=[], size=1, counts={},
            result={},
        )  # fmt: skip
        session.add(roster)
        session.flush()
        session.add(RosterPart(roster_id=roster.id, number=0, first_row=2, rows=1, cells=""))
        press = Press(lambda _draft, number, _moment: {"number": number}, "/verify")
        for _ in range(2):
            demo.statements.issue(session, press, lambda _schedule: press)
        assert session.scalar(select(func.count()).select_from(Statement)) == 4
        turns = session.scalars(select(ScheduleTurn).options(joinedload(ScheduleTurn.statement))).all()
        assert len(turns) == 2
        assert all(turn.statement and turn.statement.as_of == turn.as_of for turn in turns)
        audit.record(session, "signed_in", actor_id=hana.id, subject=f"person:{hana.id}")
        access_log.note(session, "person_page", actor_id=None, person_id=hana.id)
        session.commit()
    assert demo_site.remove().rows["lms_statement"] == 4
    assert demo_site.rows() == before
    assert demo_site.kept_files() == files


def _run_of(session: Session, enrolment: Enrolment) -> Run:
    return session.scalars(select(Run).where(Run.id == enrolment.run_id).options(joinedload(Run.units))).unique().one()


def test_a_file_that_somebody_else_handed_in_too_stays(demo_site: DemoSite) -> None:
    with demo_site.database.writing() as session:
        _add_real_data(session, demo_site)
        session.commit()
    demo_site.make(beside_real_data=True)
    with demo_site.database.writing() as session:
        hana = _one(session, Person, name="김하나")
        enrolment = session.scalars(select(Enrolment).filter_by(person_id=hana.id)).one()
        digest = _hand_in(session, demo_site, enrolment.id, _run_of(session, enrolment), b"a real notebook").notebook
        session.commit()
    assert demo_site.remove().files == ()
    with demo_site.database.reading() as session:
        assert session.get(StoredFile, digest) is not None
    assert demo_site.files.read(digest) == b"a real notebook"


def _real_learner_in_its_run(session: Session) -> str:
    company = _one(session, Company, name="울산기공")
    person = accounts.create_person(session, name="하은수", email="eunsu@plant.example")
    session.add(Employment(person_id=person.id, company_id=company.id, from_on=today()))
    session.flush()
    demo_run = _one(session, Run, centre_id=_one(session, Centre, slug="busan").id)
    enrolments.enrol(session, demo_run, person.id)
    return "lms_enrolment"


def _its_learner_in_a_real_run(session: Session) -> str:
    run = _one(session, Run, centre_id=_one(session, Centre, slug="ulsan").id)
    enrolments.enrol(session, run, _one(session, Person, name="김하나").id)
    return "lms_enrolment"


def _real_person_works_at_its_company(session: Session) -> str:
    person = _one(session, Person, name="하지민")
    session.add(Employment(person_id=person.id, company_id=_one(session, Company, name="한빛정밀").id, from_on=today()))
    return "lms_employment"


def _real_manager_of_its_company(session: Session) -> str:
    person = _one(session, Person, name="하지민")
    roles.grant(session, person, "company_manager", company_id=_one(session, Company, name="한빛정밀").id)
    return "lms_role"


def _its_officer_decided_on_a_real_completion(session: Session) -> str:
    real = _one(session, Person, name="하지민")
    enrolment = session.scalars(select(Enrolment).filter_by(person_id=real.id)).one()
    officer = _one(session, Person, name="이서연")
    ledger.append(session, enrolment, "revoked", effective_on=today(), actor_id=officer.id, reason="a slip")
    return "lms_ledger_entry"


@pytest.mark.parametrize(
    "hang",
    [
        _real_learner_in_its_run,
        _its_learner_in_a_real_run,
        _real_person_works_at_its_company,
        _real_manager_of_its_company,
        _its_officer_decided_on_a_real_completion,
    ],
)
def test_nothing_goes_where_real_data_hangs_on_it(demo_site: DemoSite, hang: Callable[[Session], str]) -> None:
    with demo_site.database.writing() as session:
        _add_real_data(session, demo_site)
        session.commit()
    demo_site.make(beside_real_data=True)
    with demo_site.database.writing() as session:
        table = hang(session)
        session.commit()
    before = demo_site.rows()
    with pytest.raises(demo.DemoError) as raised:
        demo_site.remove()
    assert raised.value.reason == "used"
    assert table in raised.value.tables.split(", ")
    assert demo_site.rows() == before


def test_a_real_company_in_its_cluster_hinders_and_its_company_in_a_real_cluster_does_not(demo_site: DemoSite) -> None:
    with demo_site.database.writing() as session:
        _add_real_data(session, demo_site)
        real = Cluster(slug="real", name="진짜 클러스터")
        session.add(real)
        session.commit()
    before = demo_site.rows()
    demo_site.make(beside_real_data=True)
    with demo_site.database.writing() as session:
        hanbit, ulsan = (_one(session, Company, name=name) for name in ("한빛정밀", "울산기공"))
        session.add(
            ClusterMember(cluster_id=_one(session, Cluster, slug="real").id, company_id=hanbit.id, from_on=today())
        )
        session.commit()
    demo_site.remove()
    assert demo_site.rows() == before
    assert ulsan.name == "울산기공"

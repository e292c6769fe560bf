"""The demonstration: what it makes agrees with the product's own rules, and a second call changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from lms import demo
from lms.clock import seoul_day, today, utcnow
from lms.learning import ledger
from lms.learning.enrolments import covers
from lms.models import (
    Centre,
    Cluster,
    Company,
    CompanyStatus,
    Course,
    Employment,
    Enrolment,
    Grade,
    LedgerEntry,
    Person,
    Programme,
    QuizAttempt,
    Region,
    Run,
    RunClosing,
    Submission,
    Target,
)
from lms.people import accounts
from lms.people.organisations.business_numbers import is_well_formed
from lms.reports.completions import count_completions
from lms.reports.question import Question

from .conftest import DemoSite


def _count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_few_are_made_once(demo_site: DemoSite) -> None:
    made = demo_site.make()
    before = demo_site.rows()
    assert [account.name for account in made][:2] == ["김하나", "정우진"]
    assert demo_site.make() == made
    assert demo_site.rows() == before
    assert (demo_site.instance / demo.FILE).stat().st_mode & 0o777 == 0o600


def test_a_site_with_people_of_its_own_is_left_alone(demo_site: DemoSite) -> None:
    with demo_site.database.writing() as session:
        accounts.create_person(session, name="하지민", email="jimin@plant.example")
        session.commit()
    before = demo_site.rows()
    with pytest.raises(demo.DemoError, match="1 accounts of its own") as raised:
        demo_site.make()
    assert raised.value.reason == "real_people"
    assert demo_site.rows() == before
    demo_site.make(beside_real_data=True)
    with demo_site.database.reading() as session:
        assert session.scalar(select(Person.id).where(Person.name == "김하나")) is not None


def test_whoever_comes_after_the_demonstration_is_no_hindrance(demo_site: DemoSite) -> None:
    made = demo_site.make()
    with demo_site.database.writing() as session:
        accounts.create_person(session, name="하지민", email="jimin@plant.example")
        session.commit()
    assert demo_site.make() == made


def test_a_company_of_the_site_is_not_taken_over(demo_site: DemoSite) -> None:
    with demo_site.database.writing() as session:
        session.add(Company(business_number="6078100019", name="진짜정밀", created_at=utcnow()))
        session.commit()
    with pytest.raises(demo.DemoError, match="한빛정밀"):
        demo_site.make()


def test_all_of_it_needs_the_few(demo_site: DemoSite) -> None:
    before = demo_site.rows()
    with demo_site.database.writing() as session, pytest.raises(demo.DemoError, match="earlier version"):
        demo.make_full(session, demo_site.files, {})
    assert demo_site.rows() == before


def test_all_of_it_is_worth_looking_at_and_right(demo_site: DemoSite) -> None:
    demo_site.make(full=True)
    with demo_site.database.writing() as session:
        _check_size(session)
        _check_companies_and_people(session)
        _check_runs(session)
        _check_copies(session)
        _check_days(session)
        _check_attempts(session)
        _check_ledger(session)
        _check_report(session)
    before = demo_site.rows()
    demo_site.make(full=True)
    assert demo_site.rows() == before
    assert demo_site.remove().rows["lms_company"] == 60
    assert demo_site.counts()["lms_person"] == 0


def _check_size(session: Session) -> None:
    assert _count(session, Company) == 60
    assert _count(session, Person) == 900
    assert _count(session, Cluster) == 4
    assert _count(session, Enrolment) > 1000
    years = session.scalars(select(Programme.fiscal_year).order_by(Programme.fiscal_year)).all()
    assert years == [today().year - 2, today().year - 1, today().year]
    owed = select(Programme.fiscal_year, func.count()).join(Target, Target.programme_id == Programme.id)
    assert {count for _, count in session.execute(owed.group_by(Programme.fiscal_year))} == {17}
    kinds = Counter(session.scalars(select(LedgerEntry.kind)))
    assert all(
        kinds[kind] for kind in ("withdrawn", "unit_done", "scored", "completed", "questioned", "upheld", "revoked")
    )


def _check_companies_and_people(session: Session) -> None:
    companies = session.scalars(select(Company)).all()
    assert all(is_well_formed(company.business_number) for company in companies)
    assert _count(session, CompanyStatus) > len(companies)
    moved = select(Employment.person_id).group_by(Employment.person_id).having(func.count() > 1)
    assert len(session.scalars(moved).all()) > 10
    one, other = aliased(Employment), aliased(Employment)
    at_once = select(one.id).join(other, (other.person_id == one.person_id) & (other.id > one.id))
    assert session.scalars(at_once.where(one.to_on.is_(None) | (one.to_on >= other.from_on))).all() == []
    assert len(set(session.scalars(select(Person.name)))) < 900


def _check_runs(session: Session) -> None:
    states = Counter(run.state_on(today()) for run in session.scalars(select(Run)))
    assert set(states) == {"draft", "open", "running", "review", "closed"}
    for slug in ("busan", "gyeongnam"):
        runs = session.scalars(select(Run).join(Centre, Centre.id == Run.centre_id).where(Centre.slug == slug)).all()
        assert {"draft", "open", "running", "review", "closed"} <= {run.state_on(today()) for run in runs}
    assert session.scalars(select(RunClosing)).one().facts["counts"]["completed"] > 0
    assert session.scalar(select(func.count(Run.course_id.distinct()))) == _count(session, Course) == 2


def _check_copies(session: Session) -> None:
    """Enrolments carry the company, status and region of their day, and entries those of the enrolment."""
    newest = (
        select(CompanyStatus.id)
        .where(CompanyStatus.company_id == Enrolment.company_id, CompanyStatus.from_on <= Enrolment.enrolled_on)
        .order_by(CompanyStatus.from_on.desc())
        .limit(1)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    other_status = select(Enrolment.id).where(Enrolment.company_status_id != newest)
    other_region = (
        select(Enrolment.id)
        .join(CompanyStatus, CompanyStatus.id == Enrolment.company_status_id)
        .where(CompanyStatus.region_id != Enrolment.region_id)
    )
    ended = (
        select(Enrolment.id)
        .join(Region, Region.id == Enrolment.region_id)
        .where(~covers(Region.from_on, Region.to_on, Enrolment.enrolled_on))
    )
    employed = (
        select(Employment.id)
        .where(
            Employment.person_id == Enrolment.person_id,
            Employment.company_id == Enrolment.company_id,
            covers(Employment.from_on, Employment.to_on, Enrolment.enrolled_on),
        )
        .correlate(Enrolment)
        .exists()
    )
    copied = (
        select(LedgerEntry.id)
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .where(
            (LedgerEntry.run_id != Enrolment.run_id)
            | (LedgerEntry.company_id != Enrolment.company_id)
            | (LedgerEntry.region_id != Enrolment.region_id)
        )
    )
    for wrong in (other_status, other_region, ended, select(Enrolment.id).where(~employed), copied):
        assert session.scalars(wrong).all() == []


def _check_days(session: Session) -> None:
    """Nothing is recorded before it is done or after now; nothing is done outside of the run's days."""
    now, worked = utcnow(), 0
    for entry, run in session.execute(select(LedgerEntry, Run).join(Run, Run.id == LedgerEntry.run_id)):
        assert entry.recorded_at <= now
        assert entry.effective_on <= seoul_day(entry.recorded_at)
        if entry.kind in ("unit_done", "scored", "completed"):
            worked += 1
            assert run.learn_from <= entry.effective_on <= run.learn_to
    late = select(LedgerEntry).where(LedgerEntry.kind == "scored", LedgerEntry.actor_id.is_(None))
    assert worked
    assert any(seoul_day(entry.recorded_at) > entry.effective_on for entry in session.scalars(late))


def _check_attempts(session: Session) -> None:
    """Tries count from 1 in the order of their days, and what the ledger says of one is what its row says."""
    for found in (select(Submission).order_by(Submission.id), select(QuizAttempt).order_by(QuizAttempt.id)):
        tries: dict[tuple[int, int], list] = {}
        for row in session.scalars(found):
            tries.setdefault((row.enrolment_id, row.run_unit_id), []).append(row)
        for rows in tries.values():
            assert [row.number for row in rows] == list(range(1, len(rows) + 1))
            assert [row.submitted_at for row in rows] == sorted(row.submitted_at for row in rows)
    graded = select(LedgerEntry.points, Grade.points).join(Grade, Grade.id == LedgerEntry.grade_id)
    quizzes = (
        select(LedgerEntry.points, QuizAttempt.points)
        .join(QuizAttempt, QuizAttempt.id == LedgerEntry.quiz_attempt_id)
        .where(LedgerEntry.actor_id.is_(None))
    )
    for pairs in (session.execute(graded).all(), session.execute(quizzes).all()):
        assert pairs
        assert all(told == earned for told, earned in pairs)
    assert session.scalar(select(func.count(Grade.submission_id.distinct()))) == _count(session, Submission)


def _check_ledger(session: Session) -> None:
    """The rule, asked again for every enrolment, finds nothing to append: each stands as its entries say."""
    before = _count(session, LedgerEntry)
    enrolments = session.scalars(select(Enrolment)).all()
    standings = {enrolment.id: ledger.settle(session, enrolment) for enrolment in enrolments}
    assert _count(session, LedgerEntry) == before
    assert sum(standing.is_questioned for standing in standings.values()) >= 2
    completed = select(LedgerEntry).where(LedgerEntry.kind == "completed")
    for entry in session.scalars(completed):
        standing = standings[entry.enrolment_id]
        if standing.is_met:
            assert entry.effective_on == standing.met_on
    left = {enrolment.id for enrolment in enrolments if enrolment.state == "withdrawn"}
    assert left == set(session.scalars(select(LedgerEntry.enrolment_id).where(LedgerEntry.kind == "withdrawn")))


def _check_report(session: Session) -> None:
    """The report of a day half a year ago knows less than that of today."""
    then, now = (
        count_completions(session, None, Question(as_of=day, by=("region",))).total
        for day in (today() - timedelta(days=180), today())
    )
    assert 0 < then.completed < now.completed

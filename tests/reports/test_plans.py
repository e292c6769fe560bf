"""No page of figures reads the ledger, the enrolments or the steps from end to end, on either database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.orm import Session

from lms.models import Company, CompanyStatus, Database, Enrolment, LedgerEntry, Person, Region
from lms.models.rollups import Rollup, RollupDue
from lms.people.viewers import Viewer
from lms.reports.checks import failed_checks
from lms.reports.choices import list_choices
from lms.reports.completions import count_completions
from lms.reports.durations import durations
from lms.reports.funnel import funnel
from lms.reports.learners import list_learners
from lms.reports.question import Question
from lms.reports.rollups import rebuilding
from lms.reports.stops import stops
from lms.reports.targets import targets
from lms.reports.weekly import by_day, weekly
from lms.reports.years import by_month, year_on_year
from tests.world import at

from .country import make_country

COMPANIES, RUNS, PEOPLE, ENTRIES = 120, 24, 1500, 6
DAY = date(2026, 5, 20)
LARGE = ("lms_ledger_entry", "lms_enrolment", "lms_rollup_step")


@pytest.fixture
def wide(database: Database) -> Database:
    """Enough of everything that an index is worth while, most of it over."""
    random = Random(1)
    with database.writing() as session:
        country = make_country(session)
        course = country.course("first-steps", "첫걸음")
        runs = []
        for number in range(RUNS):
            begins = date(2024, 6, 1) + timedelta(days=30 * number)
            ends = begins + timedelta(days=40)
            runs.append(country.run(str(number), course, "busan", begins.isoformat(), ends.isoformat()))
        regions = list(session.scalars(select(Region.id).order_by(Region.id).limit(16)))
        session.execute(
            insert(Company),
            [
                {
                    "business_number": f"{number:010}",
                    "name": f"기업 {number}",
                    "search_key": "",
                    "created_at": at("2020-01-01"),
                }
                for number in range(COMPANIES)
            ],
        )
        companies = list(session.scalars(select(Company.id)))
        lies = {company: random.choice(regions) for company in companies}
        days = {"from_on": date(2020, 1, 1), "recorded_at": at("2020-01-01")}
        session.execute(
            insert(CompanyStatus), [{"company_id": id_, "region_id": lies[id_], **days} for id_ in companies]
        )
        session.execute(insert(Person), [{"name": "사람", "created_at": at("2020-01-01")} for _ in range(PEOPLE)])
        joined = []
        for person in session.scalars(select(Person.id).order_by(Person.id)):
            company, run = random.choice(companies), random.choice(runs)
            of = {"company_id": company, "region_id": lies[company], "run_id": run.id}
            at_ = at(run.learn_from.isoformat())
            joined.append({"person_id": person, "state": "enrolled", "enrolled_at": at_, **of})
        session.execute(insert(Enrolment), joined)
        entries = []
        for enrolment in session.scalars(select(Enrolment)):
            for step, kind in enumerate(("enrolled", *("unit_done",) * (ENTRIES - 2), "completed")):
                day = enrolment.enrolled_on + timedelta(days=3 * step)
                moment = {"effective_on": day, "recorded_at": at(day.isoformat())}
                of = {name: getattr(enrolment, name) for name in ("company_id", "region_id", "run_id")}
                entries.append({"enrolment_id": enrolment.id, "kind": kind, "reason": "", **moment, **of})
        session.execute(insert(LedgerEntry), entries)
        session.execute(delete(RollupDue))
        session.execute(update(Rollup).values(built_at=None))
        session.commit()
    rebuilding.rebuild(database, day=DAY)
    with database.writing() as session:
        session.execute(text("ANALYZE"))
        session.commit()
    return database


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """How the database goes about the statements that reach it meanwhile."""
    found: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if database.engine.dialect.name == "sqlite" else "EXPLAIN "

    def look(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked = connection.connection.cursor()
            asked.execute(explain + statement, parameters)
            found.extend(str(row[-1]) for row in asked.fetchall())

    event.listen(database.engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", look)


def _officer(session: Session) -> Viewer:
    return make_country(session).officer("busan")


def _home(session: Session, viewer: Viewer) -> None:
    question = Question(as_of=DAY, by=("region", "company"), filters={"run": ("current",)})
    count_completions(session, viewer, question)
    weekly(session, viewer, question)
    by_day(session, viewer, question.but(run=()), since=date(2025, 1, 1), until=DAY)


def _country(session: Session, _viewer: Viewer) -> None:
    count_completions(session, None, Question(as_of=DAY, by=("region", "course")))
    targets(session, None, 2026, as_of=DAY)


def _questions(session: Session, viewer: Viewer) -> None:
    if session.get_bind().dialect.name == "postgresql":
        # Of so few rows it would rather read all; here it is asked whether there is another way.
        session.execute(text("SET LOCAL enable_seqscan = off"))
    question = Question(as_of=DAY, by=("course",), filters={"run": ("current",)})
    funnel(session, viewer, question)
    durations(session, viewer, question)
    by_month(session, viewer, question)
    year_on_year(session, viewer, question)
    stops(session, viewer, question)
    failed_checks(session, viewer, question)
    list_learners(session, viewer, question)
    list_choices(session, viewer)


def _country_questions(session: Session, _viewer: Viewer) -> None:
    for by in (("region",), ("centre",), ("cluster",)):
        question = Question(as_of=DAY, by=by)
        count_completions(session, None, question)
        funnel(session, None, question)
        by_month(session, None, question)


def _company(session: Session, viewer: Viewer) -> None:
    question = Question(as_of=DAY, by=("company",), filters={"company": ("0000000007",)})
    count_completions(session, None, question)
    count_completions(session, None, question.but(by=("course",)))
    list_learners(session, viewer, question)


def _manager(session: Session, _viewer: Viewer) -> None:
    company = session.scalars(select(Company.id)).first()
    assert company is not None
    manager = Viewer(1, _viewer.uid, "", managed_companies=frozenset({company}))
    count_completions(session, manager, Question(as_of=DAY, by=("course",)))


def _officer_and_manager(session: Session, viewer: Viewer) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))  # of so few rows it would rather read all
    companies = session.scalars(select(Company.id).order_by(Company.id).limit(2))
    both = replace(viewer, managed_companies=frozenset(companies))
    count_completions(session, both, Question(as_of=DAY, by=("course",)))


def test_no_page_reads_all_from_end_to_end(wide: Database) -> None:
    with wide.writing() as session:
        viewer = _officer(session)
        session.commit()
    full = re.compile(rf"(Seq Scan on|SCAN) ({'|'.join(LARGE)})\b(?! USING (COVERING )?INDEX ix_lms_rollup)")
    for page in (_home, _country, _questions, _country_questions, _company, _manager):
        with plans(wide) as found, wide.reading() as session:
            page(session, viewer)
        assert len(found) > 5
        assert [line for line in found if full.search(line)] == [], page.__name__
    with plans(wide) as found, wide.reading() as session:
        _officer_and_manager(session, viewer)
    steps = [line for line in found if "lms_rollup_step" in line]
    assert steps, "those of the companies alone"
    assert all("ix_lms_rollup_step_company_id_day" in line or "Heap Scan" in line for line in steps), steps
    with plans(wide) as found, wide.reading() as session:
        session.execute(select(LedgerEntry.reason)).all()
    assert full.search(found[0]), "one that reads all is noticed"

"""The synthetic country: the same by its seed, true to the rules of completion, and whole in both databases."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from sqlalchemy import func, select

from benchmarks.country import make, setting
from benchmarks.country.loading import connect
from benchmarks.country.size import Size
from lms.clock import seoul_day
from lms.learning import ledger
from lms.learning.completion import evaluate
from lms.models import (
    Base,
    Company,
    CompanyStatus,
    Database,
    Employment,
    Enrolment,
    LedgerEntry,
    Person,
    Region,
    Run,
    RunUnit,
    make_engine,
)
from lms.models.rollups import RollupDue
from lms.people import passwords
from lms.people.organisations.business_numbers import is_well_formed

SIZE = Size(learners=600, companies=90, runs_a_year=20, years=3, seed=7, until=date(2026, 10, 31))


def made_in(url: str, size: Size = SIZE) -> Database:
    make.make(url, size, prepare=lambda engine: None, tell=lambda text: None)
    return Database(make_engine(url))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Only looked at."""
    url = f"sqlite:///{tmp_path_factory.mktemp('country') / 'country.sqlite3'}"
    make.make(url, SIZE, prepare=Base.metadata.create_all, tell=lambda text: None)
    database = Database(make_engine(url))
    yield database
    database.dispose()


def ledger_rows(database: Database) -> list[tuple[object, ...]]:
    columns = [column for column in LedgerEntry.__table__.c if column.name != "reason"]
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(LedgerEntry.id))]


def test_two_databases_hold_the_same_country(sqlite_url: str, postgres_url: str) -> None:
    made = [made_in(url) for url in (sqlite_url, postgres_url)]
    one, other = (ledger_rows(database) for database in made)
    assert len(one) > 9_000
    assert one == other
    for model in (Company, CompanyStatus, Employment, Person, Enrolment):
        both = []
        for database in made:
            with database.reading() as session:
                kept = [column for column in model.__table__.c if column.name != "password_hash"]
                both.append([tuple(row) for row in session.execute(select(*kept).order_by(kept[0]))])
        assert both[0] == both[1], model.__tablename__
    for database in made:
        database.dispose()


def test_another_seed_makes_another_country(sqlite_url: str, postgres_url: str) -> None:
    few = dataclasses.replace(SIZE, learners=60, companies=20)
    made = [made_in(sqlite_url, few), made_in(postgres_url, dataclasses.replace(few, seed=8))]
    one, other = (ledger_rows(database) for database in made)
    assert one != other
    for database in made:
        database.dispose()


def test_whoever_completed_did_so_by_the_rule_of_her_run(small: Database) -> None:
    with small.reading() as session:
        units = session.scalars(select(RunUnit).order_by(RunUnit.position)).all()
        runs = session.scalars(select(Run)).all()
        rules = {run.id: ledger.current_rule(session, run.id) for run in runs}
        entries = defaultdict(list)
        for entry in session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)):
            entries[entry.enrolment_id].append(entry)
        of_run = {run.id: [unit for unit in units if unit.run_id == run.id] for run in runs}
    completed = 0
    for found in [entries[enrolment] for enrolment in sorted(entries)[::3]]:
        run = found[0].run_id
        assert ledger.what_follows(evaluate(of_run[run], rules[run], found), found) is None
        kinds = [entry.kind for entry in found]
        assert kinds[0] == "enrolled"
        assert [entry.recorded_at for entry in found] == sorted(entry.recorded_at for entry in found)
        if "completed" in kinds:
            completed += 1
            at = kinds.index("completed")
            known = evaluate(of_run[run], rules[run], found[:at])
            assert known.met_on == found[at].effective_on
    assert completed > 200


def test_there_is_some_of_everything(small: Database) -> None:
    with small.reading() as session:
        officer = session.scalars(select(Person).where(Person.email == setting.officer_email("busan"))).one()
        assert passwords.verify(officer.password_hash, setting.PASSWORD)
        kinds = {
            kind: count
            for kind, count in session.execute(select(LedgerEntry.kind, func.count()).group_by(LedgerEntry.kind))
        }
        assert min(kinds[kind] for kind in ("withdrawn", "questioned", "upheld", "revoked")) > 0
        moved = select(Employment.person_id).group_by(Employment.person_id).having(func.count() > 1).subquery()
        assert session.scalar(select(func.count()).select_from(moved))
        assert session.scalar(select(func.count()).where(Company.merged_into_id.is_not(None)))
        again = (
            select(LedgerEntry.enrolment_id)
            .where(LedgerEntry.kind == "scored")
            .group_by(LedgerEntry.enrolment_id, LedgerEntry.unit_key)
            .having(func.count() > 1)
            .subquery()
        )
        assert session.scalar(select(func.count()).select_from(again))
        rows = session.execute(select(LedgerEntry.effective_on, LedgerEntry.recorded_at)).all()
        late = [day for day, moment in rows if (seoul_day(moment) - day).days > 2]
        assert 0.01 < len(late) / len(rows) < 0.2
        assert all(day <= seoul_day(moment) <= SIZE.until for day, moment in rows)
        left = session.execute(
            select(LedgerEntry.effective_on, Run.learn_from)
            .join(Run, Run.id == LedgerEntry.run_id)
            .where(LedgerEntry.kind == "withdrawn")
        ).all()
        assert {day < begins for day, begins in left} == {True, False}
        sizes = session.scalars(select(func.count()).select_from(Employment).group_by(Employment.company_id)).all()
        assert max(sizes) > 20 * sorted(sizes)[len(sizes) // 2]


def test_regions_that_merged_are_counted_as_one_from_their_day(small: Database) -> None:
    merged = date(2026, 7, 1)
    with small.reading() as session:
        rows = session.execute(
            select(Region.slug, Enrolment.enrolled_on)
            .join(Region, Region.id == Enrolment.region_id)
            .where(Region.slug.in_(("gwangju", "jeonnam", "jeonnam-gwangju")))
        ).all()
    assert {slug for slug, day in rows if day >= merged} == {"jeonnam-gwangju"}
    assert {slug for slug, day in rows if day < merged} == {"gwangju", "jeonnam"}


def test_people_enrol_with_the_company_where_they_worked_that_day(small: Database) -> None:
    with small.reading() as session:
        companies = {row.id: row for row in session.scalars(select(Company))}
        employed = defaultdict(list)
        for row in session.scalars(select(Employment)):
            employed[row.person_id].append(row)
        statuses = {row.id: row for row in session.scalars(select(CompanyStatus))}
        for enrolment in session.scalars(select(Enrolment)):
            day = enrolment.enrolled_on
            (work,) = [
                row
                for row in employed[enrolment.person_id]
                if row.from_on <= day and (row.to_on is None or day <= row.to_on)
            ]
            company = companies[enrolment.company_id]
            # Whoever enrolled before two companies turned out to be one did so with the one that was merged.
            if company.merged_into_id is not None:
                assert company.merged_at is not None
                assert day < seoul_day(company.merged_at)
            assert work.company_id in (company.id, company.merged_into_id)
            status = statuses[enrolment.company_status_id or 0]
            assert status.company_id == company.id
            assert status.from_on <= day
        for company in companies.values():
            assert is_well_formed(company.business_number)
            assert company.search_key == company.name


def test_keys_are_as_they_were_and_the_next_row_has_a_key_of_its_own(postgres_url: str) -> None:
    asked = "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint ORDER BY conrelid, conname"
    triggers = "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    indices = "SELECT indexname, indexdef FROM pg_indexes ORDER BY 1"
    with connect(postgres_url) as connection:
        before = [connection.execute(query).fetchall() for query in (asked, indices, triggers)]
    database = made_in(postgres_url)
    with connect(postgres_url) as connection:
        after = [connection.execute(query).fetchall() for query in (asked, indices, triggers)]
        assert [sorted(rows) for rows in after] == [sorted(rows) for rows in before]
        assert all(is_valid for _, _, is_valid in after[0])
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("UPDATE lms_ledger_entry SET company_id = 999999 WHERE id = 1")
    with database.writing() as session:
        enrolment = session.scalars(select(Enrolment).join(Run).where(Run.closed_at.is_(None)).limit(1)).one()
        entry = ledger.append(session, enrolment, "unit_done", effective_on=SIZE.until)
        assert session.scalars(select(RollupDue.c.entry_id)).all() == [entry.id]
        assert entry.id == session.scalar(select(func.count()).select_from(LedgerEntry))
    database.dispose()

"""Sums and ledger say the same, folded or not, whoever asks what; and what takes the sums' ground away is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lms.models import Database, Enrolment, LedgerEntry, Run, RunUnit
from lms.models.rollups import FIGURES, Rollup, RollupCompanyMonth, RollupDue, RollupRunDay, RollupRunMonth, RollupStep
from lms.people.viewers import Viewer
from lms.reports import regions
from lms.reports.completions import count_completions
from lms.reports.durations import durations
from lms.reports.funnel import funnel
from lms.reports.question import Question
from lms.reports.rollups import folding, plain, reading, rebuilding
from lms.reports.rollups.steps import Step, lay_out, steps
from lms.reports.targets import targets
from lms.reports.weekly import by_day, weekly

from .country import UNITS, Country, make_country
from .test_properties import BEGINS, READINGS, random_history

TABLES = (RollupStep, RollupRunDay, RollupRunMonth, RollupCompanyMonth)
CUTS: tuple[tuple[str, ...], ...] = (
    ("region",),
    ("region", "course"),
    ("zone", "run"),
    ("region", "company"),
    ("company", "run"),
    ("size", "level", "industry"),
    ("year", "programme"),
    ("centre",),
    ("cluster",),
    (),
)
FILTERS: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"run": ("first-steps-1",)},
    {"region": ("gwangju", "busan")},
    {"size": ("small", "undeclared")},
    {"centre": ("gwangju",)},
    {"cluster": ("press",)},
    {"company": ("0000000003", "0000000001")},
)


def questions(random: Random, count: int) -> Iterator[Question]:
    for _ in range(count):
        yield Question(
            as_of=BEGINS + timedelta(days=random.randrange(-15, 90)),
            by=random.choice(CUTS),
            reading=random.choice(("recorded", "effective")),
            regions=random.choice(("then", "then", "today")),
            filters=random.choice(FILTERS),
        )


def answer(session: Session, viewer: Viewer | None, question: Question) -> list[Any]:
    """All that is told of a question."""
    year = targets(session, viewer, 2026, as_of=question.as_of, reading=question.reading)
    grown = by_day(session, viewer, question, since=BEGINS, until=question.as_of)
    steps, days = funnel(session, viewer, question), durations(session, viewer, question)
    told: list[Any] = [count_completions(session, viewer, question), year, grown, steps, days]
    return told if question.overlaps else [*told, weekly(session, viewer, question)]


def viewers(country: Country) -> list[Viewer | None]:
    """The operator, the office, officers of which one learns in another's region, a manager who is an officer too."""
    learns = country.people["사람 1"]
    officer = country.officer("gwangju")
    both = Viewer(
        learns.id, learns.uid, "", officer_centres=country.officer("busan").officer_centres,
        managed_companies=country.manager("company 2").managed_companies,
    )  # fmt: skip
    return [None, country.office(), officer, both, country.manager("company 1")]


def assert_sums_are_right(country: Country, seed: int, count: int = 6) -> None:
    random = Random(seed)
    seen = viewers(country)
    for question in questions(random, count):
        viewer = random.choice(seen)
        by_sums = answer(country.session, viewer, question)
        with reading.switched_off():
            assert by_sums == answer(country.session, viewer, question), (question, viewer)


@pytest.fixture
def history(country: Country) -> Country:
    random_history(country, 11, people=14)
    return country


@pytest.mark.parametrize("seed", range(2))
def test_sums_and_ledger_agree_however_much_is_folded(country: Country, seed: int) -> None:
    """Folded in pieces of odd sizes, with months begun in between and a death in the middle of a fold."""
    random = Random(seed)
    random_history(country, seed + 20, people=14)
    due = country.session.scalar(select(func.count()).select_from(RollupDue))
    assert due
    while folding.anything_due(country.session):
        with country.session.begin_nested() as killed:
            folding.fold_some(country.session, most=random.randrange(1, 60))
            killed.rollback()
        folding.fold_some(country.session, most=random.randrange(25, 45))
        folding.begin_months(country.session, BEGINS + timedelta(days=random.randrange(90)))
        assert_sums_are_right(country, random.randrange(1000), count=1)
    assert_sums_are_right(country, seed, count=4)
    assert country.session.scalar(select(func.count()).select_from(RollupCompanyMonth))


def folded(country: Country) -> None:
    while folding.fold_some(country.session):
        pass
    folding.begin_months(country.session, BEGINS + timedelta(days=100))


def test_each_day_is_what_the_facts_of_that_day_are(history: Country) -> None:
    folded(history)
    known = regions.load(history.session, None, Question(as_of=BEGINS))
    for back in range(55):
        for read in READINGS:
            question = Question(as_of=BEGINS + timedelta(days=40 - back), reading=read)
            by_sums = reading.reached(question, None, known)
            with reading.switched_off():
                by_facts = reading.reached(question, None, known)
            sums, day = [
                history.session.execute(select(*(func.sum(of.c[name]) for name in FIGURES))).one()
                for of in (by_sums, by_facts)
            ]
            assert [value or 0 for value in sums] == [value or 0 for value in day], question


def test_who_sees_a_company_by_two_roles_counts_it_once(history: Country) -> None:
    """An officer who manages companies of her own regions and of others'."""
    folded(history)
    all_of = frozenset(company.id for company in history.companies.values())
    both = Viewer(0, uuid4(), "", officer_centres=history.officer("busan").officer_centres, managed_companies=all_of)
    for by in (("region",), ("company",), ("cluster",)):
        question = Question(as_of=BEGINS + timedelta(days=40), by=by)
        by_sums = [ask(history.session, both, question) for ask in (count_completions, durations)]
        with reading.switched_off():
            assert by_sums == [ask(history.session, both, question) for ask in (count_completions, durations)], by


def test_what_comes_late_changes_sums_of_months_that_are_past(history: Country) -> None:
    folded(history)
    question = Question(as_of=BEGINS + timedelta(days=40), by=("company",))
    before = count_completions(history.session, None, question)
    person, run = next(iter(history.enrolments))
    history.note(person, run, "completed", "2026-06-25", recorded="2026-09-02")
    history.note(person, run, "enrolled", "2026-06-25", recorded="2026-09-02")
    folded(history)
    assert count_completions(history.session, None, question) == before
    assert_sums_are_right(history, 1)
    late = question.but(reading="effective")
    with reading.switched_off():
        expected = count_completions(history.session, None, late)
    assert count_completions(history.session, None, late) == expected


def test_making_all_again_finds_nothing_to_mend(database: Database) -> None:
    with database.writing() as session:
        country = make_country(session)
        random_history(country, 4, people=12)
        session.commit()
    for _ in range(4):
        with database.writing() as session:
            folding.fold_some(session, most=9)
            assert folding.anything_due(session), "what waits belongs to no sum yet"
            session.commit()
        assert rebuilding.rebuild(database, is_kept=False, day=date(2026, 9, 15)) == []
    folding.fold(database, day=date(2026, 9, 15))
    assert rebuilding.rebuild(database, is_kept=False, day=date(2026, 9, 15)) == []
    kept = contents(database)
    assert rebuilding.rebuild(database, day=date(2026, 9, 15)) == []
    assert contents(database) == kept


def contents(database: Database) -> list[list[Any]]:
    """The sums of each table, by all of its keys."""
    found = []
    with database.reading() as session:
        for table in TABLES:
            keys = [column for column in table.c if column.name not in FIGURES]
            sums = [func.sum(column) for column in table.c if column not in keys]
            grouped = select(*keys, *sums).group_by(*keys).order_by(*keys)
            found.append([row for row in map(tuple, session.execute(grouped)) if any(row[len(keys) :])])
    return found


def test_sums_that_are_wrong_are_found_told_and_mended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "_RUNS_AT_ONCE", 1)  # so that several runs are mended at the same time
    with database.writing() as session:
        country = make_country(session)
        random_history(country, 4, people=12)
        session.commit()
    folding.fold(database, day=date(2026, 9, 15))
    right = contents(database)
    with database.writing() as session:
        run = session.scalar(select(RollupStep.c.run_id).limit(1))
        session.execute(
            update(RollupStep).where(RollupStep.c.run_id == run).values(completed=RollupStep.c.completed - 1)
        )
        session.execute(update(RollupRunMonth).values(enrolled=RollupRunMonth.c.enrolled + 2))
        session.execute(delete(RollupRunDay).where(RollupRunDay.c.run_id != run))
        session.commit()
    wrong = contents(database)
    found = rebuilding.rebuild(database, is_kept=False, day=date(2026, 9, 15))
    assert {one.table for one in found} == {table.name for table in TABLES}
    assert sum(one.lacks["completed"] for one in found if one.table == "lms_rollup_step") > 0
    assert contents(database) == wrong
    rebuilding.rebuild(database, day=date(2026, 9, 15))
    assert contents(database) == right
    with database.reading() as session:
        assert rebuilding.is_built(session)


def test_a_site_with_a_history_has_its_sums_made(database: Database) -> None:
    with database.writing() as session:
        country = make_country(session)
        random_history(country, 4, people=12)
        session.execute(delete(RollupDue))
        session.execute(update(Rollup).values(built_at=None))
        session.commit()
        asked = Question(as_of=date(2026, 7, 20), by=("region", "company"))
        by_ledger = count_completions(session, None, asked)
        assert by_ledger.total.applied
    rebuilding.rebuild(database, day=date(2026, 9, 15))
    with database.writing() as session:
        assert rebuilding.is_built(session)
        assert count_completions(session, None, asked) == by_ledger
        for table in (RollupStep, RollupCompanyMonth):
            session.execute(delete(table))
        assert not count_completions(session, None, asked).total.applied, "the sums are what is read"


@pytest.mark.parametrize("seed", range(2))
def test_the_short_way_makes_the_same_steps(country: Country, seed: int) -> None:
    """Of enrolments in which nothing is taken back, units done in any order and noted up to twelve days later."""
    random = Random(seed)
    course = country.course("first-steps", "첫걸음")
    for name, left in (("of four", UNITS), ("of three", UNITS[1:]), ("of none", ())):
        run = country.run(name, course, "busan", "2026-06-01", "2026-09-30")
        country.session.execute(delete(RunUnit).where(RunUnit.run_id == run.id, RunUnit.key.not_in(left)))
    country.company("company", "busan")
    for number in range(40):
        person, name = f"사람 {number}", random.choice(("of four", "of three", "of none"))
        joined = BEGINS + timedelta(days=random.randrange(-3, 4))
        country.enrol(person, "company", name, joined.isoformat())
        most_late = random.choice((0, 0, 4, 12))
        for kind in random.choices(("unit_done", "completed", "withdrawn"), weights=(7, 1, 1), k=random.randrange(6)):
            day = joined + timedelta(days=random.randrange(-1, 25))
            noted = day + timedelta(days=random.randint(0, most_late))
            country.note(person, name, kind, day.isoformat(), recorded=noted.isoformat())
    session, runs = country.session, [run.id for run in country.runs.values()]
    plain.find(session, runs)
    found = select(plain.Plain.c.enrolment_id)
    by_reading = dict(
        session.execute(select(plain.Plain.c.reading, func.count()).group_by(plain.Plain.c.reading)).all()
    )
    assert by_reading.keys() == {0, 1, 2}
    lay_out(session, plain.steps())
    assert {name for name in FIGURES if session.scalar(select(func.count()).where(Step.c[name] != 0))} == set(FIGURES)
    lay_out(session, plain.steps(), steps(Enrolment.id.in_(found), sign=-1))
    assert session.execute(select(Step)).all() == []


def _delete_entry(session: Session) -> None:
    newest = select(func.max(LedgerEntry.id)).scalar_subquery()
    session.execute(delete(LedgerEntry).where(LedgerEntry.id == newest))


def _move_enrolment(session: Session) -> None:
    region = session.scalar(select(func.max(Enrolment.region_id)))
    session.execute(update(Enrolment).values(region_id=region))


def _move_start(session: Session) -> None:
    session.execute(update(Run).values(learn_from=date(2026, 1, 1)))


def _drop_unit(session: Session) -> None:
    session.execute(delete(RunUnit).where(RunUnit.key == UNITS[-1]))


@pytest.mark.parametrize("change", [_delete_entry, _move_enrolment, _move_start, _drop_unit])
def test_what_takes_the_ground_away_is_noticed(history: Country, change: Any) -> None:
    person, run = next(iter(history.enrolments))
    history.note(person, run, "withdrawn", "2026-05-30")
    folded(history)
    assert rebuilding.is_built(history.session)
    change(history.session)
    assert not rebuilding.is_built(history.session)
    assert_sums_are_right(history, 5, count=3)


def test_what_takes_the_ground_away_while_sums_are_made_is_not_forgotten(database: Database) -> None:
    with database.writing() as session:
        random_history(make_country(session), 4, people=6)
        session.commit()

    def move(what: str, done: int, of: int) -> None:
        if what == "run" and done == of:
            with database.writing() as session:
                _move_enrolment(session)
                session.commit()

    rebuilding.rebuild(database, progress=move, day=BEGINS)
    with database.reading() as session:
        assert not rebuilding.is_built(session)
    rebuilding.rebuild(database, day=BEGINS)
    with database.reading() as session:
        assert rebuilding.is_built(session)
    assert rebuilding.rebuild(database, is_kept=False, day=BEGINS) == []


def test_what_goes_before_it_was_folded_in_leaves_nothing(history: Country) -> None:
    folded(history)
    person, run = next(iter(history.enrolments))
    history.note(person, run, "revoked", "2026-06-30")
    _delete_entry(history.session)
    assert not folding.anything_due(history.session)
    assert rebuilding.is_built(history.session)


def test_what_changes_nothing_leaves_the_sums(history: Country) -> None:
    folded(history)
    history.session.execute(delete(LedgerEntry).where(LedgerEntry.id < 0))
    history.session.execute(update(Enrolment).values(state="enrolled"))
    history.session.execute(update(Run).values(seats=5, learn_to=date(2027, 1, 1)))
    assert rebuilding.is_built(history.session)

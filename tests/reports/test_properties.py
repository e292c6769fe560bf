"""Random histories: each report is what a plain recount in Python gives, parts add up, and the past never changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import product
from random import Random

import pytest
from sqlalchemy import select

from lms.clock import end_of_day
from lms.learning import ledger
from lms.learning.enrolments import visible_to
from lms.models import Company, Database, Enrolment, LedgerEntry, Region
from lms.reports.completions import CompletionReport, count_completions
from lms.reports.question import DIMENSIONS, OVERLAPPING, Question, Reading
from tests.world import at

from .asked import statements
from .country import UNITS, Country

BEGINS = date(2026, 6, 1)
REGIONS = ("busan", "gyeonggi", "gwangju", "jeonnam", "gyeongbuk")
READINGS: tuple[Reading, ...] = ("recorded", "effective")
Figures = tuple[int, ...]


def random_history(country: Country, seed: int, people: int = 30) -> None:
    """Companies, clusters, runs, and entries of all kinds, some of them learnt late."""
    random = Random(seed)
    course, other = country.course("first-steps", "첫걸음"), country.course("energy", "에너지")
    programme = country.programme(2026)
    country.run("a", course, "busan", "2026-06-01", "2026-09-30", programme=programme)
    country.run("b", course, "gwangju", "2026-06-15", "2026-07-31")
    country.run("c", other, "gyeonggi", "2026-06-10", "2026-12-31", programme=programme)
    sizes, levels = (None, "micro", "small", "medium"), (None, "none", "basic", "mid1")
    for number in range(8):
        # Two of them have one name.
        country.company(
            f"company {number}", random.choice(REGIONS), called=f"기업 {number % 7}", size=random.choice(sizes),
            level=random.choice(levels), industry=random.choice((None, "25", "26")),
        )  # fmt: skip
    companies = list(country.companies)
    country.cluster("press", *random.sample(companies, 4))
    country.cluster("battery", *random.sample(companies, 3), to="2026-06-10")
    for number in range(people):
        for run in random.sample("abc", random.choice((1, 1, 2))):
            person = f"사람 {number}"
            joined = BEGINS + timedelta(days=random.randrange(-10, 20))
            made = country.enrol(person, random.choice(companies), run, joined.isoformat())
            _random_entries(country, random, made, joined)


def _random_entries(country: Country, random: Random, enrolment: Enrolment, joined: date) -> None:
    day, units = joined, list(UNITS)
    for kind in random.choices(
        ("unit_done", "completed", "questioned", "upheld", "revoked", "withdrawn", "enrolled"),
        weights=(10, 5, 2, 1, 3, 1, 1),
        k=random.randrange(8),
    ):
        day += timedelta(days=random.randrange(4))
        known = at((day + timedelta(days=random.choice((0, 0, 0, 1, 9)))).isoformat())
        unit = units.pop() if kind == "unit_done" and units else None
        if kind != "unit_done" or unit:
            ledger.append(country.session, enrolment, kind, effective_on=day, recorded_at=known, unit_key=unit)


def recounted(country: Country, question: Question, enrolments: Iterable[Enrolment]) -> Counter[str]:
    """Applied, enrolled, active and completed of these enrolments, by reading their entries one after another."""
    runs = {run.id: run for run in country.runs.values()}
    figures: Counter[str] = Counter()
    for enrolment in enrolments:
        entries = [
            entry
            for entry in country.session.scalars(
                select(LedgerEntry).where(LedgerEntry.enrolment_id == enrolment.id).order_by(LedgerEntry.id)
            )
            if (
                entry.recorded_at < end_of_day(question.as_of)
                if question.reading == "recorded"
                else entry.effective_on <= question.as_of
            )
        ]
        if not any(entry.kind == "enrolled" for entry in entries):
            continue
        figures["applied"] += 1
        membership = [entry for entry in entries if entry.kind in ("enrolled", "withdrawn")][-1]
        if membership.kind == "withdrawn" and membership.effective_on < runs[enrolment.run_id].learn_from:
            continue
        figures["enrolled"] += 1
        week = [question.as_of - timedelta(days=back) for back in range(7)]
        figures["active"] += any(entry.kind == "unit_done" and entry.effective_on in week for entry in entries)
        decisions = [entry.kind for entry in entries if entry.kind in ("completed", "revoked")]
        figures["completed"] += decisions[-1:] == ["completed"]
    return figures


def figures(row: object) -> Figures:
    return tuple(getattr(row, name) for name in ("applied", "enrolled", "active", "completed"))


def by_keys(report: CompletionReport) -> dict[tuple[str, ...], Figures]:
    return {row.keys: figures(row) for row in report.rows if row.applied}


@pytest.mark.parametrize("seed", range(2))
def test_each_report_is_what_a_recount_gives(country: Country, seed: int) -> None:
    random_history(country, seed)
    session = country.session
    enrolments = list(country.enrolments.values())
    regions = {region.id: region.slug for region in session.scalars(select(Region))}
    companies = {company.id: str(company.uid) for company in session.scalars(select(Company))}
    of_run = {run.id: name for name, run in country.runs.items()}
    keys = {"a": "first-steps-1", "b": "first-steps-2", "c": "energy-1"}
    for reading, days in product(READINGS, (5, 12, 25, 60)):
        question = Question(as_of=BEGINS + timedelta(days=days), by=("region", "company", "run"), reading=reading)
        expected: dict[tuple[str, ...], Figures] = {}
        groups: dict[tuple[str, ...], list[Enrolment]] = {}
        for enrolment in enrolments:
            run = keys[of_run[enrolment.run_id]]
            group = (regions[enrolment.region_id], companies[enrolment.company_id], run)
            groups.setdefault(group, []).append(enrolment)
        for key, members in groups.items():
            counted = recounted(country, question, members)
            if counted["applied"]:
                expected[key] = tuple(counted[name] for name in ("applied", "enrolled", "active", "completed"))
        assert by_keys(count_completions(session, None, question)) == expected


@pytest.mark.parametrize("regions", ["then", "today"])
def test_parts_add_up_however_they_are_cut(country: Country, regions: str) -> None:
    random_history(country, 7)
    session, day = country.session, BEGINS + timedelta(days=40)
    whole = figures(count_completions(session, None, Question(as_of=day, by=(), regions=regions)).total)  # type: ignore[arg-type]
    assert whole[0] > 30
    for by in [(name,) for name in DIMENSIONS] + [("region", "course"), ("zone", "size", "year"), ("cluster", "run")]:
        report = count_completions(session, None, Question(as_of=day, by=by, regions=regions))  # type: ignore[arg-type]
        assert figures(report.total) == whole, by
        parts = tuple(sum(values) for values in zip(*(figures(row) for row in report.rows), strict=True))
        if OVERLAPPING & set(by):
            assert report.overlaps
            assert all(part >= total for part, total in zip(parts, whole, strict=True)), by
        else:
            assert parts == whole, by


def test_over_what_overlaps_the_total_is_of_distinct_enrolments(country: Country) -> None:
    random_history(country, 7)
    report = count_completions(
        country.session,
        None,
        Question(as_of=BEGINS + timedelta(days=9), by=("centre",), filters={"region": ("gyeongbuk",)}),
    )
    shown = {row.keys[0]: row.applied for row in report.rows}
    assert shown["gyeongbuk"] == shown["pohang"] == report.total.applied > 0


def test_a_filter_leaves_what_its_row_counts(country: Country) -> None:
    random_history(country, 3)
    session, day = country.session, BEGINS + timedelta(days=30)
    for name in DIMENSIONS:
        report = count_completions(session, None, Question(as_of=day, by=(name,)))
        for row in report.rows:
            if row.keys[0] == "none-of-them":
                continue
            narrowed = Question(as_of=day, by=("region",), filters={name: row.keys})
            assert figures(count_completions(session, None, narrowed).total) == figures(row), (name, row.keys)


def test_officers_of_different_regions_share_nobody(country: Country) -> None:
    random_history(country, 5)
    session, day = country.session, BEGINS + timedelta(days=40)
    seen = {}
    for centre in ("busan", "gyeonggi", "gwangju", "jeonnam", "gyeongbuk"):
        viewer = country.officer(centre)
        ids = set(session.scalars(select(Enrolment.id).where(visible_to(viewer))))
        seen[centre] = ids
        report = count_completions(session, viewer, Question(as_of=day, by=("region", "company")))
        known = [enrolment for enrolment in country.enrolments.values() if enrolment.id in ids]
        assert figures(report.total)[0] == recounted(country, report.question, known)["applied"]
        assert {row.keys[0] for row in report.rows} <= {centre}
    assert sum(map(len, seen.values())) == len(set().union(*seen.values())) == len(country.enrolments)


def test_a_manager_sees_one_company(country: Country) -> None:
    random_history(country, 5)
    viewer = country.manager("company 1")
    report = count_completions(country.session, viewer, Question(as_of=BEGINS + timedelta(days=40), by=("company",)))
    assert [row.keys[0] for row in report.rows] == [str(country.companies["company 1"].uid)]


def test_companies_of_one_name_are_two_rows_that_differ(country: Country) -> None:
    country.company("first", "busan", called="한빛정밀")
    country.company("second", "gyeonggi", called="한빛정밀")
    country.company("third", "gyeonggi", called="새론금속")
    report = count_completions(country.session, None, Question(as_of=BEGINS, by=("company",)))
    assert [row.group[0] for row in report.rows] == [
        "새론금속",
        "한빛정밀 (000-00-00001)",
        "한빛정밀 (000-00-00002)",
    ]


def test_a_company_has_no_row_before_it_was_known(country: Country) -> None:
    country.company("late", "busan", known="2026-06-10")
    for day, rows in ((date(2026, 6, 9), 0), (date(2026, 6, 10), 1)):
        assert len(count_completions(country.session, None, Question(as_of=day, by=("company",))).rows) == rows


@pytest.mark.parametrize(
    ("by", "most"),
    [
        (("region", "company"), 2),
        (("company",), 3),
        (("region", "course"), 3),
        (("centre",), 4),
        (("cluster", "size"), 4),
        (DIMENSIONS, 7),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
def test_queries_do_not_grow(database: Database, country: Country, by: tuple[str, ...], most: int) -> None:
    question = Question(as_of=BEGINS + timedelta(days=40), by=by)
    random_history(country, 1, people=4)
    country.session.commit()
    asked = []
    for seed in (2, None):
        with statements(database) as few, database.reading() as session:
            count_completions(session, None, question)
        asked.append(len(few))
        if seed:
            for number in range(20):
                country.company(f"more {number}", "busan")
                country.enrol(f"more {number}", f"more {number}", "a", "2026-06-05")
            country.session.commit()
    assert asked[0] == asked[1] <= most + 1

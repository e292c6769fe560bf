"""Completions by week and added up, targets and results by region and year."""

from __future__ import annotations

from datetime import date

import pytest

from lms.models import AuditEntry, Programme, Target
from lms.reports import regions
from lms.reports.completions import count_completions
from lms.reports.question import Question, Regions
from lms.reports.targets import TargetError, TargetReport, owed_together, set_target, targets
from lms.reports.weekly import cumulative, weekly

from .country import Country

TODAY = date(2026, 8, 14)


@pytest.fixture
def years(country: Country) -> Country:
    """Two years: last year 광주 2 and 전남 1, this year 광주 1, 전남광주 2, 부산 3; one of them revoked."""
    course = country.course("first-steps", "첫걸음")
    programmes = {year: country.programme(year) for year in (2025, 2026)}
    for year in (2025, 2026):
        country.run(f"{year}", course, "gwangju", f"{year}-03-02", f"{year}-12-20", programme=programmes[year])
    for name, region in (("빛", "gwangju"), ("남", "jeonnam"), ("합", "jeonnam-gwangju"), ("부", "busan")):
        country.company(name, region)
    for number, (company, run, joined, done) in enumerate(
        (
            ("빛", "2025", "2025-03-02", "2025-07-01"),
            ("빛", "2025", "2025-03-02", "2025-08-14"),
            ("남", "2025", "2025-03-02", "2025-08-15"),
            ("빛", "2026", "2026-03-02", "2026-05-10"),
            ("합", "2026", "2026-07-02", "2026-08-07"),
            ("합", "2026", "2026-07-02", "2026-08-08"),
            ("부", "2026", "2026-03-02", "2026-08-08"),
            ("부", "2026", "2026-03-02", "2026-08-14"),
            ("부", "2026", "2026-03-02", "2026-05-23"),
            ("부", "2026", "2026-03-02", "2026-05-22"),
        )
    ):
        country.enrol(f"사람 {number}", company, run, joined)
        country.note(f"사람 {number}", run, "completed", done)
    country.revoke("사람 9", "2026", "2026-06-01")
    return country


def owe(country: Country, year: int, region: str, completions: int, on: str) -> None:
    programme = country.session.query(Programme).filter_by(fiscal_year=year).one()
    country.session.add(
        Target(
            programme_id=programme.id,
            region_id=country.region(region),
            completions=completions,
            set_on=date.fromisoformat(on),
        )
    )
    country.session.flush()


def test_completions_by_week_for_each_row(years: Country) -> None:
    question = Question(as_of=TODAY, by=("company",), filters={"year": ("2026",)})
    told = weekly(years.session, None, question, weeks=12)
    assert (len(told.ends), told.ends[0], told.ends[-1]) == (12, date(2026, 5, 29), TODAY)
    keys = {row.group[0]: row.keys for row in count_completions(years.session, None, question).rows}
    assert told.of(keys["부"]) == (1, *[0] * 10, 2)  # the 23rd of May is the first day of the first week
    assert told.of(keys["합"]) == (*[0] * 10, 1, 1)
    assert told.of(keys["남"]) == (0,) * 12


def test_completions_added_up(years: Country) -> None:
    question = Question(as_of=TODAY, filters={"year": ("2026",)})
    points = cumulative(years.session, None, question, since=date(2026, 8, 1), until=TODAY)
    assert points == [(date(2026, 8, 7), 1), (TODAY, 4)]
    whole = cumulative(years.session, None, question, since=date(2026, 1, 1), until=TODAY)
    assert whole[-1] == (TODAY, count_completions(years.session, None, question).total.completed)
    assert [count for _, count in whole] == sorted(count for _, count in whole)


def by_region(report: TargetReport) -> dict[str, tuple]:
    return {row.key: (row.target, row.completed, *row.earlier) for row in report.rows if row.completed or row.target}


def test_targets_and_results_by_the_regions_of_today(years: Country) -> None:
    owe(years, 2026, "gwangju", 10, "2026-01-01")
    owe(years, 2026, "jeonnam", 5, "2026-01-01")
    owe(years, 2026, "busan", 2, "2026-01-01")
    owe(years, 2026, "busan", 6, "2026-04-01")
    owe(years, 2026, "busan", 99, "2026-08-15")
    report = targets(years.session, None, 2026, as_of=TODAY)
    assert report.years == (2025, 2024)
    # Of last year's three one was of the day after.
    assert by_region(report) == {"jeonnam-gwangju": (15, 3, 2, 0), "busan": (6, 3, 0, 0)}
    assert (report.total.target, report.total.completed, report.total.earlier) == (21, 6, (2, 0))
    assert next(row for row in report.rows if row.key == "busan").rate == 0.5
    assert {row.key for row in report.rows} >= {"jeju", "sejong"}
    assert not {"gwangju", "jeonnam"} & {row.key for row in report.rows}


def test_a_target_of_the_region_that_followed_replaces_those_before(years: Country) -> None:
    owe(years, 2026, "gwangju", 10, "2026-01-01")
    owe(years, 2026, "jeonnam-gwangju", 12, "2026-07-01")
    assert by_region(targets(years.session, None, 2026, as_of=TODAY))["jeonnam-gwangju"][0] == 12
    assert by_region(targets(years.session, None, 2026, as_of=date(2026, 6, 30)))["jeonnam-gwangju"][0] == 10


def test_without_a_target_there_is_no_rate(years: Country) -> None:
    report = targets(years.session, None, 2026, as_of=TODAY)
    assert report.total.rate is None
    assert all(row.rate is None for row in report.rows)


def test_an_officer_sees_the_targets_of_her_regions(years: Country) -> None:
    owe(years, 2026, "busan", 6, "2026-01-01")
    report = targets(years.session, years.officer("busan"), 2026, as_of=TODAY)
    assert by_region(report) == {"busan": (6, 3, 0, 0)}
    assert len(report.rows) == 1


def owed_by(years: Country, day: date, by: Regions = "then", **filters: tuple[str, ...]) -> int | None:
    question = Question(as_of=day, regions=by, filters=filters)
    return owed_together(years.session, question, regions.load(years.session, years.office(), question))


@pytest.mark.parametrize("by", ["then", "today"])
def test_what_regions_owe_together(years: Country, by: Regions) -> None:
    owe(years, 2026, "gwangju", 10, "2026-01-01")
    owe(years, 2026, "jeonnam", 5, "2026-01-01")
    owe(years, 2026, "busan", 6, "2026-01-01")
    owe(years, 2026, "jeonnam-gwangju", 12, "2026-07-01")
    assert owed_by(years, date(2026, 6, 30), by) == 21
    assert owed_by(years, TODAY, by) == 18
    assert owed_by(years, TODAY, by, region=("busan",)) == 6
    assert owed_by(years, TODAY, by, region=("jeonnam-gwangju",)) == 12
    assert owed_by(years, TODAY, by, zone=("honam",)) == 12
    assert owed_by(years, TODAY, by, region=("jeju",)) is None
    assert owed_by(years, TODAY, by, zone=("nowhere",)) is None


def test_a_part_of_what_is_one_region_today_owes_nothing_by_itself(years: Country) -> None:
    owe(years, 2026, "gwangju", 10, "2026-01-01")
    owe(years, 2026, "jeonnam", 5, "2026-01-01")
    may = date(2026, 5, 31)
    assert owed_by(years, may, region=("gwangju",)) is None
    assert owed_by(years, may, region=("gwangju", "jeonnam")) == 15


def test_the_leap_day_is_compared_with_the_28th(years: Country) -> None:
    assert targets(years.session, None, 2024, as_of=date(2024, 2, 29)).years == (2023, 2022)


def test_a_target_is_set_and_noted(years: Country) -> None:
    programme = years.session.query(Programme).filter_by(fiscal_year=2026).one()
    for completions in (5, 7):
        set_target(years.session, programme, years.region("busan"), completions, on=date(2026, 3, 1), actor_id=None)
    assert by_region(targets(years.session, None, 2026, as_of=TODAY))["busan"][0] == 7
    noted = years.session.query(AuditEntry).filter_by(action="target_set").all()
    assert [entry.reason.split(": ")[1] for entry in noted] == ["5 on 2026-03-01", "7 on 2026-03-01"]


@pytest.mark.parametrize(
    ("completions", "on", "reason"),
    [(-1, "2026-03-01", "number"), (10**9, "2026-03-01", "number"), (5, "2027-01-01", "day")],
)
def test_a_target_that_can_not_be(years: Country, completions: int, on: str, reason: str) -> None:
    programme = years.session.query(Programme).filter_by(fiscal_year=2026).one()
    with pytest.raises(TargetError) as caught:
        set_target(
            years.session,
            programme,
            years.region("busan"),
            completions,
            on=date.fromisoformat(on),
            actor_id=None,
        )
    assert caught.value.reason == reason

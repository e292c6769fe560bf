"""How long completing takes, by the days of those who completed; completions by month; programmes year on year."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.models import Target
from lms.reports.durations import durations, quantile
from lms.reports.question import Question
from lms.reports.years import by_month, year_on_year

from .country import Country
from .test_properties import BEGINS, READINGS, random_history

DAY = date(2026, 3, 31)


@pytest.fixture
def small(country: Country) -> Country:
    """A run of 2026 from the 2nd of March, and one of the year before."""
    course = country.course("oee", "설비종합효율")
    country.run("r", course, "busan", "2026-03-02", "2026-04-30", programme=country.programme(2026))
    country.run("before", course, "busan", "2025-03-03", "2025-04-30", programme=country.programme(2025))
    country.company("hanbit", "busan", called="한빛정밀")
    return country


def _completes(country: Country, person: str, run: str, joins: str, day: str) -> None:
    country.enrol(person, "hanbit", run, joins)
    country.do(person, run, *[day] * 3)


def test_days_begin_with_the_run_or_with_the_enrolment(small: Country) -> None:
    _completes(small, "a", "r", "2026-02-20", "2026-03-02")
    _completes(small, "b", "r", "2026-03-05", "2026-03-11")
    _completes(small, "c", "r", "2026-03-01", "2026-03-20")
    small.enrol("d", "hanbit", "r", "2026-03-01")
    report = durations(small.session, None, Question(as_of=DAY, by=("course", "run")))
    (row,) = report.rows
    assert (row.completed, row.least, row.first, row.median, row.third, row.most) == (3, 1, 1, 7, 19, 19)
    assert report.weeks == (2, 0, 1)
    assert report.total == type(row)((), *(3, 1, 1, 7, 19, 19))


def test_where_nobody_completed_there_is_no_duration(small: Country) -> None:
    small.enrol("d", "hanbit", "r", "2026-03-01")
    report = durations(small.session, None, Question(as_of=DAY, by=("run",)))
    assert (report.rows, report.total.completed, report.total.median, report.weeks) == ((), 0, None, ())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=30), st.sampled_from([0.25, 0.5, 0.75]))
def test_a_quantile_is_the_day_by_which_the_share_had_completed(days: list[int], share: float) -> None:
    found = quantile(Counter(days), share)
    assert found in days
    assert sum(day <= found for day in days) >= share * len(days)
    assert sum(day < found for day in days) < share * len(days)


def test_months_are_those_of_the_completion_and_end_with_the_day(small: Country) -> None:
    _completes(small, "a", "r", "2026-03-01", "2026-03-31")
    _completes(small, "b", "r", "2026-03-01", "2026-04-01")
    _completes(small, "c", "before", "2025-03-01", "2025-04-02")
    report = by_month(small.session, None, Question(as_of=date(2026, 4, 1), by=("region",)))
    assert (report.months[0], report.months[-1]) == (date(2025, 5, 1), date(2026, 4, 1))
    assert [row.keys for row in report.rows] == [("busan",)]
    assert report.rows[0].counts == report.total == (*[0] * 10, 1, 1)


def test_months_add_up_to_a_recount(country: Country) -> None:
    random_history(country, 2)
    for reading, days in product(READINGS, (12, 60)):
        day = BEGINS + timedelta(days=days)
        question = Question(as_of=day, by=("company",), reading=reading)
        report = by_month(country.session, None, question)
        told = durations(country.session, None, question)
        assert sum(report.total) == told.total.completed == sum(told.weeks)
        assert (
            sum(sum(row.counts) for row in report.rows) == sum(row.completed for row in told.rows) == sum(report.total)
        )


def test_each_programme_is_told_as_of_the_same_day_of_its_year(small: Country) -> None:
    _completes(small, "a", "r", "2026-03-01", "2026-03-20")
    _completes(small, "b", "before", "2025-03-01", "2025-03-20")
    _completes(small, "c", "before", "2025-03-01", "2025-04-20")
    programme = small.runs["r"].programme_id
    for day, count in ((date(2026, 1, 1), 5), (date(2026, 2, 1), 8)):
        small._add(Target(programme_id=programme, region_id=small.region("busan"), set_on=day, completions=count))
    rows = year_on_year(small.session, None, Question(as_of=DAY))
    assert [(row.year, row.enrolled, row.completed, row.target) for row in rows] == [
        (2026, 1, 1, 8),
        (2025, 2, 1, None),
    ]
    assert rows[0].achieved == 1 / 8
    narrowed = Question(as_of=DAY, filters={"region": ("busan",)})
    assert [row.target for row in year_on_year(small.session, None, narrowed)] == [None, None]
    assert year_on_year(small.session, small.officer("gyeonggi"), Question(as_of=DAY)) == ()

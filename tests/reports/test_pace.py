"""What the present pace leads to: told from eight weeks on, between the slower and the faster half of them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.models import Target
from lms.reports.pace import Pace, is_told, project
from lms.reports.targets import targets

from .country import Country


@pytest.mark.parametrize(
    ("day", "told"),
    [("2026-02-24", False), ("2026-02-25", True), ("2026-12-30", True), ("2026-12-31", False), ("2027-01-20", False)],
)
def test_there_is_a_pace_after_eight_weeks_and_until_the_year_is_over(day: str, told: bool) -> None:
    assert is_told(2026, date.fromisoformat(day)) is told


@given(st.integers(0, 900), st.integers(0, 90), st.integers(0, 90), st.integers(0, 310))
def test_the_bounds_hold_what_is_expected(completed: int, earlier: int, later: int, left: int) -> None:
    pace = project(completed, earlier, later, left=left)
    assert completed <= pace.low <= pace.expected <= pace.high
    assert pace == project(completed, later, earlier, left=left)


def test_a_steady_pace_goes_on() -> None:
    assert project(10, 4, 4, left=56) == Pace(18, 18, 18)
    assert project(10, 0, 8, left=28) == Pace(10, 14, 18)


def test_each_region_has_the_pace_of_its_own_completions(country: Country) -> None:
    programme = country.programme(2026)
    country.run("r", country.course("oee", "설비종합효율"), "busan", "2026-01-05", "2026-12-20", programme=programme)
    country.company("hanbit", "busan")
    country.company("bitgoeul", "gwangju")
    days = {"hanbit": ("2026-02-01", "2026-06-20", "2026-07-20", "2026-07-30"), "bitgoeul": ("2026-06-12",)}
    for company, of in days.items():
        for number, day in enumerate(of):
            country.enrol(f"{company} {number}", company, "r", "2026-01-05")
            country.do(f"{company} {number}", "r", *[day] * 3)
    country._add(
        Target(programme_id=programme.id, region_id=country.region("busan"), set_on=date(2026, 1, 1), completions=20)
    )
    report = targets(country.session, None, 2026, as_of=date(2026, 8, 5))
    rows = {row.key: row for row in report.rows}
    # 148 days are left; the last eight weeks began on the 11th of June, their second half on the 9th of July.
    assert rows["busan"].pace == project(4, 1, 2, left=148) == Pace(9, 11, 14)
    assert rows["busan"].gap == 9
    assert rows["jeonnam-gwangju"].pace == project(1, 1, 0, left=148)
    assert rows["jeonnam-gwangju"].gap is None
    assert rows["seoul"].pace == Pace(0, 0, 0)
    assert report.total.pace == rows["busan"].pace + rows["jeonnam-gwangju"].pace
    assert targets(country.session, None, 2026, as_of=date(2026, 2, 20)).total.pace is None

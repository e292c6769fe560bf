"""The sums of a year beside those of the year before, at the same days."""

from __future__ import annotations

from datetime import date

import pytest

from lms.web import growth


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 11, 23), date(2024, 12, 31), date(2024, 2, 29)])
def test_the_weeks_of_a_year_lie_whole_weeks_from_its_day(day: date) -> None:
    ends = growth._weeks(day)
    assert day in ends
    assert {end.year for end in ends} == {day.year}
    assert {(end - day).days % 7 for end in ends} == {0}
    assert ends == sorted(ends)
    assert (ends[0] - date(day.year, 1, 1)).days < 7
    assert (date(day.year, 12, 31) - ends[-1]).days < 7


def test_sums_hold_what_was_of_the_year_by_then() -> None:
    counts = {date(2025, 12, 31): 5, date(2026, 1, 1): 1, date(2026, 1, 8): 2, date(2026, 1, 9): 4}
    ends = [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 15)]
    assert growth._sums(counts, ends, 2026) == [1, 3, 7]
    assert growth._sums(counts, ends, 2025) == [0, 0, 0]
    assert growth._sums(counts, [date(2026, 12, 31)], 2025) == [5]


def test_a_leap_day_counts_in_the_year_before_too() -> None:
    assert growth._sums({date(2024, 2, 29): 1}, [date(2025, 2, 28), date(2025, 3, 1)], 2024) == [0, 1]

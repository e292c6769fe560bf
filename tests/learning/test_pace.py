"""Who keeps up, and who has to be given time at work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lms.learning.completion import Missing, Standing
from lms.learning.pace import judge

FIRST, LAST = date(2026, 3, 1), date(2026, 4, 9)  # forty days
NOTHING = Standing(
    units=(),
    progress=0.0,
    score=0.0,
    needs_progress=80.0,
    needs_score=60.0,
    missing=(Missing("progress", 8, ()),),
    met_on=None,
    completed_on=None,
    is_questioned=False,
)


def standing(progress: float, *, completed: bool = False) -> Standing:
    return replace(NOTHING, progress=progress, completed_on=date(2026, 3, 20) if completed else None)


@pytest.mark.parametrize(
    ("day", "gone", "left"),
    [
        (date(2026, 2, 1), 0.0, 40),
        (FIRST, 1 / 40, 40),
        (date(2026, 3, 20), 0.5, 21),
        (LAST, 1.0, 1),
        (date(2026, 4, 10), 1.0, 0),
        (date(2027, 1, 1), 1.0, 0),
    ],
)
def test_days_that_are_gone_and_left(day: date, gone: float, left: int) -> None:
    pace = judge(standing(0), FIRST, LAST, day)
    assert (pace.gone, pace.days_left) == (pytest.approx(gone), left)
    assert pace.expected == pytest.approx(80 * gone)


@pytest.mark.parametrize(
    ("progress", "state"),
    [(0.0, "not_begun"), (10.0, "behind"), (29.9, "behind"), (30.0, "on_pace"), (100.0, "on_pace")],
)
def test_half_of_the_time_asks_for_half_of_the_progress_less_a_unit(progress: float, state: str) -> None:
    assert judge(standing(progress), FIRST, LAST, date(2026, 3, 20)).state == state


def test_nobody_needs_time_on_the_first_day() -> None:
    assert not judge(standing(0), FIRST, LAST, FIRST).needs_time


def test_before_and_after_the_run() -> None:
    assert judge(standing(0), FIRST, LAST, date(2026, 2, 28)).state == "planned"
    assert judge(standing(79), FIRST, LAST, date(2026, 4, 10)).state == "over"


def test_who_completed_or_left_needs_no_time() -> None:
    late = date(2026, 4, 9)
    assert judge(standing(80, completed=True), FIRST, LAST, late).state == "completed"
    assert judge(standing(0), FIRST, LAST, late, is_withdrawn=True).state == "withdrawn"
    assert judge(standing(0), FIRST, LAST, late).needs_time


def test_a_run_of_one_day() -> None:
    pace = judge(standing(0), FIRST, FIRST, FIRST)
    assert (pace.gone, pace.days_left, pace.state) == (1.0, 1, "not_begun")

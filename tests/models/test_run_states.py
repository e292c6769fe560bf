"""Where a run is on a day, by its periods."""

from __future__ import annotations

from datetime import date

import pytest

from lms.models import Run
from tests.world import at


def run(**more: object) -> Run:
    """Applied for in February, learnt in March and April, read again until the middle of May."""
    days: dict[str, object] = {
        "apply_from": date(2026, 2, 1),
        "apply_to": date(2026, 2, 20),
        "learn_from": date(2026, 3, 2),
        "learn_to": date(2026, 4, 30),
        "review_to": date(2026, 5, 15),
    }
    return Run(**(days | more))


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-01-31", "planned"),
        ("2026-02-01", "applying"),
        ("2026-02-20", "applying"),
        ("2026-02-21", "planned"),
        ("2026-03-02", "learning"),
        ("2026-04-30", "learning"),
        ("2026-05-01", "review"),
        ("2026-05-15", "review"),
        ("2026-05-16", "over"),
    ],
)
def test_states_follow_the_periods(day: str, state: str) -> None:
    assert run().state_on(date.fromisoformat(day)) == state


def test_without_a_review_period_it_is_over() -> None:
    assert run(review_to=None).state_on(date(2026, 5, 1)) == "over"


def test_a_closed_run_is_closed_from_that_day_on() -> None:
    closed = run(closed_at=at("2026-04-10", "00:30"))
    assert closed.state_on(date(2026, 4, 9)) == "learning"
    assert closed.state_on(date(2026, 4, 10)) == "closed"

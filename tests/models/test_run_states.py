"""Where a run is on a day: by its opening, its periods and its closing."""

from __future__ import annotations

from datetime import date

import pytest

from lms.models import Run
from tests.world import at


def run(**more: object) -> Run:
    """Applied for in February, learnt in March and April, read again until the middle of May."""
    days: dict[str, object] = {
        "opened_at": at("2026-01-10"),
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
        ("2026-01-31", "open"),
        ("2026-03-01", "open"),
        ("2026-03-02", "running"),
        ("2026-04-30", "running"),
        ("2026-05-01", "review"),
        ("2026-05-16", "review"),
    ],
)
def test_states_follow_the_periods(day: str, state: str) -> None:
    assert run().state_on(date.fromisoformat(day)) == state


@pytest.mark.parametrize("day", ["2026-01-31", "2026-03-02", "2026-05-16"])
def test_what_was_never_opened_is_a_draft_whatever_the_day(day: str) -> None:
    draft = run(opened_at=None)
    assert draft.state_on(date.fromisoformat(day)) == "draft"
    assert not draft.is_open_on(date.fromisoformat(day))


def test_a_closed_run_is_closed_from_that_day_on() -> None:
    closed = run(closed_at=at("2026-04-10", "00:30"))
    assert closed.state_on(date(2026, 4, 9)) == "running"
    assert closed.state_on(date(2026, 4, 10)) == "closed"


@pytest.mark.parametrize(
    ("day", "more", "takes"),
    [
        ("2026-01-31", {}, False),
        ("2026-02-01", {}, True),
        ("2026-02-20", {}, True),
        ("2026-02-21", {}, False),
        ("2026-02-10", {"opened_at": None}, False),
        ("2026-02-10", {"closed_at": at("2026-02-09")}, False),
        ("2026-02-10", {"apply_from": None, "apply_to": None}, False),
    ],
)
def test_applications_are_taken_within_their_period_while_it_is_open(day: str, more: dict, takes: bool) -> None:
    assert run(**more).takes_applications_on(date.fromisoformat(day)) is takes

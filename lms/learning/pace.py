"""Whether somebody keeps up: the share of a run's time that is gone against what was done of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from .completion import Standing

# Per cent of progress by which somebody may lag before she needs time: one unit of ten, as a rule.
TOLERANCE = 10.0

State = Literal["completed", "withdrawn", "planned", "not_begun", "behind", "on_pace", "over"]


@dataclass(frozen=True)
class Pace:
    """`gone` is the share of the run's days that have passed, 0..1; `expected` the progress in per cent that would keep up;
    `days_left` counts the day itself and is 0 when the run is over."""

    state: State
    gone: float
    expected: float
    days_left: int

    @property
    def needs_time(self) -> bool:
        """Who has to be given time at work, if she is to complete."""
        return self.state in ("not_begun", "behind")


def judge(standing: Standing, learn_from: date, learn_to: date, day: date, *, is_withdrawn: bool = False) -> Pace:
    """`learn_from` and `learn_to` are the run's first and last day. Nothing is expected of somebody in the first tenth."""
    days = (learn_to - learn_from).days + 1
    passed = min(max((day - learn_from).days + 1, 0), days)
    gone = passed / days
    expected = standing.needs_progress * gone
    left = max((learn_to - max(day, learn_from)).days + 1, 0)
    return Pace(_state(standing, day, learn_from, learn_to, expected, is_withdrawn), gone, expected, left)


def _state(
    standing: Standing, day: date, learn_from: date, learn_to: date, expected: float, is_withdrawn: bool
) -> State:
    if is_withdrawn:
        return "withdrawn"
    if standing.is_completed:
        return "completed"
    if day < learn_from:
        return "planned"
    if day > learn_to:
        return "over"
    if standing.progress + TOLERANCE >= expected:
        return "on_pace"
    return "behind" if standing.progress else "not_begun"

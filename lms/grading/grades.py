"""What grading gives: a grade, its checks, flags and repairs. Plain data, as the command line's JSON has it."""

from __future__ import annotations

from typing import Any

import msgspec


class CheckResult(msgspec.Struct, frozen=True):
    """`points` is None where the outcome is `error`. `name` is the check's grade_id."""

    name: str
    outcome: str
    points: float | None
    max_points: float
    hidden: bool
    message: str
    title: str = ""


class Flag(msgspec.Struct, frozen=True):
    """A sign of tampering, for a person to look at. `cell` is a grade_id, or '' where none is concerned."""

    kind: str
    cell: str
    reason: str


class RepairNote(msgspec.Struct, frozen=True):
    """What was mended in the learner's notebook, in words for her."""

    kind: str
    cell: str
    message: str


class Grade(msgspec.Struct, frozen=True):
    """`outcome`: graded, or error where a check could not be graded through no fault of the learner; `points` is None then.

    `feedback` is a notebook (nbformat 4 as a dict) of what the learner may see; `exercise` the digest of the exercise that
    gave this grade.
    """

    notebook: str
    outcome: str
    points: float | None
    max_points: float
    checks: tuple[CheckResult, ...]
    flags: tuple[Flag, ...]
    repairs: tuple[RepairNote, ...]
    seconds: float
    engine: str
    environment: str
    exercise: str
    feedback: dict[str, Any]

"""Mutated notebooks: a clear refusal or a grade, never a traceback, never a hang, never a point too many.

`BAEUM_FUZZ=10000` asks for more than the 200 of the suite.
"""

from __future__ import annotations

import dataclasses
import os

import pytest

from lms.errors import NotANotebookError
from lms.grading import grade

from . import build
from .mutate import mutated

pytestmark = pytest.mark.sandbox
COUNT = int(os.environ.get("BAEUM_FUZZ", "200"))
GROUPS = 20


@pytest.fixture(scope="module")
def patient(sums):
    return dataclasses.replace(sums, limits=dataclasses.replace(sums.limits, cell_seconds=2, seconds=15))


@pytest.mark.parametrize("group", range(GROUPS))
def test_any_notebook_gets_a_refusal_or_a_grade(patient, group):
    notebook = build.handed_in(patient, q1="def total(xs):\n    return sum(xs)")  # q2 stays empty
    for seed in range(group, COUNT, GROUPS):
        try:
            result = grade(patient, mutated(notebook, seed))
        except NotANotebookError as error:
            refused = error.reason
        else:
            refused = ""
            assert result.outcome == "graded", seed
            assert [check.name for check in result.checks] == ["q1-test", "q2-test"], seed
            assert result.checks[0].points in (0, 2), seed
            assert result.checks[1].points == 0, (seed, result.checks[1])
            assert all("Traceback" not in check.message for check in result.checks), seed
        assert refused == "" or refused.isidentifier()


def test_right_answers_survive_what_does_not_touch_them(patient):
    right = build.handed_in(
        patient, q1="def total(xs):\n    return sum(xs)", q2="def mean(xs):\n    return sum(xs) / len(xs)"
    )
    for noise in (
        "1/0",
        "def",
        "raise SystemExit",
        "import sys; sys.stdout = None",
        "del In, Out, get_ipython",
        "%reset -f",
    ):
        made = {**right, "cells": [*right["cells"][:2], build.cell(noise), *right["cells"][2:]]}
        assert grade(patient, build.packed(made)).points == 4, noise

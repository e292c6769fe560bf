"""The notebooks that cheat, and the honest ones that graders misjudge."""

from __future__ import annotations

import json

import pytest

from lms.grading import grade

from .conftest import ATTACKS

CASES = json.loads((ATTACKS / "cases.json").read_text(encoding="utf-8"))["cases"]
HONEST = [case for case in CASES if case["benign"]]
pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case["name"])
def test_an_honest_notebook_gets_exactly_its_points_and_no_flag(weather, case):
    result = grade(weather, (ATTACKS / case["file"]).read_bytes(), name=case["name"])
    assert result.points == case["honest_score"]
    assert {check.name: check.points for check in result.checks} == case["honest"]
    assert result.flags == ()

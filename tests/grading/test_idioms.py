"""Checks as authors write them are judged as in a plain notebook, though they never run where the learner's code runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lms.grading import contract, grade, pool

from . import build
from .idioms import IDIOMS, Idiom

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.name)
def test_right_answers_pass_and_wrong_ones_fail(tmp_path: Path, idiom: Idiom) -> None:
    setup = build.locked("setup", f"import numpy as np\nimport pandas as pd\n{idiom.setup}")
    cells = [setup, build.answer("q1", idiom.solution), build.check("q1-test", idiom.check)]
    exercise = build.bare(tmp_path, *cells)
    with pool.warm_parent(exercise, None) as parent:
        assert contract.contract_of(exercise, parent).together() == []

    def points(source: str) -> tuple[float | None, list[str]]:
        result = grade(exercise, build.packed(build.handed_in(exercise, q1=source)))
        return result.points, [check.message for check in result.checks]

    for source in (idiom.solution, *idiom.right):
        earned, said = points(source)
        assert earned == 2, (source, said)
    for source in idiom.wrong:
        earned, said = points(source)
        assert earned == 0, (source, said)


def test_there_are_a_hundred_of_them():
    assert len({idiom.name for idiom in IDIOMS}) == len(IDIOMS) >= 100

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lms.grading import Exercise, load_exercise, pool

from . import build

ATTACKS = Path(__file__).parent / "attacks"


@pytest.fixture(scope="session", autouse=True)
def _end_warm_parents() -> Iterator[None]:
    yield
    pool.close_all()


@pytest.fixture(scope="session")
def sums(tmp_path_factory: pytest.TempPathFactory) -> Exercise:
    """Two small questions: `total(xs)` and `mean(xs)`, the second with a hidden test, and a plain cell between."""
    return build.bare(
        tmp_path_factory.mktemp("sums"),
        build.cell("# 더하기와 평균", kind="markdown"),
        build.locked("setup", "xs = [1, 2, 3]"),
        build.answer("q1", "    return sum(xs)", "def total(xs):\n"),
        build.check("q1-test", "assert total(xs) == 6, '합계가 다릅니다. sum을 써 보세요.'"),
        build.cell("total(xs)"),
        build.answer("q2", "    return sum(xs) / len(xs)", "def mean(xs):\n"),
        build.check(
            "q2-test",
            "assert mean(xs) == 2\n### BEGIN HIDDEN TESTS\n"
            "assert mean([4242]) == 4242, '값이 하나일 때를 보세요.'\n### END HIDDEN TESTS",
        ),
        name="sums",
    )


@pytest.fixture(scope="session")
def weather() -> Exercise:
    """The exercise of the attacks."""
    return load_exercise(ATTACKS / "source.ipynb")

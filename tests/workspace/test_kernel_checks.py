"""Visible checks in the browser's Python say what the engine says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lms import grading
from tests.workspace.browser_python import Notebook, browser_python

ANSWER = {"key": "q1", "kind": "answer", "number": 3, "source": "total = ..."}


def check(source: str, **more: Any) -> dict[str, Any]:
    return {"key": "q1-test", "kind": "check", "number": 4, "points": 3, "for": ["q1"], "source": source, **more}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with browser_python(tmp_path_factory.mktemp("browser")) as notebook:
        yield notebook


@pytest.mark.parametrize(
    ("answer", "source", "outcome", "points", "message"),
    [
        ("total = 6", "assert total == 6", "passed", 3, "통과했습니다."),
        ("total = 5", "assert total == 6, '다시 더하세요.'", "failed", 0, "다시 더하세요."),
        ("total = 5", "assert total == 6", "failed", 0, "결과가 기대한 것과 다릅니다. 검사의 `assert total == 6`"),
        ("total = 5", "1.5", "failed", 1.5, "일부만 맞았습니다 (1.5/3점)."),
        ("total = 5", "3", "passed", 3, "통과했습니다."),
        ("total = 5", "0", "failed", 0, "결과가 기대한 것과 다릅니다."),
        ("total = 5", "7", "error", None, "채점 쪽 문제로"),
        ("total = 5", "total ==", "error", None, "채점 쪽 문제로"),
        (
            "total = ...",
            "assert total is not ..., '비어 있습니다.'",
            "failed",
            0,
            "3번째 셀에 아직 답을 쓰지 않았습니다. 비어",
        ),
        (
            "total = nobody",
            "assert total == 6, '다시'",
            "failed",
            0,
            "3번째 셀의 1번째 줄 `total = nobody`에서 멈췄습니다:",
        ),
        (
            "def total(): return 1 / 0",
            "assert total() == 6",
            "failed",
            0,
            "3번째 셀의 1번째 줄 `def total(): return 1 / 0`에서",
        ),
        ("total = 6", "import unittest.mock\nprint('loud')\nassert total == 6", "passed", 3, "통과했습니다."),
    ],
)
def test_a_verdict_is_the_engines(
    process: Notebook, answer: str, source: str, outcome: str, points: float | None, message: str
) -> None:
    notebook = process.start(ANSWER, check(source))
    notebook.run(answer, "q1")
    told = notebook.check("q1-test")
    assert (told["outcome"], told["points"], told["max_points"]) == (outcome, points, 3)
    assert told["message"].startswith(message)


def test_a_check_of_an_answer_that_never_ran_is_not_run(process: Notebook) -> None:
    told = process.start(ANSWER, check("assert total")).check("q1-test")
    assert (told["outcome"], told["message"]) == ("not_run", "위의 답 칸을 먼저 실행하세요.")


def test_hidden_and_manual_checks_are_not_run(process: Notebook) -> None:
    hidden = process.start(ANSWER, check("", hidden=True)).check("q1-test")
    assert (hidden["outcome"], hidden["message"]) == ("not_run", "이 검사는 제출한 뒤에 채점합니다.")
    manual = process.start(ANSWER, check("", manual=True)).check("q1-test")
    assert (manual["outcome"], manual["message"]) == ("not_run", "강사가 직접 채점합니다.")


def test_what_an_earlier_run_left_passes_nothing(process: Notebook) -> None:
    notebook = process.start(ANSWER, check("assert total == 6"))
    notebook.run("total = 6", "q1")
    notebook.run("total = 6\n1 / 0", "q1")
    told = notebook.check("q1-test")
    assert told["outcome"] == "not_run"
    assert "2번째 줄 `1 / 0`에서 멈췄습니다" in told["message"]


def test_an_author_s_message_stands_in_for_a_bare_assert(process: Notebook) -> None:
    notebook = process.start(ANSWER, check("assert total == 6", message="합을 구하세요."))
    notebook.run("total = 5", "q1")
    assert notebook.check("q1-test")["message"] == "합을 구하세요."


def test_checks_keep_their_names_from_her_and_give_them_to_later_checks(process: Notebook) -> None:
    first = check("helper = 10\nassert total == 6")
    second = check("assert helper == 10", key="q2-test")
    notebook = process.start(ANSWER, first, second)
    notebook.run("total = 6", "q1")
    assert notebook.check("q1-test")["outcome"] == "passed"
    assert notebook.run("helper").error["ename"] == "NameError"
    assert notebook.check("q2-test")["outcome"] == "passed"
    notebook.run("helper = 11", "q1")
    assert notebook.check("q2-test")["outcome"] == "failed"  # hers, since she bound it after


def test_a_stopped_check_is_judged_by_why_it_was_stopped(process: Notebook) -> None:
    notebook = process.start(ANSWER, check("raise KeyboardInterrupt"), seconds=20)
    notebook.run("total = 6", "q1")
    assert notebook.ask("check", "q1-test") == ""
    late = notebook.ask("stopped", "q1-test", True)
    assert late["outcome"] == "failed"
    assert late["message"].startswith("정해진 시간(20초) 안에 끝나지 않았습니다.")
    hers = notebook.ask("stopped", "q1-test", False)
    assert (hers["outcome"], hers["message"]) == ("not_run", "중지해서 이 검사는 끝까지 실행하지 못했습니다.")


def test_checks_leave_no_figures_open(process: Notebook) -> None:
    notebook = process.start(ANSWER, check("import matplotlib.pyplot as plt\nplt.plot([1])\nassert total"))
    notebook.run("total = 6", "q1")
    assert notebook.check("q1-test")["outcome"] == "passed"
    assert notebook.run("x = 1").outputs == []


def test_the_stand_ins_have_the_engines_fields() -> None:
    """`browser.judging` holds what the engine's verdict reads, without the engine's libraries."""
    from lms.grading import run, wire  # noqa: PLC0415
    from lms.workspace.browser import judging  # noqa: PLC0415

    assert set(judging.Ran.__dataclass_fields__) == set(run.Ran.__dataclass_fields__)
    assert set(judging.Trouble.__dataclass_fields__) == set(wire.Trouble.__struct_fields__)
    assert set(judging.Value.__dataclass_fields__) == set(wire.Value.__struct_fields__)
    assert set(grading.Check.__dataclass_fields__) <= {*judging.Cell.__dataclass_fields__, "name"}


def test_nothing_but_pythons_own_library_is_needed(tmp_path: Path) -> None:
    with browser_python(tmp_path, "-S") as notebook:
        ran = notebook.start(ANSWER, check("assert total == 6")).run("total = sum([1, 2, 3])\nprint(total)", "q1")
        assert ran.text == "6\n"
        assert notebook.check("q1-test")["outcome"] == "passed"

"""Syntax that the server's Python can't read, and texts that bring a Python down: the process that asks stays up."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lms.workspace.syntax import Problem, SyntaxReader

DEEP = {
    "signs": "-" * 90_000 + "1",
    "a sum": "+".join(["1"] * 40_000),
    "calls": "f" + "()" * 30_000,
    "lambdas": "lambda:" * 9_000 + "1",
    "branches": "if 1: pass\n" + "elif 1: pass\n" * 7_000,
}


@pytest.fixture
def reader() -> Iterator[SyntaxReader]:
    made = SyntaxReader(seconds=20)
    yield made
    made.close()


@pytest.mark.parametrize(
    "source",
    [
        "total = 1\nprint(total)",
        "",
        "   \n",
        "%matplotlib inline\nx = 1",
        "%%time\nthis is nothing",
        "!ls data",
        "await something()",
        ">>> x = 1",
        "x = '\\d'",  # a warning, no error
    ],
)
def test_what_grading_runs_is_no_problem(reader: SyntaxReader, source: str) -> None:
    assert reader.problems({"q1": source}, "ko") == []


def test_a_problem_says_where_it_is_and_what_it_means(reader: SyntaxReader) -> None:
    found = reader.problems({"q1": "x = 1", "q2": "x = 1\nif x == 1\n    pass"}, "ko")
    assert [(one.place, one.line, one.text) for one in found] == [("q2", 2, "if x == 1")]
    assert ":" in found[0].message
    assert "SyntaxError" in found[0].message


def test_in_english_where_the_exercise_is(reader: SyntaxReader) -> None:
    (found,) = reader.problems({"q1": "return 1"}, "en")
    assert found.message.startswith("`return` is out of place")


@pytest.mark.parametrize("name", DEEP)
def test_what_is_too_deep_is_said_and_brings_nobody_down(reader: SyntaxReader, name: str) -> None:
    (found,) = reader.problems({"q1": DEEP[name]}, "ko")
    assert found == Problem("q1", 0, "", found.message)
    assert "너무 깊이" in found.message
    assert reader.problems({"q1": "x = 1", "q2": "x ="}, "ko")[0].place == "q2"


def test_what_keeps_the_reader_busy_is_given_up(reader: SyntaxReader) -> None:
    reader.problems({"q1": "x = 1"}, "ko")
    child = reader._child
    assert child is not None
    os.kill(child.pid, 19)  # it stands still, as if it never came to an end
    reader.seconds = 0.05
    assert reader.problems({"q1": "y ="}, "ko") == []  # nobody is told what nobody knows
    assert child.poll() is not None
    reader.seconds = 20
    assert reader.problems({"q1": "z = 1"}, "ko") == []


def test_a_reader_that_was_killed_is_begun_again(reader: SyntaxReader) -> None:
    reader.problems({"q1": "x = 1"}, "ko")
    assert reader._child is not None
    reader._child.kill()
    reader._child.wait()
    assert [one.place for one in reader.problems({"q1": "x = 2", "q2": "x ="}, "ko")] == ["q2"]


def test_where_no_process_can_be_begun_nothing_is_said(reader: SyntaxReader, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("lms.workspace.syntax.subprocess.Popen", refuse)
    assert reader.problems({"q1": "x ="}, "ko") == []


def test_the_same_text_is_read_once(reader: SyntaxReader) -> None:
    assert reader.problems({"q1": "x ="}, "ko") == reader.problems({"q1": "x ="}, "ko")
    reader.close()
    assert len(reader.problems({"q1": "x ="}, "ko")) == 1
    assert reader._child is None

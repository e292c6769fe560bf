"""From a run to a verdict: what earns, what doesn't, and what the learner is told. No sandbox."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.grading.exercise import Check
from lms.grading.run import Ran
from lms.grading.verdict import Case, judge, static_message
from lms.grading.wire import Reply, Trouble, Value

SOURCE = (
    "x = f(1)\n"
    "assert x == 2, '둘이어야 합니다.'\n"
    "assert x\n"
    "### BEGIN HIDDEN TESTS\n"
    "assert f(9) == 10, f'9일 때 {f(9)}입니다'\n"
    "### END HIDDEN TESTS"
)


def case(points=2.0, *, hidden=False, message="", source=SOURCE, cause="", language="ko"):
    check = Check("q1-test", "첫째", points, hidden, False, message)
    return Case(check, source, "7", 20.0, language, cause, lambda key, line: f"셀 {key}:{line}" if key == "3" else "")


def ran(value=None, error=None):
    return Ran(Reply(error, value, [], 0.1))


def trouble(name, value="", frames=(), library="__main__", kinds=()):
    return Trouble(name, [name, *kinds, "Exception"], value, list(frames), library)


def test_a_check_that_ran_to_its_end_earns_all():
    verdict = judge(case(), ran())
    assert (verdict.outcome, verdict.points) == ("passed", 2.0)


@pytest.mark.parametrize("why", ["not_run", "timeout", "died", "memory", "broken", ""])
def test_silence_earns_nothing(why):
    verdict = judge(case(), Ran(trouble=why))
    assert verdict.points == 0
    assert verdict.outcome == ("not_run" if why == "not_run" else "failed")


def test_a_check_stopped_at_its_limit_earns_nothing_even_with_a_value():
    assert judge(case(), Ran(Reply(None, Value("number", 2.0), [], 20.0), late=True)).points == 0


@pytest.mark.parametrize(
    ("number", "outcome"), [(0.0, "failed"), (0.5, "failed"), (2.0, "passed"), (2 + 1e-12, "passed")]
)
def test_a_number_in_range_is_partial_credit(number, outcome):
    verdict = judge(case(), ran(Value("number", number)))
    assert (verdict.outcome, verdict.points) == (outcome, min(number, 2.0))


@pytest.mark.parametrize(
    "value",
    [
        Value("number", -1.0),
        Value("number", 2.1),
        Value("number", 1e300),
        Value("not_finite", 0.0),
        Value("bool", 0.0),
        Value("text", 0.0),
    ],
)
def test_what_only_looks_like_credit_is_an_error_of_the_exercise(value):
    verdict = judge(case(), ran(value))
    assert (verdict.outcome, verdict.points) == ("error", None)


@given(
    number=st.floats(allow_nan=True), points=st.floats(0, 100), late=st.booleans(), why=st.sampled_from(["", "died"])
)
def test_no_run_ever_earns_more_than_the_check_has(number, points, late, why):
    reply = None if why else Reply(None, Value("number", number), [], 0.1)
    verdict = judge(case(points), Ran(reply, late, why))
    assert verdict.points is None or 0 <= verdict.points <= points
    if math.isnan(number):
        assert not verdict.points


def test_the_asserts_own_words_come_first_then_exercise_toml_then_a_general_sentence():
    said = judge(
        case(message="다시 보세요."), ran(error=trouble("AssertionError", "둘이어야 합니다.", [("7", 2)]))
    ).message
    assert said == "둘이어야 합니다."
    assert (
        judge(case(message="다시 보세요."), ran(error=trouble("AssertionError", "", [("7", 3)]))).message
        == "다시 보세요."
    )
    assert "`assert x`" in judge(case(), ran(error=trouble("AssertionError", "", [("7", 3)]))).message


def test_a_hidden_assert_gives_its_words_but_none_of_its_values():
    said = judge(case(), ran(error=trouble("AssertionError", "9일 때 41입니다", [("7", 5)]))).message
    assert said == "9일 때 …입니다"


def test_a_hidden_test_says_nothing_of_an_error_in_it():
    error = trouble("ValueError", "secret 4242", [("7", 5), ("3", 1)])
    said = judge(case(source=SOURCE.replace(", f'9일 때 {f(9)}입니다'", "")), ran(error=error)).message
    assert "4242" not in said
    assert "ValueError" not in said
    assert "f(9)" not in said


def test_an_error_whose_place_is_unknown_counts_as_hidden():
    said = judge(case(), ran(error=trouble("ValueError", "secret 4242"))).message
    assert "4242" not in said


def test_an_error_in_her_function_names_her_cell_in_plain_words():
    error = trouble("NameError", "name 'totl' is not defined", [("7", 1), ("3", 4)])
    said = judge(case(), ran(error=error)).message
    assert "셀 3:4" in said
    assert "`totl`" in said


def test_what_went_wrong_in_the_answer_comes_before_the_check():
    error = trouble("NameError", "name 'f' is not defined", [("7", 1)])
    assert judge(case(cause="3번째 셀에서 멈췄습니다."), ran(error=error)).message.startswith(
        "3번째 셀에서 멈췄습니다."
    )


def test_a_check_that_is_not_python_is_our_fault():
    for source in ("x = 1\nassert (", "x = 1\nreturn 2"):
        verdict = judge(case(source=source), ran(error=trouble("SyntaxError", "invalid syntax", [("7", 2)])))
        assert (verdict.outcome, verdict.points) == ("error", None)


def test_a_syntax_error_that_her_function_raises_is_hers():
    verdict = judge(case(), ran(error=trouble("SyntaxError", "invalid syntax", [("7", 2)])))
    assert (verdict.outcome, verdict.points) == ("failed", 0)


def test_nothing_that_a_run_says_is_shown_where_her_process_knew_hidden_values():
    error = trouble("AssertionError", "secret 4242", [("7", 2)])
    verdict = judge(case(), dataclasses.replace(ran(error=error), unseen=True))
    assert verdict.message == "둘이어야 합니다."


def test_english():
    assert "expected" in judge(case(language="en"), ran(error=trouble("AssertionError", "", [("7", 3)]))).message


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("assert f(\n  1\n) == 2, 'a'", 2, "a"),
        ("assert 0, 'a' + str(1) + 'b'", 1, "ab"),
        ("try:\n  f()\nexcept E:\n  pass\nelse:\n  raise AssertionError('must')", 6, "must"),
        ("%time f()\nassert 0, 'a'", 2, "a"),
        ("assert 0, text", 1, ""),
        ("assert (", 1, ""),
        ("assert 0, 'a'", 9, ""),
    ],
)
def test_words_of_an_assert_are_read_from_its_source(source, line, words):
    assert static_message(source, line) == words

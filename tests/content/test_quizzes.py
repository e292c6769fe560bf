"""What a learner sees of a quiz, and what her answers earn."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.content import NumericQuestion, Option, OrderingQuestion, Quiz, SingleQuestion, grade_quiz, public_view
from lms.content.quizzes import MultipleQuestion, Near


def keys_of(quiz: Quiz, question: str) -> dict[str, str]:
    """Text of a choice -> the key that a form posts."""
    shown = next(shown for shown in public_view(quiz, 0).questions if shown.key == question)
    return {choice.text: choice.key for choice in shown.choices}


def grade_one(quiz: Quiz, question: str, answer: object):
    return next(result for result in grade_quiz(quiz, {question: answer}).questions if result.key == question)


def right_answers(quiz: Quiz) -> dict[str, object]:
    steps = keys_of(quiz, "steps")
    tools = keys_of(quiz, "tools")
    return {
        "kind": keys_of(quiz, "kind")["길이"],
        "tools": [tools["줄자"], tools["버니어 캘리퍼스"]],
        "rate": "85.5",
        "steps": [steps["영점을 맞춘다"], steps["잰다"], steps["적는다"]],
    }


def test_right_answers_earn_all_points(quiz):
    result = grade_quiz(quiz, right_answers(quiz))
    assert (result.points, result.max_points, result.score) == (5, 5, 100)
    assert {question.outcome for question in result.questions} == {"passed"}


def test_the_key_of_a_choice_is_the_same_in_every_release(quiz):
    """Answers are kept under it for years."""
    assert keys_of(quiz, "kind")["길이"] == hashlib.sha256("길이".encode()).hexdigest()[:10]


def test_no_answers_earn_nothing_and_tell_nothing(quiz):
    result = grade_quiz(quiz, {})
    assert (result.points, result.score) == (0, 0)
    assert {question.outcome for question in result.questions} == {"not_run"}
    assert [question.explanation for question in result.questions] == ["", "", "", ""]


def test_a_wrong_choice_gets_its_own_feedback(quiz):
    result = grade_one(quiz, "kind", keys_of(quiz, "kind")["온도"])
    assert (result.outcome, result.points) == ("failed", 0)
    assert [note.text for note in result.feedback] == ["온도는 온도계로 잽니다."]
    assert result.feedback[0].choice == keys_of(quiz, "kind")["온도"] == result.chosen[0]
    assert result.explanation == "자는 길이를 잽니다."


def test_two_answers_to_a_single_question_earn_nothing(quiz):
    assert grade_one(quiz, "kind", list(keys_of(quiz, "kind").values())).points == 0


@pytest.mark.parametrize(
    ("chosen", "points", "outcome", "reason"),
    [
        (["줄자", "버니어 캘리퍼스"], 2, "passed", ""),
        (["줄자"], 1, "failed", "partial"),
        (["줄자", "저울"], 0, "failed", ""),
        (["줄자", "버니어 캘리퍼스", "저울"], 1, "failed", "partial"),
        (["줄자", "버니어 캘리퍼스", "저울", "전류계"], 0, "failed", ""),
        (["저울", "전류계"], 0, "failed", ""),
    ],
)
def test_a_multiple_question_with_partial_points_takes_back_for_wrong_ones(quiz, chosen, points, outcome, reason):
    keys = keys_of(quiz, "tools")
    result = grade_one(quiz, "tools", [keys[text] for text in chosen])
    assert (result.points, result.outcome, result.reason) == (points, outcome, reason)


def test_a_multiple_question_is_all_or_nothing_otherwise():
    question = MultipleQuestion(key="q", text="?", options=(Option("a", True), Option("b", True), Option("c")))
    quiz = Quiz((question,))
    keys = keys_of(quiz, "q")
    assert grade_one(quiz, "q", [keys["a"]]).points == 0
    assert grade_one(quiz, "q", [keys["b"], keys["a"]]).points == 1
    assert grade_one(quiz, "q", list(keys.values())).points == 0


def test_an_order_is_right_as_a_whole(quiz):
    keys = keys_of(quiz, "steps")
    wrong = grade_one(quiz, "steps", [keys["잰다"], keys["영점을 맞춘다"], keys["적는다"]])
    assert (wrong.points, wrong.outcome, wrong.reason) == (0, "failed", "")
    assert [note.text for note in wrong.feedback] == ["영점이 먼저입니다."]
    doubled = grade_one(quiz, "steps", [keys["영점을 맞춘다"], keys["잰다"], keys["잰다"]])
    assert (doubled.points, doubled.reason) == (0, "incomplete")


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("85.5", "85.5"),
        (" 85.5 ", "85.5"),
        ("85.5%", "85.5"),
        ("85.5 %", "85.5"),
        ("８５．５％", "85.5"),
        ("85,5", "85.5"),
        ("+85.5", "85.5"),
        ("8.55e1", "85.5"),
        ("85.60", "85.60"),
        (85.5, "85.5"),
        (["85.5"], "85.5"),
    ],
)
def test_a_number_is_read_as_people_write_it(quiz, typed, read_as):
    result = grade_one(quiz, "rate", typed)
    assert (result.outcome, result.read_as) == ("passed", read_as)


@pytest.mark.parametrize(
    ("typed", "unit", "read_as"),
    [
        ("1,234.5", "", "1234.5"),
        ("1,234", "", "1234"),
        ("12,345,678", "", "12345678"),
        ("0,855", "", "0.855"),
        ("1,23", "", "1.23"),
        ("−5", "", "-5"),
        ("40분", "분", "40"),
        ("40 MIN", "min", "40"),
        ("85.5%", "", "0.855"),
        (".5", "", "0.5"),
        ("5.", "", "5"),
    ],
)
def test_commas_minus_signs_and_units_are_understood(typed, unit, read_as):
    quiz = Quiz((NumericQuestion(key="q", text="?", answer=0, unit=unit),))
    assert grade_one(quiz, "q", typed).read_as == read_as


@pytest.mark.parametrize(
    "typed",
    [
        "여든다섯",
        "85.5.5",
        "1,2,3",
        "1,23,456",
        "nan",
        "inf",
        "-Infinity",
        "0x55",
        "1_000",
        "85.5 kg",
        "9" * 61,
        "1e999",
        "--5",
    ],
)
def test_what_is_no_number_earns_nothing_and_says_so(quiz, typed):
    result = grade_one(quiz, "rate", typed)
    assert (result.outcome, result.points, result.reason, result.read_as) == ("failed", 0, "unreadable", "")


def test_tolerance_includes_its_bounds_in_decimals():
    """In binary, 0.856 − 0.855 is a little more than 0.001."""
    quiz = Quiz((NumericQuestion(key="q", text="?", answer=0.855, tolerance=0.001),))
    assert [grade_one(quiz, "q", typed).points for typed in ("0.853", "0.854", "0.856", "0.857")] == [0, 1, 1, 0]


def test_a_typical_wrong_value_gets_its_own_feedback(quiz):
    assert [note.text for note in grade_one(quiz, "rate", "14.5").feedback] == ["그것은 불량률입니다."]
    assert [note.text for note in grade_one(quiz, "rate", "50").feedback] == ["양품 수를 전체 수로 나눕니다."]


def test_what_a_learner_sees_doesn_t_tell_the_answers(quiz):
    shown = msgspec.json.encode(public_view(quiz, 3)).decode()
    for told in ("correct", "온도계", "85.5", "14.5", "영점이 먼저", "자는 길이를", "tolerance"):
        assert told not in shown


def test_choices_of_an_order_come_mixed_and_the_same_for_the_same_seed(quiz):
    orders = {tuple(choice.text for choice in public_view(quiz, seed).questions[3].choices) for seed in range(40)}
    assert ("영점을 맞춘다", "잰다", "적는다") not in orders
    assert len(orders) == 5
    assert public_view(quiz, "kim:2") == public_view(quiz, "kim:2")


def test_options_keep_their_order_unless_the_quiz_says_so(quiz):
    def orders(quiz: Quiz) -> set[tuple[str, ...]]:
        return {tuple(choice.text for choice in public_view(quiz, seed).questions[1].choices) for seed in range(20)}

    assert orders(quiz) == {("줄자", "버니어 캘리퍼스", "저울", "전류계")}
    assert len(orders(msgspec.structs.replace(quiz, shuffle=True))) > 5


# Two busy cores are no reason to fail.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(min_size=1, max_size=12)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
QUIZ = Quiz(
    (
        SingleQuestion(key="a", text="?", options=(Option("x", True), Option("y", feedback="no"))),
        MultipleQuestion(key="b", text="?", options=(Option("x", True), Option("y"), Option("z", True)), partial=True),
        NumericQuestion(key="c", text="?", answer=85.5, tolerance=0.1, unit="%", near=(Near(1, "n", 0.5),)),
        OrderingQuestion(key="d", text="?", items=("x", "y", "z")),
    )
)
POSTED = st.sampled_from([choice.key for shown in public_view(QUIZ, 0).questions for choice in shown.choices])


@calm
@given(st.dictionaries(st.sampled_from("abcde"), ANYTHING | POSTED | st.lists(POSTED, max_size=6)))
def test_grading_never_raises_and_stays_within_the_points(answers):
    result = grade_quiz(QUIZ, answers)
    assert [question.key for question in result.questions] == ["a", "b", "c", "d"]
    assert 0 <= result.points <= result.max_points == 4
    for question in result.questions:
        assert 0 <= question.points <= question.max_points
        assert (question.outcome == "passed") == (question.points == question.max_points)
    assert msgspec.json.encode(msgspec.to_builtins(result.score))


@calm
@given(st.floats(min_value=-1e9, max_value=1e9).map(lambda value: round(value, 4)))
def test_each_number_is_right_for_itself_however_it_is_written(value):
    quiz = Quiz((NumericQuestion(key="q", text="?", answer=value),))
    for typed in (f"{value:f}", f"{value:,.6f}", f" {value:f} "):
        assert grade_one(quiz, "q", typed).points == 1


@calm
@given(st.lists(TEXTS, min_size=2, max_size=6, unique=True), st.integers())
def test_an_order_is_always_shown_in_another_one_and_can_be_answered(items, seed):
    quiz = Quiz((OrderingQuestion(key="q", text="?", items=tuple(items)),))
    choices = public_view(quiz, seed).questions[0].choices
    assert sorted(choice.text for choice in choices) == sorted(items)
    assert [choice.text for choice in choices] != items
    keys = {choice.text: choice.key for choice in choices}
    assert grade_one(quiz, "q", [keys[item] for item in items]).points == 1

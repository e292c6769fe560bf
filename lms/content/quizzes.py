"""Quizzes: what they are, what a learner may see of them, and what answers earn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct

from lms.content.answers import as_decimal, chosen_keys, read_number, said
from lms.content.names import choice_key


class Option(Struct, frozen=True, omit_defaults=True):
    """One choice of a single or multiple question; `feedback` is Markdown, shown when it was chosen."""

    text: str
    correct: bool = False
    feedback: str = ""

    @property
    def key(self) -> str:
        return choice_key(self.text)


class Near(Struct, frozen=True, omit_defaults=True):
    """A typical wrong value of a numeric question and what to say to it."""

    answer: float
    feedback: str
    tolerance: float = 0


class _Question(Struct, frozen=True, omit_defaults=True, tag_field="kind", kw_only=True):
    """`text`, `explanation` and each feedback are Markdown."""

    key: str
    text: str
    points: float = 1
    explanation: str = ""
    feedback_wrong: str = ""


class SingleQuestion(_Question, frozen=True, tag="single", kw_only=True):
    options: tuple[Option, ...]


class MultipleQuestion(_Question, frozen=True, tag="multiple", kw_only=True):
    options: tuple[Option, ...]
    partial: bool = False


class NumericQuestion(_Question, frozen=True, tag="numeric", kw_only=True):
    """`answer` is in `unit`: 85.5 with unit '%'. `tolerance` is absolute, its bounds included."""

    answer: float
    tolerance: float = 0
    unit: str = ""
    near: tuple[Near, ...] = ()


class OrderingQuestion(_Question, frozen=True, tag="ordering", kw_only=True):
    """`items` are in the right order."""

    items: tuple[str, ...]


Question = SingleQuestion | MultipleQuestion | NumericQuestion | OrderingQuestion


class Quiz(Struct, frozen=True, omit_defaults=True):
    questions: tuple[Question, ...]
    intro: str = ""
    shuffle: bool = False

    @property
    def max_points(self) -> float:
        return sum(question.points for question in self.questions)


class Choice(Struct, frozen=True):
    """What is posted (`key`) and what is read (`text`, Markdown)."""

    key: str
    text: str


class PublicQuestion(Struct, frozen=True):
    key: str
    kind: str
    text: str
    points: float
    unit: str
    choices: tuple[Choice, ...]


class PublicQuiz(Struct, frozen=True):
    intro: str
    questions: tuple[PublicQuestion, ...]
    max_points: float


class Feedback(Struct, frozen=True):
    """Markdown on one choice, or on the whole question where `choice` is ''."""

    choice: str
    text: str


class QuestionResult(Struct, frozen=True):
    """`outcome` is passed, failed or not_run (no answer).

    `reason` says more of a failed one, else '': partial, unreadable (not a number), incomplete (an ordering that
    doesn't name each item once). `chosen` are the keys, or the text of a numeric answer, to show the form again;
    `read_as` is the number that was understood.
    """

    key: str
    outcome: str
    points: float
    max_points: float
    reason: str = ""
    feedback: tuple[Feedback, ...] = ()
    explanation: str = ""
    chosen: tuple[str, ...] = ()
    read_as: str = ""


class QuizResult(Struct, frozen=True):
    questions: tuple[QuestionResult, ...]
    points: float
    max_points: float

    @property
    def score(self) -> float:
        """0 to 100."""
        return round(100 * self.points / self.max_points, 2) if self.max_points else 0.0


def public_view(quiz: Quiz, seed: int | str) -> PublicQuiz:
    """What the learner may see. The same seed gives the same order; choices' keys don't tell the right ones."""
    return PublicQuiz(quiz.intro, tuple(_public(question, quiz, seed) for question in quiz.questions), quiz.max_points)


def grade_quiz(quiz: Quiz, answers: Mapping[str, object]) -> QuizResult:
    """Grade answers by question key: a choice's key, a list of keys, or a number as the learner typed it.

    Whatever can't be used earns nothing; nothing here raises.
    """
    results = tuple(_grade(question, answers.get(question.key)) for question in quiz.questions)
    return QuizResult(results, round(sum(result.points for result in results), 4), quiz.max_points)


def _public(question: Question, quiz: Quiz, seed: int | str) -> PublicQuestion:
    unit = question.unit if isinstance(question, NumericQuestion) else ""
    kind = str(question.__struct_config__.tag)
    return PublicQuestion(
        question.key, kind, question.text, question.points, unit, _choices(question, quiz.shuffle, seed)
    )


def _choices(question: Question, shuffle: bool, seed: int | str) -> tuple[Choice, ...]:
    if isinstance(question, NumericQuestion):
        return ()
    if isinstance(question, OrderingQuestion):
        right = tuple(Choice(choice_key(item), item) for item in question.items)
        mixed = _shuffled(right, f"{seed}:{question.key}")
        return mixed[1:] + mixed[:1] if mixed == right else mixed
    choices = tuple(Choice(option.key, option.text) for option in question.options)
    return _shuffled(choices, f"{seed}:{question.key}") if shuffle else choices


def _shuffled(choices: tuple[Choice, ...], seed: str) -> tuple[Choice, ...]:
    """By hash and not by `random`, whose order may change with Python's version."""
    return tuple(sorted(choices, key=lambda choice: hashlib.sha256(f"{seed}:{choice.key}".encode()).digest()))


def _grade(question: Question, answer: object) -> QuestionResult:
    if isinstance(question, NumericQuestion):
        return _grade_numeric(question, answer)
    if isinstance(question, OrderingQuestion):
        return _grade_ordering(question, answer)
    return _grade_options(question, answer)


def _grade_options(question: SingleQuestion | MultipleQuestion, answer: object) -> QuestionResult:
    options = {option.key: option for option in question.options}
    chosen = chosen_keys(answer, options)
    if not chosen:
        return _unanswered(question)
    right = {key for key, option in options.items() if option.correct}
    share = 1.0 if set(chosen) == right else 0.0
    if isinstance(question, MultipleQuestion) and question.partial:
        share = _share(set(chosen), right, len(options) - len(right))
    notes = [Feedback(key, options[key].feedback) for key in chosen if options[key].feedback]
    return _result(question, share, notes, chosen=chosen, reason="partial" if 0 < share < 1 else "")


def _share(chosen: set[str], right: set[str], wrong_in_all: int) -> float:
    """Each right one counts its share and each wrong one takes its share away, so that ticking all earns nothing."""
    gained = len(chosen & right) / len(right)
    lost = len(chosen - right) / wrong_in_all if wrong_in_all else 0.0
    return max(0.0, gained - lost)


def _grade_ordering(question: OrderingQuestion, answer: object) -> QuestionResult:
    right = tuple(choice_key(item) for item in question.items)
    chosen = chosen_keys(answer, right)
    if not chosen:
        return _unanswered(question)
    complete = sorted(chosen) == sorted(right)
    share = 1.0 if chosen == right else 0.0
    return _result(question, share, [], chosen=chosen, reason="" if complete else "incomplete")


def _grade_numeric(question: NumericQuestion, answer: object) -> QuestionResult:
    typed = said(answer)
    if not typed:
        return _unanswered(question)
    number = read_number(typed, question.unit)
    if number is None:
        return _result(question, 0.0, [], chosen=(typed,), reason="unreadable")

    def is_within(value: float, tolerance: float) -> bool:
        return abs(number - as_decimal(value)) <= as_decimal(tolerance)

    if is_within(question.answer, question.tolerance):
        return _result(question, 1.0, [], chosen=(typed,), read_as=f"{number:f}")
    near = [Feedback("", near.feedback) for near in question.near if is_within(near.answer, near.tolerance)]
    return _result(question, 0.0, near[:1], chosen=(typed,), read_as=f"{number:f}")


def _result(
    question: Question,
    share: float,
    notes: list[Feedback],
    *,
    chosen: tuple[str, ...],
    reason: str = "",
    read_as: str = "",
) -> QuestionResult:
    said_of_question = any(not note.choice for note in notes)
    if share < 1 and question.feedback_wrong and not said_of_question:
        notes = [*notes, Feedback("", question.feedback_wrong)]
    return QuestionResult(
        question.key,
        "passed" if share == 1 else "failed",
        round(question.points * share, 4),
        question.points,
        reason,
        tuple(notes),
        question.explanation,
        chosen,
        read_as,
    )


def _unanswered(question: Question) -> QuestionResult:
    """Without the explanation: an empty try must not be a way to read it."""
    return QuestionResult(question.key, "not_run", 0.0, question.points)

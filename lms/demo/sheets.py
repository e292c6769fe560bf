"""Answers to quizzes, better and worse ones, graded by the same function as a learner's."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lms.content import MultipleQuestion, NumericQuestion, OrderingQuestion, Question, Quiz, grade_quiz
from lms.content.names import choice_key

SHARES = (0.3, 0.5, 0.7, 0.85, 1.0)


@dataclass(frozen=True)
class Sheet:
    answers: dict[str, list[str]]
    points: float
    max_points: float

    @property
    def share(self) -> float:
        return self.points / self.max_points


def make_sheets(random: Random, quiz: Quiz) -> tuple[Sheet, ...]:
    """Some sheets for each share of right answers, from the worst to the best, which is all right."""
    sheets = [_sheet(random, quiz, share) for share in SHARES for _ in range(3)]
    return tuple(sorted(sheets, key=lambda sheet: sheet.points))


def _sheet(random: Random, quiz: Quiz, share: float) -> Sheet:
    answers = {question.key: _answer(random, question, random.random() < share) for question in quiz.questions}
    result = grade_quiz(quiz, answers)
    return Sheet(answers, result.points, result.max_points)


def _answer(random: Random, question: Question, is_right: bool) -> list[str]:
    """As the form posts it: a list, of one where one is asked for."""
    if isinstance(question, NumericQuestion):
        near = [near.answer for near in question.near]
        return [str(question.answer if is_right else random.choice(near or [question.answer * 2 + 1]))]
    if isinstance(question, OrderingQuestion):
        items = [choice_key(item) for item in question.items]
        return items if is_right else items[1:] + items[:1]
    right = [option.key for option in question.options if option.correct]
    if isinstance(question, MultipleQuestion):
        return right if is_right else right[:-1] or [random.choice(question.options).key]
    wrong = [option.key for option in question.options if not option.correct]
    return right if is_right else [random.choice(wrong)]

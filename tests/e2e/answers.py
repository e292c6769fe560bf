"""What people answer: right by the course's own files, wrong as learners are wrong."""

from __future__ import annotations

import json

from playwright.sync_api import Page

from lms import content
from lms.content import MultipleQuestion, NumericQuestion, OrderingQuestion, Question, SingleQuestion
from lms.content.names import choice_key
from lms.grading import load_exercise
from lms.grading.proof import solution_answers
from lms.grading.wrongs import load_wrongs

from .site import ROOT


def right_answers(slug: str) -> dict[str, str]:
    """What the author would write, by answer cell."""
    return solution_answers(load_exercise(ROOT / "exercises" / slug))


def wrong_answers(slug: str) -> tuple[dict[str, str], str]:
    """What learners typically write, and words of what they have to be told."""
    wrong = load_wrongs(load_exercise(ROOT / "exercises" / slug))[0]
    return right_answers(slug) | wrong.answers, next(iter(wrong.says.values()))


def fill_in(starter: bytes, answers: dict[str, str]) -> bytes:
    """The notebook that was downloaded, with these answers in its cells."""
    notebook = json.loads(starter)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            cell["source"] = answers[name]
    return json.dumps(notebook, ensure_ascii=False).encode()


def quiz_of(course: content.Course, key: str) -> content.Quiz:
    return next(unit.quiz for unit in course.units if unit.key == key and isinstance(unit, content.QuizUnit))


def answer_quiz(page: Page, quiz: content.Quiz, *, right: bool) -> None:
    """Fill the form that is open: all right, or one wrong answer in each question that can be chosen wrong."""
    for question in quiz.questions:
        _answer(page, question, right)


def _answer(page: Page, question: Question, right: bool) -> None:
    match question:
        case SingleQuestion():
            page.check(f"[name={question.key}][value='{_option(question, right)}']")
        case MultipleQuestion():
            for option in question.options:
                page.set_checked(f"[name={question.key}][value='{option.key}']", option.correct == right)
        case NumericQuestion():
            page.fill(f"[name={question.key}]", f"{question.answer if right else question.answer + 1000:g}")
        case OrderingQuestion():
            put_in_order(page, question, question.items if right else tuple(reversed(question.items)))


def _option(question: SingleQuestion, right: bool) -> str:
    return next(option.key for option in question.options if option.correct == right)


def put_in_order(page: Page, question: OrderingQuestion, items: tuple[str, ...]) -> None:
    """Move each item up to its place by its button, or choose it for the place where there is no script."""
    wanted = [choice_key(item) for item in items]
    places = page.locator(f"select[name={question.key}]")
    for place, key in enumerate(wanted):
        if places.nth(place).is_visible():
            places.nth(place).select_option(key)
            continue
        now = [places.nth(index).input_value() for index in range(len(wanted))].index(key)
        for position in range(now, place, -1):
            page.locator(f"#{question.key} .order > li").nth(position).locator(".order-move").first.click()

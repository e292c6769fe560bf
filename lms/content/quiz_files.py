"""quizzes/*.toml -> Quiz."""

from __future__ import annotations

from lms.content.files import SLUG, Folder
from lms.content.quizzes import (
    MultipleQuestion,
    Near,
    NumericQuestion,
    Option,
    OrderingQuestion,
    Question,
    Quiz,
    SingleQuestion,
)
from lms.content.tables import Table, read_toml

KINDS = ("single", "multiple", "numeric", "ordering")
MOST_QUESTIONS = 200


def read_quiz(folder: Folder, relative: str, *, file: str, key: str) -> Quiz | None:
    """The quiz in a file, or None where it can't be read at all. Problems are recorded."""
    table = read_toml(folder, relative, file=file, key=key)
    if table is None:
        return None
    intro = table.markdown("intro", "")
    shuffle = table.flag("shuffle", False)
    entries = table.tables("questions", required=True)
    if table.has("questions") and not 0 < len(entries) <= MOST_QUESTIONS:
        table.wrong("questions", f"a quiz has 1 to {MOST_QUESTIONS} questions; this one has {len(entries)}")
    questions = [question for entry in entries if (question := _read_question(entry))]
    table.finish()
    _check_keys(table, entries)
    return Quiz(tuple(questions), intro, shuffle)


def markdown_of(quiz: Quiz) -> list[tuple[str, str, bool]]:
    """All Markdown of a quiz: key path, text, and whether it must be one paragraph (a label of a form)."""
    found = [("intro", quiz.intro, False)]
    for place, question in enumerate(quiz.questions):
        path = f"questions[{place}]"
        found += [
            (f"{path}.{name}", getattr(question, name), False) for name in ("text", "explanation", "feedback_wrong")
        ]
        if isinstance(question, SingleQuestion | MultipleQuestion):
            for number, option in enumerate(question.options):
                found.append((f"{path}.options[{number}].text", option.text, True))
                found.append((f"{path}.options[{number}].feedback", option.feedback, False))
        elif isinstance(question, OrderingQuestion):
            found += [(f"{path}.items[{number}]", item, True) for number, item in enumerate(question.items)]
        else:
            found += [
                (f"{path}.near[{number}].feedback", near.feedback, False) for number, near in enumerate(question.near)
            ]
    return [entry for entry in found if entry[1]]


def _check_keys(table: Table, entries: list[Table]) -> None:
    first: dict[str, str] = {}
    for entry in entries:
        key = entry.text("key")
        if key and key in first:
            entry.wrong("key", f"'{key}' is already the key of {first[key]}", "Give each question its own key.")
        first.setdefault(key, entry.path)


def _read_question(entry: Table) -> Question | None:
    kind = entry.text("kind", choices=KINDS)
    common = {
        "key": entry.text("key", pattern=SLUG, longest=60),
        "text": entry.markdown("text"),
        "points": entry.number("points", 1, above=0, at_most=1000),
        "explanation": entry.markdown("explanation", ""),
        "feedback_wrong": entry.markdown("feedback_wrong", ""),
    }
    if not kind:
        entry.allow(("options", "partial", "answer", "tolerance", "unit", "near", "items"))
        entry.finish()
        return None
    readers = {"single": _single, "multiple": _multiple, "numeric": _numeric, "ordering": _ordering}
    question = readers[kind](entry, common)
    entry.finish()
    return question


def _single(entry: Table, common: dict) -> Question:
    options = _options(entry)
    right = sum(option.correct for option in options)
    if options and right != 1:
        remedy = 'Mark one with correct = true, or make it kind = "multiple".'
        entry.wrong("options", f"a single question has one right option; this one has {right}", remedy)
    return SingleQuestion(options=options, **common)


def _multiple(entry: Table, common: dict) -> Question:
    options = _options(entry)
    if options and not any(option.correct for option in options):
        entry.wrong("options", "no option is right", "Mark those that are with correct = true.")
    return MultipleQuestion(options=options, partial=entry.flag("partial", False), **common)


def _options(entry: Table) -> tuple[Option, ...]:
    options = []
    texts: dict[str, str] = {}
    for table in entry.tables("options", required=True):
        option = Option(
            text=table.markdown("text"),
            correct=table.flag("correct", False),
            feedback=table.markdown("feedback", ""),
        )
        table.finish()
        if option.text and option.text in texts:
            table.wrong("text", f"is the same as {texts[option.text]}", "Write each option once.")
        texts.setdefault(option.text, table.path)
        options.append(option)
    if entry.has("options") and len(options) < 2:
        entry.wrong("options", "a choice has at least two options", "Add another.")
    return tuple(options)


def _numeric(entry: Table, common: dict) -> Question:
    answer = entry.number("answer")
    tolerance = entry.number("tolerance", 0, at_least=0)
    near = []
    for table in entry.tables("near"):
        value = Near(
            answer=table.number("answer"),
            tolerance=table.number("tolerance", 0, at_least=0),
            feedback=table.markdown("feedback"),
        )
        table.finish()
        if abs(value.answer - answer) <= tolerance and entry.has("answer"):
            remedy = "Give a value that is wrong, or make the question's tolerance smaller."
            table.wrong("answer", f"'{value.answer:g}' counts as right, so its feedback is never shown", remedy)
        near.append(value)
    return NumericQuestion(
        answer=answer, tolerance=tolerance, unit=entry.text("unit", "", longest=20), near=tuple(near), **common
    )


def _ordering(entry: Table, common: dict) -> Question:
    items = entry.texts("items")
    if entry.has("items") and len(items) < 2:
        entry.wrong("items", "an order has at least two items", "Add another.")
    for place, item in enumerate(items):
        if item in items[:place]:
            entry.wrong(f"items[{place}]", "is there twice", "Write each item once; two alike can't be put in order.")
    return OrderingQuestion(items=tuple(items), **common)

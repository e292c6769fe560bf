"""Reading an assignment of Otter Assign from top to bottom, and writing the source notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lms.errors import ContentError

from .. import metadata
from ..exercise import source_of
from ..metadata import Role
from . import solutions, tests
from .marks import is_ignored, mark_of, old_form, unfenced, without_ignored
from .notes import Note, make_note
from .settings import read_settings

_NO_MATTER = frozenset(
    ("name", "init_cell", "check_all_cell", "export_cell", "run_tests", "solutions_pdf", "template_pdf", "save_environment",
     "variables", "ignore_modules", "tests", "test_files", "overwrite_requirements", "python_version", "channel_priority_strict",
     "colab", "runs_on", "filtering", "show_question_points")
)  # fmt: skip
_OLD_FORM_REMEDY = (
    "Turn it into the newer form with Otter 4 or 5: python -m otter.assign.v0.convert OLD.ipynb NEW.ipynb"
)


@dataclass(frozen=True)
class Imported:
    notebook: dict[str, Any]
    notes: tuple[Note, ...]


def import_otter(notebook: dict[str, Any], name: str = "notebook", *, language: str = "ko") -> Imported:
    """ContentError where its marks don't pair up, or it is in Otter's older form; `name` is the file for the
    error, `language` that of the notes."""
    if number := old_form(notebook):
        raise ContentError(name, f"cell {number}", "this is Otter's older form", _OLD_FORM_REMEDY)
    importer = _Importer(name, language)
    for number, cell in unfenced(notebook.get("cells") or []):
        importer.take(number, cell)
    return importer.finish()


@dataclass(frozen=True)
class _Test:
    source: str
    hidden: bool
    points: float | None


@dataclass
class _Question:
    """`number` is the cell that begins it; `points` as they are written there."""

    number: int
    name: str
    points: Any
    manual: bool
    whole: bool
    answers: int = 0
    given: int = 0
    tests: list[_Test] = field(default_factory=list)
    prompts: list[tuple[str, str]] = field(default_factory=list)  # (cell type, source)


class _Importer:
    def __init__(self, name: str, language: str) -> None:
        self.name = name
        self.language = language
        self.cells: list[dict[str, Any]] = []
        self.notes: list[Note] = []
        self.open: list[str] = []
        self.question: _Question | None = None
        self.as_functions = False

    def take(self, number: int, cell: Any) -> None:
        source = source_of(cell)
        if source is None or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise self._error(number, "this is not a cell of a notebook")
        mark = mark_of(cell)
        if mark is None:
            self._content(number, cell, source)
        elif mark["config"]:
            self._assignment(number, source)
        elif mark["edge"].upper() == "BEGIN":
            self._begin(number, mark["what"].upper(), source)
        else:
            self._end(number, mark["what"].upper())

    def finish(self) -> Imported:
        if self.open:
            raise ContentError(self.name, "", f"BEGIN {self.open[-1]} has no END", "Add the raw cell that ends it")
        if any("otter_" in cell["source"] for cell in self.cells if "nbgrader" in cell["metadata"]):
            role = Role("otter-helper", False, False, True, False, 0.0)
            self.cells.insert(0, _made("code", tests.HELPER.strip("\n"), role))
        for number, cell in enumerate(self.cells):
            cell["id"] = f"cell-{number + 1}"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": self.cells}
        return Imported(made, tuple(self.notes))

    def _error(self, number: int, problem: str, remedy: str = "") -> ContentError:
        return ContentError(self.name, f"cell {number}", problem, remedy)

    def _note(self, number: int, kind: str, **facts: object) -> None:
        self.notes.append(make_note(number, kind, self.language, facts))

    def _settings(self, number: int, source: str) -> dict[str, Any]:
        try:
            return read_settings(source.split("\n")[1:])
        except ValueError as error:
            remedy = "Write `key: value` lines, lists and keys below a key only"
            raise self._error(number, f"this setting can't be read: {error}", remedy) from None

    def _assignment(self, number: int, source: str) -> None:
        settings = self._settings(number, source)
        form = settings.get("tests")
        self.as_functions = isinstance(form, dict) and form.get("ok_format") is False
        unneeded = sorted(_NO_MATTER & set(settings) - {"tests"})
        if unneeded:
            self._note(number, "own_settings", keys=", ".join(unneeded))
        for key in settings:
            if key not in _NO_MATTER:
                self._note(number, "assignment", key=key)

    def _begin(self, number: int, what: str, source: str) -> None:
        if what == "QUESTION":
            if self.question:
                raise self._error(number, "BEGIN QUESTION inside of another question", "End that one first")
            self.question = self._new_question(number, self._settings(number, source))
        elif self.question is None:
            raise self._error(number, f"BEGIN {what} outside of a question", "Move it into one")
        elif len(self.open) > 1:
            raise self._error(number, f"BEGIN {what} before END {self.open[-1]}", "End that one first")
        self.open.append(what)

    def _new_question(self, number: int, settings: dict[str, Any]) -> _Question:
        name = re.sub(r"[^a-zA-Z0-9_-]", "-", str(settings.get("name") or f"question-{number}"))
        for key in settings:
            if key not in ("name", "manual", "points", "check_cell", "export", "all_or_nothing"):
                self._note(number, "question", name=name, key=key)
        manual = settings.get("manual") is True
        if manual and settings.get("points") is None:
            self._note(number, "no_points", name=name)
        return _Question(number, name, settings.get("points"), manual, settings.get("all_or_nothing") is True)

    def _end(self, number: int, what: str) -> None:
        if not self.open or self.open[-1] != what:
            raise self._error(number, f"END {what} without its BEGIN")
        self.open.pop()
        if what == "QUESTION" and self.question:
            self._close(self.question)
            self.question = None

    def _close(self, question: _Question) -> None:
        if question.prompts:
            self._note(question.number, "no_solution", name=question.name)
            self._answer(question.number, question.prompts[-1][0], "")
        if question.manual and question.tests:
            self._note(question.number, "manual_tests", name=question.name)
        self._checks(question)

    def _content(self, number: int, cell: dict[str, Any], source: str) -> None:
        kind = cell["cell_type"]
        place = self.open[-1] if self.open else ""
        if is_ignored(kind, source):
            self._note(number, "ignored")
        elif place == "SOLUTION":
            self._answer(number, kind, source)
        elif place == "PROMPT" and self.question:
            self.question.prompts.append((kind, source))
        elif place == "TESTS" and self.question:
            self._test(number, cell, source, self.question)
        else:
            self._given(number, kind, source)

    def _given(self, number: int, kind: str, source: str) -> None:
        """A cell outside of solutions and tests. One with solution marks in it is an answer all the same."""
        if kind == "code" and solutions.has_marks(source):
            self._answer(number, kind, source)
            return
        if kind == "code" and re.search(r"^\s*(import|from) otter\b|\bgrader\.(check|export)", source, re.M):
            self._note(number, "uses_otter")
            return
        role = None
        if kind == "code" and self.question:
            self.question.given += 1
            role = Role(f"{self.question.name}-given-{self.question.given}", False, False, True, False, 0.0)
        self.cells.append(_made(kind, without_ignored(source), role))

    def _answer(self, number: int, kind: str, source: str) -> None:
        question = self.question
        name = question.name if question else f"answer-{len(self.cells) + 1}"
        part = question.answers if question else 0
        prompts: list[str] = []
        if question:
            question.answers += 1
            prompts = [text for _, text in question.prompts]
            question.prompts = []
        by_person = bool(question and question.manual and part == 0)
        points = _total(question.points, 0.0) if question and by_person else 0.0
        role = Role(name if part == 0 else f"{name}-part-{part + 1}", by_person, True, False, False, points)
        if kind == "code":
            self.cells.append(_made(kind, solutions.solution_cell(without_ignored(source), prompts), role))
        else:
            role = Role(role.grade_id, True, True, False, False, points)  # what is in words only a person can grade
            self.cells.append(_made("markdown", solutions.solution_text(source, prompts), role))
        if re.search(r"#\s*SEED\s*$", source, re.M):
            self._note(number, "seed", cell=role.grade_id)

    def _test(self, number: int, cell: dict[str, Any], source: str, question: _Question) -> None:
        if cell["cell_type"] != "code":
            self._note(number, "no_code")
            return
        try:
            settings, code = tests.split_settings(source)
            record = tests.recorded(cell)
            bare = without_ignored(code)  # where tests are functions, authors ignore their own calls
            is_function = self.as_functions or tests.is_function(bare)
            made = tests.as_call(bare) if is_function else tests.as_check(bare, record)
            hidden = settings.pop("hidden", False) is True
            success = settings.pop("success_message", None)
            made = tests.with_messages(made, None if hidden else success, settings.pop("failure_message", None))
        except (ValueError, SyntaxError) as error:
            raise self._error(
                number, f"this test can't be read: {error}", "Is it Python, with its settings on top?"
            ) from None
        if success and hidden:
            self._note(number, "success")
        if not record.ran and not is_function and "otter_shown" in made:
            self._note(number, "not_run")
        points = settings.pop("points", None)
        for key in set(settings) - {"name"}:
            self._note(number, "test", key=key)
        question.tests.append(_Test(made, hidden, float(points) if isinstance(points, int | float) else None))

    def _checks(self, question: _Question) -> None:
        """The question's tests: each a check with its share, or one for all where the question says all or nothing."""
        if not question.tests:
            return
        shares = list(self._shares(question))
        sources = [_hide(test.source) if test.hidden else test.source for test in question.tests]
        if question.whole:
            self._check(f"{question.name}-test", "\n".join(sources), sum(shares))
            return
        for place, (source, share) in enumerate(zip(sources, shares, strict=True), 1):
            self._check(f"{question.name}-test-{place}", source, share)

    def _shares(self, question: _Question) -> Iterator[float]:
        """Points of each test by Otter's rules: a list for the tests, else its own, else an equal part of what is left."""
        count = len(question.tests)
        given = [test.points for test in question.tests]
        total = None if question.points is None else _total(question.points, 1.0, count)
        if isinstance(question.points, list):
            if len(question.points) != count:
                problem = f"question {question.name} has {len(question.points)} points for {count} tests"
                raise self._error(question.number, problem, "Give as many")
            given, total = [_total(points, 0.0) for points in question.points], None
        own = sum(points or 0.0 for points in given)
        if total is None:
            total = own or 1.0
        if own > total + 1e-9:
            problem = f"the tests of question {question.name} have {own:g} of its {total:g} points"
            raise self._error(question.number, problem, "Give the question as many, or leave them out there")
        rest = (total - own) / max(given.count(None), 1)
        yield from (rest if points is None else points for points in given)

    def _check(self, grade_id: str, source: str, points: float) -> None:
        self.cells.append(_made("code", source, Role(grade_id, True, False, True, False, points)))


def _made(kind: str, source: str, role: Role | None) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if role is not None:
        meta["nbgrader"] = metadata.write_role(role, source, kind)
        del meta["nbgrader"]["checksum"], meta["nbgrader"]["cell_type"]
    made: dict[str, Any] = {"cell_type": kind, "metadata": meta, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _hide(source: str) -> str:
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


def _total(points: Any, missing: float, count: int = 1) -> float:
    """What a question's `points` come to: a number, a list, or `each` for `count` tests."""
    if isinstance(points, list):
        return sum(_total(item, 0.0) for item in points)
    if isinstance(points, dict):
        return _total(points.get("each", 1), 1.0) * count
    return float(points) if isinstance(points, int | float) and not isinstance(points, bool) else missing

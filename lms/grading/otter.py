"""Otter Assign's notebooks (format 1: raw cells) as source notebooks of ours, with nbgrader's metadata.

What has no counterpart here is told cell by cell, with what to do; nothing is dropped silently.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lms.errors import ContentError

from . import metadata
from .exercise import source_of
from .metadata import Role

_MARK = re.compile(
    r"#\s*(?P<edge>BEGIN|END)\s+(?P<what>QUESTION|SOLUTION|PROMPT|TESTS|EXPORT|IGNORE)\s*$|#\s*(?P<config>ASSIGNMENT CONFIG)\s*$"
)
_SOLUTION_LINE = re.compile(r"^(?P<indent>\s*)(?P<code>.*?)\s*#\s*SOLUTION(?P<bare>\s+NO PROMPT)?\s*$")
_TEST_CONFIG = re.compile(
    r'^\s*"""\s*#\s*BEGIN TEST CONFIG\n(?P<text>.*?)\n\s*"""\s*#\s*END TEST CONFIG\s*$', re.S | re.M
)
_PROMPT = re.compile(
    r'^[ \t]*"""\s*#\s*BEGIN PROMPT\n(?P<text>.*?)\n[ \t]*"""[;]?\s*#\s*END PROMPT[ \t]*$', re.S | re.M
)
_OLD_FORM = re.compile(r"```\s*\n?\s*(BEGIN|OTTER)\s+(QUESTION|ASSIGN)")
_HELPER = '''def shown(run):
    """What Python shows for the value of an expression; numbers of numpy as plain ones."""
    value = run()
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "ndim", 0):
        value = value.item()
    return "" if value is None else repr(value)
'''


@dataclass(frozen=True)
class Note:
    """What was left out or changed. `cell` counts from 1."""

    cell: int
    what: str
    remedy: str


@dataclass(frozen=True)
class Imported:
    notebook: dict[str, Any]
    notes: tuple[Note, ...]


def is_otter(notebook: dict[str, Any]) -> bool:
    cells = notebook.get("cells")
    return isinstance(cells, list) and any(_mark(cell) for cell in cells if isinstance(cell, dict))


def _mark(cell: dict[str, Any]) -> re.Match[str] | None:
    if cell.get("cell_type") != "raw":
        return None
    return _MARK.match((source_of(cell) or "").strip().split("\n")[0])


def import_otter(notebook: dict[str, Any], name: str = "notebook") -> Imported:
    """ContentError where its raw cells don't pair up; `name` is the file for the error."""
    importer = _Importer(name)
    for number, cell in enumerate(notebook.get("cells", []), 1):
        importer.take(number, cell)
    return importer.finish()


@dataclass
class _Question:
    """A question being read: `place` is the kind of block that the next cells belong to."""

    name: str
    points: Any
    manual: bool
    whole: bool
    answers: int = 0
    tests: list[_Test] = field(default_factory=list)


@dataclass
class _Test:
    source: str
    hidden: bool
    points: float | None


class _Importer:
    def __init__(self, name: str) -> None:
        self.name = name
        self.cells: list[dict[str, Any]] = []
        self.notes: list[Note] = []
        self.open: list[str] = []
        self.question: _Question | None = None
        self.helper = False
        self.prompts: list[str] = []
        self.shown = ""  # what the cell being read showed in the author's run

    def take(self, number: int, cell: Any) -> None:
        source = source_of(cell)
        if source is None:
            raise ContentError(self.name, f"cell {number}", "this is not a cell of a notebook")
        mark = _mark(cell)
        self.shown = _shown_by(cell)
        if mark is None:
            self._content(number, cell["cell_type"], source)
        elif mark["config"]:
            self._assignment(number, source)
        elif mark["edge"] == "BEGIN":
            self._begin(number, mark["what"], source)
        else:
            self._end(number, mark["what"])

    def finish(self) -> Imported:
        if self.open:
            raise ContentError(self.name, "", f"BEGIN {self.open[-1]} has no END", "Add the raw cell that ends it")
        if self.helper:
            self.cells.insert(0, _made("code", _HELPER, Role("otter-helper", False, False, True, False, 0.0)))
        made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": self.cells}
        for number, cell in enumerate(self.cells):
            cell["id"] = f"cell-{number + 1}"
        return Imported(made, tuple(self.notes))

    def _note(self, number: int, what: str, remedy: str) -> None:
        self.notes.append(Note(number, what, remedy))

    def _assignment(self, number: int, source: str) -> None:
        settings = read_settings(source.split("\n")[1:])
        for key in settings:
            if key not in ("name", "init_cell", "check_all_cell", "export_cell", "files"):
                self._note(
                    number, f"the setting {key} of the assignment", "see exercise.toml for limits and data files"
                )
        if "files" in settings:
            self._note(number, "the files of the assignment", "list them as [[data]] in exercise.toml")

    def _begin(self, number: int, what: str, source: str) -> None:
        if what == "QUESTION":
            settings = read_settings(source.split("\n")[1:])
            name = re.sub(r"[^a-zA-Z0-9_-]", "-", str(settings.get("name") or f"question-{number}"))
            manual = settings.get("manual") is True
            self.question = _Question(name, settings.get("points"), manual, settings.get("all_or_nothing") is True)
            for key in settings:
                if key not in ("name", "manual", "points", "check_cell", "export", "all_or_nothing"):
                    self._note(number, f"the setting {key} of question {name}", "it has no counterpart here")
        elif self.question is None and what != "IGNORE":
            raise ContentError(self.name, f"cell {number}", f"BEGIN {what} outside of a question", "Move it into one")
        self.open.append(what)

    def _end(self, number: int, what: str) -> None:
        if not self.open or self.open[-1] != what:
            raise ContentError(self.name, f"cell {number}", f"END {what} without its BEGIN")
        self.open.pop()
        if what == "QUESTION":
            self._checks()
            self.question = None

    def _content(self, number: int, kind: str, source: str) -> None:
        place = self.open[-1] if self.open else ""
        if kind == "markdown" and _OLD_FORM.search(source):
            raise ContentError(
                self.name,
                f"cell {number}",
                "this is Otter's older form",
                "Convert it with `otter assign --v0` tools first",
            )
        if place == "IGNORE" or source.lstrip().startswith("# IGNORE"):
            self._note(number, "a cell to be ignored was left out", "nothing to do")
        elif place == "SOLUTION":
            self._answer(kind, source)
        elif place == "PROMPT":
            self.prompts.append(source)
        elif place == "TESTS":
            self._test(number, kind, source)
        else:
            self._given(number, kind, source)

    def _given(self, number: int, kind: str, source: str) -> None:
        """A cell outside of solutions and tests. One with solution marks in it is an answer all the same."""
        if kind == "code" and (_SOLUTION_LINE.search(source) or re.search(r"#\s*(BEGIN )?SOLUTION\b", source)):
            self._answer(kind, source)
            return
        if re.search(r"#\s*SEED\s*$", source, re.M):
            self._note(
                number, "a line marked # SEED is kept as it is", "it is run once, in its place, not before each cell"
            )
        self.cells.append(_made(kind, _without_ignored(source), None))

    def _answer(self, kind: str, source: str) -> None:
        question = self.question
        name = question.name if question else f"answer-{len(self.cells) + 1}"
        number = question.answers if question else 0
        if question:
            question.answers += 1
        grade_id = name if number == 0 else f"{name}-part-{number + 1}"
        manual = bool(question and question.manual and number == 0)
        points = float(_total(question.points)) if question and manual else 0.0
        if kind == "markdown":
            role = Role(grade_id, True, True, False, False, points)
            self.cells.append(_made(kind, source, role))
            return
        role = Role(grade_id, manual, True, False, False, points)
        self.cells.append(_made("code", solution_cell(_without_ignored(source), self.prompts), role))
        self.prompts = []

    def _test(self, number: int, kind: str, source: str) -> None:
        if kind != "code":
            self._note(number, "a cell between the tests that is not code was left out", "put it before the tests")
            return
        assert self.question is not None
        settings: dict[str, Any] = {}
        if match := _TEST_CONFIG.search(source):
            settings = read_settings(match["text"].split("\n"))
            source = source[: match.start()] + source[match.end() :]
        first, _, rest = source.lstrip("\n").partition("\n")
        hidden = settings.get("hidden") is True
        if re.match(r"\s*#\s*HIDDEN\s*$", first):
            hidden, source = True, rest
        if "success_message" in settings:
            self._note(number, "the success_message is not shown", "learners read 'passed'")
        made = self._as_asserts(source.strip("\n"))
        if message := settings.get("failure_message"):
            body = "\n".join(f"    {line}" for line in made.split("\n"))
            made = f"try:\n{body}\nexcept Exception as error:\n    raise AssertionError({str(message)!r}) from error"
        points = settings.get("points")
        self.question.tests.append(_Test(made, hidden, float(points) if isinstance(points, int | float) else None))

    def _as_asserts(self, source: str) -> str:
        """An expression whose shown value was the expectation becomes an assert of what it shows."""
        parts = _last_expression(source)
        if parts is None or not self.shown:
            return source
        self.helper = True
        before, expression = parts
        text = f"assert shown(lambda: {expression}) == {self.shown!r}"
        return f"{before}\n{text}" if before.strip() else text

    def _checks(self) -> None:
        """The question's tests: each a check with its share, or one for all where the question says all or nothing."""
        question = self.question
        assert question is not None
        if not question.tests:
            return
        shares = list(_shares(question))
        if question.whole:
            sources = [_hide(test.source) if test.hidden else test.source for test in question.tests]
            self._check(f"{question.name}-test", "\n".join(sources), sum(shares))
            return
        for number, (test, share) in enumerate(zip(question.tests, shares, strict=True), 1):
            source = _hide(test.source) if test.hidden else test.source
            self._check(f"{question.name}-test-{number}", source, share)

    def _check(self, grade_id: str, source: str, points: float) -> None:
        self.cells.append(_made("code", source, Role(grade_id, True, False, True, False, round(points, 6))))


def _made(kind: str, source: str, role: Role | None) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if role is not None:
        meta["nbgrader"] = metadata.write_role(role, source, kind)
        del meta["nbgrader"]["checksum"], meta["nbgrader"]["cell_type"]
    made: dict[str, Any] = {"cell_type": kind, "metadata": meta, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _shown_by(cell: dict[str, Any]) -> str:
    """The text of the value that a cell showed when its author ran it; '' where it showed none."""
    for output in cell.get("outputs") or []:
        data = (
            output.get("data") if isinstance(output, dict) and output.get("output_type") == "execute_result" else None
        )
        text = data.get("text/plain") if isinstance(data, dict) else None
        if text is not None:
            text = "".join(text) if isinstance(text, list) else str(text)
            return re.sub(r"np\.(?:True_|False_)|np\.\w+\((.+?)\)", _plain_number, text)
    return ""


def _plain_number(match: re.Match[str]) -> str:
    """numpy 2 shows np.float64(1.5) and np.True_ where the helper shows 1.5 and True."""
    return match[1] if match[1] else match[0].removeprefix("np.").rstrip("_")


def _hide(source: str) -> str:
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


def _total(points: Any) -> float:
    if isinstance(points, list):
        return float(sum(item for item in points if isinstance(item, int | float)))
    return float(points) if isinstance(points, int | float) and not isinstance(points, bool) else 1.0


def _shares(question: _Question) -> Iterator[float]:
    """Points of each test: its own, else the question's `each` or list, else an equal part of what is left (1 in all)."""
    count = len(question.tests)
    if isinstance(question.points, dict):
        each = question.points.get("each", 0)
        yield from (test.points if test.points is not None else float(each) for test in question.tests)
        return
    if isinstance(question.points, list) and len(question.points) == count:
        yield from (float(item) for item in question.points)
        return
    given = sum(test.points or 0 for test in question.tests)
    open_tests = sum(test.points is None for test in question.tests)
    total = _total(question.points) if question.points is not None or not given else given
    left = max(total - given, 0.0) / open_tests if open_tests else 0.0
    yield from (test.points if test.points is not None else left for test in question.tests)


def _last_expression(source: str) -> tuple[str, str] | None:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return None
    if not body or not isinstance(body[-1], ast.Expr):
        return None
    lines = source.split("\n")
    before = "\n".join(lines[: body[-1].lineno - 1])
    return before, ast.unparse(body[-1].value)


def _without_ignored(source: str) -> str:
    kept, ignoring = [], False
    for line in source.split("\n"):
        if re.search(r"#\s*BEGIN IGNORE\s*$", line):
            ignoring = True
        elif re.search(r"#\s*END IGNORE\s*$", line):
            ignoring = False
        elif not ignoring and not re.search(r"#\s*IGNORE\s*$", line):
            kept.append(line)
    return "\n".join(kept)


def solution_cell(source: str, prompts: list[str]) -> str:
    """A cell with Otter's solution marks as one with nbgrader's. An assignment keeps its `x = ...` for the learner."""
    texts = [match["text"] for match in _PROMPT.finditer(source)] + prompts
    source = _PROMPT.sub("", source).strip("\n")
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        begin, end = (
            re.match(r"^(\s*)#\s*BEGIN SOLUTION(\s+NO PROMPT)?\s*$", line),
            re.match(r"^(\s*)#\s*END SOLUTION\s*$", line),
        )
        if begin and not inside:
            inside = True
            lines.append(f"{begin[1]}### BEGIN SOLUTION")
        elif end and inside:
            inside = False
            lines.append(f"{end[1]}### END SOLUTION")
        elif not inside and (match := _SOLUTION_LINE.match(line)):
            lines += _marked_line(match)
        else:
            lines.append(line)
    made = "\n".join(_joined(lines))
    if "### BEGIN SOLUTION" not in made and texts:
        made = f"### BEGIN SOLUTION\n{made}\n### END SOLUTION"
    return "\n".join([*texts, made]) if texts else made


def _marked_line(match: re.Match[str]) -> list[str]:
    indent, code = match["indent"], match["code"]
    region = [f"{indent}### BEGIN SOLUTION", f"{indent}{code}", f"{indent}### END SOLUTION"]
    target = re.match(r"([\w.\[\]'\", ]+?)\s*=(?!=)", code)
    plain = target is not None and not match["bare"] and re.fullmatch(r"\w+(\s*,\s*\w+)*", target[1])
    if plain and target is not None and "," not in target[1]:
        return [f"{indent}{target[1]} = ...", *region]
    return region


def _joined(lines: list[str]) -> list[str]:
    """Regions that follow each other become one, so that the learner sees one stub."""
    made: list[str] = []
    for line in lines:
        if made and line.strip() == "### BEGIN SOLUTION" and made[-1].strip() == "### END SOLUTION":
            made.pop()
        else:
            made.append(line)
    return made


def read_settings(lines: list[str]) -> dict[str, Any]:
    """The little of YAML that Otter's settings use: keys, plain values, lists, and one level of keys below a key."""
    found: dict[str, Any] = {}
    key = ""
    for raw in lines:
        line = raw.split(" #")[0].rstrip()
        if not line.strip() or line.strip().startswith("#"):
            continue
        if line.startswith((" ", "-")) and key:
            found[key] = _nested(found[key], line.strip())
        elif ":" in line:
            key, _, value = line.partition(":")
            key = key.strip()
            found[key] = _value(value.strip())
    return found


def _nested(held: Any, line: str) -> Any:
    if line.startswith("-"):
        return [*(held if isinstance(held, list) else []), _value(line[1:].strip())]
    name, _, value = line.partition(":")
    return {**(held if isinstance(held, dict) else {}), name.strip(): _value(value.strip())}


def _value(text: str) -> Any:
    words = {"": None, "null": None, "true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    if text.startswith("[") and text.endswith("]"):
        return [_value(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

"""From what a check's run gave to its outcome, its points and the words for the learner."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import names, regions
from .explain import explain
from .messages import printable, say

if TYPE_CHECKING:  # browsers judge visible checks by this module, and have no sandbox and no msgspec
    from .exercise import Check
    from .run import Ran
    from .wire import Trouble, Value

PASSED, FAILED, ERROR, NOT_RUN = "passed", "failed", "error", "not_run"
_ROUNDING = 1e-9
_MAX_TEXT = 500


@dataclass(frozen=True)
class Verdict:
    """`points` is None where the outcome is `error`: nobody knows them yet."""

    outcome: str
    points: float | None
    message: str


@dataclass(frozen=True)
class Case:
    """All that judging one check needs. `where` says a place in the learner's notebook in words, '' if it isn't hers;
    `cause` is what went wrong in the answers that this check is about, '' if nothing did; `credit`: the solution's value is a
    number."""

    check: Check
    source: str
    key: str
    seconds: float
    language: str
    cause: str
    where: Callable[[str, int], str]
    credit: bool = False


def judge(case: Case, ran: Ran) -> Verdict:
    verdict = _judge(case, ran)
    return dataclasses.replace(verdict, message=printable(verdict.message))


def _judge(case: Case, ran: Ran) -> Verdict:
    """Silence earns nothing: only a run that came to its end, without an error, may earn points."""
    if case.check.manual:
        return Verdict(NOT_RUN, 0.0, say("manual", case.language))
    if ran.trouble == "not_run":
        return Verdict(NOT_RUN, 0.0, say("not_run", case.language))
    if ran.trouble == "timeout" or ran.late:
        return Verdict(FAILED, 0.0, say("time_check", case.language, seconds=case.seconds))
    if ran.trouble or ran.reply is None:
        return Verdict(FAILED, 0.0, say(ran.trouble or "broken", case.language))
    if ran.reply.error is not None:
        return _Failure(case, ran.reply.error, unseen=ran.unseen).verdict()
    return _value(case, ran.reply.value)


def _value(case: Case, value: Value | None) -> Verdict:
    """The last expression's value may be partial credit; what only looks like credit is an error of the exercise."""
    most = case.check.points
    if case.credit and (value is None or value.kind == "other"):  # such as the table that comparing her table gives
        return Verdict(FAILED, 0.0, _joined(case.cause, case.check.message or say("failed", case.language)))
    if value is None or value.kind in ("other", "passed"):
        return Verdict(PASSED, most, say("passed", case.language))
    if value.kind == "failed":
        return Verdict(FAILED, 0.0, _joined(case.cause, case.check.message or say("failed", case.language)))
    if value.kind != "number" or not 0 <= value.number <= most + _ROUNDING:
        return Verdict(ERROR, None, say("our_error", case.language))
    points = min(value.number, most)
    if points >= most - _ROUNDING:
        return Verdict(PASSED, most, say("passed", case.language))
    partly = say("partly", case.language, points=points, max_points=most) if points else ""
    return Verdict(FAILED, points, _joined(case.cause, partly, case.check.message) or say("failed", case.language))


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)


class _Failure:
    """The words for a check that raised an error."""

    def __init__(self, case: Case, trouble: Trouble, *, unseen: bool) -> None:
        self.case = case
        self.trouble = trouble
        lines = [line for key, line in trouble.frames if key == case.key]
        self.line = lines[-1] if lines else 0
        first = regions.first_hidden(case.source)
        tells = self.line < first if first else True  # from there on her process knows hidden values
        self.hidden = case.check.hidden or unseen or not tells or (not self.line and bool(first))
        by_cell = trouble.library in ("", "__main__")
        self.inside = by_cell and bool(trouble.frames) and trouble.frames[-1][0] == case.key  # not by what it called

    def verdict(self) -> Verdict:
        if self._is_ours():
            return Verdict(ERROR, None, say("our_error", self.case.language))
        author = self._author_text()
        if self.hidden:
            text = author or self.case.check.message or say("failed_hidden", self.case.language)
            return Verdict(FAILED, 0.0, _joined(self.case.cause, text))
        if self.inside and "AssertionError" in self.trouble.kinds:
            text = author or self.case.check.message or self._generic()
            return Verdict(FAILED, 0.0, _joined(self.case.cause, text))
        return Verdict(FAILED, 0.0, _joined(self.case.cause or self._explained(), author or self.case.check.message))

    def _is_ours(self) -> bool:
        """A check that isn't even Python can't be the learner's fault. An error of that class may be: she may raise it."""
        return "SyntaxError" in self.trouble.kinds and not _is_python(self.case.source)

    def _author_text(self) -> str:
        """What the failing assert says. Of a hidden one only the words that stand in the source, never a value."""
        if not self.hidden and self.inside and "AssertionError" in self.trouble.kinds and self.trouble.value:
            return _cut(self.trouble.value)
        return static_message(self.case.source, self.line)

    def _generic(self) -> str:
        text = say("failed", self.case.language)
        shown = _line(self.case.source, self.line)
        return f"{text} {say('check_line', self.case.language, text=shown)}" if shown else text

    def _explained(self) -> str:
        language = self.case.language
        said = explain(self.trouble.all_kinds, self.trouble.value, self.trouble.library, language)
        if "AssertionError" in self.trouble.kinds:
            detail = " ".join(self.trouble.value.split())
            return _joined(self.case.check.message or self._generic(), f"({_cut(detail, 200)})" if detail else "")
        for key, line in reversed(self.trouble.frames):
            if where := self.case.where(key, line):
                return say("stopped", language, where=where, explained=said)
        where = say("check_line", language, text=_line(self.case.source, self.line))
        return say("stopped", language, where=where, explained=said)


def _is_python(source: str) -> bool:
    tree = names.parse(source)
    try:
        return tree is not None and bool(compile(tree, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    except (SyntaxError, ValueError):
        return False


def _cut(text: str, most: int = _MAX_TEXT) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _line(source: str, line: int) -> str:
    lines = source.split("\n")
    return _cut(lines[line - 1].strip(), 100) if 0 < line <= len(lines) else ""


def static_message(source: str, line: int) -> str:
    """The text that stands in the assert (or `raise AssertionError`) around `line`; values in it are left out."""
    found = ""
    for node in _statements(source):
        if isinstance(node, ast.Assert):
            text: ast.expr | None = node.msg
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            text = node.exc.args[0]
        else:
            continue
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            found = _words(text)
    return _cut(found)


def _statements(source: str) -> list[ast.stmt]:
    lines = ["pass" if text.startswith(("%", "!")) else text for text in source.split("\n")]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def _words(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        return _words(node.left) + _words(node.right)
    return ""


def explained_error(trouble: Trouble, language: str, where: Callable[[str, int], str]) -> str:
    """What stopped an answer cell, with the place in the learner's notebook."""
    said = explain(trouble.all_kinds, trouble.value, trouble.library, language)
    for key, line in reversed(trouble.frames):
        if place := where(key, line):
            return say("stopped", language, where=place, explained=said)
    return said

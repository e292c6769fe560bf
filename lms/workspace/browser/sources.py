"""A cell's source, made ready to run: what only IPython knows is left out or refused, the last expression apart."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from lms.grading.room.told import cell_file

# What many notebooks begin with and what changes nothing here.
_HARMLESS = re.compile(r"^%(matplotlib\b|config\s+InlineBackend\b|load_ext\s+autoreload\b|autoreload\b|precision\b)")


class MagicError(Exception):
    """A line that only IPython understands. `kind`: magic, shell or help."""

    def __init__(self, kind: str, line: str, number: int) -> None:
        super().__init__(line)
        self.kind = kind
        self.line = line
        self.number = number


@dataclass(frozen=True)
class Ready:
    """`body` is run, then `last` is evaluated and shown, if there is one."""

    body: CodeType
    last: CodeType | None


def make_ready(source: str, key: str) -> Ready:
    """Raises SyntaxError and MagicError."""
    name = cell_file(key)
    tree = parse(source, name)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and not _ends_silently(source):
        body = ast.Module(tree.body[:-1], [])
        return Ready(compiled(body, name, "exec"), compiled(ast.Expression(last.value), name, "eval"))
    return Ready(compiled(tree, name, "exec"), None)


def parse(source: str, name: str = "<cell>") -> ast.Module:
    try:
        return ast.parse(source, name)
    except SyntaxError:
        plain = _without_magics(source)
        if plain == source:
            raise
        return ast.parse(plain, name)


def compiled(tree: ast.Module | ast.Expression, name: str, mode: str) -> CodeType:
    return compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def statements(source: str, key: str) -> Iterator[tuple[CodeType, bool]]:
    """A check's statements, each compiled when its turn comes; and whether it is the last expression, whose value counts."""
    name = cell_file(key)
    body = parse(source, name).body
    last = body[-1] if body else None
    if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
        last = None
    for statement in body[:-1] if last else body:
        yield compiled(ast.Module([statement], []), name, "exec"), False
    if last:
        yield compiled(ast.Expression(last.value), name, "eval"), True


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if _HARMLESS.match(text):
            lines[number - 1] = line[: len(line) - len(line.lstrip())] + "pass"
        elif re.match(r"%%?[a-zA-Z]", text):
            raise MagicError("magic", text, number)
        elif text.startswith("!"):
            raise MagicError("shell", text, number)
        elif re.fullmatch(r"\?{1,2}[\w.]+|[\w.]+\?{1,2}", text):
            raise MagicError("help", text, number)
    return "\n".join(lines)


def _ends_silently(source: str) -> bool:
    """Whether a semicolon ends the cell, comments and blank lines aside."""
    if ";" not in source:
        return False
    last = ""
    passed = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT)
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in passed:
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"

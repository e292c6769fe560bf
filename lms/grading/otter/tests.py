"""Otter's test cells as checks: what a cell showed when its author ran it becomes what it must show."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from .settings import read_settings

_CONFIG = re.compile(
    r"\A\s*(?:\w\s*=\s*)?[\"']{1,3}\s*#\s*BEGIN\s*TEST\s*CONFIG\s*\n(?P<text>.*?)"
    r"\n\s*[\"']{1,3};?\s*#\s*END\s*TEST\s*CONFIG[ \t]*$\n?",
    re.S | re.M | re.I,
)
HELPER = '''import contextlib
import io
import re


def otter_plain(text):
    """A shown value without numpy's names around plain numbers and texts, and without blanks at the ends of lines."""
    text = re.sub(r"np\\.(True|False)_", r"\\1", text)
    text = re.sub(r"np\\.(?:float|int|uint|bool|str)\\w*\\(([^()]*)\\)", r"\\1", text)
    return "\\n".join(line.rstrip() for line in text.strip().split("\\n"))


def otter_shown(run):
    """What Python shows for the value of an expression."""
    value = run()
    return "" if value is None else otter_plain(repr(value))


@contextlib.contextmanager
def otter_screen():
    """Collects what is printed."""
    with contextlib.redirect_stdout(io.StringIO()) as screen:
        yield screen
'''


@dataclass(frozen=True)
class Recorded:
    """What the cell left when its author ran it: texts printed, the value shown last; `ran` False where it never did."""

    printed: str
    shown: str
    ran: bool


def recorded(cell: dict[str, Any]) -> Recorded:
    printed, shown = "", ""
    held = cell.get("outputs")
    outputs = held if isinstance(held, list) else []
    for output in outputs:
        if not isinstance(output, dict):
            continue
        if output.get("output_type") == "stream" and output.get("name") == "stdout":
            printed += _text(output.get("text"))
        elif output.get("output_type") == "execute_result" and isinstance(output.get("data"), dict):
            shown = _text(output["data"].get("text/plain"))
    return Recorded(printed, shown, bool(outputs) or cell.get("execution_count") is not None)


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value or "")


def split_settings(source: str) -> tuple[dict[str, Any], str]:
    """A test cell's settings, and its code. ValueError where they can't be read."""
    source = source.strip("\n")
    settings: dict[str, Any] = {}
    first = source.split("\n")[0]
    if first.lstrip().startswith("#"):
        settings["hidden"] = bool(re.search(r"\bhidden\b", first, re.I))
        source = source if not settings["hidden"] else source[len(first) :].lstrip("\n")
    if match := _CONFIG.match(source):
        settings |= read_settings(match["text"].split("\n"))
        source = source[match.end() :]
    return settings, source.strip("\n")


def plain(text: str) -> str:
    """As the helper of the same name in the notebook does it."""
    text = re.sub(r"np\.(True|False)_", r"\1", text)
    text = re.sub(r"np\.(?:float|int|uint|bool|str)\w*\(([^()]*)\)", r"\1", text)
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def as_check(source: str, record: Recorded) -> str:
    """The test of a cell as asserts. SyntaxError."""
    tree = ast.parse(source)
    value = tree.body[-1].value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if value is None and not record.printed:
        return source
    if not record.printed:
        assert value is not None
        lines = source.split("\n")[: tree.body[-1].lineno - 1]
        return "\n".join([*lines, f"assert otter_shown(lambda: {ast.unparse(value)}) == {plain(record.shown)!r}"])
    body = tree.body if value is None or not record.shown else tree.body[:-1]
    made = ["with otter_screen() as screen:"]
    made += [f"    {line}" for statement in body for line in ast.unparse(statement).split("\n")]
    if value is not None and record.shown:
        made.append(f"    print(otter_shown(lambda: {ast.unparse(value)}))")
    return "\n".join([*made, f"assert otter_plain(screen.getvalue()) == {plain(record.printed + record.shown)!r}"])


def is_function(source: str) -> bool:
    """Whether it only defines a function, which by itself tests nothing. SyntaxError."""
    body = ast.parse(source).body
    return len(body) == 1 and isinstance(body[0], ast.FunctionDef)


def as_call(source: str) -> str:
    """A test in the form of a function (`ok_format: false`), called with what it asks for. ValueError where it is another."""
    body = ast.parse(source).body
    if not body or not isinstance(body[0], ast.FunctionDef) or len(body) > 2:
        raise ValueError("it is not one function")
    function = body[0]
    asked = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    given = ", ".join(f"{name}=globals()" if name == "env" else f"{name}={name}" for name in asked)
    lines = source.split("\n")[: function.end_lineno]
    return "\n".join([*lines, f"{function.name}({given})"])


def with_messages(source: str, success: Any, failure: Any) -> str:
    if failure:
        body = "\n".join(f"    {line}" for line in _safe_to_indent(source).split("\n"))
        source = f"try:\n{body}\nexcept Exception as error:\n    raise AssertionError({str(failure)!r}) from error"
    return f"{source}\nprint({str(success)!r})" if success else source


def _safe_to_indent(source: str) -> str:
    """Texts over several lines would change when indented; written anew, they stand in one."""
    return ast.unparse(ast.parse(source)) if '"""' in source or "'''" in source else source

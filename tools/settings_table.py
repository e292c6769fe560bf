"""Keep the table of settings in docs/operator.md in step with lms/settings.py, where each field has its line of why.

python -m tools.settings_table            write the table
python -m tools.settings_table --check    change nothing; exit status 1 if the table is not as it should be
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import inspect

from lms.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "lms/settings.py"
DOCUMENT = ROOT / "docs/operator.md"
BEGIN = "<!-- settings: written by `python -m tools.settings_table` -->"
END = "<!-- end of settings -->"
HEAD = "| setting | default | may be | what it is for |\n|---|---|---|---|"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    only_check = parser.parse_args(arguments).check
    text = DOCUMENT.read_text("utf-8")
    wanted = with_table(text)
    if text == wanted:
        return 0
    if only_check:
        print("docs/operator.md: run `python -m tools.settings_table`", file=sys.stderr)  # noqa: T201
        return 1
    DOCUMENT.write_text(wanted, "utf-8")
    return 0


def with_table(text: str) -> str:
    """The document with the table of now between its two marks. Raises ValueError where a mark is missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT.name} lacks {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    return "\n".join([HEAD, *(_row(names, why) for names, why in groups(SOURCE.read_text("utf-8")))])


def groups(source: str) -> Iterator[tuple[list[str], str]]:
    """Names of settings that stand under one comment, and the comment. Raises ValueError for a setting without any."""
    lines = source.splitlines()
    names: list[str] = []
    why = ""
    for field in _fields(source):
        comment = _comment_above(lines, field.lineno - 1)
        if comment:
            if names:
                yield names, why
            names, why = [], comment
        if not why:
            raise ValueError(f"{_name(field)} has no comment above it")
        names.append(_name(field))
    yield names, why


def _fields(source: str) -> list[ast.AnnAssign]:
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    body = next(node.body for node in classes if node.name == Settings.__name__)
    return [node for node in body if isinstance(node, ast.AnnAssign)]


def _name(field: ast.AnnAssign) -> str:
    assert isinstance(field.target, ast.Name)
    return field.target.id


def _comment_above(lines: list[str], line: int) -> str:
    found: list[str] = []
    while line and lines[line - 1].strip().startswith("#"):
        line -= 1
        found.insert(0, lines[line].strip().removeprefix("#").strip())
    return " ".join(found)


def _row(names: list[str], why: str) -> str:
    facts = {field.name: field for field in inspect.type_info(Settings).fields}  # type: ignore[attr-defined]
    cells = (
        [f"`{name}`" for name in names],
        [_default(facts[name].default) for name in names],
        [_range(facts[name].type) for name in names],
    )
    return f"| {' | '.join('<br>'.join(cell) for cell in cells)} | {why} |"


def _default(value: object) -> str:
    if value is msgspec.NODEFAULT:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "empty"


def _range(kind: inspect.Type) -> str:
    match kind:
        case inspect.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in sorted(map(str, values)))
        case inspect.IntType(ge=least, le=most):
            return f"{least} to {most}" if most is not None else f"{least} or more"
        case inspect.BoolType():
            return "`true`, `false`"
        case inspect.StrType(min_length=int(length)):
            return f"{length} characters or more"
    return "text"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

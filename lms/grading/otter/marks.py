"""The cells by which Otter Assign marks what an assignment is made of: raw ones, or fenced blocks in markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..exercise import source_of

_MARK = re.compile(
    r"#\s+(?:(?P<edge>BEGIN|END)\s+(?P<what>QUESTION|SOLUTION|PROMPT|TESTS)|(?P<config>ASSIGNMENT\s+CONFIG))\s*$", re.I
)
_FENCE = re.compile(r"^```otter\s*\n(.*?)^```\s*$", re.S | re.M)
_OLD_FORM = re.compile(r"^```[^\n]*\n\s*BEGIN (?:QUESTION|ASSIGN|SOLUTION|TESTS|PROMPT)\b", re.M)


def mark_of(cell: Any) -> re.Match[str] | None:
    """The first line of a cell that marks something, with `edge` and `what` in it, or `config`."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "raw":
        return None
    return _MARK.match((source_of(cell) or "").strip().split("\n")[0])


def is_otter(notebook: dict[str, Any]) -> bool:
    cells = notebook.get("cells")
    return isinstance(cells, list) and any(mark_of(cell) for _, cell in unfenced(cells))


def old_form(notebook: dict[str, Any]) -> int:
    """The number of the first cell in Otter's older form (settings in a fence of markdown), 0 where there is none."""
    cells = notebook.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else [], 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown" and _OLD_FORM.search(source_of(cell) or ""):
            return number
    return 0


def unfenced(cells: list[Any]) -> Iterator[tuple[int, Any]]:
    """Each cell with its number, counted from 1; blocks fenced as `otter` in markdown as raw cells of their own."""
    for number, cell in enumerate(cells, 1):
        source = source_of(cell)
        if source is None or cell.get("cell_type") != "markdown" or not _FENCE.search(source):
            yield number, cell
            continue
        for place, part in enumerate(_FENCE.split(source)):
            if part.strip():
                yield number, {**cell, "cell_type": "raw" if place % 2 else "markdown", "source": part.strip("\n")}


def is_ignored(kind: str, source: str) -> bool:
    first = source.lstrip().split("\n")[0]
    if kind == "code":
        return bool(re.match(r"#{1,2}\s*IGNORE\b", first, re.I))
    return bool(re.fullmatch(r"(##\s*IGNORE\s*##|#\s*IGNORE)\s*", first, re.I))


def without_ignored(source: str) -> str:
    kept, ignoring = [], False
    for line in source.split("\n"):
        if re.match(r"\s*#\s*BEGIN\s*IGNORE\s*$", line, re.I):
            ignoring = True
        elif line.rstrip().endswith("# END IGNORE"):
            ignoring = False
        elif not ignoring and not line.rstrip().endswith("# IGNORE"):
            kept.append(line)
    return "\n".join(kept)

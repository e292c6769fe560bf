"""An exercise's cells as the workspace shows them, and a notebook made of what a learner wrote into them.

Everything here comes from the starter, the learner's copy: nothing of solutions or hidden checks is ever read.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Kind = Literal["text", "given", "answer", "free", "check"]


@dataclass(frozen=True)
class Cell:
    """A cell of the starter. `key` is its grade_id, or "cell:" and its id where it has none; `number` counts the notebook's
    cells from 1.

    `kind`: text (Markdown), given (code that stays as it is), answer, free (code of the exercise that she may change), check.
    Of a check: `hidden` where nothing of it may be seen, `message` the author's word for a failure, `answers` the keys of
    the answer cells that stand before it and after the check before.
    """

    key: str
    id: str
    number: int
    kind: Kind
    cell_type: str
    source: str
    hints: tuple[str, ...] = ()
    title: str = ""
    points: float = 0
    hidden: bool = False
    manual: bool = False
    message: str = ""
    answers: tuple[str, ...] = ()

    @property
    def is_editable(self) -> bool:
        return self.kind in ("answer", "free")


@dataclass(frozen=True)
class OwnCell:
    """A code cell that the learner added; it stands after the cell `after`, at the top where that is ""."""

    after: str
    source: str


@dataclass(frozen=True)
class Typed:
    """What a learner wrote: sources by key of editable cells, and cells of her own in their order."""

    answers: Mapping[str, str]
    own: tuple[OwnCell, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """All cells of an exercise version, in reading order."""

    cells: tuple[Cell, ...]
    notebook: Mapping[str, Any]

    @cached_property
    def editable(self) -> dict[str, Cell]:
        return {cell.key: cell for cell in self.cells if cell.is_editable}

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(cell.key for cell in self.cells)

    @cached_property
    def key_of_id(self) -> dict[str, str]:
        return {cell.id: cell.key for cell in self.cells}

    @cached_property
    def blank(self) -> Typed:
        return Typed({key: cell.source for key, cell in self.editable.items()})

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The modules, by the first part of their names, that the starter's code imports."""
        found: set[str] = set()
        for cell in self.cells:
            if cell.cell_type == "code":
                found |= _imports(cell.source)
        return tuple(sorted(found))


def read_sheet(starter: bytes, facts: Mapping[str, Any]) -> Sheet:
    """The cells of a published starter, with what the version's `facts` tell of its checks and hints."""
    notebook = json.loads(starter)
    reader = _Reader(facts)
    return Sheet(tuple(reader.read(number, raw) for number, raw in enumerate(notebook["cells"], 1)), notebook)


class _Reader:
    """Cell by cell; remembers the answer cells that the next check follows."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._checks = {fact["name"]: fact for fact in facts["checks"]}
        self._hints: Mapping[str, list[str]] = facts.get("hints", {})
        self._answers: list[str] = []
        self._were_checked = False

    def read(self, number: int, raw: Mapping[str, Any]) -> Cell:
        meta = raw["metadata"].get("nbgrader", {})
        kind = _kind(raw["cell_type"], meta)
        name = meta.get("grade_id", "")
        source = "".join(raw["source"])
        more: dict[str, Any] = {}
        if kind == "answer":
            self._note_answer(name)
            more = {"hints": tuple(self._hints.get(name, ()))}
        elif kind == "check":
            self._were_checked = True
            more = _check_facts(self._checks.get(name, {}), source) | {"answers": tuple(self._answers)}
        return Cell(name or f"cell:{raw['id']}", raw["id"], number, kind, raw["cell_type"], source, **more)

    def _note_answer(self, name: str) -> None:
        if self._were_checked:
            self._answers = []
            self._were_checked = False
        self._answers.append(name)


def _kind(cell_type: str, meta: Mapping[str, Any]) -> Kind:
    if meta.get("solution") and not meta.get("task"):
        return "answer"
    if cell_type != "code":
        return "text"
    if meta.get("grade"):
        return "check"
    return "given" if meta.get("locked") else "free"


def _check_facts(fact: Mapping[str, Any], source: str) -> dict[str, Any]:
    shown = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {
        "title": fact.get("title", ""),
        "points": fact.get("points", 0),
        "hidden": not shown,
        "manual": fact.get("manual", False),
        "message": fact.get("message", ""),
    }


def _imports(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def fill(sheet: Sheet, typed: Typed) -> bytes:
    """The starter with what she wrote, as a notebook of nbformat 4.5: the same text gives the same bytes."""
    cells = [_own_cell(sheet, own, place) for place, own in enumerate(typed.own) if not own.after]
    for cell, raw in zip(sheet.cells, sheet.notebook["cells"], strict=True):
        cells.append({**raw, "source": typed.answers.get(cell.key, cell.source)} if cell.is_editable else raw)
        cells += [_own_cell(sheet, own, place) for place, own in enumerate(typed.own) if own.after == cell.key]
    made = {**sheet.notebook, "cells": cells}
    return (json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _own_cell(sheet: Sheet, own: OwnCell, place: int) -> dict[str, Any]:
    id = f"own-{place + 1}"
    while id in sheet.key_of_id:
        id += "_"
    empty: dict[str, Any] = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"id": id, "cell_type": "code", "source": own.source, **empty}

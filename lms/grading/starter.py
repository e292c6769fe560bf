"""The learner's copy of an exercise: no solutions, no hidden checks, valid for nbgrader."""

from __future__ import annotations

import re
from typing import Any

from . import metadata, regions
from .exercise import Cell, Exercise

_STUB: dict[str, tuple[str, ...]] = {
    "ko": ("# 여기에 코드를 작성하세요", "raise NotImplementedError()"),
    "en": ("# YOUR CODE HERE", "raise NotImplementedError()"),
}
_PLACEHOLDER = re.compile(r"^\s*[A-Za-z_][^#\n]*=\s*\.\.\.\s*$", re.MULTILINE)
_TEXT_STUB = {"ko": "여기에 답을 작성하세요", "en": "YOUR ANSWER HERE"}


def make_starter(exercise: Exercise) -> dict[str, Any]:
    """A notebook of nbformat 4.5 as a dict. It says which exercise it is of, so that another's can be told."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "baeum": {"exercise": exercise.slug},
        },
        "cells": [starter_cell(cell, exercise.language) for cell in exercise.cells],
    }


def starter_cell(cell: Cell, language: str) -> dict[str, Any]:
    source = visible_source(cell, language)
    meta: dict[str, Any] = {}
    if cell.role:
        meta["nbgrader"] = metadata.write_role(cell.role, source, cell.cell_type)
        meta["deletable"] = False
        if not cell.role.solution:
            meta["editable"] = False
    made: dict[str, Any] = {"id": cell.id, "cell_type": cell.cell_type, "metadata": meta, "source": source}
    if cell.cell_type == "code":
        made |= {"outputs": [], "execution_count": None}
    return made


def visible_source(cell: Cell, language: str) -> str:
    """What of a cell a learner may see: a stub for each solution, nothing for hidden tests."""
    role = cell.role
    if role is None:
        return cell.source
    if role.is_answer:
        return _without_solution(cell, language)
    if role.is_check:
        return regions.replace_regions(cell.source, regions.HIDDEN).rstrip("\n")
    return regions.replace_regions(cell.source, regions.MARK_SCHEME) if role.task else cell.source


def is_stub(cell: Cell, source: str, language: str) -> bool:
    """Whether an answer is what its starter held: ours, or the one that nbgrader makes of the same source."""
    stubs = {visible_source(cell, language), _cleared(cell, _STUB["en"], _TEXT_STUB["en"])}
    return source.strip() in {"", *(stub.strip() for stub in stubs)}


def _without_solution(cell: Cell, language: str) -> str:
    code = _STUB[language]
    if _has_region(cell) and _PLACEHOLDER.search(regions.replace_regions(cell.source, regions.SOLUTION)):
        code = code[
            :1
        ]  # `rate = ...` waits for the answer by itself; a `raise` after it would be one more thing to delete
    return _cleared(cell, code, _TEXT_STUB[language])


def _cleared(cell: Cell, code: tuple[str, ...], text: str) -> str:
    """Where the author marked no region, the whole cell is the solution."""
    stub = code if cell.cell_type == "code" else (text,)
    return regions.replace_regions(cell.source, regions.SOLUTION, stub) if _has_region(cell) else "\n".join(stub)


def _has_region(cell: Cell) -> bool:
    return any(region.kind == regions.SOLUTION for region in regions.find_regions(cell.source))

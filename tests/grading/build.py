"""Small notebooks and exercise folders for the tests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lms.grading import Exercise, load_exercise, make_starter


def nbgrader(
    grade_id: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    task: bool = False,
    points: float = -1,
) -> dict[str, Any]:
    meta = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": task,
    }
    if points >= 0:
        meta["points"] = points
    return {"nbgrader": meta}


def cell(source: str, metadata: dict[str, Any] | None = None, kind: str = "code", **more: Any) -> dict[str, Any]:
    made = {"cell_type": kind, "metadata": metadata or {}, "source": source} | more
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def answer(grade_id: str, solution: str, before: str = "") -> dict[str, Any]:
    """An answer cell whose whole body, after the lines `before`, is the author's solution."""
    indent = solution[: len(solution) - len(solution.lstrip())]
    source = f"{before}{indent}### BEGIN SOLUTION\n{solution}\n{indent}### END SOLUTION"
    return cell(source, nbgrader(grade_id, solution=True))


def check(grade_id: str, source: str, points: float = 2) -> dict[str, Any]:
    return cell(source, nbgrader(grade_id, grade=True, locked=True, points=points))


def locked(grade_id: str, source: str) -> dict[str, Any]:
    return cell(source, nbgrader(grade_id, locked=True))


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": list(cells)}


def packed(made: dict[str, Any]) -> bytes:
    return json.dumps(made).encode()


def bare(folder: Path, *cells: dict[str, Any], name: str = "source") -> Exercise:
    path = folder / f"{name}.ipynb"
    path.write_bytes(packed(notebook(*cells)))
    return load_exercise(path)


def write_folder(
    root: Path, *cells: dict[str, Any], toml: str = 'title = "Demo"\n', data: dict[str, bytes] | None = None
) -> Path:
    """An exercise folder called `demo`; `data` files are listed in exercise.toml by themselves."""
    folder = root / "demo"
    folder.mkdir()
    for path, content in (data or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        toml += f'[[data]]\npath = "{path}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
    (folder / "exercise.toml").write_text(toml, encoding="utf-8")
    (folder / "source.ipynb").write_bytes(packed(notebook(*cells)))
    return folder


def handed_in(exercise: Exercise, **answers: str) -> dict[str, Any]:
    """The starter with answers typed into it, keyed by grade_id with _ for -."""
    made = json.loads(json.dumps(make_starter(exercise)))
    for name, source in answers.items():
        find(made, name.replace("_", "-"))["source"] = source
    return made


def find(made: dict[str, Any], grade_id: str) -> dict[str, Any]:
    return next(c for c in made["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)

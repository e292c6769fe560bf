"""nbgrader's cell metadata: reading any schema from 0 to 3 as schema 3, and its checksum.

The rules are those of nbgrader's own validators and its `compute_checksum`.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any

SCHEMA = 3
_GRADE_ID = re.compile(r"[a-zA-Z0-9_\-]+")


class MetadataError(ValueError):
    """`key` is the key of the metadata that is wrong, `problem` what is wrong with it, `remedy` what to do."""

    def __init__(self, key: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Role:
    """What a cell is for: answer (solution), check (grade, not solution), manual (both), task, locked."""

    grade_id: str
    grade: bool
    solution: bool
    locked: bool
    task: bool
    points: float

    @property
    def is_check(self) -> bool:
        return self.grade and not self.solution

    @property
    def is_answer(self) -> bool:
        return self.solution and not self.task

    @property
    def is_manual(self) -> bool:
        return self.task or (self.grade and self.solution)

    @property
    def is_locked(self) -> bool:
        """Overwritten at grading."""
        return not self.solution and (self.grade or self.locked)


def read_role(meta: Any, cell_type: str) -> Role | None:
    """The role of a cell from `metadata.nbgrader`, of any schema; None where it has none. MetadataError."""
    if meta is None:
        return None
    if not isinstance(meta, dict):
        raise MetadataError("nbgrader", f"{meta!r} is not an object")
    version = _version(meta)
    flags = {name: _flag(meta, name, version) for name in ("grade", "solution", "locked", "task")}
    if not any(flags.values()):
        return None
    role = Role(_grade_id(meta), points=_points(meta, flags, version), **flags)
    _check_cell_type(role, cell_type)
    return role


def _version(meta: dict[str, Any]) -> int:
    version = meta.get("schema_version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise MetadataError("schema_version", f"{version!r} is not a number from 0 to {SCHEMA}")
    if version > SCHEMA:
        remedy = f"Save it with a release of nbgrader that writes schema {SCHEMA}, such as 0.9"
        raise MetadataError("schema_version", f"a newer nbgrader wrote this cell (schema {version})", remedy)
    return version


def _flag(meta: dict[str, Any], name: str, version: int) -> bool:
    """Schema 0 left out what is false; later ones say it, except for tasks, which came with schema 3."""
    if name not in meta and (version == 0 or name == "task"):
        return False
    value = meta.get(name)
    if not isinstance(value, bool):
        raise MetadataError(name, f"{value!r} is not true or false")
    return value


def _grade_id(meta: dict[str, Any]) -> str:
    value = meta.get("grade_id")
    if not isinstance(value, str) or not _GRADE_ID.fullmatch(value):
        problem = f"{value!r} is not made of letters, digits, - and _"
        raise MetadataError("grade_id", problem, "Give the cell a name such as q1-test")
    return value


def _points(meta: dict[str, Any], flags: dict[str, bool], version: int) -> float:
    """Schema 0 allowed '', no points at all and negative ones, which its upgrade makes 0; points of others it dropped."""
    counts = flags["grade"] or flags["task"]
    value: Any = meta.get("points", 0 if version == 0 or not counts else None)
    if version == 0:
        try:
            value = max(float(0 if value == "" else value), 0.0) if counts else 0.0
        except (TypeError, ValueError):
            raise MetadataError("points", f"{value!r} is not a number", "Give the cell its points") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise MetadataError("points", f"{value!r} is not a number of 0 or more", "Give the cell its points")
    return float(value) if counts else 0.0


def _check_cell_type(role: Role, cell_type: str) -> None:
    if role.task:
        if cell_type != "markdown":
            raise MetadataError("task", "a task must be a markdown cell", "Change the cell's type, or its role")
    elif cell_type == "markdown" and role.grade != role.solution:
        problem = "a markdown cell with points must be a solution cell, and the other way round"
        raise MetadataError("grade", problem, "Make it a manually graded answer, or a read-only cell")


def write_role(role: Role, source: str, cell_type: str) -> dict[str, Any]:
    """Metadata of schema 3, with the checksum that a released notebook carries."""
    meta: dict[str, Any] = {
        "schema_version": SCHEMA,
        "grade": role.grade,
        "grade_id": role.grade_id,
        "locked": role.locked,
        "solution": role.solution,
        "task": role.task,
        "cell_type": cell_type,
        "checksum": checksum(role, source, cell_type),
    }
    if role.grade or role.task:
        meta["points"] = int(role.points) if role.points.is_integer() else role.points
    return meta


def checksum(role: Role, source: str, cell_type: str) -> str:
    parts = [source, cell_type, str(role.grade), str(role.solution), str(role.is_locked), role.grade_id]
    if role.grade:
        parts.append(str(role.points))
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()

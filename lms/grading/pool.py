"""The warm parents of this process, one for each set of libraries that exercises import."""

from __future__ import annotations

import ast
import atexit
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from lms.errors import GradingUnavailableError

from .exercise import Exercise
from .sandbox.isolation import LEVELS, isolation
from .sandbox.process import WarmParent

MOST_PARENTS = 2
DEFAULT_LEVEL = "user"
_PRELOADABLE = ("numpy", "pandas", "matplotlib", "sklearn", "scipy")
_lock = threading.Lock()
_parents: OrderedDict[tuple[str, ...], WarmParent] = OrderedDict()
_users: dict[tuple[str, ...], int] = {}


def required(level: str | None) -> str:
    """The level that grading must have: as given, else from LMS_GRADING_ISOLATION, else `user`."""
    level = level or os.environ.get("LMS_GRADING_ISOLATION") or DEFAULT_LEVEL
    if level not in LEVELS:
        raise GradingUnavailableError(why=f"{level!r} is no level of isolation; use one of {', '.join(LEVELS)}")
    return level


@contextmanager
def warm_parent(exercise: Exercise, required_level: str | None) -> Iterator[WarmParent]:
    """A warm parent for the exercise, shared with other threads. GradingUnavailableError."""
    report = isolation()
    wanted = required(required_level)
    if not report.reaches(wanted):
        lacking = "; ".join(f"{what}: {line}" for what, line in report.missing)
        raise GradingUnavailableError(why=f"isolation is {report.level}, {wanted} is required. Missing: {lacking}")
    key = preload(exercise)
    with _lock:
        parent = _take(key, report.level)
    try:
        yield parent
    finally:
        with _lock:
            _users[key] -= 1


def _take(key: tuple[str, ...], level: str) -> WarmParent:
    parent = _parents.get(key)
    if parent is not None and not parent.is_alive():
        _parents.pop(key).close()
        parent = None
    if parent is None:
        _make_room()
        parent = _parents[key] = WarmParent(level, key)
    _parents.move_to_end(key)
    _users[key] = _users.get(key, 0) + 1
    return parent


def _make_room() -> None:
    idle = [key for key in _parents if not _users.get(key)]
    for key in idle[: max(len(_parents) - MOST_PARENTS + 1, 0)]:
        _parents.pop(key).close()


def preload(exercise: Exercise) -> tuple[str, ...]:
    """The large libraries that the author's cells import, which the warm parent imports ahead."""
    found = {"numpy"} if exercise.files.paths else set()
    for cell in exercise.cells:
        if cell.cell_type == "code":
            found |= _imports(cell.source)
    if any(name.startswith("matplotlib") for name in found):
        found.add("matplotlib.pyplot")
    return tuple(sorted(found))


def _imports(source: str) -> set[str]:
    lines = ["pass" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name for name in names if name.partition(".")[0] in _PRELOADABLE}


@atexit.register
def close_all() -> None:
    """End all warm parents; the next grading starts new ones."""
    with _lock:
        while _parents:
            _parents.popitem()[1].close()
        _users.clear()


def _forget() -> None:
    """A forked copy of this process must not use, nor end, what belongs to the first."""
    global _lock
    _lock = threading.Lock()
    for parent in _parents.values():
        parent.abandon()
    _parents.clear()
    _users.clear()


os.register_at_fork(after_in_child=_forget)

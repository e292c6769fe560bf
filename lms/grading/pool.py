"""The warm parents of this process, one for each set of libraries that exercises import."""

from __future__ import annotations

import atexit
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from lms.errors import GradingUnavailableError

from . import names, templates
from .exercise import Exercise
from .sandbox.isolation import LEVELS, isolation
from .sandbox.process import WarmParent

MOST_PARENTS = 2
MOST_KNOWN = 256
DEFAULT_LEVEL = "user"
_TIERS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"numpy", "pandas"}), ("numpy", "pandas")),
    (frozenset({"matplotlib"}), ("matplotlib.pyplot",)),
    (
        frozenset({"sklearn", "scipy"}),
        (
            "scipy.stats",
            "sklearn.cluster",
            "sklearn.decomposition",
            "sklearn.ensemble",
            "sklearn.linear_model",
            "sklearn.metrics",
            "sklearn.model_selection",
            "sklearn.pipeline",
            "sklearn.preprocessing",
            "sklearn.tree",
        ),
    ),
)
_lock = threading.Lock()
_parents: OrderedDict[tuple[str, ...], WarmParent] = OrderedDict()
_preloads: OrderedDict[str, tuple[str, ...]] = OrderedDict()
_users: dict[tuple[str, ...], int] = {}


def required(level: str | None) -> str:
    """The level that grading must have: as given, else from LMS_GRADING_ISOLATION, else `user`."""
    return requirement(level)[0]


def requirement(level: str | None = None) -> tuple[str, str]:
    """That level, and where it comes from in words. GradingUnavailableError if it is none."""
    found, source = level, "as asked for"
    if not found:
        found, source = os.environ.get("LMS_GRADING_ISOLATION"), "by LMS_GRADING_ISOLATION"
    if not found:
        found, source = DEFAULT_LEVEL, "the default; LMS_GRADING_ISOLATION or a site's grading_isolation sets another"
    if found not in LEVELS:
        raise GradingUnavailableError(
            why=f"{found!r} ({source}) is no level of isolation; use one of {', '.join(LEVELS)}"
        )
    return found, source


@contextmanager
def warm_parent(exercise: Exercise, required_level: str | None) -> Iterator[WarmParent]:
    """A warm parent for the exercise, shared with other threads. GradingUnavailableError."""
    report = isolation()
    wanted = required(required_level)
    if not report.reaches(wanted):
        lacking = "; ".join(f"{what}: {line}" for what, line in report.missing)
        raise GradingUnavailableError(why=f"isolation is {report.level}, {wanted} is required. Missing: {lacking}")
    key = _preload_of(exercise)
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
        _close(_parents.pop(key))
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
        _close(_parents.pop(key))


def _close(parent: WarmParent) -> None:
    templates.close_of(parent)
    parent.close()


def _preload_of(exercise: Exercise) -> tuple[str, ...]:
    if exercise.digest not in _preloads:
        _preloads[exercise.digest] = preload(exercise)
        while len(_preloads) > MOST_KNOWN:
            _preloads.popitem(last=False)
    return _preloads[exercise.digest]


def preload(exercise: Exercise) -> tuple[str, ...]:
    """The libraries that the warm parent imports ahead: a whole tier of them, so that exercises share parents.

    A larger parent costs more to fork, and a library that is missing costs far more to import.
    """
    found: set[str] = set()
    for source in {cell.source for cell in exercise.cells if cell.cell_type == "code"}:
        found |= names.imported(source)
    needed = [number for number, (names, _) in enumerate(_TIERS) if names & found]
    if not needed:
        return ()
    return tuple(module for _, modules in _TIERS[: max(needed) + 1] for module in modules)


@atexit.register
def close_all() -> None:
    """End all warm parents; the next grading starts new ones."""
    with _lock:
        while _parents:
            _close(_parents.popitem()[1])
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

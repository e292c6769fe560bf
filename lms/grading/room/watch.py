"""Where a check must run in the learner's own process: has what verdicts hang on been replaced there?

A watch and no wall: it can be fooled by who knows of it. What it finds is told to a person.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any

_WATCHED = (
    "builtins",
    "math",
    "operator",
    "unittest.case",
    "doctest",
    "numpy",
    "numpy.testing",
    "pandas",
    "pandas.testing",
    "sklearn.metrics",
)
_CLASSES = (("unittest.case", "TestCase"), ("pandas", "DataFrame"), ("pandas", "Series"), ("doctest", "OutputChecker"))


def snapshot() -> dict[str, int]:
    """What the names of the watched modules and classes stand for, by identity. Taken before any of the learner's code."""
    found: dict[str, int] = {}
    for home, held in _homes():
        for name, value in list(vars(held).items()):
            if callable(value) and not name.startswith("_"):
                found[f"{home}.{name}"] = id(value)
    return found


def _homes() -> list[tuple[str, Any]]:
    homes: list[tuple[str, Any]] = [(name, sys.modules[name]) for name in _WATCHED if name in sys.modules]
    return homes + [(f"{m}.{c}", getattr(sys.modules[m], c)) for m, c in _CLASSES if m in sys.modules]


def replaced(before: dict[str, int], namespace: dict[str, Any]) -> list[str]:
    """Names that stand for something else now, and builtins that the notebook's own names hide."""
    now = snapshot()
    changed = [name for name, was in before.items() if name not in _OURS and now.get(name) != was]
    hiding = [name for name in namespace if name in vars(builtins) and name in _VERDICTS]
    return sorted({*changed, *hiding})[:20]


_OURS = frozenset(("builtins.input", "builtins.open", "builtins.display", "builtins.get_ipython"))
_VERDICTS = frozenset(
    ("AssertionError", "abs", "all", "any", "isinstance", "len", "round", "set", "sorted", "sum", "type")
)

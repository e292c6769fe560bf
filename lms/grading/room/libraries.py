"""Which libraries both rooms have, and what of them may be named across the wall."""

from __future__ import annotations

import importlib
import sys
from typing import Any

_NAMES = """
numpy pandas matplotlib scipy sklearn math cmath statistics random string re itertools functools operator collections datetime
decimal fractions json time copy typing numbers abc os sys io csv pathlib unittest inspect hashlib warnings heapq bisect textwrap
types dataclasses enum contextlib calendar zoneinfo uuid doctest traceback IPython logging
"""
LIBRARIES = frozenset(_NAMES.split())
_HOME_NAMES = "numpy pandas matplotlib sklearn scipy collections datetime re decimal builtins io logging"
_HOMES = frozenset(_HOME_NAMES.split())
_RUNNERS = ("unittest", "doctest")
_FAMILIES = ("sklearn", "matplotlib")


def is_known(module: str) -> bool:
    return module.partition(".")[0] in LIBRARIES


def library_object(module: str, name: str) -> Any:
    """What a library has under a name; None where it has nothing."""
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found


def library_class(module: str, name: str) -> type | None:
    """The class of that name in this process's own library, for isinstance; None where there is none."""
    if module.partition(".")[0] not in _HOMES or module not in sys.modules:
        return None
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


def is_relative(module: str, name: str, kinds: list[str]) -> bool:
    """Whether a class is another one of the library from which the author's solution takes its object: any model for a model,
    any artist for an artist. It must exist in our own library."""
    package = module.partition(".")[0]
    if package not in _FAMILIES or not any(kind.startswith(f"{package}.") for kind in kinds):
        return False
    if package == "sklearn" and module not in sys.modules:
        try:
            importlib.import_module(module)
        except ImportError:
            return False
    return library_class(module, name) is not None


def error_class(kind: list[Any]) -> type[BaseException] | None:
    """A class of errors by (module, name). Those of test runners end a test without a word: they are never the learner's."""
    module, name = str(kind[0]), str(kind[1])
    if module.partition(".")[0] in _RUNNERS or (not is_known(module) and module != "builtins"):
        return None
    found = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, type) or not issubclass(found, BaseException):
        return None
    return None if found.__module__.partition(".")[0] in _RUNNERS else found  # numpy.testing has SkipTest too

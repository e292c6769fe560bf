"""What a notebook in a browser can't do, refused with a sentence. The wall is the frame that the worker runs in; this only keeps
accidents and puzzling errors away."""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.machinery
import sys
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_CLOSED = frozenset(("js", "pyodide_js"))


class _Closed(importlib.abc.MetaPathFinder):
    """Finds the page's own names for nobody."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] in _CLOSED:
            raise ImportError(f"'{name}' is not reachable from a notebook", name=name)
        return None


def close() -> None:
    """From here on nothing imports the browser."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _CLOSED]:
        del sys.modules[name]
    if not any(isinstance(finder, _Closed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Closed())


def refuse_input(sentence: str) -> None:
    def input(*_: Any) -> str:
        raise RuntimeError(sentence)

    builtins.input = input


_SLICE = 0.05  # seconds


def sleep_lightly(flush: Callable[[], None]) -> None:
    """What was printed is seen while the cell sleeps, and it can be stopped: an interrupt is heard between two slices."""
    sleep = getattr(time.sleep, "plain", time.sleep)

    def light_sleep(seconds: float, /) -> None:
        flush()
        until = time.monotonic() + seconds
        sleep(min(seconds, _SLICE))
        while (left := until - time.monotonic()) > 0:
            sleep(min(left, _SLICE))

    light_sleep.plain = sleep  # type: ignore[attr-defined]
    light_sleep.__name__ = light_sleep.__qualname__ = "sleep"
    time.sleep = light_sleep  # type: ignore[assignment]

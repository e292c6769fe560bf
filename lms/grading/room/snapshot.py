"""The learner's names at a place of her notebook, with the content of what can change in place."""

from __future__ import annotations

import sys
from typing import Any

from .values import replace_content

_MOST_ITEMS = 100_000
_MOST_BYTES = 8 << 20


class Snapshot:
    """Shallow: a list knows which objects it held, not what those held. Tables are copied on write by pandas itself."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._names = dict(namespace)
        self._contents = [(value, copy) for value in self._names.values() if (copy := _copied(value)) is not None]

    def restore(self, namespace: dict[str, Any]) -> None:
        namespace.clear()
        namespace.update(self._names)
        for value, content in self._contents:
            replace_content(value, content)


def _copied(value: Any) -> Any:
    kind = type(value)
    if kind in (list, dict, set, bytearray):
        return value.copy() if len(value) <= _MOST_ITEMS else None
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and kind is numpy.ndarray:
        return value.copy() if value.nbytes <= _MOST_BYTES and value.flags.writeable else None
    if pandas is not None and kind in (pandas.DataFrame, pandas.Series):
        return value.copy(deep=False)
    return None

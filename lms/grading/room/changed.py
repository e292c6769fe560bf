"""Has a value changed in place since it was looked at?"""

from __future__ import annotations

import sys
from typing import Any

from .codec import CodecError, Encoder


def form(value: Any) -> Any:
    """What of a value can change in place, comparable with a later form of it; what it holds is known by identity."""
    if isinstance(value, list):
        return list(map(id, value))
    if isinstance(value, dict):
        return [(id(key), id(item)) for key, item in value.items()]
    if isinstance(value, set):
        return set(map(id, value))
    if isinstance(value, bytearray):
        return bytes(value)
    pandas = sys.modules.get("pandas")
    if pandas is not None and type(value) in (pandas.DataFrame, pandas.Series):
        return _Table(value)
    return deep_form(value)


def deep_form(value: Any) -> Any:
    """As `form`, of all that a value holds."""
    try:
        encoder = Encoder(lambda held: ["id", id(held)])
        return encoder.encode(value), encoder.buffers
    except (CodecError, TypeError, ValueError):
        return None


class _Table:
    """A table by the arrays that it is made of. The lazy copy that is kept makes pandas write to new ones."""

    def __init__(self, table: Any) -> None:
        self._kept = table.copy(deep=False)
        manager = table._mgr
        self._parts = [*manager.axes, *(block.values for block in manager.blocks)]
        self._name = getattr(table, "name", None)
        self._names = [list(axis.names) for axis in manager.axes]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Table) or len(self._parts) != len(other._parts):
            return False
        same_parts = all(one is two for one, two in zip(self._parts, other._parts, strict=True))
        return same_parts and self._name is other._name and self._names == other._names

    __hash__ = None  # type: ignore[assignment]

"""Values of the check's own that the learner's function may have changed in place."""

from __future__ import annotations

from typing import Any

_TABLES = ("DataFrame", "Series")


def form(tree: Any, buffers: list[bytes]) -> Any:
    """A value's encoded form, comparable with another's."""
    return (tree, [bytes(buffer) for buffer in buffers])


def is_mutable(value: Any) -> bool:
    return isinstance(value, list | dict | set | bytearray) or type(value).__name__ in ("ndarray", *_TABLES)


def replace_content(old: Any, new: Any) -> bool:
    """Give an object the content that it has in the other room; False where it can't take it."""
    kind = type(old).__name__
    if isinstance(old, list | bytearray) and isinstance(new, list | bytearray):
        old[:] = new
    elif isinstance(old, dict) and isinstance(new, dict):
        dict.clear(old)
        dict.update(old, new)
    elif isinstance(old, set) and isinstance(new, set):
        old.clear()
        old.update(new)
    elif kind == "ndarray" and type(new).__name__ == kind and old.shape == new.shape:
        old[...] = new
    elif kind in _TABLES and type(new).__name__ == kind:
        old._update_inplace(new)
    elif kind == "deque" and type(new).__name__ == kind:
        old.clear()
        old.extend(new)
    else:
        return False
    return True

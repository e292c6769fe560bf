"""The checks' names at the places where hidden tests begin, so that those can run later as if they ran there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .namespace import Namespace

_ABSENT = object()


@dataclass(frozen=True)
class _Mark:
    own: dict[str, Any]
    trusted: frozenset[str]
    bound: frozenset[str]


class Marks:
    """What one hidden test binds, a later one finds, unless something between their places has bound the name again."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._marks: dict[str, _Mark] = {}
        self._late: dict[str, tuple[Any, Any]] = {}  # what a name was at its test's place, and what the test made it

    def set(self, key: str) -> None:
        names = self._namespace
        self._marks[key] = _Mark(names.own(), frozenset(names.trusted), frozenset(names.bound))

    def back_to(self, key: str) -> None:
        """LookupError where there is no such mark, as after a process died."""
        mark = self._marks[key]
        self._namespace.restore(mark.own, set(mark.trusted), set(mark.bound))
        for name, (was, value) in self._late.items():
            if mark.own.get(name, _ABSENT) is was:
                dict.__setitem__(self._namespace, name, value)
                self._namespace.bound.add(name)

    def keep_late(self, key: str) -> None:
        """After a hidden test: what it bound."""
        before = self._marks[key].own
        for name, value in self._namespace.own().items():
            was = before.get(name, _ABSENT)
            if value is not was:
                self._late[name] = (was, value)

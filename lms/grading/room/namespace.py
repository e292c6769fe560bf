"""The checks' globals: a dict that asks the learner's room for what it doesn't hold, and the `__main__` made of it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Protocol

# Names that every notebook has from IPython, which are never the learner's to give.
OURS = frozenset(("open", "exit", "quit", "get_ipython", "In", "Out", "display"))
# By these a module tells a test runner what to run. Only the checks' own are looked at.
_FOR_RUNNERS = frozenset(("load_tests", "setUpModule", "tearDownModule"))


def hers(name: Any) -> bool:
    """Whether a name may be the learner's to give."""
    return isinstance(name, str) and not name.startswith("__") and name not in OURS and name not in _FOR_RUNNERS


class Learner(Protocol):
    """Where names are asked that the checks don't bind."""

    def has(self, name: str) -> bool: ...

    def names(self) -> list[str]: ...

    def get(self, name: str) -> Any: ...

    def delete(self, name: str) -> None: ...

    def bound(self, name: str, value: Any) -> None: ...


class Namespace(dict[str, Any]):
    """Globals of the checks: their own names first, then the learner's, then builtins."""

    def __init__(self, room: Learner) -> None:
        super().__init__()
        self._room = room
        self.trusted: set[str] = set()  # bound by the exercise's own cells
        self.bound: set[str] = set()  # bound by checks
        self.in_setup = True

    def __setitem__(self, name: str, value: Any) -> None:
        (self.trusted if self.in_setup else self.bound).add(name)
        super().__setitem__(name, value)
        if not self.in_setup:
            self._room.bound(name, value)

    def __delitem__(self, name: str) -> None:
        if dict.__contains__(self, name):
            super().__delitem__(name)
            if name in self.bound and name not in self.trusted:
                self.bound.discard(name)
                return
            self.bound.discard(name)
        self._room.delete(name)

    def __missing__(self, name: str) -> Any:
        return self._room.get(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or (isinstance(name, str) and self._room.has(name))

    def trusted_class(self, name: str) -> type | None:
        """A class of the exercise's own cells, which exists in both rooms."""
        found = dict.get(self, name) if name in self.trusted else None
        return found if isinstance(found, type) else None

    def own(self) -> dict[str, Any]:
        """The names that are bound here, without asking anybody."""
        return dict(dict.items(self))

    def restore(self, own: dict[str, Any], trusted: set[str], bound: set[str]) -> None:
        dict.clear(self)
        dict.update(self, own)
        self.trusted, self.bound = set(trusted), set(bound)

    def trusted_classes(self) -> list[str]:
        """Names of the classes that the exercise's own cells define."""
        return [name for name in self.trusted if getattr(self.trusted_class(name), "__module__", "") == "__main__"]

    def _all(self) -> list[str]:
        own = list(dict.keys(self))
        return own + [name for name in self._room.names() if not dict.__contains__(self, name)]

    def keys(self) -> Any:
        return dict.fromkeys(self._all()).keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def items(self) -> Any:
        return {name: self[name] for name in self._all() if name in self}.items()

    def values(self) -> Any:
        return dict(self.items()).values()

    def copy(self) -> dict[str, Any]:
        return dict(self.items())


class MainModule(types.ModuleType):
    """`__main__` as test runners see it: a module whose names are those of the namespace."""

    def __init__(self, namespace: Namespace) -> None:
        super().__init__("__main__")
        object.__setattr__(self, "_namespace", namespace)

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            return object.__getattribute__(self, "_namespace")
        if name in ("__class__", "_namespace"):
            return object.__getattribute__(self, name)
        try:
            return object.__getattribute__(self, "_namespace")[name]
        except KeyError:
            return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._namespace[name] = value

    def __delattr__(self, name: str) -> None:
        del self._namespace[name]

    def __dir__(self) -> list[str]:
        return list(self._namespace)

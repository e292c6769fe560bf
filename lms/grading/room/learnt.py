"""What the author's own solution shows, and what the checks' room therefore believes of the learner's objects.

While learning (no contract yet) everything may answer and is written down. Afterwards an object answers an operator only where
the solution gave one of the same class at the same place, and only operators that a check used.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import hints, libraries, operators, proxies


class Contract:
    """`given`: what was learnt before, None while learning. `learnt` is what this run shows."""

    def __init__(self, given: dict[str, Any] | None) -> None:
        self.given = given
        self.learnt: dict[str, Any] = {
            "changed": [],
            "sites": {},
            "reads": [],
            "modules": {},
            "library": {},
            "builtins": [],
            "operators": {},
            "stops": [],
            "examples": {},
        }

    @property
    def learning(self) -> bool:
        return self.given is None

    def changed(self) -> list[str]:
        """The exercise's own names that the solution changes: they are the learner's to give."""
        return list((self.given or self.learnt)["changed"])

    def hides(self, name: str) -> bool:
        """Whether a builtin's name stays the builtin's: the solution doesn't bind it."""
        return self.given is not None and name not in self.given["builtins"]

    def reads(self, names: Any, bound: set[str]) -> list[str]:
        """Names set by checks that the solution's functions read. `names`: those that the called function says it reads."""
        if self.given is not None:
            return [name for name in self.given["reads"] if name in bound]
        wanted = [name for name in names if name in bound]
        self.learnt["reads"] = sorted({*self.learnt["reads"], *wanted})
        return wanted

    def note_changed(self, names: list[str]) -> None:
        self.learnt["changed"] = sorted({*self.learnt["changed"], *names})

    def note_builtin(self, name: str) -> None:
        self.learnt["builtins"].append(name)

    def doc(self, site: str, doc: Any) -> str | None:
        """The docstring of a function of hers, with the examples that the solution's has there."""
        if self.given is not None:
            return hints.harmless(doc, self.given.get("examples", {}).get(site, ""))
        if examples := hints.examples_of(doc):
            self.learnt["examples"][site] = examples
        return doc if isinstance(doc, str) else None

    def note_module(self, name: str, module: str) -> None:
        self.learnt["modules"][name] = module

    def note_place(self, site: str) -> None:
        """The solution gives something here; what of it is an object is added by `allowed`."""
        if self.learning:
            self.learnt["sites"].setdefault(site, [])

    def library_of(self, name: str, told: Any) -> Any:
        """Ours of what the solution has from a library under `name`; None where it is her own. Learns it."""
        library = told[2].get("library") if isinstance(told, list) and told[0] == "h" else None
        if not library or not libraries.is_known(library[0]):
            return None
        found = libraries.library_object(*library)
        if found is not None:
            self.learnt["library"][name] = list(library)
        return found

    def from_library(self, name: str) -> Any:
        """What the author's solution has from a library is taken from ours, whatever the learner bound the name to."""
        if self.given is None:
            return None
        if name in self.given["modules"]:
            return importlib.import_module(self.given["modules"][name])
        if name in self.given["library"]:
            return libraries.library_object(*self.given["library"][name])
        return None

    def is_function_of_library(self, name: str) -> bool:
        return self.given is not None and name in self.given["library"]

    def is_module(self, name: str) -> bool:
        return self.given is not None and name in self.given["modules"]

    def is_same_library(self, told: Any) -> bool:
        """Whether the learner's value is that very function of a library."""
        library = told[2].get("library") if isinstance(told, list) and told[0] == "h" else None
        return self.given is not None and library in self.given["library"].values()

    def allowed(self, module: str, name: str, told: dict[str, Any], site: str) -> set[str] | None:
        """The operators that an object may answer here; None where the author's solution gives none of its class."""
        has = {operator for operator in told["operators"] if operator in operators.KNOWN}
        if told.get("awaitable"):
            has.add("__await__")
        kind = f"{module}.{name}"
        if self.given is None:
            if kind not in self.learnt["sites"].setdefault(site, []):
                self.learnt["sites"][site].append(kind)
            return has
        if proxies.is_iterator(told):
            return has & operators.SAFE
        seen = self.given["sites"].get(site)
        if seen is not None and kind not in seen and not libraries.is_relative(module, name, seen):
            return None
        if seen is None and module == "__main__":
            return None
        return has & (operators.SAFE | set(self.given["operators"].get(kind, ())))

    def may_stay(self, handle: list[Any], site: str) -> bool:
        """Whether an object derived from a plain class stays an object: where the author's solution gives one such."""
        told = handle[2]
        if told["module"] != "__main__":
            return False
        return self.given is None or f"{told['module']}.{told['name']}" in self.given["sites"].get(site, ())

    def use(self, kind: str, operator: str) -> None:
        """A check used this operator of an object of that class."""
        if self.learning and operator not in self.learnt["operators"].setdefault(kind, []):
            self.learnt["operators"][kind].append(operator)

    def may_stop(self, site: str) -> bool:
        """Whether StopIteration may leave a call here. It ends a loop without a word, so only where the solution's does."""
        if self.given is not None:
            return site in self.given.get("stops", ())
        if site not in self.learnt["stops"]:
            self.learnt["stops"].append(site)
        return True

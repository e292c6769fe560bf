"""Instances of the exercise's own classes, as the learner's side holds them.

Both rooms have the class, so an instance crosses as what it holds, and each room's own methods work on it. What her functions
change in place is told with the reply.
"""

from __future__ import annotations

from typing import Any

from .changed import deep_form
from .codec import Decoder, Encoder

_MOST = 500


class Instances:
    """`classes`: the exercise's, by name, as they are here. The check's instances are known by the number that it gave them,
    hers by the number that they have here."""

    def __init__(self) -> None:
        self.classes: dict[str, Any] = {}
        self._theirs: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}  # of the check's, by id
        self._forms: dict[tuple[str, int], tuple[Any, Any]] = {}

    def number_of(self, value: Any) -> int | None:
        return self._numbers.get(id(value))

    def take(self, number: int, cls: Any, state: Any, decoder: Decoder) -> Any:
        """The check's instance of that number; without `state` it is in this message already."""
        made = self._theirs.get(number)
        if made is None:
            made = self._theirs[number] = object.__new__(cls)
            self._numbers[id(made)] = number
        if state is not None:
            self.update(made, decoder.decode(state))
            self._watch("own", number, made)
        return made

    def update(self, value: Any, state: dict[str, Any]) -> None:
        held = vars(value)
        held.clear()
        held.update(state)

    def tell(self, number: int, value: Any, encoder: Encoder) -> dict[str, Any]:
        """One of hers. A second time in a message it is named only."""
        told: dict[str, Any] = {"kind": "instance", "class": type(value).__name__}
        if number not in encoder.told:
            encoder.told.add(number)
            told["state"] = encoder.encode(dict(vars(value)))
            self._watch("h", number, value)
        return told

    def _watch(self, side: str, number: int, value: Any) -> None:
        if len(self._forms) < _MOST or (side, number) in self._forms:
            self._forms[side, number] = (value, deep_form(vars(value)))

    def changed(self) -> list[tuple[tuple[str, int], dict[str, Any]]]:
        """Whose content is another than the check knows, and that content."""
        found = []
        for whose, (value, before) in list(self._forms.items()):
            now = deep_form(vars(value))
            if now != before:
                self._forms[whose] = (value, now)
                found.append((whose, dict(vars(value))))
        return found

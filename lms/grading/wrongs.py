"""The wrong notebooks that an author writes into proof.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lms.errors import ContentError

from .exercise import Exercise, read_toml


@dataclass(frozen=True)
class WrongNotebook:
    """From proof.toml: answers by grade_id, points that they earn and words that they must be told, by check."""

    name: str
    why: str
    answers: dict[str, str]
    earns: dict[str, float]
    says: dict[str, str]


def load_wrongs(exercise: Exercise) -> tuple[WrongNotebook, ...]:
    """The wrong notebooks of the exercise's proof.toml; none where it has no such file. ContentError."""
    if exercise.folder is None or not (exercise.folder / "proof.toml").exists():
        return ()
    return _ProofReader(exercise).read()


class _ProofReader:
    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.file = f"{exercise.slug}/proof.toml"
        self.checks = {check.name: check for check in exercise.checks}

    def read(self) -> tuple[WrongNotebook, ...]:
        assert self.exercise.folder is not None
        settings = read_toml(self.exercise.folder / "proof.toml", self.file)
        entries = settings.pop("wrong", [])
        if settings or not isinstance(entries, list):
            raise ContentError(self.file, next(iter(settings), "wrong"), "there is no such key", "Write [[wrong]]")
        found = [self._entry(number, entry) for number, entry in enumerate(entries)]
        names = [wrong.name for wrong in found]
        for name in {"solution", "blank", *(name for name in names if names.count(name) > 1)} & set(names):
            raise ContentError(self.file, "wrong.name", f"{name!r} is taken", "Give each notebook its own name")
        return tuple(found)

    def _entry(self, number: int, entry: Any) -> WrongNotebook:
        key = f"wrong[{number}]"
        if not isinstance(entry, dict):
            raise ContentError(self.file, key, "this is not a table")
        for name in entry:
            if name not in ("name", "why", "answers", "earns", "says"):
                raise ContentError(
                    self.file, f"{key}.{name}", "there is no such key", "Known: name, why, answers, earns, says"
                )
        for name in ("name", "why"):
            if not isinstance(entry.get(name), str) or not entry[name].strip():
                raise ContentError(self.file, f"{key}.{name}", f"{entry.get(name)!r} is not a text")
        answers = self._table(entry, key, "answers", set(self.exercise.answers), str)
        earns = self._table(entry, key, "earns", set(self.checks), (int, float))
        says = self._table(entry, key, "says", set(self.checks), str)
        return WrongNotebook(entry["name"], entry["why"], answers, earns, says)

    def _table(self, entry: dict[str, Any], key: str, name: str, known: set[str], kind: Any) -> dict[str, Any]:
        table = entry.get(name, {})
        if not isinstance(table, dict):
            raise ContentError(self.file, f"{key}.{name}", "this is not a table")
        for grade_id, value in table.items():
            where = f"{key}.{name}.{grade_id}"
            if grade_id not in known:
                raise ContentError(self.file, where, "no cell has this grade_id", f"Known: {', '.join(sorted(known))}")
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ContentError(self.file, where, f"{value!r} is not a {'text' if kind is str else 'number'}")
        return table

"""Proving an exercise: the author's solution earns all, the blank nothing, and typical wrong answers what they should."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lms.errors import ContentError

from .contract import Contract, contract_of
from .exercise import Exercise, read_toml
from .grades import CheckResult, Grade
from .grading import grade
from .names import imported
from .pool import warm_parent
from .starter import make_starter, starter_cell

_SLOW_SHARE = 0.5
_NOT_IN_BROWSER = frozenset(
    ("subprocess", "multiprocessing", "threading", "socket", "concurrent", "fcntl", "resource", "tkinter")
)


@dataclass(frozen=True)
class WrongNotebook:
    """From proof.toml: answers by grade_id, points that they earn and words that they must be told, by check."""

    name: str
    why: str
    answers: dict[str, str]
    earns: dict[str, float]
    says: dict[str, str]


@dataclass(frozen=True)
class Finding:
    """`kind`: solution, blank, wrong, slow, unstable, asks_nothing, together or browser; `notebook` which one showed it;
    `check` '' where it is about all. A `warning` leaves the exercise usable."""

    kind: str
    notebook: str
    check: str
    message: str
    warning: bool = False


@dataclass(frozen=True)
class Proof:
    """`grades` by the name of the notebook: solution, blank and those of proof.toml. `split`: how many checks run outside the
    process in which the learner's code runs."""

    findings: tuple[Finding, ...]
    grades: dict[str, Grade]
    split: int

    @property
    def holds(self) -> bool:
        return all(finding.warning for finding in self.findings)


def check_exercise(exercise: Exercise, *, language: str = "ko", required_level: str | None = None) -> Proof:
    """Grade the solution, the blank and the wrong notebooks and say what is not as it should be.

    ContentError where proof.toml is wrong; GradingUnavailableError where this machine can't grade.
    """
    wrongs = load_wrongs(exercise)
    notebooks: dict[str, dict[str, str]] = {"solution": solution_answers(exercise), "blank": {}}
    notebooks |= {wrong.name: solution_answers(exercise) | wrong.answers for wrong in wrongs}
    grades = {
        name: grade(
            exercise, notebook_with(exercise, answers), name=name, language=language, required_level=required_level
        )
        for name, answers in notebooks.items()
    }
    again = grade(
        exercise, notebook_with(exercise, notebooks["solution"]), language=language, required_level=required_level
    )
    with warm_parent(exercise, required_level) as parent:
        learnt = contract_of(exercise, parent)
    findings = [*_of_solution(exercise, grades["solution"]), *_of_blank(grades["blank"])]
    findings += [*_of_second_run(grades["solution"], again), *_of_contract(learnt), *_of_browser(exercise)]
    for wrong in wrongs:
        findings += _of_wrong(wrong, grades[wrong.name])
    split = sum(not check.manual and check.name not in learnt.together() for check in exercise.checks)
    return Proof(tuple(findings), grades, split)


def solution_answers(exercise: Exercise) -> dict[str, str]:
    return {name: cell.source for name, cell in exercise.answers.items()}


def notebook_with(exercise: Exercise, answers: dict[str, str]) -> bytes:
    """The exercise's starter with some answers filled in, as a learner would hand it in."""
    notebook = dict(make_starter(exercise))
    notebook["cells"] = [starter_cell(cell, exercise.language) for cell in exercise.cells]
    for made, cell in zip(notebook["cells"], exercise.cells, strict=True):
        if cell.role and cell.role.is_answer and cell.role.grade_id in answers:
            made["source"] = answers[cell.role.grade_id]
    return json.dumps(notebook).encode()


def _of_solution(exercise: Exercise, grade: Grade) -> Iterator[Finding]:
    for check in grade.checks:
        if check.outcome != "passed" and not _waits(exercise, check):
            yield Finding("solution", "solution", check.name, f"the author's solution does not pass: {check.message}")
    if grade.seconds > exercise.limits.seconds * _SLOW_SHARE:
        text = (
            f"the solution takes {grade.seconds:.1f} of the {exercise.limits.seconds:g} seconds that a submission has"
        )
        yield Finding("slow", "solution", "", text, warning=True)


def _waits(exercise: Exercise, result: CheckResult) -> bool:
    """Whether a person grades it."""
    return any(check.manual for check in exercise.checks if check.name == result.name)


def _of_blank(grade: Grade) -> Iterator[Finding]:
    for check in grade.checks:
        if check.outcome == "passed" or check.points:
            yield Finding("blank", "blank", check.name, f"the starter earns {check.points:g} points without an answer")
        elif check.outcome == "error":
            yield Finding("blank", "blank", check.name, "the check is not valid: see its last expression")


def _of_second_run(first: Grade, second: Grade) -> Iterator[Finding]:
    for one, two in zip(first.checks, second.checks, strict=True):
        if (one.outcome, one.points) != (two.outcome, two.points):
            text = "the same solution got another verdict the second time: set a seed, or leave out time and order"
            yield Finding("unstable", "solution", one.name, text)


def _of_contract(learnt: Contract) -> Iterator[Finding]:
    for name in sorted(learnt.idle):
        yield Finding("asks_nothing", "solution", name, "the check never looks at anything of the learner's")
    for name in sorted({*learnt.together()} - learnt.idle):
        text = "the check only works inside the learner's process, where it can be tampered with; it is watched there"
        yield Finding("together", "solution", name, text, warning=True)


def _of_browser(exercise: Exercise) -> Iterator[Finding]:
    """What runs here and not in the browser's Python: processes, threads, sockets, the shell."""
    for number, cell in enumerate(exercise.cells, 1):
        if cell.cell_type != "code":
            continue
        lacking = sorted(imported(cell.source) & _NOT_IN_BROWSER)
        if any(line.lstrip().startswith("!") for line in cell.source.split("\n")):
            lacking.append("! (shell)")
        if lacking:
            name = cell.role.grade_id if cell.role else f"cell {number}"
            text = f"{name} uses what the browser's Python lacks: {', '.join(lacking)}"
            yield Finding("browser", "solution", "", text, warning=True)


def _of_wrong(wrong: WrongNotebook, grade: Grade) -> Iterator[Finding]:
    for check in grade.checks:
        if check.outcome == "not_run":
            continue
        owed = wrong.earns.get(check.name, check.max_points)
        if check.points is None or abs(check.points - owed) > 1e-9:
            got = "no grade" if check.points is None else f"{check.points:g} points"
            yield Finding("wrong", wrong.name, check.name, f"earns {got}, proof.toml says {owed:g}: {check.message}")
        said = wrong.says.get(check.name, "")
        if said not in check.message:
            yield Finding("wrong", wrong.name, check.name, f"is not told {said!r} but: {check.message}")


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

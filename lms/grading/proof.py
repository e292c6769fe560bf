"""Proving an exercise: the author's solution earns all, the blank nothing, wrong answers what they should, and each check can
fail."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import plan as plans
from .contract import Contract, contract_of
from .exercise import Cell, Exercise
from .findings import Finding, tell
from .grades import CheckResult, Grade
from .grading import grade
from .mutants import wrong_answers
from .names import imported, parse
from .notebook import read_notebook
from .pool import warm_parent
from .run import Runner
from .starter import make_starter, starter_cell
from .wrongs import WrongNotebook, load_wrongs

_SLOW_SHARE = 0.5
_TRIAL_SECONDS = 30.0  # what trying wrong answers may take in all
_NOT_IN_BROWSER = frozenset(
    ("subprocess", "multiprocessing", "threading", "socket", "concurrent", "fcntl", "resource", "tkinter", "signal", "curses",
     "pty", "ssl", "http", "ftplib", "smtplib", "requests")
)  # fmt: skip
_SHELL = ("!", "%%bash", "%%sh", "%%script", "%%system", "%system", "%sx", "%pip", "%conda")
_HINTS = {"FileNotFoundError": "solution_file", "ModuleNotFoundError": "solution_module"}
_DRAWS = frozenset(
    ("train_test_split", "KFold", "StratifiedKFold", "ShuffleSplit", "KMeans", "RandomForestClassifier", "RandomForestRegressor",
     "GradientBoostingClassifier", "GradientBoostingRegressor", "MLPClassifier", "MLPRegressor", "IsolationForest",
     "SGDClassifier", "SGDRegressor", "GaussianMixture", "DecisionTreeClassifier", "DecisionTreeRegressor")
)  # fmt: skip
_NEEDS_NO_SEED = frozenset(
    ("seed", "default_rng", "Random", "Generator", "RandomState", "SystemRandom", "getstate", "get_state")
)
_CLOCKS = frozenset(
    ("time.time", "time.time_ns", "datetime.now", "datetime.today", "datetime.datetime.now", "date.today", "datetime.date.today",
     "pd.Timestamp.now", "pd.Timestamp.today", "uuid.uuid4")
)  # fmt: skip


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
    """Grade the solution, the blank, the wrong notebooks and wrong answers made of the solution; say what is not as it should
    be. ContentError where proof.toml is wrong; GradingUnavailableError where this machine can't grade."""
    return _Proving(exercise, language, required_level).prove()


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


class _Proving:
    def __init__(self, exercise: Exercise, language: str, required_level: str | None) -> None:
        self.exercise = exercise
        self.language = language
        self.required_level = required_level
        self.solution = solution_answers(exercise)
        self.seconds = 0.0
        self.by_machine = [check.name for check in exercise.checks if not check.manual]

    def prove(self) -> Proof:
        wrongs = load_wrongs(self.exercise)
        notebooks: dict[str, dict[str, str]] = {"solution": self.solution, "blank": {}}
        notebooks |= {wrong.name: self.solution | wrong.answers for wrong in wrongs}
        grades = {name: self.grade(answers, name) for name, answers in notebooks.items()}
        with warm_parent(self.exercise, self.required_level) as parent:
            learnt = contract_of(self.exercise, parent)
        right = grades["solution"]
        is_right = all(result.outcome == "passed" for result in right.checks if result.name in self.by_machine)
        # the first run learns what the exercise's checks need, and takes longer
        again = self.grade(self.solution, "solution") if is_right else right
        self.seconds = min(right.seconds, again.seconds)
        grades["solution"] = again
        findings = [*self.of_solution(right), *self.of_blank(grades["blank"])]
        findings += [self.found("unstable", "solution", name) for name in _differing(right, again)]
        findings += [*self.of_contract(learnt), *self.of_cells()]
        for wrong in wrongs:
            findings += self.of_wrong(wrong, grades[wrong.name])
        if is_right:
            idle = {finding.check for finding in findings if finding.kind in ("asks_nothing", "blank")}
            findings += self.of_trials(_failing(self.by_machine, [grades[wrong.name] for wrong in wrongs]) | idle)
            findings += self.of_order(right)
        split = sum(name not in learnt.together() for name in self.by_machine)
        return Proof(tuple(findings), grades, split)

    def grade(self, answers: dict[str, str], name: str = "", exercise: Exercise | None = None) -> Grade:
        exercise = exercise or self.exercise
        content = notebook_with(exercise, answers)
        return grade(exercise, content, name=name, language=self.language, required_level=self.required_level)

    def found(
        self, kind: str, notebook: str, check: str, key: str = "", *, warning: bool = False, **facts: object
    ) -> Finding:
        return Finding(kind, notebook, check, tell(key or kind, self.language, **facts), warning)

    def name_of(self, cell: Cell) -> str:
        return (
            cell.role.grade_id
            if cell.role
            else tell("numbered", self.language, number=self.exercise.cells.index(cell) + 1)
        )

    def of_solution(self, right: Grade) -> Iterator[Finding]:
        for result in right.checks:
            if result.outcome != "passed" and result.name in self.by_machine:
                key = next((key for word, key in _HINTS.items() if word in result.message), "solution")
                yield self.found("solution", "solution", result.name, key, message=result.message)
        limits = self.exercise.limits
        if self.seconds > min(limits.seconds, limits.cell_seconds) * _SLOW_SHARE:
            yield from self.of_time(limits.seconds * _SLOW_SHARE, limits.cell_seconds * _SLOW_SHARE)

    def of_time(self, slow: float, slow_cell: float) -> Iterator[Finding]:
        """Which cells take long: measured once more, one by one."""
        limits, times = self.exercise.limits, self.cell_seconds()
        cell, longest = max(times, key=lambda item: item[1])
        if self.seconds > slow:
            facts: dict[str, Any] = {
                "seconds": self.seconds,
                "limit": limits.seconds,
                "cell": cell,
                "cell_seconds": longest,
            }
            yield self.found("slow", "solution", "", warning=True, **facts)
        for cell, seconds in times:
            if seconds > slow_cell:
                facts = {"cell": cell, "cell_seconds": seconds, "limit": limits.cell_seconds}
                yield self.found("slow", "solution", "", "slow_cell", warning=True, **facts)

    def cell_seconds(self) -> list[tuple[str, float]]:
        steps = plans.make_plan(
            self.exercise, read_notebook(notebook_with(self.exercise, self.solution), self.exercise)
        )
        cells = {cell.id: cell for cell in self.exercise.cells}
        with warm_parent(self.exercise, self.required_level) as parent:
            rooms = contract_of(self.exercise, parent).rooms
            with Runner(parent, self.exercise.limits, self.exercise.files, rooms) as runner:
                ran = [runner.run(step) for step in steps]
        return [
            (
                self.name_of(cells[step.cell_id]),
                result.reply.seconds if result.reply else self.exercise.limits.cell_seconds,
            )
            for step, result in zip(steps, ran, strict=True)
        ]

    def of_blank(self, blank: Grade) -> Iterator[Finding]:
        for result in blank.checks:
            if result.outcome == "passed" or result.points:
                yield self.found("blank", "blank", result.name, points=result.points or 0.0)
            elif result.outcome == "error":
                yield self.found("blank", "blank", result.name, "blank_error")

    def of_contract(self, learnt: Contract) -> Iterator[Finding]:
        for name in sorted(learnt.idle):
            yield self.found("asks_nothing", "solution", name)
        for name in sorted({*learnt.together()} - learnt.idle):
            yield self.found("together", "solution", name, warning=True)
        for name in sorted(learnt.rooms.straight):
            yield self.found("shared", "solution", name, warning=True)

    def of_cells(self) -> Iterator[Finding]:
        """What can be seen without running anything."""
        seeded: set[str] = set()
        for cell in self.exercise.cells:
            if cell.cell_type != "code":
                continue
            if lacking := _not_in_browser(cell.source):
                facts = {"cell": self.name_of(cell), "what": ", ".join(lacking)}
                yield self.found("browser", "solution", "", warning=True, **facts)
            if drawn := _drawn(cell.source, seeded):
                facts = {"cell": self.name_of(cell), "what": ", ".join(drawn)}
                yield self.found("random", "solution", "", warning=True, **facts)

    def of_wrong(self, wrong: WrongNotebook, grade: Grade) -> Iterator[Finding]:
        for result in grade.checks:
            if result.outcome == "not_run":
                continue
            owed = wrong.earns.get(result.name, result.max_points)
            if result.points is None or abs(result.points - owed) > 1e-9:
                got = "no_grade" if result.points is None else "points"
                facts: dict[str, Any] = {
                    "got": tell(got, self.language, points=result.points),
                    "owed": owed,
                    "message": result.message,
                }
                yield self.found("wrong", wrong.name, result.name, "wrong_points", **facts)
            said = wrong.says.get(result.name, "")
            if said not in result.message:
                yield self.found("wrong", wrong.name, result.name, "wrong_says", said=said, message=result.message)

    def of_trials(self, told: set[str]) -> Iterator[Finding]:
        """Each answer made wrong by itself, until each check that is about it has failed once. `told` have done so, or have a
        fault of their own already."""
        left = _TRIAL_SECONDS
        tried = 0
        stands_alone = True
        for cell in self.exercise.cells:
            if not (cell.role and cell.role.is_answer and cell.cell_type == "code"):
                continue
            about = self.checks_about(cell)
            for number, source in enumerate(wrong_answers(cell.source)):
                if number and about <= told:
                    break
                if left < self.seconds:
                    stands_alone = False
                    break
                graded = self.grade(self.solution | {cell.role.grade_id: source})
                left -= graded.seconds
                tried += 1
                failing = _failing(self.by_machine, [graded])
                told |= failing
                if not number and (others := failing - about):
                    names = ", ".join(name for name in self.by_machine if name in others)
                    yield self.found("depends", "solution", "", warning=True, cell=cell.role.grade_id, checks=names)
        for name in self.by_machine:
            if name not in told and stands_alone:
                yield self.found("weak", "solution", name, warning=True, tried=tried)
        if not stands_alone:
            yield self.found("untried", "solution", "", warning=True)

    def checks_about(self, answer: Cell) -> set[str]:
        """Those that stand after the answer and before the next one after a check."""
        found: set[str] = set()
        for cell in self.exercise.cells[self.exercise.cells.index(answer) + 1 :]:
            if cell.role and cell.role.is_check:
                found.add(cell.role.grade_id)
            elif found and cell.role and cell.role.is_answer:
                break
        return found

    def of_order(self, right: Grade) -> Iterator[Finding]:
        twice = {name: f"{source}\n\n{source}" for name, source in self.solution.items()}
        if self.by_machine and self.seconds < _TRIAL_SECONDS / 4:
            for name in _differing(right, self.grade(self.solution | _code_only(self.exercise, twice))):
                yield self.found("repeat", "solution", name, warning=True)
            turned = _checks_last(self.exercise)
            for name in _differing(right, self.grade(self.solution, exercise=turned)):
                yield self.found("order", "solution", name, warning=True)


def _failing(names: Sequence[str], grades: Sequence[Grade]) -> set[str]:
    """Checks that gave less than all in one of them because they looked and found it wrong."""
    return {
        result.name
        for grade in grades
        for result in grade.checks
        if result.name in names and result.outcome == "failed" and (result.points or 0.0) < result.max_points
    } | {
        result.name
        for grade in grades
        for result in grade.checks
        if not result.max_points and result.outcome == "failed"
    }


def _differing(one: Grade, other: Grade) -> list[str]:
    results: dict[str, CheckResult] = {result.name: result for result in other.checks}
    return [
        result.name
        for result in one.checks
        if (result.outcome, result.points) != (results[result.name].outcome, results[result.name].points)
    ]


def _code_only(exercise: Exercise, answers: dict[str, str]) -> dict[str, str]:
    return {name: source for name, source in answers.items() if exercise.answers[name].cell_type == "code"}


def _checks_last(exercise: Exercise) -> Exercise:
    """The same exercise with its checks after everything else, the last one first."""
    checks = [cell for cell in exercise.cells if cell.role and cell.role.is_check]
    others = [cell for cell in exercise.cells if cell not in checks]
    return dataclasses.replace(exercise, cells=(*others, *reversed(checks)))


def _not_in_browser(source: str) -> list[str]:
    """What runs here and not in the browser's Python: processes, threads, sockets, the shell."""
    lacking = sorted(imported(source) & _NOT_IN_BROWSER)
    lines = [line.lstrip() for line in source.split("\n")]
    return lacking + sorted({mark for mark in _SHELL for line in lines if line.startswith(mark)})


def _drawn(source: str, seeded: set[str]) -> list[str]:
    """Calls that give something else each time. `seeded` are the modules whose seed a cell above has set, and grows."""
    tree = parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    named = [(_dotted(call.func), call) for call in calls]
    seeded |= {name.rpartition(".")[0] for name, call in named if name.endswith(".seed") and call.args}
    return sorted({name for name, call in named if _is_chance(name, call, seeded)})


def _is_chance(name: str, call: ast.Call, seeded: set[str]) -> bool:
    module, _, last = name.rpartition(".")
    given = {keyword.arg for keyword in call.keywords}
    if name in _CLOCKS:
        return True
    if last in ("default_rng", "RandomState") or name == "random.Random":
        return not call.args and not given
    if last in _DRAWS:
        return "random_state" not in given
    if module in ("random", "np.random", "numpy.random"):
        return last not in _NEEDS_NO_SEED and module not in seeded
    return False


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as it is written; '' for what is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""

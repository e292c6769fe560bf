"""Grading many notebooks from the command line: which ones, several at a time, a line for each in order."""

from __future__ import annotations

import csv
import errno
import os
import stat
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from lms.errors import ContentError, GradingUnavailableError, NotANotebookError

from .exercise import Exercise
from .grades import CheckResult, Grade
from .grading import ENGINE, grade
from .messages import say
from .notebook import MAX_BYTES

_LONGEST = 200
# Full-width signs are formulas in spreadsheets of East Asia.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class Graded:
    """`line` is what the command line prints; `grade` None where the notebook was refused or the machine failed; `problem`
    then says why."""

    line: dict[str, Any]
    grade: Grade | None = None
    problem: str = ""

    def waiting(self, exercise: Exercise) -> float:
        """Points that a person has yet to give or keep."""
        by_hand = {check.name for check in exercise.checks if check.manual}
        checks = self.line["checks"]
        return sum(c["max_points"] for c in checks if c["name"] in by_hand and c["outcome"] == "not_run")


def find_notebooks(places: Sequence[str], exercise: Exercise) -> list[str]:
    """Files as they are given. Of a folder all notebooks in it: those that are called as the exercise's source, where some
    are, since a folder of submissions may hold other exercises too. ContentError where a folder has none."""
    found: list[str] = []
    for place in places:
        found += _in_folder(Path(place), exercise.source_file.name) if Path(place).is_dir() else [place]
    return found


def _in_folder(folder: Path, name: str) -> list[str]:
    inside = sorted(path for path in folder.rglob("*.ipynb") if not _is_hidden(path.relative_to(folder)))
    if not inside:
        raise ContentError(str(folder), "", "there is no notebook in it", "Give notebooks, or a folder that holds some")
    return [str(path) for path in ([path for path in inside if path.name == name] or inside)]


def _is_hidden(path: Path) -> bool:
    """Such as Jupyter's own copies in .ipynb_checkpoints."""
    return any(part.startswith(".") for part in path.parts)


def grade_all(
    exercise: Exercise, paths: Sequence[str], *, language: str, required_level: str | None, workers: int = 1
) -> Generator[Graded, None, None]:
    """One for each notebook, in order, whatever happens to it. `workers` are graded at the same time."""

    def one(path: str) -> Graded:
        return grade_one(exercise, path, language=language, required_level=required_level)

    if paths:
        yield one(paths[0])  # what is learnt of the exercise is learnt once, before the others begin
    with ThreadPoolExecutor(workers) as executor:
        try:
            waiting: deque[Future[Graded]] = deque()
            for path in paths[1:]:
                waiting.append(executor.submit(one, path))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def grade_one(exercise: Exercise, path: str, *, language: str, required_level: str | None) -> Graded:
    name = readable(path)
    try:
        graded = grade(exercise, _content(path), name=name, language=language, required_level=required_level)
    except NotANotebookError as error:
        return _refused(exercise, name, error.reason, say(f"refused_{error.reason}", language))
    except GradingUnavailableError as error:
        return _refused(exercise, name, error.reason, str(error))
    except OSError as error:
        return _refused(exercise, name, "unreadable", f"{name}: {error.strerror}")
    except Exception as error:  # a fault of ours must not cost the other notebooks their lines
        return _refused(exercise, name, "engine_failed", f"{type(error).__name__}: {error}")
    return Graded(_line(graded), graded)


def readable(path: str) -> str:
    """A file's name as text: one that was packed under another encoding holds bytes that are none."""
    return os.fsencode(path).decode("utf-8", "replace")


def _content(path: str) -> bytes:
    """A link, which may lead to the solution or to another's answers, a pipe or a device is no notebook that was handed in.
    OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, "it is a link" if error.errno == errno.ELOOP else error.strerror) from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return file.read(MAX_BYTES + 1)


def _line(graded: Grade) -> dict[str, Any]:
    return {
        "notebook": graded.notebook,
        "outcome": graded.outcome,
        "points": graded.points,
        "max_points": graded.max_points,
        "checks": [_check_line(check) for check in graded.checks],
        "flags": [{"kind": flag.kind, "cell": flag.cell, "reason": flag.reason} for flag in graded.flags],
        "repairs": [{"kind": r.kind, "cell": r.cell, "message": r.message} for r in graded.repairs],
        "seconds": graded.seconds,
        "engine": graded.engine,
        "environment": graded.environment,
    }


def _check_line(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "outcome": check.outcome,
        "points": check.points,
        "max_points": check.max_points,
        "hidden": check.hidden,
        "message": check.message,
    }


def _refused(exercise: Exercise, path: str, reason: str, message: str) -> Graded:
    line: dict[str, Any] = {
        "notebook": path,
        "outcome": "error",
        "points": None,
        "max_points": exercise.max_points,
        "checks": [],
        "flags": [],
        "repairs": [],
        "seconds": 0.0,
        "engine": ENGINE,
        "environment": "",
        "error": {"reason": reason, "message": message},
    }
    return Graded(line, problem=message)


def page_names(paths: Sequence[str]) -> list[str]:
    """A file name for each page: the notebook's own, with its folders before it where several are called the same."""
    stems = [Path(path).stem for path in paths]
    parts = [Path(path).with_suffix("").parts for path in paths]
    shared = len(parts[0]) - 1 if parts else 0
    while shared and len({part[:shared] for part in parts}) > 1:
        shared -= 1
    same_place = len(set(paths)) < len(paths)
    names: list[str] = []
    for stem, part in zip(stems, parts, strict=True):
        name = stem if stems.count(stem) == 1 or same_place else "-".join(part[shared:])
        name = _fitting(name.replace("/", ""))
        made, number = f"{name}.html", 2
        while made in names:
            made, number = f"{name}-{number}.html", number + 1
        names.append(made)
    return names


def _fitting(name: str) -> str:
    """Short enough for a file, with what is put behind it."""
    return os.fsencode(name)[:_LONGEST].decode("utf-8", "ignore")


class Table:
    """A row for each notebook, as spreadsheets read it."""

    def __init__(self, file: TextIO, exercise: Exercise) -> None:
        self._writer = csv.writer(file)
        self._exercise = exercise
        self._names = [check.name for check in exercise.checks]
        self._writer.writerow(
            ["notebook", "outcome", "points", "max_points", "by_hand", *map(_cell, self._names), "flags", "problem"]
        )

    def add(self, graded: Graded) -> None:
        line = graded.line
        points = {check["name"]: check["points"] for check in line["checks"]}
        flags = " ".join(sorted({flag["kind"] for flag in line["flags"]}))
        values = [line["notebook"], line["outcome"], line["points"], line["max_points"], graded.waiting(self._exercise)]
        self._writer.writerow(
            [_cell(value) for value in (*values, *map(points.get, self._names), flags, graded.problem)]
        )


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is made text; a number stays one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

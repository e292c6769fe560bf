"""A submission as its instructor reads it: what each check asks, hidden ones too, and how two tries differ."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from lms.errors import LMSError
from lms.files import FileStore
from lms.grading import read_notebook
from lms.models import ExerciseVersion, Grade, Submission

from .exercise_cache import ExerciseCache

_MOST_LINES = 400  # of an answer: comparing takes the square of them


@dataclass(frozen=True)
class CheckDetail:
    """A check with what it gave. `source` is the whole of it, hidden tests too: never for learners."""

    title: str
    outcome: str
    points: float | None
    max_points: float
    message: str
    hidden: bool
    source: str


def check_details(cache: ExerciseCache, version: ExerciseVersion, grade: Grade) -> list[CheckDetail]:
    """The grade's checks in their order; `version` is the one that gave it. Where its package is damaged, without sources."""
    sources = _sources(cache, version)
    titles = {fact["name"]: fact["title"] for fact in version.facts["checks"]}
    return [
        CheckDetail(
            title=titles.get(check["name"]) or check.get("title") or check["name"],
            outcome=check["outcome"],
            points=check["points"],
            max_points=check["max_points"],
            message=check["message"],
            hidden=check["hidden"],
            source=sources.get(check["name"], ""),
        )
        for check in grade.checks
    ]


def _sources(cache: ExerciseCache, version: ExerciseVersion) -> dict[str, str]:
    try:
        exercise = cache.get(version.facts["slug"], version.digest)
    except LMSError:
        return {}
    return {cell.role.grade_id: cell.source for cell in exercise.cells if cell.role is not None}


@dataclass(frozen=True)
class AnswerChange:
    """An answer cell in two tries. `lines`: sign (" ", "-", "+" or "…" where unchanged lines were left out) and text."""

    name: str
    lines: tuple[tuple[str, str], ...]

    @property
    def is_changed(self) -> bool:
        return bool(self.lines)


def compare(files: FileStore, cache: ExerciseCache, old: Submission, new: Submission) -> list[AnswerChange]:
    """The answer cells in the exercise's order, each with the lines that differ and some around them.

    Raises:
        NotANotebookError, ContentError, NotFoundError
    """
    exercise = cache.get(new.exercise_version.facts["slug"], new.exercise_version.digest)
    kept = [files.read(submission.notebook) for submission in (old, new)]
    read = [read_notebook(notebook, exercise, max_bytes=len(notebook)).answers for notebook in kept]
    was, will = ({name: answer.source.splitlines()[:_MOST_LINES] for name, answer in found.items()} for found in read)
    return [AnswerChange(name, tuple(_changed_lines(was[name], will[name]))) for name in exercise.answers]


def _changed_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
        found.append(("…", "") if line.startswith("@@") else (line[0], line[1:]))
    return found[1:]  # the first mark says only where it begins

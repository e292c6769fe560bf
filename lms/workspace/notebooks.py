"""Notebooks that come back into the workspace: an upload, or what was handed in earlier."""

from __future__ import annotations

from collections.abc import Sequence

from lms.grading import Submission, read_notebook
from lms.grading.messages import say
from lms.models import ExerciseVersion
from lms.submissions.exercise_cache import ExerciseCache

from .cells import OwnCell, Sheet, Typed
from .typed import clean


def take_apart(
    content: bytes, exercises: ExerciseCache, version: ExerciseVersion, sheet: Sheet, *, max_bytes: int
) -> tuple[Typed, Sequence[str]]:
    """What a learner wrote in a notebook, as grading would read it, and in words what had to be mended.

    Cells that she left alone or deleted are as in the starter.

    Raises:
        NotANotebookError
    """
    exercise = exercises.get(version.facts["slug"], version.digest)
    read = read_notebook(content, exercise, max_bytes=max_bytes)
    notes = [
        say(f"repair_{repair.kind}", exercise.language, cell=repair.cell, number=repair.number)
        for repair in read.repairs
        if repair.kind != "own_cells"  # they are seen where they stand
    ]
    return _typed(read, sheet), notes


def _typed(read: Submission, sheet: Sheet) -> Typed:
    answers = dict(sheet.blank.answers)
    for name, answer in read.answers.items():
        if not answer.is_blank:
            answers[name] = clean(answer.source)
    for id, cell in read.plain.items():
        if (key := sheet.key_of_id[id]) in answers:
            answers[key] = clean(cell.source)
    own = tuple(
        OwnCell(sheet.key_of_id.get(after, ""), clean(cell.source))
        for after, cells in read.own.items()
        for cell in cells
    )
    return Typed(answers, own)

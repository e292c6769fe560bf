"""What the learner may see of her graded notebook: as a notebook, and as HTML in which nothing is alive."""

from __future__ import annotations

from typing import Any

import msgspec

from . import plan as plans
from .exercise import Cell, Exercise
from .grades import CheckResult, Grade
from .notebook import Submission
from .plan import Step
from .run import Ran
from .starter import visible_source

_WORDS = {
    "ko": {"passed": "✔ 통과", "failed": "✘ 다시 해 보세요", "error": "! 채점 오류", "not_run": "– 실행하지 않음"},
    "en": {"passed": "✔ passed", "failed": "✘ not yet", "error": "! could not be graded", "not_run": "– did not run"},
}


def make_feedback(
    exercise: Exercise,
    submission: Submission,
    steps: list[Step],
    ran: list[Ran],
    results: tuple[CheckResult, ...],
    language: str,
) -> dict[str, Any]:
    """A notebook (nbformat 4 as a dict): her answers with the outputs they gave, each check's visible source with its
    outcome. Of hidden tests it holds the message only: not their source, nor what they printed."""
    maker = _Maker(exercise, submission, {result.name: result for result in results}, language)
    maker.add_steps(steps, ran)
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python"}, "baeum": {"exercise": exercise.slug, "feedback": True}},
        "cells": maker.cells(),
    }


class _Maker:
    def __init__(
        self, exercise: Exercise, submission: Submission, results: dict[str, CheckResult], language: str
    ) -> None:
        self.exercise = exercise
        self.submission = submission
        self.results = results
        self.language = language
        self._made: dict[str, list[dict[str, Any]]] = {}

    def add_steps(self, steps: list[Step], ran: list[Ran]) -> None:
        """Her own cells go after the exercise's cell that they ran after."""
        by_id = {cell.id: cell for cell in self.exercise.cells}
        after = ""
        for step, result in zip(steps, ran, strict=True):
            if step.cell_id:
                after = step.cell_id
                made = self._code(by_id[step.cell_id], step, result)
            else:
                made = _cell(f"own-{step.number}", "code", step.source, _outputs(result))
            self._made.setdefault(after, []).append(made)

    def cells(self) -> list[dict[str, Any]]:
        found = list(self._made.get("", ()))
        for cell in self.exercise.cells:
            found += self._made[cell.id] if cell.id in self._made else [self._text(cell)]
        return found

    def _code(self, cell: Cell, step: Step, ran: Ran) -> dict[str, Any]:
        if step.kind != plans.CHECK:
            return _cell(cell.id, "code", step.source, _outputs(ran))
        result = self.results[step.grade_id]
        said = {"output_type": "stream", "name": "stdout", "text": f"{self._line(result)}\n"}
        made = _cell(cell.id, "code", visible_source(cell, self.language), [*_outputs(ran), said])
        made["metadata"] = {"baeum": _facts(result)}
        return made

    def _text(self, cell: Cell) -> dict[str, Any]:
        """Markdown: hers where she answers in words, else the exercise's."""
        role = cell.role
        answered = role is not None and role.is_answer
        source = (
            self.submission.answers[role.grade_id].source if role and answered else visible_source(cell, self.language)
        )
        made = _cell(cell.id, cell.cell_type, source, [])
        if role and role.grade_id in self.results:
            made["metadata"] = {"baeum": _facts(self.results[role.grade_id])}
        return made

    def _line(self, result: CheckResult) -> str:
        word = _WORDS[self.language][result.outcome]
        points = "" if result.points is None else f" · {result.points:g}/{result.max_points:g}"
        return f"{word}{points} · {result.title}\n{result.message}"


def _facts(result: CheckResult) -> dict[str, Any]:
    return {"check": result.name, "outcome": result.outcome, "points": result.points, "message": result.message}


def _cell(id: str, cell_type: str, source: str, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": id, "cell_type": cell_type, "metadata": {}, "source": source}
    if cell_type == "code":
        made |= {"outputs": outputs, "execution_count": None}
    return made


def _outputs(ran: Ran) -> list[dict[str, Any]]:
    """An output of which nothing can be shown is left out."""
    found = [msgspec.to_builtins(output) for output in ran.reply.outputs] if ran.reply else []
    return [output for output in found if output.get("data", True)]


def render_feedback(grade: Grade) -> str:
    """The feedback as a piece of HTML, to be put into a page: no script, no style, no address outside the page."""
    from .html import render  # noqa: PLC0415 - nbconvert takes half a second to import, and few callers need it

    return render(grade.feedback)

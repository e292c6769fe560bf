"""In which order which cells run: the exercise's, with the learner's answers in their places and her own cells between."""

from __future__ import annotations

from dataclasses import dataclass

from .exercise import Exercise
from .notebook import Submission

SETUP, ANSWER, OWN, CHECK = "setup", "answer", "own", "check"
HEAD, REST = "head", "rest"


@dataclass(frozen=True)
class Step:
    """`key` names the cell in tracebacks. `cell_id` is the exercise's cell ('' for her own), `number` her notebook's; `trusted`
    the exercise's own source, where she may have changed the cell; `part` says which part of a check it is, '' the whole."""

    kind: str
    key: str
    source: str
    cell_id: str = ""
    grade_id: str = ""
    number: int = 0
    trusted: str = ""
    part: str = ""


def make_plan(exercise: Exercise, submission: Submission) -> list[Step]:
    plan = _Plan()
    plan.own(submission, "")
    for cell in exercise.cells:
        role = cell.role
        if cell.cell_type == "code":
            if role is None:
                hers = submission.plain.get(cell.id)
                source, number = (hers.source, hers.number) if hers else (cell.source, 0)
                plan.add(SETUP, source, cell.id, number=number, trusted=cell.source)
            elif role.is_answer:
                answer = submission.answers[role.grade_id]
                number = answer.numbers[0] if answer.numbers else 0
                plan.add(ANSWER, answer.source, cell.id, role.grade_id, number)
            else:
                kind = CHECK if role.is_check else SETUP
                plan.add(kind, cell.source, cell.id, role.grade_id, trusted=cell.source)
        plan.own(submission, cell.id)
    return plan.steps


class _Plan:
    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, kind: str, source: str, cell_id: str, grade_id: str = "", number: int = 0, trusted: str = "") -> None:
        self.steps.append(Step(kind, str(len(self.steps)), source, cell_id, grade_id, number, trusted))

    def own(self, submission: Submission, after: str) -> None:
        for cell in submission.own.get(after, ()):
            self.add(OWN, cell.source, "", number=cell.number)

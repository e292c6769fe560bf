"""An exercise and a notebook in, a grade out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from lms.errors import GradingUnavailableError

from . import plan as plans
from . import templates
from .contract import Contract, contract_of
from .exercise import Check, Exercise
from .feedback import make_feedback
from .grades import CheckResult, Flag, Grade, RepairNote
from .hidden import run_steps
from .messages import printable, say
from .notebook import MAX_BYTES, Repair, Submission, read_notebook
from .plan import Step
from .pool import warm_parent
from .run import Ran, Runner
from .verdict import ERROR, FAILED, Case, Verdict, explained_error, judge

ENGINE = "baeum-grading 1"


def grade(
    exercise: Exercise,
    notebook: bytes,
    *,
    name: str = "",
    language: str = "ko",
    required_level: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Grade:
    """Run a learner's notebook in the sandbox and judge each check.

    NotANotebookError where it is no notebook of this exercise; GradingUnavailableError where this machine can't grade.
    """
    started = time.monotonic()
    submission = read_notebook(notebook, exercise, max_bytes=max_bytes)
    steps = plans.make_plan(exercise, submission)
    environment, contract, ran = _run(exercise, steps, required_level)
    results = _Judging(exercise, submission, steps, ran, language, contract.credit).results()
    repairs = tuple(_repair_note(repair, language) for repair in submission.repairs)
    failed = any(result.outcome == ERROR for result in results)
    return Grade(
        notebook=name,
        outcome="error" if failed else "graded",
        points=None if failed else sum(result.points or 0.0 for result in results),
        max_points=exercise.max_points,
        checks=results,
        flags=tuple(_flags(steps, ran, language)),
        repairs=repairs,
        seconds=round(time.monotonic() - started, 3),
        engine=ENGINE,
        environment=environment,
        exercise=exercise.digest,
        feedback=make_feedback(exercise, submission, steps, ran, results, language),
    )


def _run(
    exercise: Exercise, steps: list[Step], required_level: str | None, *, again: bool = True
) -> tuple[str, Contract, list[Ran]]:
    """The environment, what the solution showed, and what each step gave. Where the warm parent dies under it, which is
    nobody's notebook, once more with a new one."""
    with warm_parent(exercise, required_level) as parent:
        try:
            contract = contract_of(exercise, parent)
            rooms = contract.rooms
            most = {check.name: check.points for check in exercise.checks}
            with templates.borrowed(exercise, parent, rooms, steps) as ahead:
                ran = run_steps(
                    lambda: Runner(parent, exercise.limits, exercise.files, rooms, ahead), steps, rooms, most
                )
            return parent.environment, contract, ran
        except GradingUnavailableError:
            if not again or parent.is_alive():
                raise
    return _run(exercise, steps, required_level, again=False)


def _flags(steps: list[Step], ran: list[Ran], language: str) -> Iterator[Flag]:
    """What an honest notebook doesn't do: answers in another form than a room's, or replaced tools of a check."""
    for step, result in zip(steps, ran, strict=True):
        if result.trouble == "broken":
            yield Flag("forged", step.grade_id, say("flag_forged", language))
        elif result.reply and result.reply.replaced:
            names = printable(", ".join(result.reply.replaced))
            yield Flag("tampered", step.grade_id, say("flag_tampered", language, names=names))


def _repair_note(repair: Repair, language: str) -> RepairNote:
    text = say(f"repair_{repair.kind}", language, cell=repair.cell, number=repair.number)
    return RepairNote(repair.kind, repair.cell, text)


@dataclass
class _Judging:
    exercise: Exercise
    submission: Submission
    steps: list[Step]
    ran: list[Ran]
    language: str
    credit: frozenset[str]

    def results(self) -> tuple[CheckResult, ...]:
        """One for each check of the exercise, in its order, whatever the learner's notebook holds."""
        ran = {
            step.grade_id: (step, ran)
            for step, ran in zip(self.steps, self.ran, strict=True)
            if step.kind == plans.CHECK
        }
        found = []
        for check in self.exercise.checks:
            step, result = ran.get(check.name, (None, Ran(trouble="not_run")))
            case = Case(
                check=check,
                source=step.source if step else "",
                key=step.key if step else "",
                seconds=self.exercise.limits.cell_seconds,
                language=self.language,
                cause=self._cause(step) if step else "",
                where=self._where,
                credit=check.name in self.credit,
            )
            verdict: Verdict = self._unanswered(check) or judge(case, result)
            found.append(
                CheckResult(
                    check.name,
                    verdict.outcome,
                    verdict.points,
                    check.points,
                    check.hidden,
                    verdict.message,
                    check.title,
                )
            )
        return tuple(found)

    def _unanswered(self, check: Check) -> Verdict | None:
        """A person needn't look at an answer in words that was never written: it earns nothing at once, as in nbgrader."""
        answer = self.submission.answers.get(check.name) if check.manual else None
        if answer is None or not answer.is_blank:
            return None
        if not answer.numbers:
            return Verdict(FAILED, 0.0, say("deleted_answer", self.language, cell=check.name))
        where = say("cell", self.language, number=answer.numbers[0])
        return Verdict(FAILED, 0.0, say("blank", self.language, where=where))

    def _where(self, key: str, line: int) -> str:
        """A place in the learner's own notebook in words; '' for a cell that isn't hers."""
        step = self.steps[int(key)] if key.isdecimal() and int(key) < len(self.steps) else None
        if step is None or not step.number:
            return ""
        lines = step.source.split("\n")
        text = lines[line - 1].strip()[:80] if 0 < line <= len(lines) else ""
        if not text:
            return say("cell", self.language, number=step.number)
        return say("cell_line", self.language, number=step.number, line=line, text=text)

    def _cause(self, check: Step) -> str:
        """What went wrong in the answers between the check before and this one; those are what it is about."""
        place = self.steps.index(check)
        for step, ran in zip(reversed(self.steps[:place]), reversed(self.ran[:place]), strict=True):
            if step.kind == plans.CHECK:
                break
            if step.kind == plans.ANSWER and (text := self._wrong(step, ran)):
                return text
        return ""

    def _wrong(self, step: Step, ran: Ran) -> str:
        answer = self.submission.answers[step.grade_id]
        where = say("cell", self.language, number=step.number)
        if not answer.numbers:
            return say("deleted_answer", self.language, cell=step.grade_id)
        if answer.is_blank:
            return say("blank", self.language, where=where)
        if ran.late or ran.trouble == "timeout":
            seconds = self.exercise.limits.cell_seconds
            return say(
                "stopped", self.language, where=where, explained=say("time_check", self.language, seconds=seconds)
            )
        if ran.trouble in ("died", "memory", "broken"):
            return say("stopped", self.language, where=where, explained=say(ran.trouble, self.language))
        if ran.reply and ran.reply.error:
            return explained_error(ran.reply.error, self.language, self._where)
        return ""

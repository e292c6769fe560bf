"""What the rows of an export tell of their runs, looked up once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.learning.completion import Missing, evaluate
from lms.models import Course, CourseVersion, Run, RunUnit

from .. import learners
from ..question import Question


class Rule(NamedTuple):
    """What a run asks for."""

    progress: float = 0.0
    score: float = 0.0
    attendance: float = 0.0


class _Unit(NamedTuple):
    key: str
    kind: str = "page"
    title: str = ""
    weight: float = 0.0


class _Done(NamedTuple):
    id: int
    kind: str
    unit_key: str | None
    effective_on: date
    points: float | None = None
    max_points: float | None = None
    attempt_key: str = ""


@dataclass(frozen=True)
class RunFacts:
    """A run with what its rule asked for on the day, and the weights of its units by their keys."""

    title: str
    key: str
    learn_from: date
    weights: Mapping[str, float]
    rule: Rule
    _judged: dict[int, tuple[float, int]] = field(default_factory=dict, repr=False)

    def progress(self, done: int) -> tuple[float, int]:
        """Per cent of somebody who did so many units, and how many more are asked of her."""
        if done not in self._judged:
            self._judged[done] = self._judge(done)
        return self._judged[done]

    def _judge(self, done: int) -> tuple[float, int]:
        """By the rule itself, which which of the units were done doesn't matter to."""
        units = [_Unit(key) for key in self.weights]
        entries = [_Done(number, "unit_done", unit.key, self.learn_from) for number, unit in enumerate(units[:done])]
        standing = evaluate(units, Rule(progress=self.rule.progress), entries)
        return standing.progress, int(count_of(standing.missing, "progress"))

    @cached_property
    def weight(self) -> float:
        return sum(self.weights.values())

    def score(self, earned: float) -> tuple[float, float]:
        """Of 100, and how many points are missing; as `completion` has it."""
        score = round(100 * earned / self.weight, 6) if self.weight else 100.0
        return score, max(0.0, self.rule.score - score)


def count_of(missing: tuple[Missing, ...], what: str) -> float:
    return next((each.count for each in missing if each.what == what), 0)


def list_runs(session: Session, question: Question, *, with_rules: bool) -> Mapping[int, RunFacts]:
    """All runs by id, in three statements; without rules in one."""
    rows = session.execute(
        select(Run.id, Course.slug, Run.number, CourseVersion.title, Run.learn_from)
        .join(Course, Course.id == Run.course_id)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
    ).all()
    weights: dict[int, dict[str, float]] = {}
    rules: dict[int, Rule] = {}
    if with_rules:
        for run, key, weight in session.execute(select(RunUnit.run_id, RunUnit.key, RunUnit.weight)):
            weights.setdefault(run, {})[key] = weight
        found = learners.rules_of(session, question, [row.id for row in rows])
        rules = {run: Rule(rule.progress, rule.score, rule.attendance) for run, rule in found.items()}
    return {
        row.id: RunFacts(
            f"{row.title} {row.number}차수",
            f"{row.slug}-{row.number}",
            row.learn_from,
            weights.get(row.id, {}),
            rules.get(row.id, Rule()),
        )
        for row in rows
    }

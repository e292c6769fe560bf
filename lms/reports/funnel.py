"""신청 → 수강 → 시작 → 절반 → 수료: how many came to each step, by any dimension, as of any day.

*Applied* are all who applied for a run or were enrolled in it, each once; *enrolled* and *completed* are those of
`completions`; *begun* are the enrolled who did a unit, *half-way* those who did half of the units or more. A run whose rule
asks for less than half of the units may have more completed than half-way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Subquery, literal, select, union_all
from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from . import regions
from .applicants import applicants
from .question import Question
from .regions import Regions
from .rollups import reading
from .rows import Group, Groups, order_of, told_apart
from .sums import sums_of, total_of

STEPS = ("applied", "enrolled", "begun", "half_way", "completed")


@dataclass(frozen=True)
class FunnelRow:
    """People of one group; `groups` has one for each dimension, in the order asked for."""

    groups: tuple[Group, ...]
    applied: int = 0
    enrolled: int = 0
    begun: int = 0
    half_way: int = 0
    completed: int = 0

    @property
    def group(self) -> tuple[str, ...]:
        """What is read of each group."""
        return tuple(group.label for group in self.groups)

    @property
    def keys(self) -> tuple[str, ...]:
        """What a filter takes of each group."""
        return tuple(group.key for group in self.groups)

    def share(self, step: str) -> float | None:
        """Of those enrolled, 0..1; None where nobody is."""
        return getattr(self, step) / self.enrolled if self.enrolled else None


@dataclass(frozen=True)
class Funnel:
    """`total` counts each person in a run once, also where the rows overlap."""

    question: Question
    rows: tuple[FunnelRow, ...]
    total: FunnelRow


def funnel(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    language: str = "ko",
    with_empty: bool = True,
    known: Regions | None = None,
) -> Funnel:
    """The steps of each group of the question. `viewer` None sees all; `known` saves the query of the regions."""
    known = known or regions.load(session, viewer, question)
    counted = _counted(question, viewer, known)
    groups = Groups(session, viewer, question, known, language)
    found = {key: sums for key, sums in sums_of(session, groups, question, counted, STEPS).items() if sums["applied"]}
    if with_empty:
        for key in groups.open():
            found.setdefault(key, Counter())
    rows = tuple(_row(key, found[key]) for key in sorted(found, key=order_of))
    whole = total_of(session, counted, STEPS) if question.overlaps else sum(found.values(), Counter())
    return Funnel(question, told_apart(rows), _row((), whole))


def _row(groups: tuple[Group, ...], sums: Counter[str]) -> FunnelRow:
    return FunnelRow(groups, *(sums[name] for name in STEPS))


def _counted(question: Question, viewer: Viewer | None, known: Regions) -> Subquery:
    inside = reading.reached(question, viewer, known)
    before = applicants(question, viewer, known.counted_as).subquery("before")
    keys = ["run_id", "company_id", "region_id", "company_status_id"]
    if "enrolled_on" in inside.c:  # sums don't have it, and tell no question that needs it
        keys.append("enrolled_on")
    parts = (
        select(*(inside.c[name] for name in keys), *(inside.c[name] for name in STEPS)),
        select(
            *(before.c[name] for name in keys),
            literal(1).label("applied"),
            *(literal(0).label(name) for name in STEPS[1:]),
        ),
    )
    return union_all(*parts).subquery("counted")

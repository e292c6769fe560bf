"""Completions counted from the ledger, by dimensions, as of any day.

What the figures mean (docs/reports.md): *applied* are all enrolments that were noted; *enrolled* those less the ones
withdrawn before their run began; *active* those of them in which a unit was done in the seven days that end with the day;
*completed* those whose completion stands; *rate* is completed ÷ enrolled and blank where nobody is enrolled. Company and
region are those of the enrolment's day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from . import regions
from .question import DIMENSIONS, Question, ReportError
from .regions import Regions
from .rollups import reading
from .rows import Group, Groups, grouped, order_of, told_apart
from .sums import total_of

__all__ = ["DIMENSIONS", "CompletionReport", "CompletionRow", "ReportError", "count_completions"]

FIGURES = ("applied", "enrolled", "active", "completed")


@dataclass(frozen=True)
class CompletionRow:
    """What was counted in one group; `groups` has one for each dimension, in the order asked for."""

    groups: tuple[Group, ...]
    applied: int = 0
    enrolled: int = 0
    active: int = 0
    completed: int = 0

    @property
    def rate(self) -> float | None:
        """0..1; None where nobody is enrolled."""
        return self.completed / self.enrolled if self.enrolled else None

    @property
    def group(self) -> tuple[str, ...]:
        """What is read of each group."""
        return tuple(group.label for group in self.groups)

    @property
    def keys(self) -> tuple[str, ...]:
        """What a filter takes of each group."""
        return tuple(group.key for group in self.groups)


@dataclass(frozen=True)
class CompletionReport:
    """`overlaps`: an enrolment may stand in several rows, and the total counts it once."""

    question: Question
    rows: tuple[CompletionRow, ...]
    total: CompletionRow

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.question.by

    @property
    def as_of(self) -> date:
        return self.question.as_of

    @property
    def overlaps(self) -> bool:
        return self.question.overlaps


def count_completions(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    language: str = "ko",
    with_empty: bool = True,
    known: Regions | None = None,
) -> CompletionReport:
    """Applied, enrolled, active and completed for each group of the question.

    `viewer` None is the operator at the command line, who sees all. Groups in which nobody is are rows too, unless
    `with_empty` is False. `known` saves the query of the regions. The number of queries depends on the dimensions
    alone (tests/reports/test_queries.py).
    """
    known = known or regions.load(session, viewer, question)
    counted = reading.counted(question, viewer, known)
    groups = Groups(session, viewer, question, known, language)
    statement, columns = grouped(question, counted)
    sums = [func.sum(counted.c[name]) for name in FIGURES]
    found: dict[tuple[Group, ...], Counter[str]] = {}
    for row in session.execute(statement.add_columns(*columns, *sums).group_by(*columns)):
        *raw, applied, enrolled, active, completed = row
        if not applied:
            continue  # sums may come to nothing, and without a dimension there is one row, of nobody too
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        figures = found.setdefault(key, Counter())
        figures.update(applied=int(applied), enrolled=int(enrolled), active=int(active), completed=int(completed))
    if with_empty:
        for key in groups.open():
            found.setdefault(key, Counter())
    rows = tuple(_row(key, found[key]) for key in sorted(found, key=order_of))
    whole = total_of(session, counted, FIGURES) if question.overlaps else sum(found.values(), Counter())
    return CompletionReport(question, told_apart(rows), _row((), whole))


def _row(groups: tuple[Group, ...], figures: Counter[str]) -> CompletionRow:
    return CompletionRow(groups, *(figures[name] for name in FIGURES))

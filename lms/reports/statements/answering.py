"""The rows of a statement: what the catalogue answers, with the line of totals where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from .. import tables
from ..catalogue import FUNNEL, REPORTS, TARGETS
from ..completions import count_completions
from ..funnel import funnel
from ..question import Question
from ..tables import Column, Sheet, grouped_sheet
from ..targets import targets
from . import outsiders
from .cells import Cells, of_sheet
from .outsiders import Mask

# Of each report what its figures mean, as a number: it grows when a figure of the same name comes to mean something else
# (docs/reports.md tells what). A statement notes its own, so that it can say why the same question counts otherwise now.
DEFINITIONS: Mapping[str, int] = {
    "completions": 1,
    "funnel": 1,
    "stops": 1,
    "checks": 1,
    "durations": 1,
    "months": 1,
    "years": 1,
    "targets": 1,
}


def answer(
    session: Session, viewer: Viewer, report: str, question: Question, language: str, mask: Mask | None = None
) -> Cells:
    """With a mask: what outsiders get of it."""
    if mask:
        return outsiders.answer(session, question, language, mask)
    sheet, total = _ANSWERS.get(report, _catalogued)(session, viewer, report, question, language)
    return of_sheet(sheet, total)


def _catalogued(session: Session, viewer: Viewer, report: str, question: Question, language: str) -> Any:
    return REPORTS[report].answer(session, viewer, question, language), None


def _completions(session: Session, viewer: Viewer, _report: str, question: Question, language: str) -> Any:
    report = count_completions(session, viewer, question, language=language)
    sheet = tables.completion_sheet(report)
    return sheet, _total(sheet, tables.COMPLETION_FIGURES, report.total)


def _funnel(session: Session, viewer: Viewer, _report: str, question: Question, language: str) -> Any:
    report = funnel(session, viewer, question, language=language)
    sheet = grouped_sheet("", question.by, report.rows, FUNNEL)
    return sheet, _total(sheet, FUNNEL, report.total)


def _targets(session: Session, viewer: Viewer, name: str, question: Question, language: str) -> Any:
    sheet = REPORTS[name].answer(session, viewer, question, language)
    total = targets(session, viewer, question.as_of.year, as_of=question.as_of, years_back=1, language=language).total
    pace = (total.pace.low, total.pace.expected, total.pace.high) if total.pace else (None, None, None)
    cells = ("", total.target, total.completed, total.rate, *pace, total.gap, total.earlier[0])
    assert len(cells) == len(TARGETS)
    return sheet, cells


def _total(sheet: Sheet, figures: tuple[Column, ...], row: Any) -> list[Any]:
    blank = len(sheet.columns) - len(figures)
    return [""] * blank + [getattr(row, column.name) for column in figures]


_ANSWERS = {"completions": _completions, "funnel": _funnel, "targets": _targets}

"""The rows of a statement: what the catalogue answers, with the line of totals where there is one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from ..catalogue import REPORTS
from ..question import Question
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
    return of_sheet(REPORTS[report].answer(session, viewer, question, language))

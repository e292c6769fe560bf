"""Statements for outsiders: small cells are hidden, and two of them together don't tell of a few people what became of them.

They have one form, that of the closed years' public table: all regions × courses of one year. By another cut, or of a part,
the same people would stand in other cells, and what one hides the other would show. So what can be set against each other
are two days: of each cell that isn't hidden in both, nobody or at least k people may have come, gone or completed between
them. tests/reports/test_statements_outsiders.py attacks it by linear programming.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import today
from lms.models import Statement

from .. import public
from ..public import TOTAL, PublicTable
from ..question import Question
from ..tables import public_sheet
from .cells import Cells, of_sheet
from .errors import StatementError

BY = ("region", "course")

# The smallest count that is shown, and from how many people on there is a rate.
Mask = tuple[int, int]
Key = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """What a table as of a day tells: the counts (enrolled, completed) of each cell, and which of them are hidden."""

    counts: Mapping[Key, tuple[int, int]]
    hidden: frozenset[Key]


def is_shaped(question: Question) -> bool:
    return (
        question.by == BY
        and question.regions == "then"
        and question.reading == "recorded"
        and set(question.filters) == {"year"}
        and len(question.filter("year")) == 1
    )


def question_of(year: int, day: date) -> Question:
    return Question(as_of=day, by=BY, filters={"year": (str(year),)})


def mask_of(statement: Statement) -> Mask:
    k, rate_from = statement.question["mask"]
    return k, rate_from


def answer(session: Session, question: Question, language: str, mask: Mask) -> Cells:
    """The totals of regions and of courses are rows of it; what is hidden is blank and says so."""
    k, rate_from = mask
    table = _table(session, question, k, rate_from, language)
    both = public_sheet(replace(table, cells={(TOTAL, TOTAL): table.cell()}), language)
    rows = public_sheet(replace(table, cells={key: cell for key, cell in table.cells.items() if any(key)}), language)
    ((_region, _course, *figures),) = both.rows
    return of_sheet(replace(rows, total=["", "", *figures]))


def _table(session: Session, question: Question, k: int, rate_from: int, language: str) -> PublicTable:
    year = int(question.filter("year")[0])
    return public.table_on(session, year, question.as_of, k=k, rate_from=rate_from, language=language)


def told(session: Session, question: Question, k: int) -> Told:
    """The counts are the true ones, for comparing alone."""
    whole, shown = (_table(session, question, smallest, 0, "ko") for smallest in (1, k))
    counts = {key: (cell.enrolled or 0, cell.completed or 0) for key, cell in whole.cells.items()}
    return Told(counts, frozenset(key for key, cell in shown.cells.items() if cell.is_hidden))


def refuse_isolating(session: Session, question: Question, mask: Mask) -> None:
    """Hold a statement against all that outsiders were given of the same year, the public table among them.

    Raises:
        StatementError: isolates
    """
    now = told(session, question, mask[0])
    for (day, smallest), number in _given(session, question, mask).items():
        k = max(mask[0], smallest)
        if (cell := isolating(told(session, question.but(as_of=day), smallest), now, k)) is not None:
            raise StatementError("isolates", number=number, k=k, where=_where(session, question, cell))


def _given(session: Session, question: Question, mask: Mask) -> dict[tuple[date, int], str]:
    """Day and smallest count of what outsiders have of the year, with the number of the statement; none is the public
    table's."""
    year = question.filter("year")[0]
    closing = public.closing_day(int(year))
    found = {(closing, mask[0]): ""} if closing < today() else {}
    for statement in session.scalars(select(Statement).where(Statement.for_outsiders).order_by(Statement.id)):
        if statement.question["year"] == [year]:
            found[statement.as_of, mask_of(statement)[0]] = statement.number
    found.pop((question.as_of, mask[0]), None)
    return found


def _where(session: Session, question: Question, key: Key) -> str:
    """The names of a cell's region and course; "" is the total of all."""
    table = _table(session, question, 1, 0, "ko")
    names = {group.key: group.name for group in (*table.regions, *table.courses)}
    return " · ".join(names.get(each, each) for each in key if each != TOTAL)


def isolating(before: Told, after: Told, k: int) -> Key | None:
    """A cell of which both together tell that 1 to k − 1 people came or went, or completed or not; None where there is none."""
    for key in sorted({*before.counts, *after.counts}, key=lambda key: (TOTAL in key, key)):
        if key in before.hidden and key in after.hidden:
            continue
        was, now = before.counts.get(key, (0, 0)), after.counts.get(key, (0, 0))
        enrolled, completed = now[0] - was[0], now[1] - was[1]
        if any(0 < abs(change) < k for change in (enrolled, completed, enrolled - completed)):
            return key
    return None

"""Statements for outsiders: small cells are hidden, and two of them together don't tell of a few people what became of them.

They have one form, that of the closed years' public table: all regions × courses of one year. By another cut, or of a part,
the same people would stand in other cells, and what one hides the other would show. So what can be set against each other
are two days, and `published` says what they tell together. A statement that would tell of a few people is refused; the public
table, which comes after all that was issued before its year closed, hides more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import today
from lms.models import Statement

from .. import public
from ..public import PublicTable
from ..published import TOTAL, Key, Told, isolating
from ..question import Question
from ..tables import public_sheet
from .cells import Cells, of_sheet
from .errors import StatementError

BY = ("region", "course")

# The smallest count that is shown, and from how many people on there is a rate.
Mask = tuple[int, int]


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
    return public.table_on(session, _year(question), question.as_of, k=k, rate_from=rate_from, language=language)


def refuse_isolating(session: Session, question: Question, mask: Mask) -> None:
    """Hold a statement against all that outsiders were given of the same year, the public table among them.

    Raises:
        StatementError: isolates
    """
    now = public.told_on(session, _year(question), question.as_of, mask[0])
    for number, before in _given(session, question, mask):
        k = max(now.k, before.k)
        if (key := isolating(before, now, k)) is not None:
            raise StatementError("isolates", number=number, k=k, where=_where(key, before, now))


def _given(session: Session, question: Question, mask: Mask) -> Iterator[tuple[str, Told]]:
    """What outsiders have of the year, with the number of the statement; none is the public table's."""
    year = _year(question)
    if public.closing_day(year) < today():
        yield "", public.told_at_closing(session, year, mask[0])
    seen = {(question.as_of, mask[0])}
    for statement in session.scalars(select(Statement).where(Statement.for_outsiders).order_by(Statement.id)):
        asked = (statement.as_of, mask_of(statement)[0])
        if statement.question["year"] == [str(year)] and asked not in seen:
            seen.add(asked)
            yield statement.number, public.told_on(session, year, *asked)


def _year(question: Question) -> int:
    return int(question.filter("year")[0])


def _where(key: Key, *tables: Told) -> str:
    """The names of a cell's region and course; "" is the total of all."""
    names = {group.key: group.name for told in tables for group in (*told.counts.regions, *told.counts.courses)}
    return " · ".join(names[each] for each in key if each != TOTAL)

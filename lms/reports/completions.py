"""Completions counted from the ledger, by dimensions, as of any day.

What the figures mean (docs/reports.md): *enrolled* are the enrolments less those withdrawn before their run began;
*completed* those whose completion stands; *rate* is completed ÷ enrolled and blank where nobody is enrolled. Company and
region are those of the enrolment's day. As of a day means: what was recorded by its end in Seoul.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, and_, case, cast, func, select
from sqlalchemy.orm import Session

from lms.clock import end_of_day
from lms.errors import LMSError
from lms.learning.enrolments import visible_to
from lms.models import Company, Course, Enrolment, LedgerEntry, Region, Run
from lms.people.viewers import Viewer


class ReportError(LMSError):
    """The question can't be asked: `what` is wrong, `choices` are the words that may be used."""

    reason = "report"
    sentence = "{what}. Choose from: {choices}."


@dataclass(frozen=True)
class CompletionRow:
    """One group: its values by dimension, in the order asked for, and what was counted in it."""

    group: tuple[str, ...]
    enrolled: int
    completed: int

    @property
    def rate(self) -> float | None:
        """0..1; None where nobody is enrolled."""
        return self.completed / self.enrolled if self.enrolled else None


@dataclass(frozen=True)
class CompletionReport:
    dimensions: tuple[str, ...]
    as_of: date
    rows: tuple[CompletionRow, ...]

    @property
    def total(self) -> CompletionRow:
        """The dimensions offered here don't overlap, so the total is the sum of the parts."""
        return CompletionRow(
            tuple("" for _ in self.dimensions),
            sum(row.enrolled for row in self.rows),
            sum(row.completed for row in self.rows),
        )


# Dimension → the columns that tell its groups apart, in their order, and what is shown. Each course counts its runs from 1,
# so a run is shown as course-number.
_DIMENSIONS: Mapping[str, tuple[tuple, SQLColumnExpression]] = {
    "region": ((Region.position, Region.id), Region.name_ko),
    "company": ((Company.business_number,), Company.name),
    "course": ((Course.slug,), Course.slug),
    "run": ((Course.slug, Run.number), Course.slug + "-" + cast(Run.number, String)),
}
DIMENSIONS = tuple(_DIMENSIONS)


def count_completions(
    session: Session, viewer: Viewer | None, *, by: Sequence[str] = ("region",), as_of: date
) -> CompletionReport:
    """Enrolled and completed by the dimensions of `by`, as known at the end of `as_of`.

    `viewer` None is the operator at the command line, who sees all.

    Raises:
        ReportError: an unknown or doubled dimension.
    """
    for name in by:
        if name not in _DIMENSIONS or list(by).count(name) > 1:
            raise ReportError(
                what=f"'{name}' is no dimension of this report, or named twice", choices=", ".join(DIMENSIONS)
            )
    labels: list[ColumnElement] = [_DIMENSIONS[name][1].label(f"label_{name}") for name in by]
    order = [column for name in by for column in _DIMENSIONS[name][0]]
    statement = _facts(viewer, as_of).subquery()
    query = (
        select(*labels, func.count(), func.sum(statement.c.completed))
        .select_from(statement)
        .join(Region, Region.id == statement.c.region_id)
        .join(Company, Company.id == statement.c.company_id)
        .join(Run, Run.id == statement.c.run_id)
        .join(Course, Course.id == Run.course_id)
        .group_by(*order, *labels)
        .order_by(*order, *labels)
    )
    rows = tuple(
        CompletionRow(tuple(str(value) for value in row[: len(labels)]), row[-2], int(row[-1] or 0))
        for row in session.execute(query)
    )
    return CompletionReport(tuple(by), as_of, rows)


def _facts(viewer: Viewer | None, as_of: date) -> Select:
    """One row for each counted enrolment: run, company, region, and whether a completion stood."""
    until = end_of_day(as_of)
    newest = (
        select(LedgerEntry.enrolment_id, func.max(LedgerEntry.id).label("id"))
        .where(LedgerEntry.kind.in_(("completed", "revoked")), LedgerEntry.recorded_at < until)
        .group_by(LedgerEntry.enrolment_id)
        .subquery()
    )
    last = select(LedgerEntry.enrolment_id, LedgerEntry.kind).join(newest, newest.c.id == LedgerEntry.id).subquery()
    # Withdrawn before the run began, and known to be so by that day.
    withdrawn = (
        select(LedgerEntry.enrolment_id)
        .join(Run, Run.id == LedgerEntry.run_id)
        .where(
            LedgerEntry.kind == "withdrawn",
            LedgerEntry.recorded_at < until,
            LedgerEntry.effective_on < Run.learn_from,
        )
    )
    enrolled = LedgerEntry.__table__.alias("enrolled")
    statement = (
        select(
            enrolled.c.run_id,
            enrolled.c.company_id,
            enrolled.c.region_id,
            case((last.c.kind == "completed", 1), else_=0).label("completed"),
        )
        .select_from(enrolled)
        .outerjoin(last, last.c.enrolment_id == enrolled.c.enrolment_id)
        .where(
            and_(enrolled.c.kind == "enrolled", enrolled.c.recorded_at < until),
            enrolled.c.enrolment_id.not_in(withdrawn),
        )
    )
    if viewer is not None:
        visible = select(Enrolment.id).where(visible_to(viewer))
        statement = statement.where(enrolled.c.enrolment_id.in_(visible))
    return statement

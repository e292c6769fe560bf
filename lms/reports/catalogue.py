"""The questions that pages, files and programs may ask, by name: what each has in a row, how it may be cut, who answers it.

All of them take the words of `question.Question`, and all give a `tables.Sheet`, so that no two ways of asking can differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from . import columns, tables
from .checks import failed_checks
from .columns import Column
from .completions import count_completions
from .durations import durations
from .funnel import funnel
from .learners import iter_learners, list_learners
from .question import DIMENSIONS, Question
from .stops import ALL_DONE, StopReport, stops
from .tables import Sheet, grouped_sheet
from .targets import targets
from .years import MONTHS, by_month, year_on_year

Answer = Callable[[Session, Viewer | None, Question, str], Sheet]
Part = Callable[[Session, Viewer | None, Question, str, int, int], tuple[Sheet, int]]


@dataclass(frozen=True)
class Report:
    """`by` are the dimensions where none are asked for; none at all where its rows are no groups. `columns` come after those of
    the groups. `has_persons`: files of it name people, and need a reason.
    `part` gives some of the rows without reading all."""

    name: str
    title: tuple[str, str]  # Korean, English
    by: tuple[str, ...]
    columns: tuple[Column, ...]
    answer: Answer
    has_persons: bool = False
    part: Part | None = None

    @property
    def dimensions(self) -> Sequence[str]:
        return DIMENSIONS if self.by else ()

    def page(
        self, session: Session, viewer: Viewer | None, question: Question, language: str, offset: int, limit: int
    ) -> tuple[Sheet, int]:
        """Some of the rows, and how many there are."""
        if self.part is not None:
            return self.part(session, viewer, question, language, offset, limit)
        sheet = self.answer(session, viewer, question, language)
        rows = list(sheet.rows)
        return replace(sheet, rows=rows[offset : offset + limit]), len(rows)


def _completions(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    return tables.completion_sheet(count_completions(session, viewer, question, language=language))


def _funnel(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    report = funnel(session, viewer, question, language=language)
    title = f"신청에서 수료까지 {question.as_of}"
    return grouped_sheet(title, question.by, report.rows, columns.FUNNEL, report.total)


def _durations(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    report = durations(session, viewer, question, language=language)
    title = f"수료까지 걸린 날 {question.as_of}"
    return grouped_sheet(title, question.by, report.rows, columns.DURATIONS, report.total)


def _stops(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    report = stops(session, viewer, question)
    keys = ([row.course, row.unit or ""] for row in report.rows)
    return Sheet(f"멈춘 곳 {question.as_of}", columns.STOPS, _stop_cells(report, language), keys=keys)


def _stop_cells(report: StopReport, language: str) -> list[tuple[Any, ...]]:
    all_done = "모두 마쳤으나 수료 기준에 못 미침" if language == "ko" else "All done, short of the rule"
    return [
        (
            row.course,
            row.course_title,
            row.unit,
            all_done if row.unit == ALL_DONE else row.title,
            report.enrolled[row.course],
            row.done,
            row.stopped,
            row.quiet,
            row.left,
        )
        for row in report.rows
    ]


def _checks(session: Session, viewer: Viewer | None, question: Question, _language: str) -> Sheet:
    rows = failed_checks(session, viewer, question)
    cells = (
        (row.course, row.unit, row.unit_title, row.check, row.title, row.tries, row.failed, row.rate) for row in rows
    )
    keys = ([row.course, row.unit, row.check] for row in rows)
    return Sheet(f"검사 항목 {question.as_of}", columns.CHECKS, cells, keys=keys)


def _targets(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    """Of the year of the question's day."""
    report = targets(
        session,
        viewer,
        question.as_of.year,
        as_of=question.as_of,
        reading=question.reading,
        years_back=1,
        language=language,
    )
    return tables.target_sheet(report)


def _years(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    rows = year_on_year(session, viewer, question, language=language)
    cells = (
        (row.year, row.key, row.name, row.as_of, row.enrolled, row.completed, row.rate, row.target, row.achieved)
        for row in rows
    )
    keys = ([str(row.year), row.key] for row in rows)
    return Sheet(f"사업별 해마다 {question.as_of}", columns.YEARS, cells, keys=keys)


def _months(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    """One row a group and month: as long a table as a spreadsheet turns by itself."""
    report = by_month(session, viewer, question, months=MONTHS, language=language)
    cells = (
        (*tables.group_cells(question.by, row.groups), f"{month:%Y-%m}", count)
        for row in report.rows
        for month, count in zip(report.months, row.counts, strict=True)
    )
    keys = ([*(group.key for group in row.groups), f"{month:%Y-%m}"] for row in report.rows for month in report.months)
    heads = [*columns.of_groups(question.by), *columns.MONTHLY]
    return Sheet(f"달마다 수료 {question.as_of}", heads, cells, keys=keys)


def _learners(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    return tables.learner_sheet(question, iter_learners(session, viewer, question, language=language))


def _some_learners(
    session: Session, viewer: Viewer | None, question: Question, language: str, offset: int, limit: int
) -> tuple[Sheet, int]:
    found = list_learners(session, viewer, question, sort="company", offset=offset, limit=limit, language=language)
    return tables.learner_sheet(question, found.rows), found.total


def _report(name: str, korean: str, english: str, by: tuple[str, ...], *rest: Any, **more: Any) -> Report:
    return Report(name, (korean, english), by, *rest, **more)


REPORTS: Mapping[str, Report] = {
    report.name: report
    for report in (
        _report(
            "completions",
            "수강과 수료",
            "Enrolments and completions",
            ("region",),
            columns.COMPLETIONS,
            _completions,
        ),
        _report(
            "funnel", "신청에서 수료까지", "From application to completion", ("course", "run"), columns.FUNNEL, _funnel
        ),
        _report("stops", "멈춘 곳", "Where learners stop", (), columns.STOPS, _stops),
        _report("checks", "검사 항목", "Checks that fail", (), columns.CHECKS, _checks),
        _report("durations", "수료까지 걸린 날", "Days to complete", ("course", "run"), columns.DURATIONS, _durations),
        _report("months", "달마다 수료", "Completions by month", ("course",), columns.MONTHLY, _months),
        _report("years", "사업별 해마다", "Programmes year on year", (), columns.YEARS, _years),
        _report("targets", "목표와 실적", "Targets and results", (), columns.TARGETS, _targets),
        _report(
            "learners",
            "수강생",
            "Learners",
            (),
            columns.LEARNERS,
            _learners,
            has_persons=True,
            part=_some_learners,
        ),
    )
}


def columns_of(report: Report, by: Sequence[str]) -> list[Column]:
    """What a row has, cut by these dimensions."""
    return [*(columns.of_groups(by) if report.by else ()), *report.columns]

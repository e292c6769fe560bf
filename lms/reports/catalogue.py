"""The questions that pages, files and programs may ask, by name: what each has in a row, how it may be cut, who answers it.

All of them take the words of `question.Question`, and all give a `tables.Sheet`, so that no two ways of asking can differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from lms.people.viewers import Viewer

from . import tables
from .checks import failed_checks
from .completions import count_completions
from .durations import durations
from .funnel import funnel
from .learners import iter_learners, list_learners
from .question import DIMENSIONS, Question
from .stops import ALL_DONE, StopReport, stops
from .tables import Column, Sheet, grouped_sheet
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


FUNNEL = (
    Column("applied", "신청", "count"),
    Column("enrolled", "수강", "count"),
    Column("begun", "시작", "count"),
    Column("half_way", "절반", "count"),
    Column("completed", "수료", "count"),
)
DURATIONS = (
    Column("completed", "수료", "count"),
    Column("least", "가장 짧게", "count"),
    Column("first", "4분의 1", "count"),
    Column("median", "절반", "count"),
    Column("third", "4분의 3", "count"),
    Column("most", "가장 길게", "count"),
)
STOPS = (
    Column("course_key", "과정 코드"),
    Column("course", "과정"),
    Column("unit", "학습 단위 코드"),
    Column("unit_title", "학습 단위"),
    Column("enrolled", "과정의 수강", "count"),
    Column("done", "마침", "count"),
    Column("stopped", "여기서 멈춤", "count"),
    Column("quiet", "그중 14일 조용함", "count"),
    Column("left", "그중 그만둠", "count"),
)
CHECKS = (
    Column("course_key", "과정 코드"),
    Column("unit", "학습 단위 코드"),
    Column("unit_title", "학습 단위"),
    Column("check", "검사 항목 코드"),
    Column("title", "검사 항목"),
    Column("tries", "마지막 제출", "count"),
    Column("failed", "불통과", "count"),
    Column("rate", "불통과율", "rate"),
)
TARGETS = (
    Column("region", "지역"),
    Column("target", "목표", "count"),
    Column("completed", "실적", "count"),
    Column("rate", "달성률", "rate"),
    Column("low", "연말 (느린 쪽)", "count"),
    Column("expected", "연말 (지금 속도)", "count"),
    Column("high", "연말 (빠른 쪽)", "count"),
    Column("gap", "모자람", "count"),
    Column("completed_before", "지난해 같은 날 실적", "count"),
)
YEARS = (
    Column("year", "연도", "count"),
    Column("programme_key", "사업 코드"),
    Column("programme", "사업"),
    Column("as_of", "기준일", "day"),
    Column("enrolled", "수강", "count"),
    Column("completed", "수료", "count"),
    Column("rate", "수료율", "rate"),
    Column("target", "목표", "count"),
    Column("achieved", "달성률", "rate"),
)
MONTHLY = (Column("month", "달"), Column("completed", "수료", "count"))


def _completions(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    return tables.completion_sheet(count_completions(session, viewer, question, language=language))


def _funnel(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    rows = funnel(session, viewer, question, language=language).rows
    return grouped_sheet(f"신청에서 수료까지 {question.as_of}", question.by, rows, FUNNEL)


def _durations(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    rows = durations(session, viewer, question, language=language).rows
    return grouped_sheet(f"수료까지 걸린 날 {question.as_of}", question.by, rows, DURATIONS)


def _stops(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    report = stops(session, viewer, question)
    return Sheet(f"멈춘 곳 {question.as_of}", STOPS, _stop_cells(report, language))


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
    cells = (
        (row.course, row.unit, row.unit_title, row.check, row.title, row.tries, row.failed, row.rate)
        for row in failed_checks(session, viewer, question)
    )
    return Sheet(f"검사 항목 {question.as_of}", CHECKS, cells)


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
    cells = (
        (
            row.name,
            row.target,
            row.completed,
            row.rate,
            *((row.pace.low, row.pace.expected, row.pace.high) if row.pace else (None, None, None)),
            row.gap,
            row.earlier[0],
        )
        for row in report.rows
    )
    return Sheet(f"목표와 실적 {question.as_of}", TARGETS, cells)


def _years(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    cells = (
        (row.year, row.key, row.name, row.as_of, row.enrolled, row.completed, row.rate, row.target, row.achieved)
        for row in year_on_year(session, viewer, question, language=language)
    )
    return Sheet(f"사업별 해마다 {question.as_of}", YEARS, cells)


def _months(session: Session, viewer: Viewer | None, question: Question, language: str) -> Sheet:
    """One row a group and month: as long a table as a spreadsheet turns by itself."""
    report = by_month(session, viewer, question, months=MONTHS, language=language)
    cells = (
        (*tables.group_cells(question.by, row.groups), f"{month:%Y-%m}", count)
        for row in report.rows
        for month, count in zip(report.months, row.counts, strict=True)
    )
    return Sheet(f"달마다 수료 {question.as_of}", [*tables.group_columns(question.by), *MONTHLY], cells)


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
            tables.COMPLETION_FIGURES,
            _completions,
        ),
        _report("funnel", "신청에서 수료까지", "From application to completion", ("course", "run"), FUNNEL, _funnel),
        _report("stops", "멈춘 곳", "Where learners stop", (), STOPS, _stops),
        _report("checks", "검사 항목", "Checks that fail", (), CHECKS, _checks),
        _report("durations", "수료까지 걸린 날", "Days to complete", ("course", "run"), DURATIONS, _durations),
        _report("months", "달마다 수료", "Completions by month", ("course",), MONTHLY, _months),
        _report("years", "사업별 해마다", "Programmes year on year", (), YEARS, _years),
        _report("targets", "목표와 실적", "Targets and results", (), TARGETS, _targets),
        _report(
            "learners",
            "수강생",
            "Learners",
            (),
            tables.LEARNER_COLUMNS,
            _learners,
            has_persons=True,
            part=_some_learners,
        ),
    )
}


def columns_of(report: Report, by: Sequence[str]) -> list[Column]:
    """What a row has, cut by these dimensions."""
    return [*(tables.group_columns(by) if report.by else ()), *report.columns]

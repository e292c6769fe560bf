"""Rows as files that people open. A text that a spreadsheet would take for a formula is made text; numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any, Literal

from xlsxwriter import Workbook

from lms.errors import LMSError
from lms.people.organisations.business_numbers import display

from .completions import CompletionReport
from .learners import LearnerRow
from .public import TOTAL, PublicTable
from .question import Question
from .rows import Group, Grouped
from .targets import TargetReport

Kind = Literal["text", "count", "rate", "score", "day"]

HEADERS = {
    "region": "지역",
    "zone": "권역",
    "centre": "센터",
    "company": "기업",
    "cluster": "디지털 클러스터",
    "size": "기업 규모",
    "industry": "업종",
    "level": "스마트공장 수준",
    "course": "과정",
    "run": "차수",
    "programme": "사업",
    "year": "연도",
}
# What a file shows beside a dimension's name, so that two of one name are told apart: the header and the name in JSON.
DETAILS = {
    "company": ("사업자등록번호", "business_number"),
    "course": ("과정 코드", "course_key"),
    "run": ("차수 코드", "run_key"),
}
# What Excel, LibreOffice and Google Sheets start a formula with.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST_CELL = 32_767  # characters, of XLSX
_NEGATIVE_NUMBER = re.compile(r"-\d+(\.\d+)?")


class TooLongError(LMSError):
    """A spreadsheet holds `most` rows; a CSV holds all."""

    reason = "too_long"
    sentence = "A spreadsheet holds at most {most} rows. Ask for CSV, or for a part."


@dataclass(frozen=True)
class Column:
    """`name` is the key in JSON, `header` what stands above it; a rate is 0..1, a score 0..100."""

    name: str
    header: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Sheet:
    """A table with what was asked for it. `rows` are read once, so that they need not be held."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


def safe_text(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe goes before what would start a formula. -5 stays -5."""
    if text.startswith(_FORMULA_STARTS) and not _NEGATIVE_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def group_columns(dimensions: Sequence[str]) -> list[Column]:
    """The columns that say of which groups a row is: names, and what tells equal names apart."""
    columns = []
    for name in dimensions:
        columns.append(Column(name, HEADERS[name]))
        if name in DETAILS:
            header, key = DETAILS[name]
            columns.append(Column(key, header))
    return columns


def group_cells(dimensions: Sequence[str], groups: Sequence[Group]) -> list[str]:
    """The detail has a column of its own here, so the name stands as it is."""
    words = []
    for name, group in zip(dimensions, groups, strict=True):
        words.append(group.name)
        if name in DETAILS:
            words.append(group.detail)
    return words


COMPLETION_FIGURES = (
    Column("applied", "신청", "count"),
    Column("enrolled", "수강", "count"),
    Column("active", "활동", "count"),
    Column("completed", "수료", "count"),
    Column("rate", "수료율", "rate"),
)


def completion_sheet(report: CompletionReport) -> Sheet:
    """One row a group, without the total: it would be counted twice by whoever sums the column."""
    return grouped_sheet(f"수료 현황 {report.as_of}", report.dimensions, report.rows, COMPLETION_FIGURES)


def grouped_sheet(title: str, dimensions: Sequence[str], rows: Iterable[Grouped], figures: Sequence[Column]) -> Sheet:
    """One row a group; a figure's name is that of the row's attribute."""
    cells = ((*group_cells(dimensions, row.groups), *(getattr(row, column.name) for column in figures)) for row in rows)
    return Sheet(title, [*group_columns(dimensions), *figures], cells)


LEARNER_COLUMNS = (
    Column("name", "이름"),
    Column("employee_number", "사번"),
    Column("region", "지역"),
    Column("company", "기업"),
    Column("business_number", "사업자등록번호"),
    Column("run", "과정"),
    Column("run_key", "차수 코드"),
    Column("state", "상태"),
    Column("enrolled_on", "신청일", "day"),
    Column("progress", "진도", "score"),
    Column("score", "점수", "score"),
    Column("missing_units", "남은 학습 단위", "count"),
    Column("missing_points", "모자란 점수", "score"),
    Column("missing_hours", "모자란 출석 시간", "score"),
    Column("last_active", "마지막 활동일", "day"),
    Column("completed_on", "수료일", "day"),
)


def learner_sheet(question: Question, rows: Iterable[LearnerRow]) -> Sheet:
    """One row a learner in a run. There are persons in it."""
    return Sheet(f"수강생 {question.as_of}", LEARNER_COLUMNS, (_learner_cells(row) for row in rows))


def _learner_cells(row: LearnerRow) -> tuple[Any, ...]:
    standing = row.standing
    missing = {each.what: each.count for each in standing.missing}
    state = "수료" if standing.is_completed else "취소" if row.state == "withdrawn" else "수강"
    return (
        row.person_name,
        row.employee_number,
        row.region_name,
        row.company_name,
        display(row.business_number),
        f"{row.run_title} {row.run_number}차수",
        row.run_key,
        state,
        row.enrolled_on,
        standing.progress,
        standing.score,
        None if standing.is_completed else int(missing.get("progress", 0)),
        None if standing.is_completed else missing.get("score", 0),
        None if standing.is_completed else missing.get("attendance", 0),
        row.last_active,
        standing.completed_on,
    )


def target_sheet(report: TargetReport) -> Sheet:
    """One row a region, with the years before."""
    columns = [
        Column("region", "지역"),
        Column("target", f"{report.year}년 목표", "count"),
        Column("completed", f"{report.year}년 실적", "count"),
        Column("rate", "달성률", "rate"),
        *(Column(f"completed_{year}", f"{year}년 실적 (같은 날)", "count") for year in report.years),
    ]
    cells = ((row.name, row.target, row.completed, row.rate, *row.earlier) for row in report.rows)
    return Sheet(f"목표와 실적 {report.as_of}", columns, cells)


def public_sheet(table: PublicTable, language: str = "ko") -> Sheet:
    """One row a region and course, with the totals; what is hidden is blank, and its column says so."""
    total, hidden = ("합계", "비공개") if language == "ko" else ("Total", "hidden")
    columns = [
        Column("region", "지역"),
        Column("course", "과정"),
        Column("enrolled", "수강", "count"),
        Column("completed", "수료", "count"),
        Column("rate", "수료율", "rate"),
        Column("hidden", "비공개"),
    ]
    words = {group.key: group.name for group in (*table.regions, *table.courses)} | {TOTAL: total}
    cells = (
        (words[region], words[course], cell.enrolled, cell.completed, cell.rate, hidden if cell.is_hidden else "")
        for (region, course), cell in table.cells.items()
    )
    return Sheet(f"{table.year}년 수료 현황", columns, cells)


CSV_CELLS: dict[Kind, Callable[[Any], str | int]] = {
    "text": lambda value: safe_text(str(value)),
    "count": lambda value: value,
    "rate": lambda value: f"{value:.4f}",
    "score": lambda value: f"{value:.1f}",
    "day": lambda value: value.isoformat(),
}


def to_csv(sheet: Sheet) -> Iterator[str]:
    """RFC 4180 lines, the first with a byte order mark so that Excel reads the Hangul. What there is none of is blank."""
    yield "\ufeff" + _csv_line([column.header for column in sheet.columns])
    cells = [CSV_CELLS[column.kind] for column in sheet.columns]
    for row in sheet.rows:
        yield _csv_line(["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)])


def _csv_line(cells: Sequence[str | int]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


_FORMATS: dict[Kind, dict[str, str]] = {
    "text": {},
    "count": {"num_format": "#,##0"},
    "rate": {"num_format": "0.0%"},
    "score": {"num_format": "0.0"},
    "day": {"num_format": "yyyy-mm-dd"},
}
_WIDTHS: dict[Kind, int] = {"text": 24, "count": 10, "rate": 10, "score": 10, "day": 12}
MOST_ROWS = 1_048_575  # of a spreadsheet, without its heading


def to_xlsx(sheet: Sheet) -> IO[bytes]:
    """A workbook of one sheet in a temporary file, open at its start; it is gone when it is closed.

    Rows go to disk one after another. No text becomes a formula or a link.

    Raises:
        TooLongError: there are more rows than a spreadsheet holds.
    """
    made = tempfile.TemporaryFile()  # noqa: SIM115 (the caller sends it and closes it)
    try:
        _write_workbook(sheet, made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    return made


def _write_workbook(sheet: Sheet, made: IO[bytes]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(made, options) as book:
        # The day of making would make each file another one.
        book.set_properties({"title": sheet.title, "created": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        heading = book.add_format({"bold": True, "bottom": 1})
        formats = [book.add_format(_FORMATS[column.kind]) for column in sheet.columns]
        for place, column in enumerate(sheet.columns):
            page.set_column(place, place, _WIDTHS[column.kind])
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, column.header, heading)
        for number, row in enumerate(sheet.rows, start=1):
            if number > MOST_ROWS:
                raise TooLongError(most=MOST_ROWS)
            for place, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
                _write_cell(page, number, place, column.kind, value, formats[place])


def _write_cell(page: Any, row: int, place: int, kind: Kind, value: Any, form: Any) -> None:
    if value is None:
        return
    if kind == "text":
        page.write_string(row, place, str(value)[:_LONGEST_CELL], form)
    elif kind == "day":
        page.write_datetime(row, place, value, form)
    else:
        page.write_number(row, place, value, form)


def to_json(sheet: Sheet, **question: Any) -> str:
    """The question and its rows by name."""
    names = [column.name for column in sheet.columns]
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    return json.dumps({**question, "rows": rows}, ensure_ascii=False, indent=1, default=_as_text)


def _as_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")

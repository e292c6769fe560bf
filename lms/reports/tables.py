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
from itertools import islice
from pathlib import Path
from typing import IO, Any

from xlsxwriter import Workbook

from lms.errors import LMSError
from lms.people.organisations.business_numbers import display

from .columns import COMPLETIONS, DETAILS, LEARNERS, PUBLIC, TARGETS, Column, Kind, of_groups
from .completions import CompletionReport
from .learners import LearnerRow
from .public import TOTAL, PublicTable
from .question import Question
from .rows import Group, Grouped
from .targets import TargetReport, TargetRow

# What Excel, LibreOffice and Google Sheets start a formula with; East Asian Excel takes the wide ones too.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_STARTS = frozenset(_FORMULA_STARTS)
_LONGEST_CELL = 32_767  # characters, of XLSX
_NEGATIVE_NUMBER = re.compile(r"-\d+(\.\d+)?")


class TooLongError(LMSError):
    """A spreadsheet holds `most` rows; a CSV holds all."""

    reason = "too_long"
    sentence = "A spreadsheet holds at most {most} rows. Ask for CSV, or for a part."


@dataclass(frozen=True)
class Sheet:
    """A table with what was asked for it. `rows` are read once, so that they need not be held. `total` is the line below them
    on paper; CSV, XLSX and JSON leave it out, since whoever sums a column would count it twice. `keys` say of each row what
    it is of, whatever that is called; none where nobody will ask again."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    total: Sequence[Any] | None = None
    keys: Iterable[Sequence[str]] = ()


def safe_text(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe goes before what would start a formula. -5 stays -5."""
    if text.startswith(_FORMULA_STARTS) and not _NEGATIVE_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def group_cells(dimensions: Sequence[str], groups: Sequence[Group]) -> list[str]:
    """The detail has a column of its own here, so the name stands as it is."""
    words = []
    for name, group in zip(dimensions, groups, strict=True):
        words.append(group.name)
        if name in DETAILS:
            words.append(group.detail)
    return words


def completion_sheet(report: CompletionReport) -> Sheet:
    """One row a group."""
    title = f"수료 현황 {report.as_of}"
    return grouped_sheet(title, report.dimensions, report.rows, COMPLETIONS, report.total)


def grouped_sheet(
    title: str, dimensions: Sequence[str], rows: Sequence[Grouped], figures: Sequence[Column], total: Any = None
) -> Sheet:
    """One row a group; a figure's name is that of the row's attribute, and of the total's."""
    columns = [*of_groups(dimensions), *figures]
    cells = ((*group_cells(dimensions, row.groups), *_figures(row, figures)) for row in rows)
    blank = [""] * (len(columns) - len(figures))
    keys = ([group.key for group in row.groups] for row in rows)
    return Sheet(title, columns, cells, None if total is None else [*blank, *_figures(total, figures)], keys)


def _figures(row: Any, figures: Sequence[Column]) -> list[Any]:
    return [getattr(row, column.name) for column in figures]


def learner_sheet(question: Question, rows: Iterable[LearnerRow]) -> Sheet:
    """One row a learner in a run. There are persons in it."""
    return Sheet(f"수강생 {question.as_of}", LEARNERS, (_learner_cells(row) for row in rows))


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
    """One row a region, with what the pace leads to and the year before."""
    title = f"목표와 실적 {report.as_of}"
    keys = ([row.key] for row in report.rows)
    return Sheet(title, TARGETS, map(_target_cells, report.rows), _target_cells(report.total), keys)


def _target_cells(row: TargetRow) -> tuple[Any, ...]:
    pace = (row.pace.low, row.pace.expected, row.pace.high) if row.pace else (None, None, None)
    return (row.name, row.target, row.completed, row.rate, *pace, row.gap, row.earlier[0])


def public_sheet(table: PublicTable, language: str = "ko") -> Sheet:
    """One row a region and course, with the totals; what is hidden is blank, and its column says so."""
    total, hidden = ("합계", "비공개") if language == "ko" else ("Total", "hidden")
    words = {group.key: group.name for group in (*table.regions, *table.courses)} | {TOTAL: total}
    cells = (
        (words[region], words[course], cell.enrolled, cell.completed, cell.rate, hidden if cell.is_hidden else "")
        for (region, course), cell in table.cells.items()
    )
    return Sheet(f"{table.year}년 수료 현황", PUBLIC, cells, keys=table.cells)


_CSV_ROWS = 1000  # that are written at once


def to_csv(sheet: Sheet) -> Iterator[str]:
    """RFC 4180 lines, the first with a byte order mark so that Excel reads the Hangul. What there is none of is blank."""
    yield csv_head(sheet.columns)
    rows = iter(sheet.rows)
    while some := list(islice(rows, _CSV_ROWS)):
        yield csv_rows(sheet.columns, some)


def csv_head(columns: Sequence[Column]) -> str:
    return "\ufeff" + _csv_lines([[column.header for column in columns]])


def csv_rows(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> str:
    """The lines of some rows. Column after column: a call for each cell takes longer than all else."""
    made = (_CSV_COLUMNS[column.kind](cells) for column, cells in zip(columns, zip(*rows, strict=True), strict=True))
    return _csv_lines(zip(*made, strict=True))


def _csv_texts(cells: Iterable[Any]) -> list[Any]:
    return [
        cell if cell is None or (type(cell) is str and cell[:1] not in _STARTS) else safe_text(str(cell))
        for cell in cells
    ]


def _csv_numbers(form: Callable[[Any], str]) -> Callable[[Iterable[Any]], list[Any]]:
    return lambda cells: [None if cell is None else form(cell) for cell in cells]


CSV_CELLS: dict[Kind, Callable[[Any], str | int]] = {
    "text": lambda value: safe_text(str(value)),
    "count": lambda value: value,
    "rate": "{:.4f}".format,
    "score": "{:.1f}".format,
    "day": lambda value: value.isoformat(),
}
# The writer itself makes nothing of None, and of a count or a day what it reads like.
_CSV_COLUMNS: dict[Kind, Callable[[Iterable[Any]], Iterable[Any]]] = {
    "text": _csv_texts,
    "count": lambda cells: cells,
    "rate": _csv_numbers("{:.4f}".format),
    "score": _csv_numbers("{:.1f}".format),
    "day": lambda cells: cells,
}


def _csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
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
        write_workbook(sheet, made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    return made


def write_workbook(sheet: Sheet, made: IO[bytes], folder: Path | None = None) -> None:
    """The same into a file. Rows wait in files in `folder`, which a process that is killed leaves there.

    Raises:
        TooLongError
    """
    options: dict[str, Any] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    options |= {"tmpdir": str(folder)} if folder else {}
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

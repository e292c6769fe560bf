"""Rows as files that people open. A text that a spreadsheet would take for a formula is made text; numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from .completions import CompletionReport, CompletionRow

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
_NEGATIVE_NUMBER = re.compile(r"-\d+(\.\d+)?")


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


def completion_sheet(report: CompletionReport) -> Sheet:
    """One row a group, without the total: it would be counted twice by whoever sums the column."""
    columns = []
    for name in report.dimensions:
        columns.append(Column(name, HEADERS[name]))
        if name in DETAILS:
            header, key = DETAILS[name]
            columns.append(Column(key, header))
    columns += [
        Column("applied", "신청", "count"),
        Column("enrolled", "수강", "count"),
        Column("active", "활동", "count"),
        Column("completed", "수료", "count"),
        Column("rate", "수료율", "rate"),
    ]
    return Sheet(f"수료 현황 {report.as_of}", columns, (_completion_cells(report, row) for row in report.rows))


def _completion_cells(report: CompletionReport, row: CompletionRow) -> tuple[Any, ...]:
    words = []
    for name, group in zip(report.dimensions, row.groups, strict=True):
        # The detail has a column of its own here, so the name stands as it is.
        words.append(group.name)
        if name in DETAILS:
            words.append(group.detail)
    return (*words, row.applied, row.enrolled, row.active, row.completed, row.rate)


_CSV_CELLS: dict[Kind, Callable[[Any], str | int]] = {
    "text": lambda value: safe_text(str(value)),
    "count": lambda value: value,
    "rate": lambda value: f"{value:.4f}",
    "score": lambda value: f"{value:.1f}",
    "day": lambda value: value.isoformat(),
}


def to_csv(sheet: Sheet) -> Iterator[str]:
    """RFC 4180 lines, the first with a byte order mark so that Excel reads the Hangul. What there is none of is blank."""
    yield "\ufeff" + _csv_line([column.header for column in sheet.columns])
    cells = [_CSV_CELLS[column.kind] for column in sheet.columns]
    for row in sheet.rows:
        yield _csv_line(["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)])


def _csv_line(cells: Sequence[str | int]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def to_json(sheet: Sheet, **question: Any) -> str:
    """The question and its rows by name."""
    names = [column.name for column in sheet.columns]
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    return json.dumps({**question, "rows": rows}, ensure_ascii=False, indent=1, default=_as_text)


def _as_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")

"""Rows as files that people open. A text that a spreadsheet would take for a formula is made text; numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from .completions import CompletionReport, CompletionRow

HEADERS = {
    "region": "지역",
    "company": "기업",
    "course": "과정",
    "run": "차수",
    "enrolled": "수강",
    "completed": "수료",
    "rate": "수료율",
}
# What Excel, LibreOffice and Google Sheets start a formula with.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_text(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe goes before what would start a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def headers(report: CompletionReport) -> list[str]:
    return [HEADERS[name] for name in (*report.dimensions, "enrolled", "completed", "rate")]


def _cells(row: CompletionRow) -> list[str | int]:
    rate = "" if row.rate is None else f"{row.rate:.4f}"
    return [*(safe_text(value) for value in row.group), row.enrolled, row.completed, rate]


def to_csv(report: CompletionReport) -> Iterator[str]:
    """RFC 4180 lines, the first with a byte order mark so that Excel reads the Hangul."""
    lines: Sequence[Sequence[str | int]] = [headers(report), *(_cells(row) for row in report.rows)]
    for number, cells in enumerate(lines):
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerow(cells)
        yield ("\ufeff" if number == 0 else "") + buffer.getvalue()


def to_json(report: CompletionReport) -> str:
    """The question and its rows by name."""
    rows = [
        dict(zip(report.dimensions, row.group, strict=True))
        | {"enrolled": row.enrolled, "completed": row.completed, "rate": row.rate}
        for row in report.rows
    ]
    return json.dumps(
        {"by": list(report.dimensions), "as_of": report.as_of.isoformat(), "rows": rows}, ensure_ascii=False, indent=1
    )

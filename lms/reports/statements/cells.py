"""Rows as they are kept and signed.

Every cell is the text that stands in the CSV; what there is none of is "". The canonical form is a JSON array of arrays of
these texts, the headings first, in UTF-8 without blanks and escapes that JSON doesn't ask for. Its SHA-256 is the digest, so
a CSV alone, read by anybody's program, gives it too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any, get_args

from lms.errors import LMSError

from ..columns import Column, Kind
from ..tables import CSV_CELLS, Sheet

Row = tuple[str, ...]
LARGEST_CSV = 5_000_000  # bytes of a file that somebody wants to have verified


class FileError(LMSError):
    """A file is no CSV of a statement: `why`."""

    reason = "no_csv"
    sentence = "This is no CSV of a statement: {why}."


@dataclass(frozen=True)
class Cells:
    """`total` is the line of totals, as wide as the rows, or None; it isn't in the digest."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None

    @property
    def canonical(self) -> str:
        return canonical([column.header for column in self.columns], self.rows)

    @property
    def digest(self) -> str:
        return digest_of(self.canonical)


def canonical(headings: Sequence[str], rows: Sequence[Row]) -> str:
    return json.dumps([list(headings), *map(list, rows)], ensure_ascii=False, separators=(",", ":"))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def of_sheet(sheet: Sheet) -> Cells:
    columns = tuple(sheet.columns)
    rows = tuple(_row(columns, row) for row in sheet.rows)
    return Cells(columns, rows, _row(columns, sheet.total) if sheet.total is not None else None)


def _row(columns: Sequence[Column], row: Sequence[Any]) -> Row:
    return tuple(
        "" if value is None else str(_text(column.kind, value)) for column, value in zip(columns, row, strict=True)
    )


def _text(kind: Kind, value: Any) -> str | int:
    """As in any CSV of ours, but a rate is rounded down: no 79.996 % is signed as 80 %."""
    if kind != "rate":
        return CSV_CELLS[kind](value)
    return str(Decimal(str(value)).quantize(Decimal("0.0001"), ROUND_FLOOR))


def columns_to_document(columns: Sequence[Column]) -> list[list[str]]:
    return [[column.name, column.header, column.kind] for column in columns]


def columns_of(document: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    return tuple(Column(name, header, _kind(kind)) for name, header, kind in document)


def _kind(word: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == word)


def read(columns: Sequence[Sequence[str]], kept: str, total: Sequence[str] | None = None) -> Cells:
    """From what is kept."""
    _headings, *rows = json.loads(kept)
    return Cells(columns_of(columns), tuple(map(tuple, rows)), tuple(total) if total is not None else None)


def values(cells: Cells) -> Sheet:
    """The kept rows as numbers and days again, for a spreadsheet."""
    kinds = [column.kind for column in cells.columns]
    rows = ([_value(kind, cell) for kind, cell in zip(kinds, row, strict=True)] for row in cells.rows)
    return Sheet("", cells.columns, rows)


def _value(kind: Kind, cell: str) -> Any:
    if not cell and kind != "text":
        return None
    return _VALUES[kind](cell)


_VALUES: Mapping[Kind, Callable[[str], Any]] = {
    "text": str,
    "count": int,
    "rate": float,
    "score": float,
    "day": date.fromisoformat,
}


def to_csv(cells: Cells) -> str:
    """Byte for byte what was issued. The cells are texts that no spreadsheet runs already."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    csv.writer(buffer, lineterminator="\r\n").writerows([[column.header for column in cells.columns], *cells.rows])
    return buffer.getvalue()


def read_csv(file: bytes) -> tuple[Row, tuple[Row, ...]]:
    """Headings and rows of somebody's CSV, whatever its line ends and quotes. Raises FileError."""
    if len(file) > LARGEST_CSV:
        raise FileError(why="it is too large")
    try:
        lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(why=str(error)[:200]) from None
    found = [tuple(line) for line in lines if line]
    if not found or any(len(line) != len(found[0]) for line in found):
        raise FileError(why="its lines are not of one length")
    return found[0], tuple(found[1:])


def digest_of_csv(file: bytes) -> str:
    """Raises FileError."""
    return digest_of(canonical(*read_csv(file)))

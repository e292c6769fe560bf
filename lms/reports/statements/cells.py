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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any, get_args

from lms.errors import LMSError

from ..columns import Column, Kind
from ..tables import Sheet, safe_text

Row = tuple[str, ...]
MOST_ROWS = 100_000  # each company of the country in each of its regions, and some; more is an export
LONGEST_LINE = 20_000  # characters of somebody's CSV


class FileError(LMSError):
    """A file is no CSV of a statement: `why`."""

    reason = "no_csv"
    sentence = "This is no CSV of a statement: {why}."


@dataclass(frozen=True)
class Cells:
    """`total` is the line of totals, as wide as the rows, or None; it isn't in the digest. `keys` say of each
    row what it is of, whatever that is called; there are none where names don't change."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    keys: tuple[Row, ...] = ()

    @property
    def canonical(self) -> str:
        return canonical([column.header for column in self.columns], self.rows)

    @property
    def digest(self) -> str:
        return digest_of(self.canonical)


def canonical(headings: Sequence[str], rows: Sequence[Row]) -> str:
    return _compact([headings, *rows])


def _compact(value: Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def of_sheet(sheet: Sheet) -> Cells:
    columns = tuple(sheet.columns)
    rows = tuple(_row(columns, row) for row in sheet.rows)
    total = _row(columns, sheet.total) if sheet.total is not None else None
    return Cells(columns, rows, total, tuple(map(tuple, sheet.keys)))


def _row(columns: Sequence[Column], row: Sequence[Any]) -> Row:
    return tuple(
        "" if value is None else _TEXTS[column.kind](value) for column, value in zip(columns, row, strict=True)
    )


def _rate(value: float) -> str:
    """Rounded down: no 79.996 % is signed as 80 %."""
    return str(Decimal(str(value)).quantize(Decimal("0.0001"), ROUND_FLOOR))


_TEXTS: Mapping[Kind, Callable[[Any], str]] = {
    "text": lambda value: safe_text(str(value)),
    "count": str,
    "rate": _rate,
    "score": "{:.1f}".format,
    "day": date.isoformat,
}


def columns_to_document(columns: Sequence[Column]) -> list[list[str]]:
    return [[column.name, column.header, column.kind] for column in columns]


def columns_of(document: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    return tuple(Column(name, header, _kind(kind)) for name, header, kind in document)


def _kind(word: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == word)


def keys_to_text(cells: Cells) -> str:
    return _compact(cells.keys)


def read(columns: Sequence[Sequence[str]], kept: str, total: Sequence[str] | None = None, keys: str = "[]") -> Cells:
    """From what is kept."""
    _headings, *rows = json.loads(kept)
    line = tuple(total) if total is not None else None
    return Cells(columns_of(columns), tuple(map(tuple, rows)), line, tuple(map(tuple, json.loads(keys))))


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


def read_csv(file: bytes) -> Iterator[Row]:
    """The lines of somebody's CSV, the headings first, whatever its line ends and quotes; one after another, so that no file,
    however it is made, takes more memory than itself, nor more time than a statement's. Raises FileError."""
    width = 0
    try:
        for number, line in enumerate(csv.reader(_lines(file), strict=True)):
            if number > MOST_ROWS:
                raise FileError(why="it has more rows than a statement")
            width = width or len(line)
            if line and len(line) != width:
                raise FileError(why="its lines are not of one length")
            if line:
                yield tuple(line)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(why=str(error)[:200]) from None
    if not width:
        raise FileError(why="it is empty")


def _lines(file: bytes) -> Iterator[str]:
    with io.TextIOWrapper(io.BytesIO(file), "utf-8-sig", newline="") as text:
        while line := text.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise FileError(why="it has a line that is too long")
            yield line


def digest_of_csv(file: bytes) -> str:
    """That of its canonical form. Raises FileError."""
    digest, separator = hashlib.sha256(), "["
    for row in read_csv(file):
        digest.update(f"{separator}{_compact(row)}".encode())
        separator = ","
    digest.update(b"]")
    return digest.hexdigest()

"""Which column of a sheet is what: headings found wherever they stand, in Korean or English, in one row or two."""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .reading import RESIDENT_NUMBER, Line, Sheet, UnreadableError, Workbook

FIELDS = (
    "business_number", "company", "region", "name", "employee_number", "birth_date", "phone", "email", "department", "job",
    "course", "run",
)  # fmt: skip
# The headings of a file that we write: those that stand first in columns.toml.
HEAD_ROWS = 30
_FEWEST = 2  # known headings that make a row the head of a table
_IN_BRACKETS = re.compile(r"[(\[<{].*?[)\]>}]")


@dataclass(frozen=True)
class Table:
    """The rows of people of a sheet. `columns` says where each known field lies, counted from 0; `headings` are the texts of
    all columns, `head` the rows that they stand in."""

    sheet: str
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    head: tuple[int, ...]
    lines: list[Line]
    other_sheets: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        return signature(self.headings)


def signature(headings: Sequence[str]) -> str:
    """What files of the same form have in common."""
    return hashlib.sha256("\x1f".join(normalise(text) for text in headings).encode()).hexdigest()


@cache
def names() -> Mapping[str, Sequence[str]]:
    """Field → what it is called, the usual name first."""
    content = tomllib.loads(Path(__file__).with_name("columns.toml").read_text("utf-8"))
    return {field: content[field]["names"] for field in FIELDS}


@cache
def _known() -> Mapping[str, tuple[str, int]]:
    """Normalised heading → field, and how usual the name is."""
    found: dict[str, tuple[str, int]] = {}
    for field, listed in names().items():
        for rank, name in enumerate((*listed, field)):
            found.setdefault(normalise(name), (field, rank))
    return found


def normalise(heading: str) -> str:
    """Letters and digits alone, without what stands in brackets."""
    text = _IN_BRACKETS.sub("", unicodedata.normalize("NFKC", heading)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def find_table(book: Workbook) -> Table:
    """The first visible sheet with headings that are known.

    Raises:
        UnreadableError: no_headings, no_people.
    """
    heads = [(sheet, _find_head(sheet)) for sheet in book.sheets]
    for sheet, head in heads:
        if head is None:
            continue
        rows, headings, columns = head
        lines = [line for line in sheet.rows if line.row > rows[-1]]
        if lines:
            _fill_down(lines, sheet)
            others = tuple(other.name for other in book.sheets if other is not sheet)
            return Table(sheet.name, headings, columns, rows, lines, others)
    raise UnreadableError("no_people" if any(head for _, head in heads) else "no_headings")


_Head = tuple[tuple[int, ...], tuple[str, ...], dict[str, int]]


def _find_head(sheet: Sheet) -> _Head | None:
    """Rows, headings and columns of the row, or two rows, with the most headings that are known."""
    best: _Head | None = None
    for head, texts in _candidates(sheet):
        columns = map_headings(texts)
        if len(columns) >= _FEWEST and (best is None or len(columns) > len(best[2])):
            best = head, tuple(_shown(parts) for parts in texts), columns
    return best


def _candidates(sheet: Sheet) -> Iterator[tuple[tuple[int, ...], list[tuple[str, ...]]]]:
    """Rows that may be the head, with the one or two texts above each column."""
    rows = sheet.rows[:HEAD_ROWS]
    for place, line in enumerate(rows):
        yield (line.row,), [(text,) for text in line.cells]
        if place + 1 < len(rows) and rows[place + 1].row == line.row + 1:
            upper, lower = _fill_right(line, sheet), rows[place + 1].cells
            width = max(len(upper), len(lower))
            pairs: list[tuple[str, ...]] = [(_cell(upper, column), _cell(lower, column)) for column in range(width)]
            yield (line.row, line.row + 1), pairs


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _fill_right(line: Line, sheet: Sheet) -> list[str]:
    """The upper row of two: a text that was merged over several columns stands above each of them."""
    cells = list(line.cells)
    for first, left, last, right in sheet.merged:
        if first <= line.row - 1 <= last and left < len(cells):
            cells.extend([""] * (right + 1 - len(cells)))
            cells[left : right + 1] = [cells[left]] * (right + 1 - left)
    return cells


def _shown(parts: tuple[str, ...]) -> str:
    """As people read it; a heading may not carry what mustn't be kept."""
    told = list(dict.fromkeys(" ".join(part.split()) for part in parts if part and part != RESIDENT_NUMBER))
    return " ".join(told)[:120]


def map_headings(texts: Sequence[tuple[str, ...]]) -> dict[str, int]:
    """Field → column. Of several columns that could be a field the one with the more usual name, then the first."""
    found: dict[str, tuple[int, int]] = {}
    for column, parts in enumerate(texts):
        read = _field_of(parts)
        if read is not None and (read[0] not in found or read[1] < found[read[0]][0]):
            found[read[0]] = (read[1], column)
    return {field: found[field][1] for field in FIELDS if field in found}


def _field_of(parts: tuple[str, ...]) -> tuple[str, int] | None:
    """The lower of two texts says it, or both together (기업 | 명), or the upper, where it spans both rows."""
    together = "".join(parts)
    for text in dict.fromkeys((parts[-1], together, parts[0] if not parts[-1] else "")):
        known = _known().get(normalise(text)) if text else None
        if known is not None:
            return known
    return None


def _fill_down(lines: list[Line], sheet: Sheet) -> None:
    """A cell that was merged over several rows (a company above its people) holds for each of them."""
    by_row = {line.row: line for line in lines}
    for first, left, last, _right in sheet.merged:
        top = by_row.get(first + 1)
        if top is None or last == first or left >= len(top.cells):
            continue
        for row in range(first + 2, last + 2):
            line = by_row.get(row)
            if line is not None:
                line.cells.extend([""] * (left + 1 - len(line.cells)))
                line.cells[left] = top.cells[left]


def check_mapping(table_headings: Sequence[str], columns: Mapping[str, object]) -> dict[str, int]:
    """What somebody chose for the fields, as far as it names columns that are there and none twice."""
    chosen: dict[str, int] = {}
    for field in FIELDS:
        column = columns.get(field)
        if isinstance(column, int) and 0 <= column < len(table_headings) and column not in chosen.values():
            chosen[field] = column
    return chosen

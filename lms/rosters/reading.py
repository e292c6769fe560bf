"""A spreadsheet that somebody uploaded, read by a child process that may neither grow nor dawdle (`sheet_child.py`)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from lms.errors import LMSError
from lms.people.privacy.resident_numbers import MARK, contains_resident_number

from .sheet_child import ERROR_VALUE, NOT_COMPUTED

__all__ = (
    "ERROR_VALUE",
    "NOT_COMPUTED",
    "RESIDENT_NUMBER",
    "Line",
    "Sheet",
    "UnreadableError",
    "Workbook",
    "read",
    "shown",
)

WALL_SECONDS = 90
MOST_BYTES = 20_000_000
# In place of a cell that held a resident registration number; the number itself goes no further than this module.
RESIDENT_NUMBER = "\ue002"
_SHORTEST_NUMBER = 7  # letters of the shortest text that may stand for thirteen digits


class UnreadableError(LMSError):
    """The file as a whole can't be read; nothing of it was kept.

    `reason`: empty, too_big, not_a_workbook, not_a_table, damaged, password, bomb, too_large, too_slow, too_many_rows,
    too_many_columns, quotes, cut_off, no_encoding, two_encodings, no_headings, no_people. Facts (row, line, …) go with them.
    """

    sentence = "The file can't be read: {reason}."


class Line(msgspec.Struct, array_like=True):
    """A row as the spreadsheet program counts it from 1, and its cells as text."""

    row: int
    cells: list[str]


class Sheet(msgspec.Struct):
    """`merged` are ranges (first row, first column, last row, last column), counted from 0."""

    name: str
    rows: list[Line]
    merged: list[tuple[int, int, int, int]]


class Workbook(msgspec.Struct):
    """The sheets that hold something. `form`: xlsx, xls or csv; `encoding` of a csv."""

    form: str
    encoding: str
    sheets: list[Sheet]


class _Refused(msgspec.Struct):
    reason: str
    facts: dict[str, Any]


def read(content: bytes) -> Workbook:
    """What a file holds, resident registration numbers taken out of it.

    Raises:
        UnreadableError
    """
    if len(content) > MOST_BYTES:
        raise UnreadableError("too_big", megabytes=MOST_BYTES // 1_000_000)
    answer = _ask_child(content)
    try:
        found = msgspec.msgpack.decode(answer, type=Workbook)
    except msgspec.ValidationError:
        refused = msgspec.msgpack.decode(answer, type=_Refused)
        raise UnreadableError(refused.reason, **refused.facts) from None
    for sheet in found.sheets:
        for line in sheet.rows:
            _take_out_resident_numbers(line.cells)
    return found


def _ask_child(content: bytes) -> bytes:
    """The child's answer. One that dies has met its limits: nothing else kills it."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("sheet_child.py"))]
    with tempfile.TemporaryFile() as file:  # no name, so that nothing is left behind
        file.write(content)
        file.seek(0)
        try:
            done = subprocess.run(
                command,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=WALL_SECONDS,
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnreadableError("too_slow") from None
    if done.returncode != 0 or not done.stdout:
        raise UnreadableError("too_large")
    return done.stdout


def _take_out_resident_numbers(cells: list[str]) -> None:
    """Also one whose halves lie in two cells side by side."""
    for place, cell in enumerate(cells):
        if len(cell) >= _SHORTEST_NUMBER and contains_resident_number(cell, column=True):
            cells[place] = RESIDENT_NUMBER
    for place in range(len(cells) - 1):
        first, second = cells[place], cells[place + 1]
        if len(second) == 7 and len(first) == 6 and contains_resident_number(f"{first}-{second}", column=True):
            cells[place] = cells[place + 1] = RESIDENT_NUMBER


def shown(cell: str) -> str:
    """A cell as it is given back."""
    return {RESIDENT_NUMBER: MARK, NOT_COMPUTED: "", ERROR_VALUE: "#N/A"}.get(cell, cell)

"""Reads one spreadsheet in a process of its own, which may not grow beyond its limits: what was uploaded is hostile until read.

Started by `reading.py` as `python -I sheet_child.py`, with the file as standard input; it imports nothing of ours. Answers on
standard output in MessagePack with what `reading.Workbook` holds, or `{"reason": …, "facts": {…}}` where it can't be read.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import resource
import sys
import zipfile
from typing import Any
from xml.etree import ElementTree

import msgspec

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 60
UNPACKED = 300_000_000  # bytes of all parts of a workbook together
PARTS = 2_000
ROWS = 100_000
COLUMNS = 200
LETTERS = 1_000  # of a cell; a longer one is cut and found to be too long later
HEAD_LINES = 50

# Letters for private use, which no keyboard writes: a cell that holds no value that could be read.
NOT_COMPUTED = "\ue000"
ERROR_VALUE = "\ue001"


class UnreadableError(Exception):
    """`reason` and `facts` as `reading.UnreadableError` knows them."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


def limit() -> None:
    """Shut this process in: memory, time, no files written, no core dump with people in it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def read(content: bytes) -> dict[str, Any]:
    """Raises UnreadableError."""
    if not content.strip():
        raise UnreadableError("empty")
    if content.startswith(b"PK"):
        return _read_workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):  # the container of old Excel files, and of those with a password
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnreadableError("password")
        return _read_sheets(content, "xls", {})
    return _read_csv(content)


# Workbooks


def _read_workbook(content: bytes) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if len(parts) > PARTS or size > UNPACKED:
                raise UnreadableError("bomb", megabytes=size // 1_000_000)
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableError("password")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise UnreadableError("not_a_workbook")
            return _read_sheets(content, "xlsx", _paths(archive), archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError):
        raise UnreadableError("damaged") from None


def _paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its part of the archive; empty where the workbook is written in a way of its own."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (in a process with limits)
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (KeyError, ElementTree.ParseError):
        return {}
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    found = {}
    for sheet in book.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"):
        link = sheet.get("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id")
        target = targets.get(link, "")
        found[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _read_sheets(
    content: bytes, form: str, paths: dict[str, str], archive: zipfile.ZipFile | None = None
) -> dict[str, Any]:
    import python_calamine as calamine  # noqa: PLC0415 (after the limits are set)

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        sheets = []
        for name in visible:
            sheet = book.get_sheet_by_name(name)
            if sheet.end is None:
                continue
            rows = _rows(sheet)
            if archive is not None and name in paths:
                _mark(rows, archive, paths[name])
            merged = [[*start, *end] for start, end in sheet.merged_cell_ranges or ()]
            sheets.append({"name": name, "rows": rows, "merged": merged[:ROWS]})
    except calamine.PasswordError:
        raise UnreadableError("password") from None
    except calamine.CalamineError:
        raise UnreadableError("damaged") from None
    if not any(sheet["rows"] for sheet in sheets):
        raise UnreadableError("empty")
    return {"form": form, "encoding": "", "sheets": sheets}


def _rows(sheet: Any) -> list[list[Any]]:
    if sheet.total_height > ROWS:
        raise UnreadableError("too_many_rows", rows=sheet.total_height, most=ROWS)
    if sheet.total_width > COLUMNS:
        raise UnreadableError("too_many_columns", columns=sheet.total_width, most=COLUMNS)
    rows = []
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        texts = [_text(cell) for cell in cells]
        if any(texts):
            rows.append([number, texts])
    return rows


def _text(cell: Any) -> str:
    """A cell as one would type it. Whole numbers that Excel keeps as floats lose their `.0`."""
    if isinstance(cell, str):
        return cell[: LETTERS + 1]
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ")
    return str(cell)


_FORMULA = re.compile(
    rb'<c r="([A-Z]{1,3})(\d+)"([^>]*)>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(<v>[^<]*</v>|<v\s*/>)?\s*(?:</c>)?'
)
_ERROR = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"[^>]*\bt="e"')


def _mark(rows: list[list[Any]], archive: zipfile.ZipFile, path: str) -> None:
    """Say of formulas without a result, and of results that are errors, that they are: they would read as empty cells."""
    try:
        xml = archive.read(path)
    except KeyError:
        return
    places: list[tuple[int, int, str]] = []
    if b"<f" in xml:
        for match in _FORMULA.finditer(xml):
            column, number, attributes, value = match.groups()
            if value in (None, b"<v/>", b"<v />", b"<v></v>") and b't="str"' not in attributes:
                places.append((int(number), _column(column), NOT_COMPUTED))
    if b't="e"' in xml:
        places += [(int(match[2]), _column(match[1]), ERROR_VALUE) for match in _ERROR.finditer(xml)]
    by_number = {row[0]: row[1] for row in rows}
    for number, column, mark in places:
        if number > ROWS or column >= COLUMNS:
            continue
        cells = by_number.setdefault(number, [])
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = mark
    rows[:] = [[number, by_number[number]] for number in sorted(by_number)]


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1


# CSV


def _read_csv(content: bytes) -> dict[str, Any]:
    text, encoding = _decode(content)
    if "\0" in text:
        raise UnreadableError("not_a_table")
    csv.field_size_limit(1_000_000)
    rows: list[list[Any]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if number > ROWS:
                raise UnreadableError("too_many_rows", rows=text.count("\n"), most=ROWS)
            if len(cells) > COLUMNS:
                raise UnreadableError("too_many_columns", columns=len(cells), most=COLUMNS)
            if any(cells):
                rows.append([number, [cell[: LETTERS + 1] for cell in cells]])
    except csv.Error:
        raise UnreadableError("quotes", row=number + 1, line=reader.line_num) from None
    if not rows:
        raise UnreadableError("empty")
    if (
        not text.endswith(("\n", "\r"))
        and len(rows) > 1
        and len(rows[-1][1]) < min(len(cells) for _, cells in rows[:-1])
    ):
        raise UnreadableError("cut_off", row=rows[-1][0])
    return {"form": "csv", "encoding": encoding, "sheets": [{"name": "", "rows": rows, "merged": []}]}


def _decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding.

    UTF-8 with or without a mark, CP949 as Excel writes it in Korea, UTF-16 with a mark. A file that is one until some line
    and the other from there on was pasted together, and reading it either way would make other people's names.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), "utf-16"
        except UnicodeDecodeError:
            raise UnreadableError("cut_off", row=content.decode("utf-16", "ignore").count("\n") + 1) from None
    body = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    kinds = [(number, _encoding(line)) for number, line in enumerate(body.split(b"\n"), start=1)]
    certain = [(number, kind) for number, kind in kinds if kind in ("utf-8", "cp949", "neither")]
    first = "utf-8" if len(body) < len(content) else certain[0][1]
    for number, kind in certain:
        if kind == "neither":
            raise UnreadableError("no_encoding", line=number)
        if kind != first:
            raise UnreadableError("two_encodings", line=number, before=_NAMES[first], after=_NAMES[kind])
    return body.decode("cp949"), "cp949"


_NAMES = {"utf-8": "UTF-8", "cp949": "CP949", "neither": "?"}
# UTF-8 writes each Hangul syllable in three bytes; two alone may be a syllable of CP949 that looks like a letter of UTF-8.
_THREE_BYTES = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")


def _encoding(line: bytes) -> str:
    """What one line can be: utf-8, cp949, neither, or either."""
    if line.isascii():
        return "either"
    can_be_cp949 = _decodes(line, "cp949")
    if _decodes(line, "utf-8"):
        return "utf-8" if _THREE_BYTES.search(line) or not can_be_cp949 else "either"
    return "cp949" if can_be_cp949 else "neither"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """What parts the cells of most of the first lines: a comma, a tab, a semicolon."""
    head = text.split("\n", HEAD_LINES)[:HEAD_LINES]
    return max(",\t;", key=lambda mark: sum(min(line.count(mark), 12) for line in head))


def main() -> None:
    limit()
    try:
        answer = read(sys.stdin.buffer.read())
    except UnreadableError as error:
        answer = {"reason": error.reason, "facts": error.facts}
    except MemoryError:
        answer = {"reason": "too_large", "facts": {}}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()

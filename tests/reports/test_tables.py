"""Rows as files: Excel opens them with their Hangul, and runs nothing that is in them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from xml.etree import ElementTree

import pytest

from lms.reports import tables
from lms.reports.completions import CompletionReport, CompletionRow
from lms.reports.question import Question
from lms.reports.rows import Group
from lms.reports.tables import Column, Sheet, completion_sheet, safe_text, to_csv, to_json, to_xlsx

BUSAN, GYEONGGI = Group("busan", "부산광역시"), Group("gyeonggi", "경기도")
REPORT = CompletionReport(
    Question(as_of=date(2026, 3, 12), by=("region", "company")),
    (
        CompletionRow((BUSAN, Group("1", '한빛 "정밀", 부산', "124-81-00998")), 4, 3, 2, 1),
        CompletionRow((GYEONGGI, Group("2", '=HYPERLINK("http://evil.example")', "220-81-62517"))),
    ),
    CompletionRow((), 4, 3, 2, 1),
)


def lines() -> list[list[str]]:
    text = "".join(to_csv(completion_sheet(REPORT)))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_csv_is_read_back_as_it_was() -> None:
    assert lines()[:2] == [
        ["지역", "기업", "사업자등록번호", "신청", "수강", "활동", "수료", "수료율"],
        ["부산광역시", '한빛 "정밀", 부산', "124-81-00998", "4", "3", "2", "1", "0.3333"],
    ]


def test_lines_end_as_the_standard_says() -> None:
    assert all(line.endswith("\r\n") for line in to_csv(completion_sheet(REPORT)))


def test_a_name_that_looks_like_a_formula_is_text() -> None:
    assert lines()[2][1].startswith("'=HYPERLINK")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"])
def test_what_starts_a_formula_is_made_text(start: str) -> None:
    assert safe_text(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["한빛정밀", "", "3M", "A-1", "1=1", "-5", "-5.25"])
def test_other_text_stays(text: str) -> None:
    assert safe_text(text) == text


def test_nobody_enrolled_is_blank_in_csv_and_null_in_json() -> None:
    assert lines()[2][-1] == ""
    told = json.loads(to_json(completion_sheet(REPORT), **REPORT.question.to_document()))
    assert (told["by"], told["as_of"]) == (["region", "company"], "2026-03-12")
    assert told["rows"][1]["rate"] is None
    assert told["rows"][0] == {
        "region": "부산광역시",
        "company": '한빛 "정밀", 부산',
        "business_number": "124-81-00998",
        "applied": 4,
        "enrolled": 3,
        "active": 2,
        "completed": 1,
        "rate": 1 / 3,
    }


# Spreadsheets


SHEET = Sheet(
    "시험",
    [
        Column("name", "이름"),
        Column("change", "증감", "count"),
        Column("rate", "수료율", "rate"),
        Column("day", "날", "day"),
    ],
    [("=1+1", -5, 0.25, date(2026, 3, 12)), ("http://evil.example", 3, None, None), ("-5", 0, 1.0, None)],
)
_NAMES = {"": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def workbook(sheet: Sheet) -> dict[str, bytes]:
    with to_xlsx(sheet) as made, zipfile.ZipFile(made) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def cells(sheet: Sheet) -> dict[str, tuple[str | None, str]]:
    """Kind and content of each cell: kind inlineStr or s for text, None for a number."""
    page = ElementTree.fromstring(workbook(sheet)["xl/worksheets/sheet1.xml"])
    return {
        cell.attrib["r"]: (cell.get("t"), "".join(cell.itertext()))
        for cell in page.iterfind(".//c", _NAMES)
        if list(cell)
    }


def test_a_spreadsheet_holds_texts_as_text_and_numbers_as_numbers() -> None:
    found = cells(SHEET)
    assert found["A1"] == ("inlineStr", "이름")
    assert found["A2"] == ("inlineStr", "=1+1")
    assert found["A4"] == ("inlineStr", "-5")
    assert found["B2"] == (None, "-5")
    assert found["C2"] == (None, "0.25")
    assert "C3" not in found
    assert found["D2"][1] == "46093"  # days since 1899-12-30


def test_a_spreadsheet_has_no_formula_and_no_link() -> None:
    parts = workbook(SHEET)
    page = parts["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in page
    assert b"hyperlink" not in page
    assert not [name for name in parts if "rels" in name and b"evil" in parts[name]]


def test_the_same_rows_are_the_same_file() -> None:
    first, second = workbook(SHEET), workbook(SHEET)
    assert first == second


def test_rows_are_written_one_after_another() -> None:
    """A row is on its way to the disk before the next one is made."""
    alive: list[int] = []

    class Word(str):
        def __del__(self) -> None:
            alive[0] -= 1

    def rows() -> Iterator[tuple[Word, int, float, None]]:
        for number in range(2000):
            alive[0] += 1
            most.append(alive[0])
            yield Word(f"사람 {number}"), number, 0.5, None

    alive.append(0)
    most: list[int] = []
    with to_xlsx(Sheet(SHEET.title, SHEET.columns, rows())):
        assert max(most) < 10


def test_a_spreadsheet_that_would_be_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    with pytest.raises(tables.TooLongError, match="at most 2 rows"):
        to_xlsx(SHEET)


def test_csv_is_made_some_lines_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_CSV_ROWS", 1)

    def rows() -> Iterator[tuple]:
        yield ("하나", 1, None, None)
        raise RuntimeError("the second row was asked for")

    lines_of = to_csv(Sheet(SHEET.title, SHEET.columns, rows()))
    assert next(lines_of) == "\ufeff이름,증감,수료율,날\r\n"
    assert next(lines_of) == "하나,1,,\r\n"
    with pytest.raises(RuntimeError):
        next(lines_of)

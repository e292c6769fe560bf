"""Rows as files: Excel opens them with their Hangul, and runs nothing that is in them."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from lms.reports.completions import CompletionReport, CompletionRow
from lms.reports.tables import safe_text, to_csv, to_json

REPORT = CompletionReport(
    ("region", "company"),
    date(2026, 3, 12),
    (
        CompletionRow(("부산광역시", '한빛 "정밀", 부산'), 3, 1),
        CompletionRow(("경기도", '=HYPERLINK("http://evil.example")'), 0, 0),
    ),
)


def test_csv_is_read_back_as_it_was() -> None:
    text = "".join(to_csv(REPORT))
    assert text.startswith("\ufeff지역,기업,수강,수료,수료율\r\n")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1] == [
        "부산광역시",
        '한빛 "정밀", 부산',
        "3",
        "1",
        "0.3333",
    ]


def test_a_name_that_looks_like_a_formula_is_text() -> None:
    assert list(csv.reader(io.StringIO("".join(to_csv(REPORT)))))[2][1].startswith("'=HYPERLINK")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_starts_a_formula_is_made_text(start: str) -> None:
    assert safe_text(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["한빛정밀", "", "3M", "A-1", "1=1"])
def test_other_text_stays(text: str) -> None:
    assert safe_text(text) == text


def test_nobody_enrolled_is_blank_in_csv_and_null_in_json() -> None:
    assert list(csv.reader(io.StringIO("".join(to_csv(REPORT)))))[2][-1] == ""
    told = json.loads(to_json(REPORT))
    assert (told["by"], told["as_of"]) == (["region", "company"], "2026-03-12")
    assert told["rows"][1]["rate"] is None
    assert told["rows"][0] == {
        "region": "부산광역시",
        "company": '한빛 "정밀", 부산',
        "enrolled": 3,
        "completed": 1,
        "rate": 1 / 3,
    }

"""Rows as files: Excel opens them with their Hangul, and runs nothing that is in them."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from lms.reports.completions import CompletionReport, CompletionRow
from lms.reports.question import Question
from lms.reports.rows import Group
from lms.reports.tables import completion_sheet, safe_text, to_csv, to_json

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


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
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

"""Twelve learners, counted by hand in docs/reports.md: the document's tables are what the program counts."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from lms.reports.completions import CompletionReport, CompletionRow, count_completions
from lms.reports.question import Question, Reading

from .country import Country

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/reports.md"
DAY = date(2026, 3, 20)
RUN = "첫걸음"


@pytest.fixture
def twelve(country: Country) -> Country:
    """As the document tells it."""
    course = country.course("first-steps", "제조데이터 첫걸음")
    country.run(RUN, course, "busan", "2026-03-02", "2026-05-31")
    for name, region in (
        ("한빛정밀", "busan"),
        ("새론금속", "busan"),
        ("빛고을전자", "gwangju"),
        ("바다기계", "busan"),
    ):
        country.company(name, region)
    for name in ("김하나", "이준호", "윤수진", "박서준", "최유나"):
        country.enrol(name, "한빛정밀", RUN, "2026-02-20")
    for name in ("정민수", "강지우", "조은별", "임도현", "한소리"):
        country.enrol(name, "새론금속", RUN, "2026-02-25")
    country.do("김하나", RUN, "2026-03-04", "2026-03-06", "2026-03-10")
    country.do("이준호", RUN, "2026-03-14")
    country.do("윤수진", RUN, "2026-03-13")
    country.note("박서준", RUN, "withdrawn", "2026-03-01")
    country.note("최유나", RUN, "withdrawn", "2026-03-02")
    country.do("정민수", RUN, "2026-03-03", "2026-03-05", "2026-03-09")
    country.revoke("정민수", RUN, "2026-03-15")
    country.do("강지우", RUN, "2026-03-03", "2026-03-05", "2026-03-08")
    country.revoke("강지우", RUN, "2026-03-12")
    country.do_next("강지우", RUN, "judge", "2026-03-18")
    country.do("조은별", RUN, "2026-03-03", "2026-03-05", "2026-03-11")
    country.note("조은별", RUN, "questioned", "2026-03-16")
    country.do("임도현", RUN, "2026-03-03", "2026-03-05")
    country.do_next("임도현", RUN, "measure", "2026-03-19", recorded="2026-03-21")
    country.employ("한소리", "빛고을전자", "2026-03-12")
    country.do("한소리", RUN, "2026-03-16")
    country.enrol("오지훈", "빛고을전자", RUN, "2026-03-20")
    country.do("오지훈", RUN, "2026-03-20")
    country.enrol("서나래", "빛고을전자", RUN, "2026-03-21")
    return country


def count(country: Country, *by: str, reading: Reading = "recorded") -> CompletionReport:
    return count_completions(country.session, None, Question(as_of=DAY, by=by, reading=reading))


def cells(row: CompletionRow, name: str) -> list[str]:
    """A row as the document writes it: the rate in whole per cent, rounded down."""
    rate = "" if row.rate is None else f"{int(100 * row.rate)} %"
    return [name, *(str(figure) for figure in (row.applied, row.enrolled, row.active, row.completed)), rate]


def told(heading: str) -> list[list[str]]:
    """The rows of the document's table below a heading."""
    part = DOCUMENT.read_text("utf-8").split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"(?m)^\|.*$", part)]
    return rows[2:]


@pytest.mark.parametrize(
    ("heading", "reading"), [("기록 기준", "recorded"), ("수료일 기준", "effective")], ids=["recorded", "effective"]
)
def test_the_document_counts_as_the_program_does(twelve: Country, heading: str, reading: Reading) -> None:
    report = count(twelve, "company", reading=reading)
    shown = {row.groups[0].name: cells(row, row.groups[0].name) for row in report.rows}
    expected = told(heading)
    assert [row for row in expected if row[0] != "합계"] == [shown[row[0]] for row in expected if row[0] != "합계"]
    assert len(shown) == len(expected) - 1
    assert expected[-1] == cells(report.total, "합계")


def test_the_document_names_the_twelve() -> None:
    named = {row[0] for row in told("열두 사람")}
    assert len(named) == 12
    assert {"김하나", "서나래"} <= named


def test_regions_are_those_of_the_enrolment_and_one_without_anybody_is_a_row(twelve: Country) -> None:
    rows = {row.keys[0]: (row.applied, row.enrolled) for row in count(twelve, "region").rows}
    assert rows["busan"] == (10, 9)
    assert rows["gwangju"] == (1, 1)
    assert rows["jeju"] == (0, 0)
    assert len(rows) == 17

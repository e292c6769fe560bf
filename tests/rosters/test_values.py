"""Cells as people and spreadsheet programs write them."""

from __future__ import annotations

from datetime import date

import pytest

from lms.rosters import values
from lms.rosters.columns import FIELDS
from lms.rosters.reading import RESIDENT_NUMBER, Line
from lms.rosters.values import Entry, read_entry

RIGHT = {"business_number": "124-81-00998", "name": "김하나", "employee_number": "1"}


def entry(**cells: str) -> Entry:
    texts = {**RIGHT, **cells}
    return read_entry(Line(2, [texts.get(field, "") for field in FIELDS]), {field: n for n, field in enumerate(FIELDS)})


@pytest.mark.parametrize(
    "text", ["124-81-00998", "1248100998", " 124 81 00998 ", "１２４－８１－００９９８", "1248100998.0"]
)
def test_a_business_number_is_its_digits(text: str) -> None:
    assert entry(business_number=text).business_number == "1248100998"


@pytest.mark.parametrize("text", ["123-45-67890", "000-00-00000", "124-81-0099", "124-81-00998 한빛", "1.2481E+09"])
def test_a_wrong_business_number_is_wrong(text: str) -> None:
    found = entry(business_number=text)
    assert next((finding.word, finding.field) for finding in found.findings if finding.is_wrong)[1] == "business_number"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1990-02-15", date(1990, 2, 15)),
        ("1990. 2. 15.", date(1990, 2, 15)),
        ("1990/2/15", date(1990, 2, 15)),
        ("1990년 2월 15일", date(1990, 2, 15)),
        ("19900215", date(1990, 2, 15)),
        ("900215", date(1990, 2, 15)),
        ("32919", date(1990, 2, 15)),
        ("32919.0", date(1990, 2, 15)),
        ("1990-02-15 00:00:00", date(1990, 2, 15)),
        ("050215", date(2005, 2, 15)),
    ],
)
def test_a_birth_date_is_a_day(text: str, day: date) -> None:
    assert entry(birth_date=text).birth_date == day


@pytest.mark.parametrize("text", ["1990-02-30", "15/02/1990", "어제", "3", "2999-01-01", "1800-01-01", "990231"])
def test_what_is_no_day_is_wrong(text: str) -> None:
    assert [(finding.word, finding.field) for finding in entry(birth_date=text).findings] == [
        ("malformed", "birth_date")
    ]


@pytest.mark.parametrize("text", ["010-1234-5678", "01012345678", "1012345678", "1012345678.0", "+82 10-1234-5678"])
def test_a_telephone_number_is_its_digits(text: str) -> None:
    assert entry(phone=text).phone == "01012345678"


@pytest.mark.parametrize(
    ("text", "number"), [("1234.0", "1234"), ("00123", "00123"), ("'00123", "00123"), ("Ａ-1", "A-1")]
)
def test_an_employee_number_stays_a_text(text: str, number: str) -> None:
    assert entry(employee_number=text).employee_number == number


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("홍 길 동", "홍길동"),
        ("  김  하나 ", "김 하나"),
        ("Nguyen Van An", "Nguyen Van An"),
        ("김\u200b하나", "김하나"),
    ],
)
def test_names_are_brought_to_one_form(text: str, name: str) -> None:
    assert entry(name=text).name == name


def test_decomposed_hangul_is_the_same_name() -> None:
    assert entry(name="\u1100\u1175\u11b7\u1112\u1161\u1102\u1161").name == "김하나"


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("3차", 3), ("제3차수", 3), ("3회차", 3), ("3.0", 3)])
def test_a_run_is_its_number(text: str, number: int) -> None:
    assert entry(course="과정", run=text).run == number


@pytest.mark.parametrize("field", ["business_number", "name"])
def test_what_every_row_needs(field: str) -> None:
    found = entry(**{field: ""})
    assert (found.findings[0].word, found.findings[0].field) == ("missing", field)


def test_a_name_alone_is_nobody() -> None:
    assert [finding.word for finding in entry(employee_number="").findings] == ["no_identity"]
    assert entry(employee_number="", email="hana@x.example").findings == []


def test_a_dash_is_an_empty_cell() -> None:
    found = entry(email="-", phone="없음", department="–")
    assert (found.email, found.phone, found.department, found.findings) == ("", "", "", [])


def test_a_number_that_was_rounded_is_wrong() -> None:
    assert [finding.word for finding in entry(employee_number="1.23E+12").findings] == ["rounded"]


def test_a_resident_number_is_told_by_its_column() -> None:
    line = Line(2, [*(RIGHT.get(field, "") for field in FIELDS), RESIDENT_NUMBER])
    found = read_entry(line, {field: n for n, field in enumerate(FIELDS)}, (*FIELDS, "비고"))
    assert [(finding.word, finding.facts) for finding in found.findings] == [("resident_number", {"column": "비고"})]


def test_a_total_at_the_foot_is_nobody() -> None:
    found = read_entry(Line(9, ["합 계", "", "12명"]), {"business_number": 0, "name": 1})
    assert [finding.word for finding in found.findings] == ["total"]


def test_a_text_that_is_too_long_is_wrong() -> None:
    assert [finding.word for finding in entry(department="가" * 81).findings] == ["too_long"]


def test_a_formula_that_was_made_text_is_text_again() -> None:
    assert values.clean("'=1+1") == "=1+1"
    assert values.clean("'tis") == "'tis"

"""Which texts hold a resident registration number, and which only look alike. All numbers are made up."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.clock import today
from lms.people.privacy import resident_numbers
from lms.people.privacy.resident_numbers import MARK, ResidentNumberError, contains_resident_number, scrub

WITH_CHECK_DIGIT = "9001011234568"

HELD = (
    "900101-1234567",
    "주민등록번호 900101-1234567입니다",
    "900101 - 1234567",
    "900101–1234567",
    "９００１０１－１２３４５６７",
    "900\u200b101-12\u200d34567",
    "٩٠٠١٠١-١٢٣٤٥٦٧",
    "90.01.01-1234567",
    "19900101-1234567",
    "1990.01.01-1234567",
    "200229-3123456",  # a leap day
    "201130-4123456",  # since October 2020 without a check digit
    "850303-5123456",
    "850303-6123456",
    WITH_CHECK_DIGIT,
    f"x{WITH_CHECK_DIGIT}y",
    f"rrn={WITH_CHECK_DIGIT}&a=1",
    f"{WITH_CHECK_DIGIT[:6]} {WITH_CHECK_DIGIT[6:]}",
    f"{WITH_CHECK_DIGIT[:6]}.{WITH_CHECK_DIGIT[6:]}",
    "001231-3123456",
)
FREE = (
    "",
    "900101-1",
    "900101-12345678",
    "1900101-1234567",
    "901301-1234567",  # no month
    "900230-1234567",  # no day
    "900101-0234567",
    "900101-9234567",  # of the century before the last
    "010-1234-5678",
    "124-81-00998",  # a company
    "1704067200000",  # milliseconds
    "1763870400123",
    "8801043157735",  # barcodes of Korea
    "8801111111111",
    "9001011234567",  # thirteen digits without the check digit
    "0.9001011234568",
    "20240131-1000123",  # a lot: the years don't go together
    "240131-0000123",
    f"{'ab12' * 5}{WITH_CHECK_DIGIT}{'cd34' * 5}",  # a hash
    "0190a000-0000-7000-8000-000000000000",
    "제조 라인 12 온도 180.5 압력 0.35",
    f"{(today() + timedelta(days=40)):%y%m%d}-3123456",  # not born yet
)


@pytest.mark.parametrize("text", HELD)
def test_held(text: str) -> None:
    assert contains_resident_number(text)
    assert contains_resident_number(text, column=True)
    assert not contains_resident_number(scrub(text))
    assert MARK in scrub(text)


@pytest.mark.parametrize("text", FREE)
def test_free(text: str) -> None:
    assert not contains_resident_number(text)
    assert scrub(text) == text


@pytest.mark.parametrize("text", ["9001011234567", "9 0 0 1 0 1 1 2 3 4 5 6 7", "900101/1234567", "900101  1234567"])
def test_a_column_of_personal_data_is_strict(text: str) -> None:
    assert contains_resident_number(text, column=True)


@pytest.mark.parametrize(
    "text", ["1704067200000"[:12], "8801043157735", "010-1234-5678", "1990-01-01", "H-001", "홍길동"]
)
def test_and_still_takes_what_belongs_there(text: str) -> None:
    assert not contains_resident_number(text, column=True)


def test_foreigners_have_had_two_rules_for_the_check_digit() -> None:
    digits = [f"850303512345{last}" for last in range(10)]
    assert sum(map(contains_resident_number, digits)) == 2


def test_scrubbing_leaves_the_rest_as_it_was() -> None:
    text = f"가 ９００１０１－１２３４５６７ 나 {WITH_CHECK_DIGIT}, 다 85.03.03-2123456."
    assert scrub(text) == f"가 {MARK} 나 {MARK}, 다 {MARK}."


def test_a_text_of_a_notebook_is_looked_at_as_it_is_read() -> None:
    cells = [{"cell_type": "code", "source": ["# 900101-\n"[:-1], "1234567\n"], "outputs": []}]
    with pytest.raises(ResidentNumberError) as raised:
        resident_numbers.refuse_in_document(json.dumps({"cells": cells}).encode())
    assert "900101" not in str(raised.value)
    for document in ({"n": int(WITH_CHECK_DIGIT)}, {"900101-1234567": 1}, [["\u0039\u0030\u0030101-1234567"]]):
        with pytest.raises(ResidentNumberError):
            resident_numbers.refuse_in_document(json.dumps(document).encode())
    resident_numbers.refuse_in_document(json.dumps({"cells": [{"source": ["1\n", "2\n"]}], "a": [1.5, None]}).encode())
    with pytest.raises(ResidentNumberError):
        resident_numbers.refuse_in_document(b"no JSON 900101-1234567")


@given(
    st.dates(today().replace(year=1930), today() - timedelta(days=1)),
    st.integers(0, 999_999),
    st.booleans(),
    st.text("가나다 .,a", max_size=8),
    st.sampled_from(["-", " - ", "–", "－"]),
)
def test_every_number_of_the_form_is_held(born, rest: int, foreign: bool, around: str, dash: str) -> None:  # type: ignore[no-untyped-def]
    digit = (1 if born.year < 2000 else 3) + (4 if foreign else 0)
    text = f"{around}{born:%y%m%d}{dash}{digit}{rest:06}{around}"
    assert contains_resident_number(text)
    assert f"{rest:06}" not in scrub(text)


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert contains_resident_number(scrub(text)) is False

"""사업자등록번호: structure and check digit."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lms.people.organisations.business_numbers import display, is_well_formed, normalise

VALID = ("124-81-00998", "220-81-62517", "120-81-47521", "104-81-47984")
INVALID = ("123-45-67890", "113-86-19150", "000-00-00000")

structures = st.builds("{:03d}{:02d}{:04d}".format, st.integers(101, 999), st.integers(1, 99), st.integers(1, 9999))


@pytest.mark.parametrize("number", VALID)
def test_numbers_of_real_firms_are_well_formed(number: str) -> None:
    assert is_well_formed(normalise(number))
    assert display(normalise(number)) == number


@pytest.mark.parametrize("number", INVALID)
def test_numbers_that_look_like_one_are_not(number: str) -> None:
    assert not is_well_formed(normalise(number))


@pytest.mark.parametrize(
    "number",
    [
        "",
        "124810099",
        "12481009980",
        "1248１00998",
        "124-81-00998",
        "abcdefghij",
        "1008100997",
        "1240000997",
        "1248100000",
    ],
    ids=["none", "short", "long", "full-width", "hyphens", "letters", "first-three", "middle", "serial"],
)
def test_another_form_is_refused(number: str) -> None:
    assert not is_well_formed(number)


@given(structures)
def test_exactly_one_check_digit_is_right(nine: str) -> None:
    assert sum(is_well_formed(f"{nine}{digit}") for digit in range(10)) == 1


@given(structures, st.integers(0, 9), st.integers(0, 9))
def test_one_digit_typed_wrong_is_noticed(nine: str, place: int, digit: int) -> None:
    number = next(f"{nine}{check}" for check in range(10) if is_well_formed(f"{nine}{check}"))
    assume(number[place] != str(digit))
    assert not is_well_formed(number[:place] + str(digit) + number[place + 1 :])


@given(st.text(max_size=14))
def test_no_text_breaks_it(text: str) -> None:
    assert is_well_formed(normalise(text)) in (True, False)
    assert is_well_formed(text) in (True, False)

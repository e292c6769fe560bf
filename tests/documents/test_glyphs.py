"""Every letter of a name is drawn, or it is said which one can't be."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from lms.documents import glyphs
from lms.documents.places import FONTS


@pytest.mark.parametrize("file", sorted(FONTS.glob("*.ttf")), ids=lambda file: file.stem)
def test_the_letters_of_a_font_are_those_that_another_reader_finds(file) -> None:  # type: ignore[no-untyped-def]
    assert glyphs.code_points(file.read_bytes()) == set(TTFont(file).getBestCmap())


def test_every_hangul_syllable_is_there() -> None:
    assert glyphs.missing("".join(map(chr, range(0xAC00, 0xD7A4)))) == ""


def test_names_of_people_who_work_here_are_there() -> None:
    assert glyphs.missing("金美善 李珉廷 Nguyễn Thị Ánh Đặng Өлзий Иванова Łukasz Ñandú") == ""


def test_what_no_font_has_is_named_once() -> None:
    assert glyphs.missing("김𠮷나𠮷 සිං") == "𠮷සිං"
    assert glyphs.missing("김\u200b하나\n") == ""

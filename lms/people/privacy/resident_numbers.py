"""Resident registration numbers (주민등록번호, also of foreigners): found wherever somebody types or uploads them, to be refused.

Thirteen digits: the birth date as YYMMDD, a digit for century and sex (1 2 5 6: born in 19.., 3 4 7 8: in 20..; 5 to 8 are
foreigners), six more. Numbers given until October 2020 end in a check digit; later ones needn't. So what is written as
one (`YYMMDD-NNNNNNN`) is one by its structure, while thirteen digits in a row, which may as well be a barcode or a time in
milliseconds, have to have the check digit too, except in a column of personal data.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from lms.clock import today
from lms.errors import LMSError

MARK = "[주민등록번호]"
_DASH = r"\-‐‑‒–—―−﹣－ー·•~_"
_GAP = r"[\s.,/]"
_DATE = rf"(?:(?:19|20)?\d{{6}}|(?:19|20)?\d\d{_GAP}\d\d{_GAP}\d\d)"
# Written as such a number: date, a dash with at most a space on either side, seven digits.
_WRITTEN = re.compile(rf"(?<!\d)({_DATE})[^\S\n]?[{_DASH}][^\S\n]?([1-8]\d{{6}})(?!\d)")
# Thirteen digits in a row that are no decimals, and those parted by a single space or dot.
_PLAIN = re.compile(r"(?<!\d)(?<!\d\.)(\d{6})([1-8]\d{6})(?!\d)")
_PARTED = re.compile(r"(?<!\d)(?<!\d\.)(\d{6})[ ./]([1-8]\d{6})(?!\d)")
_IN_COLUMN = re.compile(rf"(?<!\d)\d(?:[\s{_DASH}.,/]{{0,3}}\d){{12}}(?!\d)")
_DIGEST = re.compile(r"[0-9a-fA-F]{24,}")
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


class ResidentNumberError(LMSError):
    """Something that was typed or uploaded holds a resident registration number. Nothing of it was kept."""

    reason = "resident_number"
    sentence = "There is a resident registration number in it. It may not be kept; take it out and try again."


def contains_resident_number(text: str, *, column: bool = False) -> bool:
    """Whether a text that was typed or uploaded holds one.

    Args:
        text: any text, with full-width digits and invisible letters too.
        column: whether it is a cell of personal data (name, employee number, birth date …), where thirteen digits of
            the right structure are enough and may have anything between them.
    """
    plain = _plainly(text)
    if column and any(_is_structured(_digits(found[0])) for found in _IN_COLUMN.finditer(plain)):
        return True
    return next(_find(plain), None) is not None


def refuse(*texts: str | None, column: bool = False) -> None:
    """Raises ResidentNumberError where one of the texts holds a number."""
    if any(text and contains_resident_number(text, column=column) for text in texts):
        raise ResidentNumberError()


def scrub(text: str, mark: str = MARK) -> str:
    """The text with `mark` in place of each number; the same text where there is none."""
    if not contains_resident_number(text):
        return text
    letters, places = _letter_by_letter(text)
    pieces, end = [], 0
    for begin, stop in sorted(_find(letters)):
        if places[begin] < end:
            continue
        pieces += [text[end : places[begin]], mark]
        end = places[stop - 1] + 1
    return "".join((*pieces, text[end:]))


def _find(plain: str) -> Iterator[tuple[int, int]]:
    for found in _WRITTEN.finditer(plain):
        if _is_structured(_digits(found[0])):
            yield found.span()
    for pattern in (_PLAIN, _PARTED):
        for found in pattern.finditer(plain):
            digits = _digits(found[0])
            if _is_structured(digits) and _has_check_digit(digits) and not _is_in_digest(plain, found.start()):
                yield found.span()


def _is_structured(digits: str) -> bool:
    """Whether a birth date and a century that go together begin it; nobody is born tomorrow. With the year in full, 15."""
    written, digits = digits[:-13], digits[-13:]
    if len(digits) != 13 or digits[6] not in "12345678":
        return False
    century = 1900 if digits[6] in "1256" else 2000
    if written not in ("", str(century // 100)):
        return False
    try:
        born = date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return born <= today() + timedelta(days=1)


def _has_check_digit(digits: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    right = {(11 - total % 11) % 10}
    if digits[6] in "5678":  # foreigners' numbers were given by another rule for years
        right.add((13 - total % 11) % 10)
    return int(digits[12]) in right


def _is_in_digest(plain: str, place: int) -> bool:
    """Whether it is a part of a hash: their hexadecimal letters are digits for a while."""
    around = plain[max(0, place - 64) : place + 77]
    return any(
        found.start() <= min(place, 64) < found.end() and re.search(r"[a-fA-F]", found[0])
        for found in _DIGEST.finditer(around)
    )


# What is looked at: digits of every script as 0 to 9, without letters that don't show


def _plainly(text: str) -> str:
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    return plain.translate(_Plain())


def _letter_by_letter(text: str) -> tuple[str, list[int]]:
    """The same with the place that each letter has in `text`."""
    letters: list[str] = []
    places: list[int] = []
    table = _Plain()
    for place, letter in enumerate(text):
        for plain in unicodedata.normalize("NFKC", letter).translate(table):
            letters.append(plain)
            places.append(place)
    return "".join(letters), places


class _Plain(dict[int, str | None]):
    """For str.translate: made as letters are met."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        plain: str | None = letter
        if unicodedata.category(letter) == "Cf":
            plain = None
        elif code > 127 and letter.isdecimal():
            plain = str(unicodedata.decimal(letter))
        self[code] = plain
        return plain


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


# Documents


def texts_of(document: Any) -> Iterator[str]:
    """All that a JSON document says: texts, numbers, names of members; lines that are one text (a cell's source) together."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, bool) or document is None:
        return
    elif isinstance(document, int):
        yield str(document)
    elif isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from texts_of(value)
    elif isinstance(document, list):
        if document and all(isinstance(part, str) for part in document):
            yield "".join(document)
        for part in document:
            yield from texts_of(part)


def refuse_in_document(content: bytes) -> None:
    """Raises ResidentNumberError where a JSON file (a notebook) holds a number. What is no JSON is somebody else's to refuse."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        refuse(content.decode(errors="replace"))
        return
    refuse(*texts_of(document))

"""Cells as people and spreadsheet programs write them, brought to the one form in which they are kept and compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from lms.clock import today
from lms.people.accounts import is_email
from lms.people.organisations import business_numbers
from lms.people.privacy import personal

from .findings import Finding
from .reading import ERROR_VALUE, NOT_COMPUTED, RESIDENT_NUMBER, Line

LONGEST = {
    "company": 120, "region": 60, "name": 80, "employee_number": 40, "email": 254, "department": 80, "job": 80,
    "course": 200, "run": 40,
}  # fmt: skip
_NOTHING = frozenset(("-", "–", "—", ".", "없음", "해당없음", "미상", "미정", "n/a", "na", "none", "#"))
_TOTALS = frozenset(("합계", "소계", "총계", "계", "총인원", "total", "subtotal", "sum"))
_WHOLE_FLOAT = re.compile(r"(\d+)\.0+")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,3}")
_RUN = re.compile(r"(?:제\s*)?(\d{1,6})\s*(?:차수|차|회차|회|기수|기)?")
_DAY = re.compile(r"(\d{4})\s*(?:[-./]|년)\s*(\d{1,2})\s*(?:[-./]|월)\s*(\d{1,2})\s*(?:일|\.)?(?:[ T]00:00:00)?")
_FIRST_SERIAL = date(1899, 12, 30)  # Excel counts days from here, its invented 29 February 1900 included
_SERIALS = range(7_000, 60_000)  # 1919 to 2064
_AGES = range(14, 100)  # of people in a roster whose birth year is written with two digits


@dataclass
class Entry:
    """A row brought to form. Empty texts and None stand for cells that say nothing: they change nothing.

    `region` is the text; `run` the run's number.
    """

    row: int
    business_number: str = ""
    company: str = ""
    region: str = ""
    name: str = ""
    employee_number: str = ""
    birth_date: date | None = None
    phone: str = ""
    email: str = ""
    department: str = ""
    job: str = ""
    course: str = ""
    run: int | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        return any(finding.is_wrong for finding in self.findings)


def read_entry(line: Line, columns: Mapping[str, int], headings: tuple[str, ...] = ()) -> Entry:
    """A row, with what is wrong with its cells alone."""
    entry = Entry(line.row)
    if _is_total(line):
        entry.findings.append(Finding("total"))
        return entry
    places = {column: name for name, column in columns.items()}
    for place, cell in enumerate(line.cells):
        if cell == RESIDENT_NUMBER:
            heading = headings[place] if place < len(headings) else ""
            entry.findings.append(Finding("resident_number", places.get(place, ""), {"column": heading}))
    for name, column in columns.items():
        cell = line.cells[column] if column < len(line.cells) else ""
        if cell and cell != RESIDENT_NUMBER:
            _read_cell(entry, name, cell)
    for name in ("business_number", "name"):
        if not getattr(entry, name) and not any(finding.field == name for finding in entry.findings):
            entry.findings.insert(0, Finding("missing", name))
    if not entry.is_wrong and not (entry.employee_number or entry.email or entry.birth_date):
        entry.findings.append(Finding("no_identity"))
    return entry


def _is_total(line: Line) -> bool:
    """합계 at the foot of a list."""
    said = [cell for cell in line.cells if cell]
    return bool(said) and "".join(said[0].split()).casefold().rstrip(":：") in _TOTALS and len(said) <= 4


def _read_cell(entry: Entry, name: str, cell: str) -> None:
    if cell in (NOT_COMPUTED, ERROR_VALUE):
        entry.findings.append(Finding("formula" if cell == NOT_COMPUTED else "error_value", name))
        return
    text = clean(cell)
    if text.casefold() in _NOTHING and name != "name":
        return
    if len(text) > LONGEST.get(name, 60):
        entry.findings.append(Finding("too_long", name, {"most": LONGEST.get(name, 60)}))
        return
    if name in ("business_number", "employee_number", "phone", "birth_date") and _ROUNDED.fullmatch(text):
        entry.findings.append(Finding("rounded", name))
        return
    try:
        value = _READERS.get(name, str)(text)
    except ValueError:
        entry.findings.append(Finding("malformed", name))
        return
    if value:
        setattr(entry, name, value)


def clean(cell: str) -> str:
    """One line of text, composed Hangul, without letters that don't show. An apostrophe that makes a formula text goes."""
    text = unicodedata.normalize("NFC", cell)
    if not text.isprintable():
        text = "".join(" " if letter.isspace() else letter for letter in text if letter.isspace() or _shows(letter))
    text = " ".join(text.split())
    return text[1:] if len(text) > 1 and text[0] == "'" and (text[1] in "=+-@" or text[1:].isdigit()) else text


def _shows(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _plain(text: str) -> str:
    """Full-width digits and letters as usual ones."""
    return unicodedata.normalize("NFKC", text).strip()


def read_business_number(text: str) -> str:
    plain = _whole(_plain(text))
    number = business_numbers.normalise(plain)
    if not business_numbers.is_well_formed(number) or re.search(r"[^\d\s.\-–—‐]", plain):
        raise ValueError(text)
    return number


def read_name(text: str) -> str:
    """A name has a letter. 홍 길 동 is 홍길동, as lists space names out to one width."""
    if not any(letter.isalpha() for letter in text):
        raise ValueError(text)
    parts = text.split(" ")
    if 2 <= len(parts) <= 4 and all(len(part) == 1 and "가" <= part <= "힣" for part in parts):
        return "".join(parts)
    return text


def read_employee_number(text: str) -> str:
    return _whole(_plain(text))


def _whole(text: str) -> str:
    """1234.0 is 1234: a spreadsheet took it for a number."""
    match = _WHOLE_FLOAT.fullmatch(text)
    return match[1] if match else text


def read_birth_date(text: str) -> date:
    """1990-02-15, 1990. 2. 15., 1990년 2월 15일, 19900215, 900215, or a serial number of a spreadsheet's day."""
    plain = _whole(_plain(text))
    if match := _DAY.fullmatch(plain):
        day = date(int(match[1]), int(match[2]), int(match[3]))
    elif not plain.isascii() or not plain.isdigit():
        raise ValueError(text)
    elif len(plain) == 8:
        day = date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    elif len(plain) == 6:
        day = _of_two_digits(plain)
    elif int(plain) in _SERIALS:
        day = _FIRST_SERIAL + timedelta(days=int(plain))
    else:
        raise ValueError(text)
    try:
        return personal.check_birth_date(day)
    except personal.PersonalDataError:
        raise ValueError(text) from None


def _of_two_digits(plain: str) -> date:
    """Of both centuries the one in which somebody was born who works."""
    now = today()
    for century in (2000, 1900):
        day = date(century + int(plain[:2]), int(plain[2:4]), int(plain[4:]))
        if now.year - day.year in _AGES:
            return day
    raise ValueError(plain)


def read_phone(text: str) -> str:
    try:
        return personal.normalise_phone(_whole(_plain(text)))
    except personal.PersonalDataError:
        raise ValueError(text) from None


def read_email(text: str) -> str:
    plain = _plain(text).lower().removeprefix("mailto:")
    if not is_email(plain):
        raise ValueError(text)
    return plain


def read_run(text: str) -> int:
    match = _RUN.fullmatch(_whole(_plain(text)))
    if match is None:
        raise ValueError(text)
    return int(match[1])


_READERS = {
    "business_number": read_business_number,
    "name": read_name,
    "employee_number": read_employee_number,
    "birth_date": read_birth_date,
    "phone": read_phone,
    "email": read_email,
    "run": read_run,
}

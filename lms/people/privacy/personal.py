"""Birth date and telephone number of a person: both optional, under seal in her row."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from lms.clock import today
from lms.errors import LMSError
from lms.models import Person

from .sealing import Sealer

BIRTH_DATE = "lms_person.birth_date_sealed"
PHONE = "lms_person.phone_sealed"
_PHONE = re.compile(r"0\d{8,11}\Z")
_OLDEST = 120  # years


class PersonalDataError(LMSError):
    """`reason`: birth_date (no day on which somebody who lives was born), phone (no telephone number)."""

    sentence = "The personal data is not right: {reason}."


def normalise_phone(text: str) -> str:
    """Digits alone, Korea's own prefix as 0: +82 10-1234-5678 → 01012345678. Empty for an empty text.

    Raises:
        PersonalDataError
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"[\s().\-‐‑–—]", "", plain)
    digits = re.sub(r"\A(?:\+|00)82(?:\(?0\)?)?", "0", digits)
    if not digits:
        return ""
    if re.fullmatch(r"1[016789]\d{7,8}", digits):  # a spreadsheet has eaten the zero
        digits = f"0{digits}"
    if not _PHONE.match(digits):
        raise PersonalDataError("phone")
    return digits


def check_birth_date(day: date) -> date:
    """Raises PersonalDataError for a day on which nobody who works was born."""
    now = today()
    if not now.year - _OLDEST <= day.year or day >= now:
        raise PersonalDataError("birth_date")
    return day


def sealed_values(sealer: Sealer, *, birth_date: date | None, phone: str | None) -> dict[str, Any]:
    """The columns of a person's row, for those who write many at once. `phone` is normalised.

    Raises:
        SealError
    """
    day = birth_date.isoformat() if birth_date else None
    return {
        "birth_date_sealed": sealer.seal(day, BIRTH_DATE) if day else None,
        "birth_date_index": sealer.index(day, BIRTH_DATE) if day else None,
        "phone_sealed": sealer.seal(phone, PHONE) if phone else None,
    }


def birth_date_indexes(sealer: Sealer, birth_date: date) -> list[str]:
    """What `Person.birth_date_index` is looked for by: `.in_(…)`. Raises SealError."""
    return sealer.indexes(birth_date.isoformat(), BIRTH_DATE)


def birth_date_of(sealer: Sealer, person: Person) -> date | None:
    """Raises SealError."""
    sealed = person.birth_date_sealed
    return date.fromisoformat(sealer.open(sealed, BIRTH_DATE)) if sealed else None


def phone_of(sealer: Sealer, person: Person) -> str:
    """Digits alone, empty where there is none. Raises SealError."""
    return sealer.open(person.phone_sealed, PHONE) if person.phone_sealed else ""

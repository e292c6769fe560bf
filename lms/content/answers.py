"""Answers as people type and post them, made into keys and numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal

LONGEST_NUMBER = 60  # characters
MOST_CHOICES = 100

# 1,234.5 as written in Korea; a comma that can't part thousands ("85,5", "0,855") is a decimal one, as many of the
# plants' foreign workers write it.
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII)


def said(answer: object) -> str:
    """The one text of an answer, '' where there is none."""
    if isinstance(answer, list | tuple) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, str):
        return answer.strip()
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        return str(answer) if abs(answer) < 1e15 else ""
    return ""


def chosen_keys(answer: object, known: Collection[str]) -> tuple[str, ...]:
    """The known keys of an answer, in its order, each once."""
    values = [answer] if isinstance(answer, str) else answer
    if not isinstance(values, list | tuple):
        return ()
    return tuple(dict.fromkeys(value for value in values[:MOST_CHOICES] if isinstance(value, str) and value in known))


def read_number(typed: str, unit: str = "") -> Decimal | None:
    """The number that a person meant, in `unit`, or None.

    Full-width digits, thousands commas, the typographic minus and the unit's own text are understood. A percent
    sign on a question without a unit divides by 100.
    """
    if len(typed) > LONGEST_NUMBER:
        return None
    text = _plain(typed)
    own_unit = _plain(unit)
    percent = False
    if own_unit and text.endswith(own_unit):
        text = text.removesuffix(own_unit)
    elif not own_unit and text.endswith("%"):
        text, percent = text.removesuffix("%"), True
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    return number / 100 if percent else number


def as_decimal(value: float) -> Decimal:
    """The decimal that the author wrote: 0.855 and not the binary fraction next to it, so that bounds are exact."""
    return Decimal(repr(value))


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    return "".join(text.split()).casefold()

"""사업자등록번호: its form and its check digit. A right one does not prove that the firm exists."""

from __future__ import annotations

_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def normalise(text: str) -> str:
    """The digits alone."""
    return "".join(character for character in text if character.isascii() and character.isdigit())


def is_well_formed(number: str) -> bool:
    """Structure and check digit of ten digits d1…d10.

    Σ w·d over d1…d9 with w = 1 3 7 1 3 7 1 3 5, plus ⌊d9·5/10⌋; d10 is what is missing to the next ten. The sum alone
    accepts all zeros, so the first three digits are at least 101, the next two not 00, the next four not 0000.
    """
    if len(number) != 10 or not number.isascii() or not number.isdigit():
        return False
    if int(number[:3]) < 101 or number[3:5] == "00" or number[5:9] == "0000":
        return False
    digits = [int(character) for character in number]
    total = sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=False)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


def display(number: str) -> str:
    """XXX-XX-XXXXX."""
    return f"{number[:3]}-{number[3:5]}-{number[5:]}"

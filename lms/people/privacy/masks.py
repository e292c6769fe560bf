"""What of a person's data is shown to somebody who needs to know which person it is, and no more."""

from __future__ import annotations

from datetime import date


def mask_name(name: str) -> str:
    """홍길동 → 홍*동, 김하 → 김*, 남궁민수 → 남**수, Nguyen Van An → N***** V** A*."""
    words = name.split()
    if len(words) > 1:
        return " ".join(_head(word) for word in words)
    word = "".join(words)
    return _head(word) if len(word) < 3 else f"{word[0]}{'*' * (len(word) - 2)}{word[-1]}"


def mask_phone(phone: str) -> str:
    """01012345678 → 010-****-5678. Too short a number is hidden whole."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    return f"{digits[:3]}-****-{digits[-4:]}" if len(digits) >= 10 else "*" * len(digits)


def mask_birth_date(birth_date: date | None) -> str:
    """The year stays, which tells people of the same name apart: 1987-**-**."""
    return f"{birth_date.year}-**-**" if birth_date else ""


def mask_email(email: str) -> str:
    """hana@hanbit.example → h***@hanbit.example."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}" if domain else "***"


def _head(word: str) -> str:
    return word[:1] + "*" * (len(word) - 1)

"""For everybody who holds a certificate in the hand: does it hold? Found by its code or its file, never by number or name, so
that nobody can go through them; and whoever tries codes has few tries."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.errors import LMSError
from lms.people import throttle

from . import reading
from .reading import Issued

TRIES = 30  # wrong codes of one address in a quarter of an hour


class VerifyError(LMSError):
    """`reason`: unknown, throttled."""

    sentence = "There is no such certificate: {reason}."


def _key(address: str) -> str:
    return f"verify:{address}"


def by_code(session: Session, typed: str, address: str) -> Issued:
    """Raises VerifyError."""
    _refuse_guessing(session, address)
    return _known(reading.find_by_code(session, typed))


def by_file(session: Session, digest: str, address: str) -> Issued:
    """By the SHA-256 of the file: byte for byte the one that was issued. Raises VerifyError."""
    _refuse_guessing(session, address)
    return _known(reading.find_by_file(session, digest))


def _refuse_guessing(session: Session, address: str) -> None:
    if throttle.failures(session, _key(address)) >= TRIES:
        raise VerifyError("throttled")


def _known(found: Issued | None) -> Issued:
    if found is None:
        raise VerifyError("unknown")
    return found


def note_failure(session: Session, address: str) -> None:
    throttle.add_failure(session, _key(address))

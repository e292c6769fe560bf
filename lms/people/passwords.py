"""Passwords: hashed with Argon2id, at a cost that a small server with many sign-ins can bear."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lms.errors import LMSError

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 200

# OWASP's second choice for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex())
_COMMON = frozenset(("1234567890", "0123456789", "qwertyuiop", "password12", "password123", "1q2w3e4r5t", "abcd123456"))


class WeakPasswordError(LMSError):
    """`reason`: too_short, too_long, common or personal."""

    sentence = "This password is not taken: {reason}."


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def check_strength(password: str, *personal: str | None) -> None:
    """Length above all (NIST SP 800-63B); none of the commonest, none that repeats the name or address.

    Raises:
        WeakPasswordError
    """
    if len(password) < MINIMUM_LENGTH:
        raise WeakPasswordError("too_short")
    if len(password) > MAXIMUM_LENGTH:
        raise WeakPasswordError("too_long")
    lowered = password.lower()
    if lowered in _COMMON or len(set(password)) < 4:
        raise WeakPasswordError("common")
    if any(part and lowered in (part.lower(), part.lower().partition("@")[0]) for part in personal):
        raise WeakPasswordError("personal")


def verify(password_hash: str | None, password: str) -> bool:
    """Takes as long for an account that does not exist, so that the time tells nobody which do."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def new_password() -> str:
    """One that can be read out and typed: four groups of four without look-alikes, 78 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))

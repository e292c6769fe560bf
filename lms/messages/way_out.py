"""The link in a mail by which its reader refuses further mails of the topic without signing in.

It names a person and a topic under a seal of the site's, does nothing else, and never ends: a mail is found again years later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from lms.errors import NotFoundError

from .kinds import CHOSEN_TOPICS


def key_of(secret: str) -> bytes:
    """The key of the seals, from the site's secret key."""
    return hmac.new(secret.encode(), b"baeum choices of mail", hashlib.sha256).digest()


def token_of(person: UUID, topic: str, key: bytes) -> str:
    """For an address: letters, digits, `-`, `_` and dots."""
    return f"{topic}.{person.hex}.{_seal(person, topic, key)}"


def read(token: str, key: bytes) -> tuple[UUID, str]:
    """Whose it is and of which topic. Raises NotFoundError for what this site did not make."""
    topic, _dot, rest = token.partition(".")
    person, _dot, seal = rest.partition(".")
    try:
        uid = UUID(hex=person)
    except ValueError:
        raise NotFoundError() from None
    if topic not in CHOSEN_TOPICS or not hmac.compare_digest(seal.encode(), _seal(uid, topic, key).encode()):
        raise NotFoundError()
    return uid, topic


def _seal(person: UUID, topic: str, key: bytes) -> str:
    made = hmac.new(key, f"{topic}:{person.hex}".encode(), hashlib.sha256).digest()[:18]
    return base64.urlsafe_b64encode(made).decode()

"""Short names made from texts."""

from __future__ import annotations

import hashlib


def choice_key(text: str) -> str:
    """A choice's key in forms and stored answers: it tells nothing of its place or rightness."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]

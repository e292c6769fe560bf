"""A sentence for the next page. Flask's own would show on a host's pages, and the host's on ours."""

from __future__ import annotations

from flask import session

KEY = "lms_flashes"


def add(message: str, kind: str = "note") -> None:
    """`kind` is note, success, warning or error."""
    session[KEY] = [*session.get(KEY, []), [kind, message]]


def take() -> list[tuple[str, str]]:
    """What waits to be said, as (kind, message); it is said once."""
    return [(kind, message) for kind, message in session.pop(KEY, [])]

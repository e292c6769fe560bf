"""Who looked at whom, noted when the answer is ready: a view says whom it shows, and an answer that went wrong shows nobody.

It is one small write of its own; where it fails the page isn't shown, because a look that nobody can find afterwards is not
allowed.
"""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from lms.people.privacy import access_log

from . import access
from .database import transaction

_KEY = "lms_seen"


def person(person_id: int, action: str) -> None:
    """The page shows this person's data. One's own are nobody else's business and aren't noted."""
    viewer = access.viewer()
    if person_id != viewer.id:
        _later({"action": action, "person_id": person_id})


def people(action: str, count: int, *, subject: str = "", words: dict[str, Any] | None = None) -> None:
    """The page lists so many people; `subject` is what they are of (company:uid, run:uid), `words` those of the question."""
    if count:
        _later({"action": action, "count": count, "subject": subject, "words": words or None})


def _later(look: dict[str, Any]) -> None:
    looks = g.setdefault(_KEY, [])
    if look not in looks:
        looks.append(look)


def write(response: Response) -> None:
    """Raises SQLAlchemyError; then nothing may be shown."""
    looks = g.pop(_KEY, None)
    if not looks or response.status_code >= 400:
        return
    viewer = access.viewer()
    with transaction() as writing:
        for look in looks:
            access_log.note(writing, actor_id=viewer.id, address=request.remote_addr or "", **look)

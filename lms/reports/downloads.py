"""Who takes which figures out of the house, and why: noted in the transaction before the file is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.errors import LMSError
from lms.models import Download

from .question import Question

LONGEST_REASON = 400
SHORTEST_REASON = 4  # letters: "감사 자료" says something, "ㅇㅇ" doesn't


class ReasonMissingError(LMSError):
    """A file with persons in it was asked for without a reason that says anything."""

    reason = "reason_missing"
    sentence = "Say why the file is needed: it names persons, and the reason is kept."


def record(
    session: Session,
    actor_id: int | None,
    *,
    report: str,
    question: Question | dict[str, Any],
    form: str,
    rows: int,
    has_persons: bool,
    reason: str = "",
    address: str = "",
    now: datetime | None = None,
) -> Download:
    """Note a file before it is sent. `actor_id` None is the command line; `form` is csv, xlsx or json.

    Raises:
        ReasonMissingError: there are persons in it and no reason.
    """
    reason = " ".join(reason.split())
    if has_persons and len(reason) < SHORTEST_REASON:
        raise ReasonMissingError()
    made = Download(
        at=now or utcnow(),
        actor_id=actor_id,
        address=address[:45],
        report=report,
        form=form,
        question=question.to_document() if isinstance(question, Question) else question,
        reason=reason[:LONGEST_REASON],
        has_persons=has_persons,
        rows=rows,
    )
    session.add(made)
    session.flush()
    return made

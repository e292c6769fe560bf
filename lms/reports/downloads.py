"""Who takes which figures out of the house, and why: noted in the transaction before the file is sent. A file with persons in
it is told in the audit and in the log of who looked at whom too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms import audit
from lms.clock import utcnow
from lms.errors import LMSError
from lms.models import Download
from lms.people.privacy import access_log

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
    if has_persons:
        _tell(session, made)
    return made


def _tell(session: Session, made: Download) -> None:
    told = {"report": made.report, "form": made.form, "rows": made.rows}
    subject = f"download:{made.id}"
    audit.record(
        session,
        "downloaded",
        actor_id=made.actor_id,
        subject=subject,
        address=made.address,
        reason=made.reason,
        detail=told,
    )
    access_log.note(
        session,
        "downloaded",
        actor_id=made.actor_id,
        subject=_list_of(made.question) or subject,
        count=made.rows,
        words=told,
        reason=made.reason,
        address=made.address,
        now=made.at,
    )


def _list_of(question: dict[str, Any]) -> str:
    """The one company or run that the file is of, as the log names it."""
    filters = question.get("filters") or {}
    for kind in (access_log.SUBJECT_COMPANY, access_log.SUBJECT_RUN):
        values = filters.get(kind) or question.get(kind) or ()
        if isinstance(values, list | tuple) and len(values) == 1:
            return f"{kind}:{values[0]}"
    return ""

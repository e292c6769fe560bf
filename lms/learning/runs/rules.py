"""Change the completion rule of a run: who would complete by it, whose completion it would put in question, and doing it.

A new rule judges everybody anew. Who meets it completes, on the day on which she had done the last of what it asks; who had
completed and does not meet it keeps the completion, in question, until an officer upholds or revokes it: a rule takes nothing
away by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.clock import utcnow
from lms.learning import ledger
from lms.learning.completion import evaluate
from lms.models import CompletionRule, Enrolment, LedgerEntry, Run, RunUnit
from lms.people import changes
from lms.people.viewers import Viewer

from . import states
from .editing import Problem, RunFieldsError, subject_of
from .opening import RunError


@dataclass(frozen=True)
class RuleFields:
    """In per cent of the units, of 100, and in per cent of the sittings' hours."""

    progress: float
    score: float
    attendance: float = 0.0


@dataclass(frozen=True)
class RulePreview:
    """Whom a rule would move. `completes` complete by it, `questions` would be put in question, of `restores` the question
    would end; `stays` is how many complete by either."""

    completes: Sequence[Enrolment]
    questions: Sequence[Enrolment]
    stays: int
    restores: Sequence[Enrolment] = ()


def check(fields: RuleFields) -> None:
    """Raises RunFieldsError: range, asks_nothing."""
    found = [
        Problem(name, "range", 100)
        for name in ("progress", "score", "attendance")
        if not 0 <= getattr(fields, name) <= 100
    ]
    if not found and not (fields.progress or fields.score or fields.attendance):
        found = [Problem("progress", "asks_nothing")]
    if found:
        raise RunFieldsError(found)


def preview(session: Session, run: Run, fields: RuleFields) -> RulePreview:
    """Four queries however many are in the run. Raises RunFieldsError."""
    check(fields)
    rule = CompletionRule(progress=fields.progress, score=fields.score, attendance=fields.attendance)
    units = session.scalars(select(RunUnit).where(RunUnit.run_id == run.id).order_by(RunUnit.position)).all()
    sittings = ledger.sittings_of(session, [run.id]).get(run.id, [])
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in session.scalars(select(LedgerEntry).where(LedgerEntry.run_id == run.id).order_by(LedgerEntry.id)):
        entries[entry.enrolment_id].append(entry)
    moved: dict[str, list[Enrolment]] = {"completed": [], "questioned": [], "restored": []}
    stays = 0
    for enrolment in _enrolled(session, run):
        mine = entries[enrolment.id]
        standing = evaluate(units, rule, mine, sittings)
        follows = ledger.what_follows(standing, mine)
        if follows is not None:
            moved[follows].append(enrolment)
        else:
            stays += standing.is_completed
    return RulePreview(moved["completed"], moved["questioned"], stays, moved["restored"])


def _enrolled(session: Session, run: Run) -> Sequence[Enrolment]:
    return session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run.id, Enrolment.state == "enrolled")
        .options(joinedload(Enrolment.person), joinedload(Enrolment.company))
        .order_by(Enrolment.id)
    ).all()


def change(
    session: Session,
    viewer: Viewer,
    run: Run,
    fields: RuleFields,
    *,
    reason: str,
    shown: tuple[int, int] | None = None,
    now: datetime | None = None,
) -> int:
    """A new rule for a run that was loaded to be edited, locked; everybody is judged by it at once. Returns how many entries
    the ledger got. `shown`: how many would complete, and be questioned, by what the officer saw.

    Raises:
        states.RunStateError
        RunFieldsError
        RunError: same, reason_missing (of a run that is open), changed (others than were shown)
    """
    now = now or utcnow()
    states.refuse(run, "rule")
    check(fields)
    old, reason = run.rules[-1], " ".join(reason.split())[:200]
    if (old.progress, old.score, old.attendance) == (fields.progress, fields.score, fields.attendance):
        raise RunError("same")
    if run.opened_at is not None and not reason:
        raise RunError("reason_missing")
    if shown is not None:
        found = preview(session, run, fields)
        if (len(found.completes), len(found.questions)) != shown:
            raise RunError("changed")
    rule = CompletionRule(
        run_id=run.id,
        progress=fields.progress,
        score=fields.score,
        attendance=fields.attendance,
        recorded_at=now,
        reason=reason,
    )
    record = changes.begin(session, "run_rule_changed", actor_id=viewer.id, subject=subject_of(run), reason=reason)
    record.add(rule)
    return ledger.settle_run(session, run.id, now)

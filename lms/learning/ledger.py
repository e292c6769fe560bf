"""The ledger: entries are appended here and nowhere else, and each append judges completion anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.models import CompletionRule, Enrolment, LedgerEntry, RunUnit

from .completion import Entry, Standing, evaluate


class DecisionError(LMSError):
    """A completion can't be decided on. `reason`: not_completed, reason_missing."""

    sentence = "The completion can't be decided on: {reason}."


def append(
    session: Session,
    enrolment: Enrolment,
    kind: str,
    *,
    effective_on: date,
    recorded_at: datetime | None = None,
    unit_key: str | None = None,
    points: float | None = None,
    max_points: float | None = None,
    grade_id: int | None = None,
    submission_id: int | None = None,
    quiz_attempt_id: int | None = None,
    rule_id: int | None = None,
    actor_id: int | None = None,
    reason: str = "",
    once: str | None = None,
) -> LedgerEntry:
    """Add an entry that carries the enrolment's run, company and region."""
    entry = LedgerEntry(
        enrolment_id=enrolment.id,
        kind=kind,
        run_id=enrolment.run_id,
        company_id=enrolment.company_id,
        region_id=enrolment.region_id,
        effective_on=effective_on,
        recorded_at=recorded_at or utcnow(),
        unit_key=unit_key,
        points=points,
        max_points=max_points,
        grade_id=grade_id,
        submission_id=submission_id,
        quiz_attempt_id=quiz_attempt_id,
        rule_id=rule_id,
        actor_id=actor_id,
        reason=reason[:400],
        once=once,
    )
    session.add(entry)
    session.flush()
    return entry


def lock(session: Session, enrolment_id: int) -> Enrolment:
    """The enrolment, locked, so that two results that arrive together are judged one after the other.

    SQLite has one writer anyway; on PostgreSQL this is SELECT … FOR UPDATE.
    """
    return session.scalars(
        select(Enrolment)
        .where(Enrolment.id == enrolment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def record_unit_done(
    session: Session, enrolment: Enrolment, unit_key: str, *, effective_on: date, now: datetime | None = None
) -> bool:
    """Note once that a unit was done. False if it was noted before."""
    once = f"unit_done:{enrolment.id}:{unit_key}"
    if session.scalar(select(LedgerEntry.id).where(LedgerEntry.once == once)) is not None:
        return False
    append(session, enrolment, "unit_done", effective_on=effective_on, recorded_at=now, unit_key=unit_key, once=once)
    return True


def settle(session: Session, enrolment: Enrolment, now: datetime | None = None) -> Standing:
    """Judge the enrolment by all its entries, and append what follows: completed, or questioned. Returns the standing after.

    A completion whose ground is gone is questioned, never revoked by itself: a person decides.
    """
    now = now or utcnow()
    units = session.scalars(select(RunUnit).where(RunUnit.run_id == enrolment.run_id).order_by(RunUnit.position)).all()
    rule = current_rule(session, enrolment.run_id)
    entries = list(entries_of(session, [enrolment.id]))
    standing = evaluate(units, rule, entries)
    kind = what_follows(standing, entries)
    if kind is None:
        return standing
    if kind == "completed":
        assert standing.met_on is not None
        day = max(standing.met_on, _first_day_after_revocation(entries))
    else:
        day = seoul_day(now)
    follows = append(session, enrolment, kind, effective_on=day, recorded_at=now, rule_id=rule.id)
    return evaluate(units, rule, [*entries, follows])


def what_follows(standing: Standing, entries: Sequence[Entry]) -> str | None:
    """Whether these entries complete an enrolment, or put its completion in question; None where they do neither."""
    if standing.is_met and not standing.is_completed and not _was_revoked(entries):
        return "completed"
    if standing.is_completed and not standing.is_met and not standing.is_questioned and not _is_upheld(entries):
        return "questioned"
    return None


def _was_revoked(entries: Sequence[Entry]) -> bool:
    """Who was revoked by a person completes again only by a person's word, or by something new that she did since.

    That an old try is judged anew is nothing that she did.
    """
    revoked = False
    known: set[str] = set()
    for entry in entries:
        if entry.kind == "revoked":
            revoked = True
        elif entry.kind == "unit_done":
            revoked = False
        elif entry.kind == "scored":
            revoked = revoked and entry.attempt_key in known
            known.add(entry.attempt_key)
    return revoked


def _first_day_after_revocation(entries: Sequence[Entry]) -> date:
    """A completion after one that was revoked rests on what was done since, so it is not of an earlier day."""
    last = max((place for place, entry in enumerate(entries) if entry.kind == "revoked"), default=None)
    if last is None:
        return date.min
    return max(entry.effective_on for entry in entries[last + 1 :])


def _is_upheld(entries: Sequence[Entry]) -> bool:
    """What a person upheld is questioned again only when a try that was known is judged anew since, not by further tries."""
    upheld = False
    known: set[str] = set()
    for entry in entries:
        if entry.kind in ("completed", "upheld", "revoked"):
            upheld = entry.kind == "upheld"
        elif entry.kind == "scored":
            upheld = upheld and entry.attempt_key not in known
            known.add(entry.attempt_key)
    return upheld


def uphold(session: Session, enrolment: Enrolment, *, actor_id: int, reason: str, now: datetime | None = None) -> None:
    """Decide that a questioned completion stands. Raises DecisionError."""
    _decide(session, enrolment, "upheld", actor_id, reason, now)


def revoke(session: Session, enrolment: Enrolment, *, actor_id: int, reason: str, now: datetime | None = None) -> None:
    """Take a completion back, with a reason; it stays in the ledger. Raises DecisionError."""
    _decide(session, enrolment, "revoked", actor_id, reason, now)


def _decide(
    session: Session, enrolment: Enrolment, kind: str, actor_id: int, reason: str, now: datetime | None
) -> None:
    reason = " ".join(reason.split())
    if not reason:
        raise DecisionError("reason_missing")
    now = now or utcnow()
    enrolment = lock(session, enrolment.id)
    last = [
        entry.kind
        for entry in entries_of(session, [enrolment.id])
        if entry.kind in ("completed", "questioned", "upheld", "revoked")
    ]
    if not last or last[-1] == "revoked" or (kind == "upheld" and last[-1] != "questioned"):
        raise DecisionError("not_completed")
    append(session, enrolment, kind, effective_on=seoul_day(now), recorded_at=now, actor_id=actor_id, reason=reason)


def entries_of(session: Session, enrolment_ids: Iterable[int]) -> Sequence[LedgerEntry]:
    """All entries of these enrolments, oldest first, in one query."""
    return session.scalars(
        select(LedgerEntry).where(LedgerEntry.enrolment_id.in_(list(enrolment_ids))).order_by(LedgerEntry.id)
    ).all()


def current_rule(session: Session, run_id: int) -> CompletionRule:
    return session.scalars(
        select(CompletionRule).where(CompletionRule.run_id == run_id).order_by(CompletionRule.id.desc()).limit(1)
    ).one()

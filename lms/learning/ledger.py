"""The ledger: entries are appended here and nowhere else, and each append judges completion anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.models import CompletionRule, Enrolment, LedgerEntry, Run, RunUnit, Sitting
from lms.models.ledger import COMPLETION_KINDS

from .completion import Entry, Standing, evaluate


class DecisionError(LMSError):
    """A completion can't be decided on. `reason`: not_completed, reason_missing, nobody (of several: none is in question)."""

    sentence = "The completion can't be decided on: {reason}."


class RunClosedError(LMSError):
    """The run was closed: what it came to is kept, and nothing is added but a person's decision."""

    reason = "closed"
    sentence = "The run is closed; nothing is added to it."


# What a person may still decide about a completion when the run is closed.
AFTER_CLOSING = ("questioned", "upheld", "restored", "revoked")


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
    """Add an entry that carries the enrolment's run, company and region. Raises RunClosedError."""
    entry = entry_of(
        enrolment,
        kind,
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
    append_all(session, [entry])
    return entry


def entry_of(enrolment: Enrolment, kind: str, **columns: Any) -> LedgerEntry:
    """An entry that carries the enrolment's run, company and region; it is not added yet."""
    return LedgerEntry(
        enrolment_id=enrolment.id,
        kind=kind,
        run_id=enrolment.run_id,
        company_id=enrolment.company_id,
        region_id=enrolment.region_id,
        **columns,
    )


def append_all(session: Session, entries: Sequence[LedgerEntry]) -> None:
    """Add any number of entries by a few statements.

    Whether a run is closed is asked after they are written: they refer to the run's row, which closing locks, so that they
    are either there when the run is closed, or see that it was.

    Raises:
        RunClosedError
    """
    session.add_all(entries)
    session.flush()
    runs = {entry.run_id for entry in entries if entry.kind not in AFTER_CLOSING}
    if runs and session.scalar(select(Run.id).where(Run.id.in_(runs), Run.closed_at.is_not(None)).limit(1)) is not None:
        raise RunClosedError()


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
    """Judge the enrolment by all its entries, and append what follows: completed, questioned or restored. Returns the
    standing after.

    A completion whose ground is gone is questioned, never revoked by itself: a person decides. Where its ground comes back
    before, the question ends.
    """
    now = now or utcnow()
    ground = _ground(session, enrolment.run_id)
    entries = list(entries_of(session, [enrolment.id]))
    follows = _follow(enrolment, ground, entries, now)
    append_all(session, follows)
    return evaluate(ground.units, ground.rule, [*entries, *follows], ground.sittings)


def settle_run(session: Session, run_id: int, now: datetime | None = None) -> int:
    """The same for everybody in a run, after something about the run itself has changed: its rule, its sittings. Returns how
    many entries followed. The enrolments are locked in the order of their ids."""
    now = now or utcnow()
    enrolments = session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run_id, Enrolment.state == "enrolled")
        .order_by(Enrolment.id)
        .with_for_update()
    ).all()
    ground = _ground(session, run_id)
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    mine = select(Enrolment.id).where(Enrolment.run_id == run_id, Enrolment.state == "enrolled")
    for entry in session.scalars(
        select(LedgerEntry).where(LedgerEntry.enrolment_id.in_(mine)).order_by(LedgerEntry.id)
    ):
        entries[entry.enrolment_id].append(entry)
    follows = [entry for one in enrolments for entry in _follow(one, ground, entries[one.id], now)]
    append_all(session, follows)
    return len(follows)


class _Ground(NamedTuple):
    """What everybody in a run is judged by."""

    units: Sequence[RunUnit]
    rule: CompletionRule
    sittings: Sequence[Sitting]


def _ground(session: Session, run_id: int) -> _Ground:
    units = session.scalars(select(RunUnit).where(RunUnit.run_id == run_id).order_by(RunUnit.position)).all()
    return _Ground(units, current_rule(session, run_id), sittings_of(session, [run_id])[run_id])


def sittings_of(
    session: Session, run_ids: Iterable[int], *, known_at: datetime | None = None
) -> dict[int, list[Sitting]]:
    """Run → its sittings, by their beginning, in one query; `known_at`: those that were planned before and not yet
    cancelled."""
    statement = select(Sitting).where(Sitting.run_id.in_(list(run_ids))).order_by(Sitting.begins_at, Sitting.id)
    if known_at is not None:
        stood = or_(Sitting.cancelled_at.is_(None), Sitting.cancelled_at >= known_at)
        statement = statement.where(Sitting.created_at < known_at, stood)
    found: dict[int, list[Sitting]] = defaultdict(list)
    for sitting in session.scalars(statement):
        found[sitting.run_id].append(sitting)
    return found


def _follow(enrolment: Enrolment, ground: _Ground, entries: Sequence[LedgerEntry], now: datetime) -> list[LedgerEntry]:
    """What follows from these entries, not added yet; at most one entry."""
    standing = evaluate(ground.units, ground.rule, entries, ground.sittings)
    kind = what_follows(standing, entries)
    if kind is None:
        return []
    day = seoul_day(now)
    if kind == "completed":  # by a rule that asks for nothing it is of the day on which it is judged
        day = max(standing.met_on or day, _first_day_after_revocation(entries))
    return [entry_of(enrolment, kind, effective_on=day, recorded_at=now, rule_id=ground.rule.id)]


def what_follows(standing: Standing, entries: Sequence[Entry]) -> str | None:
    """Whether these entries complete an enrolment, put its completion in question, or end such a question (restored); None
    where they do nothing of it.

    What ended by itself is no person's word: where the ground goes away again, the completion is questioned again.
    """
    if standing.is_questioned and standing.is_met:
        return "restored"
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
        elif entry.kind in _JUDGED:
            revoked = revoked and _deed(entry) in known
            known.add(_deed(entry))
    return revoked


# What somebody did and others judge, perhaps again later: a try by its points, a sitting by its hours.
_JUDGED = ("scored", "attended")


def _deed(entry: Entry) -> str:
    return entry.attempt_key if entry.kind == "scored" else entry.unit_key or ""


def _first_day_after_revocation(entries: Sequence[Entry]) -> date:
    """A completion after one that was revoked rests on what was done since, so it is not of an earlier day."""
    last = max((place for place, entry in enumerate(entries) if entry.kind == "revoked"), default=None)
    if last is None:
        return date.min
    return max(entry.effective_on for entry in entries[last + 1 :])


def _is_upheld(entries: Sequence[Entry]) -> bool:
    """What a person upheld is questioned again only when what was known is judged anew since, not by what is new."""
    upheld = False
    known: set[str] = set()
    for entry in entries:
        if entry.kind in ("completed", "upheld", "restored", "revoked"):
            upheld = entry.kind == "upheld"
        elif entry.kind in _JUDGED:
            upheld = upheld and _deed(entry) not in known
            known.add(_deed(entry))
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
    reason = reason_given(reason)
    now = now or utcnow()
    enrolment = lock(session, enrolment.id)
    last = [entry.kind for entry in entries_of(session, [enrolment.id]) if entry.kind in COMPLETION_KINDS]
    if not last or last[-1] == "revoked" or (kind == "upheld" and last[-1] != "questioned"):
        raise DecisionError("not_completed")
    append(session, enrolment, kind, effective_on=seoul_day(now), recorded_at=now, actor_id=actor_id, reason=reason)


def reason_given(text: str) -> str:
    """The reason of a decision, with single spaces. Raises DecisionError."""
    reason = " ".join(text.split())
    if not reason:
        raise DecisionError("reason_missing")
    return reason[:400]


def is_open_question() -> ColumnElement[bool]:
    """The condition on entries that put a completion in question of which nothing was said since."""
    later = aliased(LedgerEntry)
    said_since = (
        select(later.id)
        .where(
            later.enrolment_id == LedgerEntry.enrolment_id,
            later.id > LedgerEntry.id,
            later.kind.in_(COMPLETION_KINDS),
        )
        .correlate(LedgerEntry)
        .exists()
    )
    return and_(LedgerEntry.kind == "questioned", ~said_since)


def entries_of(session: Session, enrolment_ids: Iterable[int]) -> Sequence[LedgerEntry]:
    """All entries of these enrolments, oldest first, in one query."""
    return session.scalars(
        select(LedgerEntry).where(LedgerEntry.enrolment_id.in_(list(enrolment_ids))).order_by(LedgerEntry.id)
    ).all()


def current_rule(session: Session, run_id: int) -> CompletionRule:
    return session.scalars(
        select(CompletionRule).where(CompletionRule.run_id == run_id).order_by(CompletionRule.id.desc()).limit(1)
    ).one()

"""Completions in question: which there are, and what somebody decides of one, of many, or of all in a run, with one reason.

A completion is questioned when its ground goes away, by a new grading, a corrected presence or a new rule, and counts until
somebody decides. What is decided of many is written at once or not at all, and each has its own entry in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import NotFoundError
from lms.models import Enrolment, LedgerEntry, Run
from lms.people.viewers import Viewer

from . import ledger
from .completion import Standing, evaluate
from .enrolments import decided_by, visible_to
from .ledger import DecisionError, is_open_question
from .runs.reading import edited_by

Decision = Literal["upheld", "revoked"]
PAGE = 100


@dataclass(frozen=True)
class Questioned:
    """A completion in question. `entry_id` is the question's; `may_decide` as the viewer may."""

    enrolment: Enrolment
    completed_on: date
    questioned_at: datetime
    entry_id: int
    may_decide: bool


@dataclass(frozen=True)
class RunInQuestion:
    """What a viewer sees of a run's questions: how many, since when, how many of them are hers to decide, and the oldest few."""

    run: Run
    count: int
    decidable: int
    since: datetime
    first: Sequence[Questioned]


def count_questioned(session: Session, viewer: Viewer, run: Run | None = None) -> int:
    """How many of those that the viewer sees (in that run) wait for a decision."""
    in_run = true() if run is None else Enrolment.run_id == run.id
    return (
        session.scalar(
            select(func.count())
            .select_from(LedgerEntry)
            .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
            .where(is_open_question(), visible_to(viewer), in_run)
        )
        or 0
    )


def list_runs(session: Session, viewer: Viewer, *, first: int = 3) -> list[RunInQuestion]:
    """The runs with questions that the viewer sees, that which waits longest first, each with its `first` people. Two
    queries, and the names."""
    place = func.row_number().over(partition_by=Enrolment.run_id, order_by=LedgerEntry.id).label("place")
    is_hers = decided_by(viewer).label("is_hers")
    found = (
        select(LedgerEntry.id, Enrolment.run_id, LedgerEntry.recorded_at, is_hers, place)
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .where(is_open_question(), visible_to(viewer))
        .subquery()
    )
    sums = session.execute(
        select(
            found.c.run_id,
            func.count(),
            func.count().filter(found.c.is_hers),
            func.min(found.c.recorded_at),
        )
        .group_by(found.c.run_id)
        .order_by(func.min(found.c.id))
    ).all()
    few = _rows(session, viewer, LedgerEntry.id.in_(select(found.c.id).where(found.c.place <= first)))
    by_run: dict[int, list[Questioned]] = defaultdict(list)
    for one in few:
        by_run[one.enrolment.run_id].append(one)
    return [
        RunInQuestion(by_run[run_id][0].enrolment.run, count, decidable, since, by_run[run_id])
        for run_id, count, decidable, since in sums
    ]


def load_run(session: Session, viewer: Viewer, uid: UUID) -> Run:
    """A run in which the viewer decides on completions, or that she gives. Raises NotFoundError."""
    hers = select(Enrolment.id).where(Enrolment.run_id == Run.id, decided_by(viewer)).exists()
    found = session.scalar(
        select(Run)
        .where(Run.uid == uid, or_(hers, edited_by(viewer)))
        .options(
            joinedload(Run.course_version), selectinload(Run.units), selectinload(Run.rules), selectinload(Run.sittings)
        )
    )
    if found is None:
        raise NotFoundError()
    return found


@dataclass(frozen=True)
class QuestionPage:
    """Some of a run's questions that the viewer decides, with where each stands. `newest` is the highest entry id of all of
    them: what comes in question later is not among what was shown."""

    rows: Sequence[tuple[Questioned, Standing]]
    count: int
    newest: int
    page: int
    pages: int


def list_of_run(session: Session, viewer: Viewer, run: Run, *, page: int = 1) -> QuestionPage:
    """By company and name. Three queries; the run has been loaded by `load_run`."""
    count, newest = session.execute(
        select(func.count(), func.coalesce(func.max(LedgerEntry.id), 0))
        .select_from(LedgerEntry)
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .where(Enrolment.run_id == run.id, is_open_question(), decided_by(viewer))
    ).one()
    pages = max(1, -(-count // PAGE))
    page = min(max(1, page), pages)
    condition = (Enrolment.run_id == run.id) & decided_by(viewer)
    rows = _rows(session, viewer, condition, limit=PAGE, offset=(page - 1) * PAGE)
    return QuestionPage(_with_standings(session, run, rows), count, newest, page, pages)


def _with_standings(session: Session, run: Run, rows: Sequence[Questioned]) -> list[tuple[Questioned, Standing]]:
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in ledger.entries_of(session, [one.enrolment.id for one in rows]):
        entries[entry.enrolment_id].append(entry)
    return [(one, evaluate(run.units, run.rules[-1], entries[one.enrolment.id], run.sittings)) for one in rows]


def _rows(
    session: Session, viewer: Viewer, *conditions: ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[Questioned]:
    """In the order of the questions."""
    reached = aliased(LedgerEntry)
    completed_on = (
        select(reached.effective_on)
        .where(reached.enrolment_id == Enrolment.id, reached.kind == "completed")
        .order_by(reached.id.desc())
        .limit(1)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Enrolment, completed_on, LedgerEntry.recorded_at, LedgerEntry.id, decided_by(viewer))
        .join(LedgerEntry, LedgerEntry.enrolment_id == Enrolment.id)
        .where(is_open_question(), visible_to(viewer), *conditions)
        .options(
            joinedload(Enrolment.person),
            joinedload(Enrolment.company),
            joinedload(Enrolment.run).joinedload(Run.course_version),
        )
        .order_by(LedgerEntry.id)
        .limit(limit)
        .offset(offset or None)
    )
    return [Questioned(enrolment, day, at, entry, bool(may)) for enrolment, day, at, entry, may in rows]


def choose(
    session: Session, viewer: Viewer, run: Run, uids: Collection[UUID] | None, *, up_to: int
) -> list[Questioned]:
    """Those of these enrolments (None: of the whole run) that are still in question and were when the viewer looked: `up_to` is
    `QuestionPage.newest`. Raises DecisionError."""
    found = _rows(session, viewer, Enrolment.run_id == run.id, decided_by(viewer), LedgerEntry.id <= up_to)
    chosen = [one for one in found if uids is None or one.enrolment.uid in uids]
    if not chosen:
        raise DecisionError("nobody")
    return chosen


def decide(
    session: Session,
    viewer: Viewer,
    run: Run,
    what: Decision,
    uids: Collection[UUID] | None,
    *,
    up_to: int,
    reason: str,
    now: datetime | None = None,
) -> int:
    """Uphold or revoke these completions in question (None: all of the run's up to that entry), with one reason. Returns how
    many; whose question has ended meanwhile is left alone.

    Raises:
        DecisionError: reason_missing, nobody
    """
    reason = ledger.reason_given(reason)
    now = now or utcnow()
    enrolments = session.scalars(_locked(viewer, run, uids)).all()
    still = set(
        session.scalars(
            select(LedgerEntry.enrolment_id).where(
                LedgerEntry.run_id == run.id, LedgerEntry.id <= up_to, is_open_question()
            )
        )
    )
    entries = [
        ledger.entry_of(one, what, effective_on=seoul_day(now), recorded_at=now, actor_id=viewer.id, reason=reason)
        for one in enrolments
        if one.id in still
    ]
    if not entries:
        raise DecisionError("nobody")
    ledger.append_all(session, entries)
    audit.record(
        session,
        "completions_decided",
        actor_id=viewer.id,
        subject=f"run:{run.uid}",
        reason=reason,
        detail={"decision": what, "count": len(entries)},
    )
    return len(entries)


def _locked(viewer: Viewer, run: Run, uids: Collection[UUID] | None) -> Select[Enrolment]:
    """Those that are hers to decide, locked in the order of their ids, as whoever judges a whole run locks them."""
    in_question = select(LedgerEntry.enrolment_id).where(LedgerEntry.run_id == run.id, is_open_question())
    statement = (
        select(Enrolment)
        .where(Enrolment.run_id == run.id, Enrolment.id.in_(in_question), decided_by(viewer))
        .order_by(Enrolment.id)
        .with_for_update()
    )
    return statement if uids is None else statement.where(Enrolment.uid.in_(uids))

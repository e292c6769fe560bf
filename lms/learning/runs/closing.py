"""마감: who completed, who did not and for want of what; closing keeps it as rows, and from then on nothing is added to the
run but a person's decision on a completion."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.learning import ledger
from lms.learning.applications import deciding, extensions
from lms.learning.completion import Standing, evaluate
from lms.models import (
    Attendance,
    Centre,
    Certificate,
    Enrolment,
    Grade,
    Job,
    LedgerEntry,
    Programme,
    Run,
    RunClosing,
    RunResult,
    Sitting,
    Submission,
)
from lms.people.viewers import Viewer

from . import states
from .editing import subject_of
from .opening import RunError

REOPENED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Result:
    """What an enrolment came to. `reasons`: why it was not completed, as `RunResult.reasons`."""

    enrolment: Enrolment
    outcome: str
    completed_on: date | None
    progress: float
    score: float
    attended_hours: float
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Obstacle:
    """What has to be done before closing. `reason`: learning (not over by `about`), extended, questioned, ungraded,
    regraded (results are being written), sitting_to_come, sitting_unlisted (`about` is its title, `on` its
    day); `count` of them."""

    reason: str
    count: int = 1
    about: Any = None
    on: date | None = None


@dataclass(frozen=True)
class ClosingPreview:
    """By company and name. `applications`: how many still wait for a seat, and would be told that there is none."""

    results: Sequence[Result]
    obstacles: Sequence[Obstacle]
    applications: int

    def count(self, outcome: str) -> int:
        return sum(result.outcome == outcome for result in self.results)


def preview(session: Session, run: Run, day: date) -> ClosingPreview:
    """The run's units and rules are loaded. About ten queries however many are in it."""
    return ClosingPreview(
        _results(session, run), list(_obstacles(session, run, day)), deciding.count_pending(session, run.id)
    )


def _results(session: Session, run: Run) -> list[Result]:
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in session.scalars(select(LedgerEntry).where(LedgerEntry.run_id == run.id).order_by(LedgerEntry.id)):
        entries[entry.enrolment_id].append(entry)
    sittings = ledger.sittings_of(session, [run.id]).get(run.id, [])
    enrolments = session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run.id)
        .options(joinedload(Enrolment.person), joinedload(Enrolment.company))
    ).all()
    found = [
        _result(one, evaluate(run.units, run.rules[-1], entries[one.id], sittings), entries[one.id])
        for one in enrolments
    ]
    return sorted(found, key=lambda one: (one.enrolment.company.name, one.enrolment.person.name, one.enrolment.id))


def _result(enrolment: Enrolment, standing: Standing, entries: Sequence[LedgerEntry]) -> Result:
    is_in = enrolment.state == "enrolled"
    completed_on = standing.completed_on if is_in else None
    outcome = ("completed" if completed_on else "not_completed") if is_in else "withdrawn"
    reasons = [] if completed_on else list(_reasons(enrolment, standing, entries))
    return Result(enrolment, outcome, completed_on, standing.progress, standing.score, standing.hours_attended, reasons)


def _reasons(enrolment: Enrolment, standing: Standing, entries: Sequence[LedgerEntry]) -> Iterator[Mapping[str, Any]]:
    last = {entry.kind: entry for entry in entries}
    if enrolment.state == "withdrawn":
        left = last.get("withdrawn")
        yield {"what": "withdrawn", "on": left.effective_on.isoformat() if left else None}
        return
    if "revoked" in last:
        yield {"what": "revoked", "on": last["revoked"].effective_on.isoformat()}
    asked = {
        "progress": (standing.progress, standing.needs_progress),
        "score": (standing.score, standing.needs_score),
        "attendance": (standing.attendance, standing.needs_attendance),
    }
    for missing in standing.missing:
        has, needs = asked[missing.what]
        yield {"what": missing.what, "count": missing.count, "has": has, "asked": needs}


def _obstacles(session: Session, run: Run, day: date) -> Iterator[Obstacle]:
    if run.learn_to >= day:
        yield Obstacle("learning", about=run.learn_to)
    longer = (
        select(func.count())
        .select_from(Enrolment)
        .join(Run, Run.id == Enrolment.run_id)
        .where(Run.id == run.id, Enrolment.state == "enrolled", extensions.last_day() >= day)
    )
    if run.learn_to < day and (count := session.scalar(longer)):
        yield Obstacle("extended", count)
    if count := session.scalar(_questioned(run)):
        yield Obstacle("questioned", count)
    if count := session.scalar(_ungraded(run)):
        yield Obstacle("ungraded", count)
    if count := session.scalar(_being_regraded(run)):
        yield Obstacle("regraded", count)
    listed = select(Attendance.id).where(Attendance.sitting_id == Sitting.id).correlate(Sitting).exists()
    rows = session.execute(
        select(Sitting, listed).where(Sitting.run_id == run.id, Sitting.cancelled_at.is_(None)).order_by(Sitting.id)
    ).all()
    for sitting, is_listed in rows:
        if seoul_day(sitting.ends_at) > day:
            yield Obstacle("sitting_to_come", about=sitting.title, on=seoul_day(sitting.begins_at))
        elif not is_listed:
            yield Obstacle("sitting_unlisted", about=sitting.title, on=seoul_day(sitting.begins_at))


def _questioned(run: Run) -> Any:
    in_run = select(Enrolment.id).where(Enrolment.run_id == run.id, Enrolment.state == "enrolled")
    return (
        select(func.count())
        .select_from(LedgerEntry)
        .where(LedgerEntry.enrolment_id.in_(in_run), ledger.is_open_question())
    )


def _ungraded(run: Run) -> Any:
    """Submissions without a grade, or whose newest grade says that grading failed on our side."""
    newest = select(func.max(Grade.id)).where(Grade.submission_id == Submission.id).correlate(Submission)
    outcome = select(Grade.outcome).where(Grade.id == newest.scalar_subquery()).correlate(Submission).scalar_subquery()
    return (
        select(func.count())
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .where(Enrolment.run_id == run.id, Enrolment.state == "enrolled", or_(outcome.is_(None), outcome == "error"))
    )


def _being_regraded(run: Run) -> Any:
    """Learners whose regrade was applied and is still being written; it would come to a closed run."""
    learners = select(Enrolment.id).where(Enrolment.run_id == run.id)
    waits = (Job.state.in_(("ready", "running")), Job.payload["enrolment"].as_integer().in_(learners))
    return select(func.count()).select_from(Job).where(*waits)


def close(session: Session, viewer: Viewer, run: Run, *, now: datetime | None = None) -> RunClosing:
    """Close a run that was loaded to be edited, locked. Whoever writes to its ledger at this moment has done so before, or is
    refused: an entry needs the run's row, which is locked.

    Raises:
        states.RunStateError
        RunError: obstacles
    """
    now = now or utcnow()
    states.refuse(run, "close", seoul_day(now))
    found = preview(session, run, seoul_day(now))
    if found.obstacles:
        raise RunError("obstacles")
    facts = _facts(session, run, found)
    deciding.end_all(session, run.id, now=now, actor_id=viewer.id)
    closing = _keep(session, run, found.results, facts, viewer.id, now)
    audit.record(session, "run_closed", actor_id=viewer.id, subject=subject_of(run), detail={"digest": closing.digest})
    return closing


def keep_results(session: Session, run: Run, now: datetime) -> RunClosing:
    """Close a run without asking whether it may be, and without a person: for the demonstration's past. The run's units,
    rules and version are loaded."""
    results = _results(session, run)
    return _keep(session, run, results, _facts(session, run, ClosingPreview(results, (), 0)), None, now)


def _keep(
    session: Session,
    run: Run,
    results: Sequence[Result],
    facts: dict[str, Any],
    actor_id: int | None,
    now: datetime,
) -> RunClosing:
    closing = RunClosing(
        run_id=run.id,
        rule_id=ledger.current_rule(session, run.id).id,
        closed_at=now,
        closed_by=actor_id,
        digest=digest_of(results),
        facts=facts,
    )
    session.add(closing)
    session.flush()
    session.add_all([_row(closing, result) for result in results])
    run.closed_at = now
    session.flush()
    return closing


def _row(closing: RunClosing, result: Result) -> RunResult:
    return RunResult(
        closing_id=closing.id,
        enrolment_id=result.enrolment.id,
        outcome=result.outcome,
        completed_on=result.completed_on,
        progress=result.progress,
        score=result.score,
        attended_hours=result.attended_hours,
        person_name=result.enrolment.person.name,
        company_name=result.enrolment.company.name,
        reasons=[dict(reason) for reason in result.reasons],
    )


def digest_of(results: Sequence[Result]) -> str:
    """SHA-256 over the rows in the order of the enrolments' ids, without names: a JSON list a row, each on a line."""
    lines = [
        json.dumps(
            [
                str(one.enrolment.uid),
                one.outcome,
                one.completed_on.isoformat() if one.completed_on else None,
                round(one.progress, 6),
                round(one.score, 6),
                round(one.attended_hours, 6),
            ]
        )
        for one in sorted(results, key=lambda one: one.enrolment.id)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _facts(session: Session, run: Run, found: ClosingPreview) -> dict[str, Any]:
    rule, programme = run.rules[-1], session.get(Programme, run.programme_id) if run.programme_id else None
    return {
        "course": run.course_version.title,
        "number": run.number,
        "centre": session.get_one(Centre, run.centre_id).name_ko,
        "programme": programme.name if programme else "",
        "learn_from": run.learn_from.isoformat(),
        "learn_to": run.learn_to.isoformat(),
        "hours": run.hours,
        "rule": {"progress": rule.progress, "score": rule.score, "attendance": rule.attendance},
        "counts": {outcome: found.count(outcome) for outcome in ("completed", "not_completed", "withdrawn")},
    }


# Afterwards


@dataclass(frozen=True)
class Since:
    """What a person decided about a completion after the closing."""

    kind: str
    on: date
    reason: str


@dataclass(frozen=True)
class Line:
    """A row of the results, with the enrolment's id for outside, and what was decided since (the newest)."""

    row: RunResult
    enrolment: UUID
    since: Since | None


@dataclass(frozen=True)
class ClosedRun:
    """A closing that stands, as it was and with what came since."""

    closing: RunClosing
    lines: Sequence[Line]

    @property
    def changed(self) -> list[Line]:
        """Rows of which something was decided since."""
        return [line for line in self.lines if line.since is not None]


def load_closed(session: Session, run: Run) -> ClosedRun | None:
    """None where the run is not closed, or was closed before results were kept."""
    closing = session.scalar(select(RunClosing).where(RunClosing.run_id == run.id, RunClosing.reopened_at.is_(None)))
    if closing is None:
        return None
    since = {
        entry.enrolment_id: Since(entry.kind, entry.effective_on, entry.reason)
        for entry in session.scalars(
            select(LedgerEntry)
            .where(
                LedgerEntry.run_id == run.id,
                LedgerEntry.kind.in_(ledger.AFTER_CLOSING),
                LedgerEntry.recorded_at > closing.closed_at,
            )
            .order_by(LedgerEntry.id)
        )
    }
    rows = session.execute(
        select(RunResult, Enrolment.uid)
        .join(Enrolment, Enrolment.id == RunResult.enrolment_id)
        .where(RunResult.closing_id == closing.id)
        .order_by(RunResult.id)
    )
    return ClosedRun(closing, [Line(row, uid, since.get(row.enrolment_id)) for row, uid in rows])


def why_not_reopened(session: Session, run: Run, closing: RunClosing, now: datetime | None = None) -> str:
    """Empty where the closing may be taken back; else late (a day has passed), certificates (were issued since), decided (a
    completion was since)."""
    now = now or utcnow()
    if now > closing.closed_at + REOPENED_WITHIN:
        return "late"
    issued = select(Certificate.id).where(Certificate.run_id == run.id, Certificate.issued_at >= closing.closed_at)
    if session.scalar(issued.limit(1)) is not None:
        return "certificates"
    decided = select(LedgerEntry.id).where(
        LedgerEntry.run_id == run.id,
        LedgerEntry.kind.in_(ledger.AFTER_CLOSING),
        LedgerEntry.recorded_at > closing.closed_at,
    )
    return "decided" if session.scalar(decided.limit(1)) is not None else ""


def reopen(session: Session, viewer: Viewer, run: Run, *, reason: str, now: datetime | None = None) -> None:
    """Take a closing back, within a day and while nothing was built on it; it stays told, with the reason.

    Raises:
        states.RunStateError
        RunError: reason_missing, no_closing, late, certificates, decided
    """
    now = now or utcnow()
    states.refuse(run, "reopen")
    reason = " ".join(reason.split())[:400]
    if not reason:
        raise RunError("reason_missing")
    closing = session.scalar(select(RunClosing).where(RunClosing.run_id == run.id, RunClosing.reopened_at.is_(None)))
    if closing is None:
        raise RunError("no_closing")
    if why := why_not_reopened(session, run, closing, now):
        raise RunError(why)
    closing.reopened_at, closing.reopened_by, closing.reopen_reason = now, viewer.id, reason
    run.closed_at = None
    session.flush()
    audit.record(session, "run_reopened", actor_id=viewer.id, subject=subject_of(run), reason=reason)

"""The histories of all enrolments, written set-wise: enrolments, tries, grades and the ledger, each in the order of its days.

The same entries as `lms.learning` appends one by one; a test settles every enrolment anew and finds nothing to append.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from lms.clock import seoul_day
from lms.models import CompanyStatus, CompletionRule, Enrolment, Grade, LedgerEntry, QuizAttempt, Run, Submission

from .journeys import Journey, Step, points_of
from .notebooks import Kept, Sample
from .sheets import Sheet
from .workforce import Worker


@dataclass
class Attendee:
    """A worker in a run, with what her company was on that day."""

    worker: Worker
    run: Run
    rule: CompletionRule
    status: CompanyStatus
    journey: Journey
    id: int = 0


def write(session: Session, attendees: Sequence[Attendee], kept: Mapping[int, Kept]) -> None:
    attendees = sorted(attendees, key=lambda one: one.journey.enrolled_at)
    _write_enrolments(session, attendees)
    done = [(one, step) for one in attendees for step in one.journey.steps]
    tried = sorted(((one, step) for one, step in done if step.tried), key=lambda pair: pair[1].at)
    sources = _write_quiz_attempts(session, [pair for pair in tried if isinstance(pair[1].tried, Sheet)])
    sources |= _write_submissions(session, [pair for pair in tried if isinstance(pair[1].tried, Sample)], kept)
    rows = [_enrolled(one) for one in attendees]
    rows += [_entry(one, step, sources.get(id(step), {})) for one, step in done]
    # Of an enrolment the order of its steps is kept, whatever the clock says of two in the same moment.
    rows.sort(key=lambda row: row["recorded_at"])
    session.execute(insert(LedgerEntry), rows)


def _write_enrolments(session: Session, attendees: Sequence[Attendee]) -> None:
    rows = [
        {
            "run_id": one.run.id,
            "person_id": one.worker.id,
            "company_id": one.status.company_id,
            "region_id": one.status.region_id,
            "company_status_id": one.status.id,
            "state": "withdrawn" if one.journey.is_withdrawn else "enrolled",
            "enrolled_at": one.journey.enrolled_at,
            "enrolled_on": seoul_day(one.journey.enrolled_at),
        }
        for one in attendees
    ]
    for one, id_ in zip(attendees, _insert(session, Enrolment, rows), strict=True):
        one.id = id_


def _insert(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    """The ids in the order of the rows."""
    if not rows:
        return []
    return session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), rows).all()


def _write_quiz_attempts(session: Session, tried: Sequence[tuple[Attendee, Step]]) -> dict[int, dict[str, Any]]:
    rows = [
        {
            "enrolment_id": one.id,
            "run_unit_id": step.lesson.id,
            "number": step.number,
            "answers": step.tried.answers,
            "points": step.tried.points,
            "max_points": step.tried.max_points,
            "submitted_at": step.at,
        }
        for one, step in tried
        if step.lesson is not None and isinstance(step.tried, Sheet)
    ]
    ids = _insert(session, QuizAttempt, rows)
    return {
        id(step): {"quiz_attempt_id": id_, "once": f"scored:quiz_attempt:{id_}"}
        for (_, step), id_ in zip(tried, ids, strict=True)
    }


def _write_submissions(
    session: Session, tried: Sequence[tuple[Attendee, Step]], kept: Mapping[int, Kept]
) -> dict[int, dict[str, Any]]:
    rows = [
        {
            "enrolment_id": one.id,
            "run_unit_id": step.lesson.id,
            "exercise_version_id": step.lesson.samples.version_id,
            "number": step.number,
            "notebook": kept[id(step.tried)].notebook,
            "file_name": f"{step.lesson.samples.slug}.ipynb",
            "submitted_at": step.at,
        }
        for one, step in tried
        if step.lesson is not None and step.lesson.samples is not None
    ]
    submissions = _insert(session, Submission, rows)
    grades = _insert(
        session,
        Grade,
        [
            {**kept[id(step.tried)].grade, "submission_id": submission, "graded_at": step.known}
            for (_, step), submission in zip(tried, submissions, strict=True)
        ],
    )
    return {
        id(step): {"submission_id": submission, "grade_id": grade, "once": f"scored:grade:{grade}"}
        for (_, step), submission, grade in zip(tried, submissions, grades, strict=True)
    }


def _columns(one: Attendee) -> dict[str, Any]:
    """Every row has every column, so that they go in by one statement."""
    return {
        "enrolment_id": one.id,
        "run_id": one.run.id,
        "company_id": one.status.company_id,
        "region_id": one.status.region_id,
        "unit_key": None,
        "points": None,
        "max_points": None,
        "grade_id": None,
        "submission_id": None,
        "quiz_attempt_id": None,
        "rule_id": None,
        "reason": "",
        "once": None,
    }


def _enrolled(one: Attendee) -> dict[str, Any]:
    moment = one.journey.enrolled_at
    return _columns(one) | {
        "kind": "enrolled",
        "effective_on": seoul_day(moment),
        "recorded_at": moment,
        "once": f"enrolled:{one.id}",
    }


def _entry(one: Attendee, step: Step, source: dict[str, Any]) -> dict[str, Any]:
    row = (
        _columns(one)
        | points_of(step)
        | {
            "kind": step.kind,
            "effective_on": seoul_day(step.at),
            "recorded_at": step.known,
            "unit_key": step.lesson.key if step.lesson else None,
            "rule_id": one.rule.id if step.kind == "completed" else None,
            "reason": step.reason,
        }
    )
    if step.kind == "unit_done" and step.lesson is not None:
        row["once"] = f"unit_done:{one.id}:{step.lesson.key}"
    return row | source

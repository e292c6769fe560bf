"""What a draft still lacks before it is opened, and opening it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, today, utcnow
from lms.learning import ledger
from lms.models import Course, Programme, Run, Sitting
from lms.people import changes
from lms.people.viewers import Viewer

from . import editing, states
from .opening import RunError


@dataclass(frozen=True)
class Finding:
    """`reason` is a word, `about` what belongs to it (a day, a title), `where` the page that mends it: edit, rule, people,
    sittings, version. Errors stop opening."""

    reason: str
    is_error: bool
    where: str = "edit"
    about: Any = None


def list_findings(session: Session, run: Run, day: date | None = None) -> list[Finding]:
    """What is missing, or is not as one would expect; errors first. The run's units and rules are loaded."""
    day = day or today()
    sittings = ledger.sittings_of(session, [run.id]).get(run.id, [])
    found = [
        *_days(run, day),
        *_course(session, run),
        *_rule(run, sittings),
        *_seats_and_people(session, run, day),
        *_programme(session, run),
        *_sittings(run, sittings),
    ]
    return sorted(found, key=lambda finding: not finding.is_error)


def _days(run: Run, day: date) -> Iterator[Finding]:
    if run.learn_to < day:
        yield Finding("over", True, about=run.learn_to)
    elif run.learn_from < day:
        yield Finding("begun", True, about=run.learn_from)
    if run.apply_from is None:
        yield Finding("no_applications", False)
    elif run.apply_to is not None and run.apply_to < day:
        yield Finding("applications_over", False, about=run.apply_to)


def _course(session: Session, run: Run) -> Iterator[Finding]:
    if not run.units:
        yield Finding("no_units", True, "version")
    for unit in run.units:
        if unit.kind == "exercise" and unit.exercise_version_id is None:
            yield Finding("exercise_without_version", True, "version", unit.title)
    if session.get_one(Course, run.course_id).current_version_id != run.course_version_id:
        yield Finding("newer_version", False, "version")
    if run.hours <= 0:
        yield Finding("no_hours", True)


def _rule(run: Run, sittings: Sequence[Sitting]) -> Iterator[Finding]:
    rule = run.rules[-1] if run.rules else None
    if rule is None:
        yield Finding("no_rule", True, "rule")
    elif not (rule.progress or rule.score or rule.attendance):
        yield Finding("rule_asks_nothing", True, "rule")
    elif rule.attendance and not [one for one in sittings if not one.is_cancelled and not one.is_extra]:
        yield Finding("attendance_without_sittings", True, "rule")
    elif not rule.attendance and [one for one in sittings if not one.is_cancelled]:
        yield Finding("sittings_without_attendance", False, "rule")


def _seats_and_people(session: Session, run: Run, day: date) -> Iterator[Finding]:
    if run.seats is None:
        yield Finding("no_seats", False)
    elif run.seats == 0:
        yield Finding("zero_seats", True)
    named = set(editing.instructors_of(session, run.id))
    there = {person.id for person in editing.list_teachers(session, run.centre_id, day)}
    if not named & there:
        yield Finding("no_instructor", False)
    elif named - there:
        yield Finding("instructor_gone", False)


def _programme(session: Session, run: Run) -> Iterator[Finding]:
    programme = session.get(Programme, run.programme_id) if run.programme_id else None
    if programme is None:
        yield Finding("no_programme", False)
    elif not programme.from_on <= run.learn_from <= programme.to_on:
        yield Finding("programme_year", False, about=programme.name)


def _sittings(run: Run, sittings: Sequence[Sitting]) -> Iterator[Finding]:
    for sitting in sittings:
        if sitting.is_cancelled:
            continue
        if not sitting.place.strip():
            yield Finding("sitting_without_place", True, "sittings", sitting.title)
        if not run.learn_from <= seoul_day(sitting.begins_at) <= run.learn_to:
            yield Finding("sitting_outside", False, "sittings", sitting.title)


def open_draft(session: Session, viewer: Viewer, run: Run, *, now: datetime | None = None) -> None:
    """Open a draft that was loaded to be edited, locked.

    Raises:
        states.RunStateError
        RunError: not_ready
    """
    now = now or utcnow()
    states.refuse(run, "open")
    if any(finding.is_error for finding in list_findings(session, run, seoul_day(now))):
        raise RunError("not_ready")
    record = changes.begin(session, "run_opened", actor_id=viewer.id, subject=editing.subject_of(run))
    record.alter(run, opened_at=now)


def latest_version(session: Session, run: Run) -> int | None:
    """The id of the course's current version."""
    return session.scalar(select(Course.current_version_id).where(Course.id == run.course_id))

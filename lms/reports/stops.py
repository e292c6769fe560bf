"""Where learners stop: at which unit those are who have not completed, and which checks of the exercises they fail.

Somebody stops at the first unit, in the course's order, that she hasn't done. She is *quiet* when she is in the run, it has
begun, and nothing was done in the fourteen days that end with the day; *left* when she withdrew after it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lms.models import Course, CourseVersion, Enrolment, LedgerEntry, Run, RunUnit
from lms.people.viewers import Viewer

from . import facts, regions
from .question import Question
from .regions import Regions

QUIET_DAYS = 14
ALL_DONE = ""  # key in place of a unit's: all are done, and the score or attendance doesn't reach


@dataclass(frozen=True)
class StopRow:
    """A unit of a course. `done` of the enrolled have done it; `stopped` have not completed and come to it next, `quiet` and
    `left` are among them."""

    course: str
    course_title: str
    unit: str
    title: str
    kind: str
    done: int = 0
    stopped: int = 0
    quiet: int = 0
    left: int = 0


@dataclass(frozen=True)
class StopReport:
    """The units in the order of their courses; `enrolled` and `completed` by course."""

    question: Question
    rows: tuple[StopRow, ...]
    enrolled: dict[str, int] = field(default_factory=dict)
    completed: dict[str, int] = field(default_factory=dict)


def stops(session: Session, viewer: Viewer | None, question: Question, *, known: Regions | None = None) -> StopReport:
    """Of the runs that the question leaves, whatever its dimensions: four queries, and that of the regions."""
    known = known or regions.load(session, viewer, question)
    where = _stops(question, viewer, known)
    of = where.c
    counts = session.execute(
        select(
            of.run_id,
            of.position,
            func.count(),
            func.sum(of.completed),
            func.sum(case((of.completed == 0, of.quiet), else_=0)),
            func.sum(case((and_(of.completed == 0, of.state == "withdrawn"), 1), else_=0)),
        ).group_by(of.run_id, of.position)
    ).all()
    runs = {row[0] for row in counts}
    courses, units = _courses(session, runs), _units(session, runs)
    report = StopReport(question, (), defaultdict(int), defaultdict(int))
    stopped: dict[tuple[str, str], list[int]] = {}
    for run, position, people, completed, quiet, left in counts:
        course = courses[run][0]
        report.enrolled[course] += people
        report.completed[course] += int(completed)
        key = (course, ALL_DONE if position is None else units[run][position].key)
        so_far = stopped.get(key, [0, 0, 0])
        stopped[key] = [
            sum(pair) for pair in zip(so_far, (people - int(completed), int(quiet), int(left)), strict=True)
        ]
    done = _done_by_unit(session, question, viewer, known, courses)
    rows = []
    for course, title in sorted(set(courses.values())):
        for unit in _in_order(units[run] for run in sorted(runs) if courses[run][0] == course):
            numbers = stopped.get((course, unit.key), [0, 0, 0])
            rows.append(
                StopRow(course, title, unit.key, unit.title, unit.kind, done.get((course, unit.key), 0), *numbers)
            )
        if (course, ALL_DONE) in stopped and stopped[course, ALL_DONE][0]:
            rows.append(StopRow(course, title, ALL_DONE, "", "", 0, *stopped[course, ALL_DONE]))
    return StopReport(question, tuple(rows), dict(report.enrolled), dict(report.completed))


def stopped_at(question: Question, viewer: Viewer | None, known: Regions, unit: str, *, quiet: bool = False) -> Select:
    """The ids of the enrolments that stop at the unit of this key."""
    of = _stops(question, viewer, known).c
    conditions = [of.completed == 0]
    if unit == ALL_DONE:
        conditions.append(of.position.is_(None))
    else:
        there = select(RunUnit.id).where(
            RunUnit.run_id == of.run_id, RunUnit.position == of.position, RunUnit.key == unit
        )
        conditions.append(there.exists())
    if quiet:
        conditions.append(of.quiet == 1)
    return select(of.enrolment_id).where(*conditions)


def _stops(question: Question, viewer: Viewer | None, known: Regions) -> CTE:
    """Of each enrolled one the position of the first unit that isn't done (None: all are), and whether she is quiet."""
    fact = facts.facts(question, viewer, known.counted_as).cte("stops_of")
    done = _done(question, fact)
    first = (
        select(fact.c.enrolment_id, func.min(RunUnit.position).label("position"))
        .select_from(fact)
        .join(RunUnit, RunUnit.run_id == fact.c.run_id)
        .outerjoin(done, and_(done.c.enrolment_id == fact.c.enrolment_id, done.c.unit_key == RunUnit.key))
        .where(done.c.unit_key.is_(None))
        .group_by(fact.c.enrolment_id)
        .subquery("first")
    )
    last = (
        select(LedgerEntry.enrolment_id, func.max(LedgerEntry.effective_on).label("day"))
        .where(
            LedgerEntry.enrolment_id.in_(select(fact.c.enrolment_id)),
            LedgerEntry.kind.in_(("unit_done", "scored", "attended")),
            facts.is_known(question),
        )
        .group_by(LedgerEntry.enrolment_id)
        .subquery("last")
    )
    since = question.as_of - timedelta(days=QUIET_DAYS)
    is_quiet = and_(
        fact.c.state == "enrolled",
        fact.c.enrolled_on <= since,
        Run.learn_from <= since,
        or_(last.c.day.is_(None), last.c.day <= since),
    )
    return (
        select(
            fact.c.enrolment_id,
            fact.c.run_id,
            fact.c.state,
            fact.c.completed,
            first.c.position,
            case((is_quiet, 1), else_=0).label("quiet"),
        )
        .select_from(fact)
        .join(Run, Run.id == fact.c.run_id)
        .outerjoin(first, first.c.enrolment_id == fact.c.enrolment_id)
        .outerjoin(last, last.c.enrolment_id == fact.c.enrolment_id)
        .where(fact.c.enrolled == 1)
        .cte("stops")
    )


def _done(question: Question, fact: CTE) -> Subquery:
    """Each enrolment with each unit that was done, once."""
    return (
        select(LedgerEntry.enrolment_id, LedgerEntry.unit_key)
        .where(
            LedgerEntry.enrolment_id.in_(select(fact.c.enrolment_id).where(fact.c.enrolled == 1)),
            LedgerEntry.kind == "unit_done",
            facts.is_known(question),
        )
        .distinct()
        .subquery("done")
    )


def _done_by_unit(
    session: Session, question: Question, viewer: Viewer | None, known: Regions, courses: dict[int, tuple[str, str]]
) -> dict[tuple[str, str], int]:
    done = _done(question, facts.facts(question, viewer, known.counted_as).cte("done_of"))
    rows = session.execute(
        select(Enrolment.run_id, done.c.unit_key, func.count())
        .join(Enrolment, Enrolment.id == done.c.enrolment_id)
        .group_by(Enrolment.run_id, done.c.unit_key)
    )
    found: dict[tuple[str, str], int] = defaultdict(int)
    for run, unit, count in rows:
        found[courses[run][0], unit] += count
    return found


def _courses(session: Session, runs: Collection[int]) -> dict[int, tuple[str, str]]:
    """Of each run its course's key and what that is called now."""
    rows = session.execute(
        select(Run.id, Course.slug, func.coalesce(CourseVersion.title, Course.slug))
        .join(Course, Course.id == Run.course_id)
        .outerjoin(CourseVersion, CourseVersion.id == Course.current_version_id)
        .where(Run.id.in_(runs))
    )
    return {run: (slug, title) for run, slug, title in rows}


def _units(session: Session, runs: Collection[int]) -> dict[int, dict[int, RunUnit]]:
    """By run and position."""
    found: dict[int, dict[int, RunUnit]] = {run: {} for run in runs}
    for unit in session.scalars(select(RunUnit).where(RunUnit.run_id.in_(runs)).order_by(RunUnit.position)):
        found[unit.run_id][unit.position] = unit
    return found


def _in_order(of_runs: Any) -> Sequence[RunUnit]:
    """The units of a course's runs, each key once: as the newest run has it, with what older ones had besides at its place."""
    newest: dict[str, RunUnit] = {}
    for units in of_runs:
        newest.update({unit.key: unit for unit in units.values()})
    return sorted(newest.values(), key=lambda unit: (unit.position, unit.key))

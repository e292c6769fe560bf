"""Where learners stop: at which unit those are who have not completed, and which checks of the exercises they fail.

Somebody stops at the first unit, in the course's order, that she hasn't done. She is *quiet* when she is in the run, it has
begun, and nothing was done in the fourteen days that end with the day; *left* when she withdrew after it began.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.models import Course, CourseVersion, LedgerEntry, Run, RunUnit
from lms.people.viewers import Viewer

from . import facts, regions
from .question import Question
from .regions import Regions
from .width import refuse_wide

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
    """Of the runs that the question leaves, whatever its dimensions: three queries, and that of the regions.

    Raises:
        ReportError: it is about too many people (`width`).
    """
    known = known or regions.load(session, viewer, question)
    refuse_wide(session, viewer, question, known)
    units = _units(session, question)
    counts: dict[_Place, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    enrolled: Counter[str] = Counter()
    completed: Counter[str] = Counter()
    seen: set[int] = set()
    for run, state, is_completed, is_quiet, people, *masks in session.execute(_counted(question, viewer, known, units)):
        of_run = units[run]
        course = of_run.course
        seen.add(run)
        enrolled[course] += people
        completed[course] += people if is_completed else 0
        done = [unit for unit in of_run.units if _has(masks, unit.position)]
        for unit in done:
            counts[course, unit.key][0] += people
        if not is_completed:
            first = next((unit.key for unit in of_run.units if not _has(masks, unit.position)), ALL_DONE)
            at = counts[course, first]
            at[1] += people
            at[2] += people if is_quiet else 0
            at[3] += people if state == "withdrawn" else 0
    return StopReport(question, _rows([units[run] for run in sorted(seen)], counts), dict(enrolled), dict(completed))


_Place = tuple[str, str]  # course and unit


@dataclass(frozen=True)
class _Unit:
    position: int
    key: str
    title: str
    kind: str


@dataclass
class _RunUnits:
    """The units of a run in their order; `course` is its key, `title` what that is called now."""

    course: str
    title: str
    units: list[_Unit] = field(default_factory=list)


def _units(session: Session, question: Question) -> dict[int, _RunUnits]:
    """Of the runs that the question leaves."""
    rows = session.execute(
        select(
            Run.id,
            Course.slug,
            func.coalesce(CourseVersion.title, Course.slug),
            RunUnit.position,
            RunUnit.key,
            RunUnit.title,
            RunUnit.kind,
        )
        .join(Course, Course.id == Run.course_id)
        .outerjoin(CourseVersion, CourseVersion.id == Course.current_version_id)
        .outerjoin(RunUnit, RunUnit.run_id == Run.id)
        .where(*facts.is_run(question))
        .order_by(Run.id, RunUnit.position)
    )
    found: dict[int, _RunUnits] = {}
    for run, course, title, position, key, name, kind in rows:
        of_run = found.setdefault(run, _RunUnits(course, title))
        if position is not None:
            of_run.units.append(_Unit(position, key, name, kind))
    return found


def _rows(runs: Sequence[_RunUnits], counts: Mapping[_Place, Sequence[int]]) -> tuple[StopRow, ...]:
    rows = []
    nothing = (0, 0, 0, 0)
    for course, title in sorted({(run.course, run.title) for run in runs}):
        for unit in _in_order(run.units for run in runs if run.course == course):
            numbers = counts.get((course, unit.key), nothing)
            rows.append(StopRow(course, title, unit.key, unit.title, unit.kind, *numbers))
        if (course, ALL_DONE) in counts:
            rows.append(StopRow(course, title, ALL_DONE, "", "", *counts[course, ALL_DONE]))
    return tuple(rows)


def _has(masks: Sequence[int], position: int) -> bool:
    return bool(masks[position // facts.BITS] >> position % facts.BITS & 1)


def _counted(question: Question, viewer: Viewer | None, known: Regions, units: Mapping[int, _RunUnits]) -> Select:
    """How many of the enrolled of each run are alike: in it or not, completed, quiet, and with the same units done."""
    most = max((unit.position for run in units.values() for unit in run.units), default=0)
    masks = most // facts.BITS + 1
    of = (fact := _facts(question, viewer, known, masks)).c
    quiet = case((_is_quiet(question, fact), 1), else_=0)
    by = (of.run_id, of.state, of.completed, quiet)
    done = [of[f"mask_{number}"] for number in range(masks)]
    return select(*by, func.count(), *done).select_from(fact).where(of.enrolled == 1).group_by(*by, *done)


def _facts(question: Question, viewer: Viewer | None, known: Regions, masks: int = 0) -> CTE:
    return facts.facts(question, viewer, known.counted_as, near=known.near, with_doing=True, masks=masks).cte(
        "stops_of"
    )


def _is_quiet(question: Question, fact: CTE) -> ColumnElement[bool]:
    since = question.as_of - timedelta(days=QUIET_DAYS)
    return and_(
        fact.c.state == "enrolled",
        fact.c.enrolled_on <= since,
        fact.c.learn_from <= since,
        or_(fact.c.last_on.is_(None), fact.c.last_on <= since),
    )


def stopped_at(question: Question, viewer: Viewer | None, known: Regions, unit: str, *, quiet: bool = False) -> Select:
    """The ids of the enrolments that stop at the unit of this key."""
    fact = _facts(question, viewer, known)
    conditions = [fact.c.enrolled == 1, fact.c.completed == 0]
    position = None
    if unit != ALL_DONE:
        position = RunUnit.position
        conditions.append(~_is_done_of(question, fact, RunUnit.key))
    before = aliased(RunUnit)
    not_done = select(before.id).where(before.run_id == fact.c.run_id, ~_is_done_of(question, fact, before.key))
    conditions.append(~(not_done if position is None else not_done.where(before.position < position)).exists())
    if quiet:
        conditions.append(_is_quiet(question, fact))
    statement = select(fact.c.enrolment_id)
    if position is not None:
        statement = statement.join(RunUnit, and_(RunUnit.run_id == fact.c.run_id, RunUnit.key == unit))
    return statement.where(*conditions)


def _is_done_of(question: Question, fact: CTE, key: Any) -> ColumnElement[bool]:
    return (
        select(LedgerEntry.id)
        .where(
            LedgerEntry.enrolment_id == fact.c.enrolment_id,
            LedgerEntry.unit_key == key,
            LedgerEntry.kind == "unit_done",
            facts.is_known(question),
        )
        .exists()
    )


def _in_order(of_runs: Iterable[Sequence[_Unit]]) -> Sequence[_Unit]:
    """The units of a course's runs, each key once: as the newest run has it, with what older ones had besides at its place."""
    newest: dict[str, _Unit] = {}
    for units in of_runs:
        newest.update({unit.key: unit for unit in units})
    return sorted(newest.values(), key=lambda unit: (unit.position, unit.key))

"""The people behind a figure: where each stands in her run, as of any day, in the order in which somebody can help."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Integer, Select, Subquery, and_, case, func, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.clock import end_of_day
from lms.learning.applications import extensions
from lms.learning.completion import Standing, evaluate
from lms.learning.ledger import sittings_of
from lms.models import (
    Company,
    CompletionRule,
    Course,
    CourseVersion,
    Employment,
    Enrolment,
    LedgerEntry,
    Person,
    Region,
    Run,
    RunUnit,
)
from lms.people.viewers import Viewer

from . import facts, regions
from .question import Question, ReportError
from .width import refuse_wide

Sort = Literal["behind", "name", "company", "run", "progress", "score", "last_active", "learn_to", "completed"]
SORTS = get_args(Sort)
_CHUNK = 500  # learners whose entries are held at once


@dataclass(frozen=True)
class LearnerRow:
    """A person in a run. Company and region are those of the enrolment, `employee_number` that of the company.

    `behind` is the share of the units that would keep up (the progress that the rule asks for × the share of the run's time
    that is gone) less the share that is done, so above 0 is behind. `last_active` is the last day on which something was
    done.
    """

    enrolment_id: int
    enrolment_uid: UUID
    person_uid: UUID
    person_name: str
    employee_number: str | None
    company_name: str
    company_uid: UUID
    business_number: str
    region_name: str
    run_uid: UUID
    run_key: str
    run_number: int
    run_title: str
    centre_id: int
    learn_from: date
    learn_to: date
    state: str
    enrolled_on: date
    behind: float
    last_active: date | None
    standing: Standing


@dataclass(frozen=True)
class LearnerPage:
    """Some of the rows, and how many there are."""

    rows: tuple[LearnerRow, ...]
    total: int


def list_learners(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    sort: str = "behind",
    down: bool | None = None,
    offset: int = 0,
    limit: int = 50,
    language: str = "ko",
    known: regions.Regions | None = None,
    among: Select | None = None,
) -> LearnerPage:
    """The enrolments that the question leaves, whatever its dimensions: nine queries however many there are. `among` leaves
    those of these ids.

    `down` begins with the most, which is how `behind` begins by itself; who has completed or left comes last in it. The
    other orders begin with the least. `known` saves the query of the regions.

    Raises:
        ReportError: an unknown order, or too many people to be put into one (`width`).
    """
    known = known or regions.load(session, viewer, question)
    refuse_wide(session, viewer, question, known)
    counted = _counted(question, viewer, known, among=among)
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    listed = _listed(question, counted, sort, language)
    found = session.execute(select(listed).order_by(*_order(listed, sort, down)).offset(offset).limit(limit)).all()
    return LearnerPage(tuple(_rows(session, question, found)), total)


def iter_learners(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    sort: str = "company",
    down: bool | None = None,
    language: str = "ko",
) -> Iterator[LearnerRow]:
    """All of them for a file, without holding more than a few hundred."""
    known = regions.load(session, viewer, question)
    counted = _counted(question, viewer, known)
    listed = _listed(question, counted, sort, language)
    statement = select(listed).order_by(*_order(listed, sort, down))
    for part in session.execute(statement.execution_options(yield_per=_CHUNK)).partitions():
        yield from _rows(session, question, part)


def list_among(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    among: Select,
    *,
    day: date | None = None,
    language: str = "ko",
    known: regions.Regions,
) -> list[LearnerRow]:
    """Those of the enrolments of these ids that the question leaves, in the order of the ids. `day`: she looks on it."""
    counted = _counted(question, viewer, known, day, among=among)
    listed = _listed(question, counted, "learn_to", language)
    found = session.execute(select(listed).order_by(listed.c.enrolment_id)).all()
    return list(_rows(session, question, found))


def _counted(
    question: Question,
    viewer: Viewer | None,
    known: regions.Regions,
    day: date | None = None,
    *,
    among: Select | None = None,
) -> Subquery:
    return facts.facts(question, viewer, known.counted_as, day, among=among, near=known.near, with_doing=True).subquery(
        "counted"
    )


class _DaysBetween(FunctionElement):
    """Days from the second date to the first."""

    type = Integer()
    inherit_cache = True
    name = "days_between"


@compiles(_DaysBetween)
def _days_between(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({later} - {earlier})"


@compiles(_DaysBetween, "sqlite")
def _days_between_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


def _listed(question: Question, counted: Subquery, sort: str, language: str) -> Subquery:
    """What a row shows beside its standing, and what the rows are ordered by. The score is added up only to order by it."""
    units, rule = _units(), _rule(question)
    share = counted.c.units * 1.0 / func.coalesce(units.c.units, 1)
    last_day = extensions.last_day(known_at(question))
    gone = _time_gone(question.as_of, last_day)
    statement = (
        select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.uid.label("enrolment_uid"),
            Person.id.label("person_id"),
            Person.uid.label("person_uid"),
            Person.name.label("person_name"),
            Company.id.label("company_id"),
            Company.name.label("company_name"),
            Company.uid.label("company_uid"),
            Company.business_number,
            (Region.name_ko if language == "ko" else Region.name_en).label("region_name"),
            Run.id.label("run_id"),
            Run.uid.label("run_uid"),
            Run.number.label("run_number"),
            Course.slug.label("course"),
            CourseVersion.title.label("run_title"),
            Run.centre_id,
            Run.learn_from,
            last_day.label("learn_to"),
            counted.c.state,
            counted.c.enrolled_on,
            counted.c.completed_on,
            share.label("share"),
            (gone * func.coalesce(rule.c.progress, 100.0) / 100 - share).label("behind"),
            counted.c.last_active,
        )
        .select_from(counted)
        .join(Enrolment, Enrolment.id == counted.c.enrolment_id)
        .join(Person, Person.id == counted.c.person_id)
        .join(Company, Company.id == counted.c.company_id)
        .join(Region, Region.id == counted.c.region_id)
        .join(Run, Run.id == counted.c.run_id)
        .join(Course, Course.id == Run.course_id)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .outerjoin(units, units.c.run_id == Run.id)
        .outerjoin(rule, rule.c.run_id == Run.id)
    )
    if sort == "score":
        score = _score(question, counted)
        statement = statement.outerjoin(score, score.c.enrolment_id == Enrolment.id).add_columns(
            func.coalesce(score.c.score, 0.0).label("score")
        )
    return statement.subquery("listed")


def _time_gone(as_of: date, last_day: ColumnElement[Any]) -> ColumnElement[float]:
    """The share of the learner's own period that is over at the end of the day, 0..1."""
    days = _DaysBetween(last_day, Run.learn_from) + 1
    over = _DaysBetween(case((last_day < as_of, last_day), else_=as_of), Run.learn_from) + 1
    return case((Run.learn_from > as_of, 0.0), else_=over * 1.0 / days)


def _units() -> Any:
    return select(RunUnit.run_id, func.count().label("units")).group_by(RunUnit.run_id).subquery("units")


def _rule(question: Question) -> Any:
    """The progress that each run's rule asked for on the day."""
    newest = select(func.max(CompletionRule.id)).where(_is_known_rule(question)).group_by(CompletionRule.run_id)
    return select(CompletionRule.run_id, CompletionRule.progress).where(CompletionRule.id.in_(newest)).subquery("rule")


def _is_known_rule(question: Question) -> ColumnElement[bool]:
    return true() if question.reading == "effective" else CompletionRule.recorded_at < end_of_day(question.as_of)


def _score(question: Question, counted: Subquery) -> Any:
    """The weighted score by `learning.completion`, for an order: of an attempt the newest counts, of a unit the best."""
    newest = (
        select(func.max(LedgerEntry.id).label("id"))
        .where(
            LedgerEntry.enrolment_id.in_(select(counted.c.enrolment_id)),
            LedgerEntry.kind == "scored",
            facts.is_known(question),
        )
        .group_by(
            LedgerEntry.enrolment_id, LedgerEntry.unit_key, LedgerEntry.submission_id, LedgerEntry.quiz_attempt_id
        )
        .subquery("newest")
    )
    share = LedgerEntry.points / func.nullif(LedgerEntry.max_points, 0)
    best = (
        select(
            LedgerEntry.enrolment_id,
            LedgerEntry.run_id,
            LedgerEntry.unit_key,
            func.max(case((share > 1, 1.0), (share < 0, 0.0), else_=share)).label("share"),
        )
        .join(newest, newest.c.id == LedgerEntry.id)
        .group_by(LedgerEntry.enrolment_id, LedgerEntry.run_id, LedgerEntry.unit_key)
        .subquery("best")
    )
    whole = select(RunUnit.run_id, func.sum(RunUnit.weight).label("weight")).group_by(RunUnit.run_id).subquery("whole")
    earned = 100 * func.sum(best.c.share * RunUnit.weight) / func.nullif(func.max(whole.c.weight), 0)
    return (
        select(best.c.enrolment_id, earned.cast(Float).label("score"))
        .join(RunUnit, and_(RunUnit.run_id == best.c.run_id, RunUnit.key == best.c.unit_key))
        .join(whole, whole.c.run_id == best.c.run_id)
        .group_by(best.c.enrolment_id)
        .subquery("score")
    )


def _order(listed: Subquery, sort: str, down: bool | None) -> list[ColumnElement]:
    """What to order by; what ties is in the order of names, and never in another one twice."""
    if sort not in SORTS:
        raise ReportError(
            "sort", name="sort", value=sort, what=f"'{sort}' is no order of learners", choices=", ".join(SORTS)
        )
    by: dict[str, list[Any]] = {
        "behind": [listed.c.behind],
        "name": [listed.c.person_name],
        "company": [listed.c.company_name, listed.c.business_number],
        "run": [listed.c.course, listed.c.run_number],
        "progress": [listed.c.share],
        "score": [listed.c.get("score")],
        "last_active": [case((listed.c.last_active.is_(None), 0), else_=1), listed.c.last_active],
        "learn_to": [listed.c.learn_to],
        "completed": [case((listed.c.completed_on.is_(None), 1), else_=0), listed.c.completed_on],
    }
    keys = by[sort]
    if sort == "behind" if down is None else down:
        keys = [key.desc() for key in keys]
    if sort == "behind":
        is_done = case((listed.c.state == "withdrawn", 2), (listed.c.completed_on.is_not(None), 1), else_=0)
        keys.insert(0, is_done)
    return [*keys, listed.c.person_name, listed.c.business_number, listed.c.enrolment_id]


def _rows(session: Session, question: Question, found: Sequence[Any]) -> Iterator[LearnerRow]:
    """The rows with their standings: five queries for all of them."""
    entries = _entries(session, question, [row.enrolment_id for row in found])
    runs = {row.run_id for row in found}
    units, rules = _units_of(session, runs), rules_of(session, question, runs)
    asking = {run for run, rule in rules.items() if rule.attendance}  # in other runs sittings change nothing here
    sittings = sittings_of(session, asking, known_at=known_at(question)) if asking else {}
    numbers = _employee_numbers(session, found)
    for row in found:
        standing = evaluate(
            units[row.run_id], rules[row.run_id], entries.get(row.enrolment_id, ()), sittings.get(row.run_id, ())
        )
        yield LearnerRow(
            enrolment_id=row.enrolment_id,
            enrolment_uid=row.enrolment_uid,
            person_uid=row.person_uid,
            person_name=row.person_name,
            employee_number=numbers.get((row.person_id, row.company_id)),
            company_name=row.company_name,
            company_uid=row.company_uid,
            business_number=row.business_number,
            region_name=row.region_name,
            run_uid=row.run_uid,
            run_key=f"{row.course}-{row.run_number}",
            run_number=row.run_number,
            run_title=row.run_title,
            centre_id=row.centre_id,
            learn_from=row.learn_from,
            learn_to=row.learn_to,
            state=row.state,
            enrolled_on=row.enrolled_on,
            behind=float(row.behind),
            last_active=row.last_active,
            standing=standing,
        )


class _Fields(NamedTuple):
    id: int
    kind: str
    unit_key: str | None
    effective_on: date
    points: float | None
    max_points: float | None
    submission_id: int | None
    quiz_attempt_id: int | None


class Entry(_Fields):
    """What `evaluate` reads of a ledger entry, without the machinery of the table's own rows."""

    __slots__ = ()
    attempt_key = LedgerEntry.attempt_key


def _entries(session: Session, question: Question, enrolments: Collection[int]) -> dict[int, list[Entry]]:
    columns = [getattr(LedgerEntry, name) for name in Entry._fields]
    statement = (
        select(LedgerEntry.enrolment_id, *columns)
        .where(LedgerEntry.enrolment_id.in_(enrolments), facts.is_known(question))
        .order_by(LedgerEntry.id)
    )
    found: dict[int, list[Entry]] = {}
    for enrolment, *values in session.execute(statement):
        found.setdefault(enrolment, []).append(Entry(*values))
    return found


def _units_of(session: Session, runs: Collection[int]) -> dict[int, list[RunUnit]]:
    found: dict[int, list[RunUnit]] = {run: [] for run in runs}
    for unit in session.scalars(select(RunUnit).where(RunUnit.run_id.in_(runs)).order_by(RunUnit.position)):
        found[unit.run_id].append(unit)
    return found


def known_at(question: Question) -> datetime | None:
    return None if question.reading == "effective" else end_of_day(question.as_of)


def rules_of(session: Session, question: Question, runs: Collection[int]) -> dict[int, CompletionRule]:
    """Of each run the newest rule that was known on the day, or else its first."""
    until = end_of_day(question.as_of)
    found: dict[int, CompletionRule] = {}
    for rule in session.scalars(
        select(CompletionRule).where(CompletionRule.run_id.in_(runs)).order_by(CompletionRule.id)
    ):
        if question.reading == "effective" or rule.recorded_at < until:
            found[rule.run_id] = rule
        else:
            found.setdefault(rule.run_id, rule)
    return found


def _employee_numbers(session: Session, found: Sequence[Any]) -> Mapping[tuple[int, int], str | None]:
    """By person and company, of the last time that she was employed there."""
    persons = {row.person_id for row in found}
    rows = session.execute(
        select(Employment.person_id, Employment.company_id, Employment.employee_number)
        .where(Employment.person_id.in_(persons))
        .order_by(Employment.from_on)
    )
    return {(person, company): number for person, company, number in rows}

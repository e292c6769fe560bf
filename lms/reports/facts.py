"""What every report counts: one row for each enrolment that was known, with what had become of it.

A condition on the ledger is all that the two readings differ in: recorded asks when an entry was written, effective when
the thing happened. Of two entries that contradict each other the later written one counts, as in `learning.completion`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.clock import end_of_day
from lms.learning.enrolments import covers, visible_to
from lms.models import (
    Centre,
    CentreRegion,
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    Course,
    Enrolment,
    Industry,
    LedgerEntry,
    Programme,
    Run,
    RunUnit,
)
from lms.people.viewers import Viewer

from .days import DateOf, DayOf
from .question import CURRENT, UNDECLARED, Question

ACTIVE_DAYS = 7


def is_known(question: Question, entry: Any = LedgerEntry) -> ColumnElement[bool]:
    """Whether a ledger entry counts for the question."""
    if question.reading == "effective":
        return entry.effective_on <= question.as_of
    return entry.recorded_at < end_of_day(question.as_of)


def facts(
    question: Question,
    viewer: Viewer | None,
    regions: Mapping[int, int],
    day: date | None = None,
    *,
    among: Select | None = None,
    entries: ColumnElement[bool] | None = None,
    near: Collection[int] | None = None,
    only: ColumnElement[bool] | None = None,
    with_doing: bool = False,
    masks: int = 0,
) -> Select:
    """One row an enrolment: run, company, region, day, what the company was, and 0 or 1 for enrolled, active, completed
    (`applied` is always 1).

    `regions` maps the regions that the question leaves to those under which they are counted; one that it lacks is left
    out. `completed_on` is the day of the completion that stands, `state` whether she is in the run. `viewer` None sees all;
    `day` is that on which she looks. `among` leaves the enrolments of these ids, `only` those that meet it, `entries` the
    entries of the ledger that do; `near` is `Regions.near`. `with_doing` adds how many `units` were done, and as `last_on`
    and `last_active` the last day on which one was done, a score noted (and attended: `last_on` alone); NULL where nothing
    was. `masks` adds so many numbers `mask_0`, …, whose bits say which units were done: `BITS` positions in each.
    """
    if among is None:
        left_by = _narrowing(question, viewer, regions, day, near)
    else:
        left_by = [Enrolment.id.in_(among), *_narrowing(question, viewer, regions, day, None)]
    if only is not None:
        left_by = [*left_by, only]
    of = _folded(question, left_by, entries, with_doing=with_doing, masks=masks).c
    # Of who came, left and came again the first entry says since when, the last whether she is in.
    left = of.member % 2 == 1
    left_before = and_(left, _day(of.member) < DayOf(Run.learn_from))
    stands = and_(of.decided % 2 == 1, ~left_before)
    return (
        select(
            of.enrolment_id,
            of.person_id,
            of.company_status_id,
            of.run_id,
            of.company_id,
            of.region_id,
            DateOf(_day(of.joined)).label("enrolled_on"),
            case((left, "withdrawn"), else_="enrolled").label("state"),
            literal_column("1", Integer).label("applied"),
            case((left_before, 0), else_=1).label("enrolled"),
            case((and_(of.active == 1, ~left_before), 1), else_=0).label("active"),
            case((stands, 1), else_=0).label("completed"),
            case((stands, DateOf(_day(of.decided)))).label("completed_on"),
            Run.learn_from,
            *((of.units, of.last_on, of.last_active) if with_doing else ()),
            *(of[f"mask_{number}"] for number in range(masks)),
        )
        .join(Run, Run.id == of.run_id)
        .where(*_on_its_day(question, of, DateOf(_day(of.joined))))
    )


# An entry in one number, so that the greatest is that with the highest id: its id, its day, and one thing about it.
_DAYS = 1 << 16  # more than a date of ours has


def _packed(is_so: ColumnElement[bool]) -> ColumnElement[int]:
    number = LedgerEntry.id * (2 * _DAYS) + DayOf(LedgerEntry.effective_on) * 2
    return number + case((is_so, 1), else_=0)


def _day(packed: ColumnElement[int]) -> ColumnElement[int]:
    """The number of the day in a packed entry. PostgreSQL and SQLite both leave the rest away when they divide integers."""
    return (packed % (2 * _DAYS)).op("/")(2)


def _folded(
    question: Question,
    left_by: Collection[ColumnElement[bool]],
    entries: ColumnElement[bool] | None,
    *,
    with_doing: bool,
    masks: int,
) -> Subquery:
    """Of each enrolment that was made what its entries come to: one pass over them."""
    kind, of_week = LedgerEntry.kind, _is_of_week(question)
    joined = func.min(case((kind == "enrolled", _packed(kind == "enrolled"))))
    member = func.max(case((kind.in_(("enrolled", "withdrawn")), _packed(kind == "withdrawn"))))
    decided = func.max(case((kind.in_(("completed", "revoked")), _packed(kind == "completed"))))
    doing = {
        "units": func.sum(case((kind == "unit_done", 1), else_=0)),
        "last_on": func.max(case((kind.in_(("unit_done", "scored", "attended")), LedgerEntry.effective_on))),
        "last_active": func.max(case((kind.in_(("unit_done", "scored")), LedgerEntry.effective_on))),
    }
    deciding = ("enrolled", "withdrawn", "completed", "revoked")
    counts = kind.in_((*deciding, "unit_done", "scored", "attended")) if with_doing else kind.in_(deciding) | of_week
    statement = (
        select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.person_id,
            Enrolment.company_status_id,
            Enrolment.run_id,
            Enrolment.company_id,
            Enrolment.region_id,
            joined.label("joined"),
            member.label("member"),
            func.coalesce(decided, 0).label("decided"),
            func.max(case((of_week, 1), else_=0)).label("active"),
            *((value.label(name) for name, value in doing.items()) if with_doing else ()),
            *(_mask(number).label(f"mask_{number}") for number in range(masks)),
        )
        .join(LedgerEntry, LedgerEntry.enrolment_id == Enrolment.id)
        .where(counts, is_known(question), *left_by, *([] if entries is None else [entries]))
        .group_by(InNoOrder(Enrolment.id))
        .having(joined.is_not(None))
    )
    if masks:
        unit = and_(RunUnit.run_id == Enrolment.run_id, RunUnit.key == LedgerEntry.unit_key, kind == "unit_done")
        statement = statement.outerjoin(RunUnit, unit)
    return statement.subquery()


class InNoOrder(FunctionElement):
    """A column that SQLite doesn't see as one: to group in its order it would read the whole table rather than an index."""

    inherit_cache = True
    name = "in_no_order"


@compiles(InNoOrder)
def _in_no_order(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.clauses.clauses[0], **options))


@compiles(InNoOrder, "sqlite")
def _in_no_order_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses.clauses[0], **options)}"


BITS = 60  # of a number, on both databases


def _mask(number: int) -> ColumnElement[int]:
    first = number * BITS
    bit = cast(1, BigInteger).op("<<")(RunUnit.position - first)
    return func.coalesce(BitsOf(case((RunUnit.position.between(first, first + BITS - 1), bit))), 0)


class BitsOf(FunctionElement):
    """The bits of numbers that have one bit each, together."""

    type = BigInteger()
    inherit_cache = True
    name = "bits_of"


@compiles(BitsOf)
def _bits_of(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"bit_or({compiler.process(element.clauses.clauses[0], **options)})"


@compiles(BitsOf, "sqlite")
def _bits_of_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"sum(DISTINCT {compiler.process(element.clauses.clauses[0], **options)})"


def _is_of_week(question: Question) -> ColumnElement[bool]:
    """Whether an entry says of a unit that it was done in the seven days that end with the day."""
    since = question.as_of - timedelta(days=ACTIVE_DAYS - 1)
    return and_(
        LedgerEntry.kind == "unit_done",
        LedgerEntry.effective_on >= since,
        LedgerEntry.effective_on <= question.as_of,
        LedgerEntry.recorded_at >= end_of_day(since - timedelta(days=1)),  # nothing is recorded before it is done
    )


def narrowed(
    question: Question,
    viewer: Viewer | None,
    regions: Mapping[int, int],
    day: date | None,
    *,
    near: Collection[int] | None = None,
) -> Select | None:
    """The enrolments that a question can leave at most, so that of a small part only its entries are read. None: all.

    An enrolment has the run, company and region that its entries copied from it.
    """
    conditions = _narrowing(question, viewer, regions, day, near)
    return select(Enrolment.id).where(*conditions) if conditions else None


def _narrowing(
    question: Question,
    viewer: Viewer | None,
    regions: Mapping[int, int],
    day: date | None,
    near: Collection[int] | None,
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if viewer is not None and not viewer.is_programme_office:
        conditions.append(visible_to(viewer, day or question.asked_on))
        if near is not None:
            conditions.append(_is_near(viewer, near))
    if question.filter("company"):
        conditions.append(of_companies(question, Enrolment.company_id))
    if question.filter("cluster"):
        conditions.append(Enrolment.company_id.in_(ever_members(question)))
    if question.filter("centre"):
        conditions.append(Enrolment.region_id.in_(_ever_served(question)))
    if runs_are := is_run(question):
        conditions.append(Enrolment.run_id.in_(select(Run.id).where(*runs_are)))
    if question.filter("region") or question.filter("zone"):
        conditions.append(Enrolment.region_id.in_(regions))
    if is_status(question):
        conditions.append(of_statuses(question, Enrolment.company_status_id))
    return conditions


def _is_near(viewer: Viewer, near: Collection[int]) -> ColumnElement[bool]:
    """What `visible_to` asks at least, in constants, by which the database knows about how many there are."""
    conditions: list[ColumnElement[bool]] = [Enrolment.person_id == viewer.id, Enrolment.region_id.in_(near)]
    if viewer.managed_companies:
        merged = or_(Company.id.in_(viewer.managed_companies), Company.merged_into_id.in_(viewer.managed_companies))
        conditions.append(Enrolment.company_id.in_(select(Company.id).where(merged)))
    return or_(*conditions)


def ever_members(question: Question) -> Select:
    """The companies that have been members of a cluster that is asked for, or of any."""
    members = select(ClusterMember.company_id)
    if slugs := question.filter("cluster"):
        members = members.where(ClusterMember.cluster_id.in_(select(Cluster.id).where(Cluster.slug.in_(slugs))))
    return members


def _ever_served(question: Question) -> Select:
    centres = select(Centre.id).where(Centre.slug.in_(question.filter("centre")))
    return select(CentreRegion.region_id).where(CentreRegion.centre_id.in_(centres))


def _on_its_day(question: Question, of: Any, enrolled_on: Any) -> list[ColumnElement[bool]]:
    """The filters that ask what was so on the day of enrolling: by which centre it was served, in which cluster it was."""
    conditions: list[ColumnElement[bool]] = []
    if centres := question.filter("centre"):
        serving = select(CentreRegion.id).join(Centre, Centre.id == CentreRegion.centre_id)
        conditions.append(
            serving.where(
                Centre.slug.in_(centres),
                CentreRegion.region_id == of.region_id,
                covers(CentreRegion.from_on, CentreRegion.to_on, enrolled_on),
            )
            .correlate_except(CentreRegion, Centre)
            .exists()
        )
    if clusters := question.filter("cluster"):
        members = select(ClusterMember.id).join(Cluster, Cluster.id == ClusterMember.cluster_id)
        conditions.append(
            members.where(
                Cluster.slug.in_(clusters),
                ClusterMember.company_id == of.company_id,
                is_member(question, enrolled_on),
            )
            .correlate_except(ClusterMember, Cluster)
            .exists()
        )
    return conditions


def of_companies(question: Question, company_id: Any) -> ColumnElement[bool]:
    """The condition that the filter by company makes; mapped to today with those that were merged into one of them."""
    companies = question.filter("company")
    asked = is_company(companies)
    if question.regions == "today":
        today = aliased(Company)
        into = Company.merged_into_id.in_(select(today.id).where(is_company(companies, today)))
        asked = or_(asked, and_(into, was_merged(question)))
    return company_id.in_(select(Company.id).where(asked))


def was_merged(question: Question, company: Any = Company) -> ColumnElement[bool]:
    """Whether a company had been merged into another one when the question was asked."""
    if question.asked_on is None:
        return company.merged_into_id.is_not(None)
    return and_(company.merged_into_id.is_not(None), company.merged_at < end_of_day(question.asked_on))


def of_statuses(question: Question, status_id: Any) -> ColumnElement[bool]:
    """The condition that the filters by what a company declared make."""
    condition: ColumnElement[bool] = status_id.in_(select(CompanyStatus.id).where(*is_status(question)))
    if all(UNDECLARED in question.filter(name) for name in STATUS if question.filter(name)):
        condition = or_(condition, status_id.is_(None))
    return condition


def is_company(keys: Collection[str], company: Any = Company) -> ColumnElement[bool]:
    """Companies by business number, or by the id of a link."""
    numbers = [key for key in keys if len(key) == 10]
    return or_(company.business_number.in_(numbers), company.uid.in_([UUID(key) for key in keys if len(key) != 10]))


def is_member(question: Question, day: Any) -> ColumnElement[bool]:
    """Memberships in clusters that held on `day`, as far as the question knows of them."""
    held = covers(ClusterMember.from_on, ClusterMember.to_on, day)
    if question.reading == "effective":
        return held
    return and_(held, ClusterMember.recorded_at < end_of_day(question.as_of))


STATUS = ("size", "level", "industry")


def is_status(question: Question) -> list[ColumnElement[bool]]:
    """The conditions on a company's status that the filters make."""
    columns = {"size": CompanyStatus.size_class, "level": CompanyStatus.factory_level}
    conditions = []
    for name in STATUS:
        if not (keys := question.filter(name)):
            continue
        if name in columns:
            column: Any = columns[name]
            declared: ColumnElement[bool] = column.in_(keys)
        else:
            column = CompanyStatus.industry_id
            declared = column.in_(select(Industry.id).where(Industry.code.in_(keys)))
        conditions.append(or_(declared, column.is_(None)) if UNDECLARED in keys else declared)
    return conditions


def is_run(question: Question) -> list[ColumnElement[bool]]:
    """The conditions on runs that the filters by course, run, programme and year make."""
    conditions: list[ColumnElement[bool]] = []
    if courses := question.filter("course"):
        conditions.append(Run.course_id.in_(select(Course.id).where(Course.slug.in_(courses))))
    if runs := question.filter("run"):
        conditions.append(_is_one_of(runs, question.as_of))
    if programmes := question.filter("programme"):
        conditions.append(Run.programme_id.in_(select(Programme.id).where(Programme.slug.in_(programmes))))
    if years := question.filter("year"):
        conditions.append(_is_of_year([int(year) for year in years]))
    return conditions


def _is_one_of(keys: Collection[str], as_of: date) -> ColumnElement[bool]:
    """Runs by their keys. As one list of pairs: a condition for each would lie too deep for SQLite."""
    pairs = [
        (slug, min(int(number), 2_000_000_000)) for slug, _, number in (key.rpartition("-") for key in keys) if slug
    ]
    named = select(Run.id).join(Course, Course.id == Run.course_id).where(tuple_(Course.slug, Run.number).in_(pairs))
    if CURRENT not in keys:
        return Run.id.in_(named)
    # Not by coalesce: of a column a database knows about how many meet it.
    lasts = or_(and_(Run.review_to.is_(None), Run.learn_to >= as_of), Run.review_to >= as_of)
    is_current = and_(Run.learn_from <= as_of, lasts)
    return or_(is_current, Run.id.in_(named)) if pairs else is_current


def _is_of_year(years: Collection[int]) -> ColumnElement[bool]:
    """The fiscal year of the programme; without one the year in which the run begins."""
    of_programme = Run.programme_id.in_(select(Programme.id).where(Programme.fiscal_year.in_(years)))
    return or_(of_programme, and_(Run.programme_id.is_(None), extract("year", Run.learn_from).in_(years)))

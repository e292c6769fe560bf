"""Who applied for a run and wasn't enrolled by the day of a question: one row a person and run, as `facts` has enrolments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, Subquery, and_, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.clock import end_of_day
from lms.learning.enrolments import covers
from lms.models import (
    Application,
    Centre,
    CentreRegion,
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    Enrolment,
    LedgerEntry,
    Run,
)
from lms.people.viewers import Viewer

from . import facts
from .question import Question


class SeoulDate(FunctionElement):
    """The day in Seoul of a moment."""

    type = Date()
    inherit_cache = True
    name = "seoul_date"


@compiles(SeoulDate)
def _seoul_date(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses.clauses[0], **options)
    return f"(({moment} AT TIME ZONE 'Asia/Seoul')::date)"


@compiles(SeoulDate, "sqlite")
def _seoul_date_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # Without the fraction of the second, which SQLite would round up into the next day.
    moment = compiler.process(element.clauses.clauses[0], **options)
    return f"date(substr({moment}, 1, 19), '+9 hours')"


def applicants(question: Question, viewer: Viewer | None, regions: Mapping[int, int]) -> Select:
    """run_id, company_id, region_id, company_status_id and the day of applying as `enrolled_on`. Of several applications of a
    person the last counts; `regions` and `viewer` as in `facts.facts`."""
    until = end_of_day(question.as_of)
    newest = (
        select(func.max(Application.id))
        .where(Application.applied_at < until)
        .group_by(Application.run_id, Application.person_id)
    )
    row = (
        select(
            Application.run_id,
            Application.person_id,
            Application.company_id,
            Application.region_id,
            _status().label("company_status_id"),
            SeoulDate(Application.applied_at).label("enrolled_on"),
        )
        .where(Application.id.in_(newest), ~_is_enrolled(question))
        .subquery("applicant")
    )
    statement = select(row).join(Run, Run.id == row.c.run_id).where(*_filters(question, row))
    if question.filter("region") or question.filter("zone"):
        statement = statement.where(row.c.region_id.in_(regions))
    if viewer is not None and not viewer.is_programme_office:
        statement = statement.where(_is_seen(viewer, row, question.asking_day))
    return statement


def _status() -> Any:
    """What the company had declared on the day of applying."""
    return (
        select(CompanyStatus.id)
        .where(
            CompanyStatus.company_id == Application.company_id,
            CompanyStatus.from_on <= SeoulDate(Application.applied_at),
        )
        .order_by(CompanyStatus.from_on.desc(), CompanyStatus.id.desc())
        .limit(1)
        .correlate(Application)
        .scalar_subquery()
    )


def _is_enrolled(question: Question) -> ColumnElement[bool]:
    """Whether the funnel has the person already, whoever may see the enrolment."""
    return (
        select(LedgerEntry.id)
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .where(
            Enrolment.run_id == Application.run_id,
            Enrolment.person_id == Application.person_id,
            LedgerEntry.kind == "enrolled",
            facts.is_known(question),
        )
        .correlate(Application)
        .exists()
    )


def _is_seen(viewer: Viewer, row: Subquery, day: date) -> ColumnElement[bool]:
    """As `visible_to` has it of enrolments."""
    of = row.c
    conditions: list[ColumnElement[bool]] = [of.person_id == viewer.id]
    if viewer.managed_companies:
        merged = select(Company.id).where(Company.merged_into_id.in_(viewer.managed_companies))
        conditions.append(or_(of.company_id.in_(viewer.managed_companies), of.company_id.in_(merged)))
    if centres := viewer.officer_centres | viewer.instructor_centres:
        served = or_(
            covers(CentreRegion.from_on, CentreRegion.to_on, of.enrolled_on),
            covers(CentreRegion.from_on, CentreRegion.to_on, day),
        )
        theirs = select(CentreRegion.id).where(
            CentreRegion.centre_id.in_(centres), CentreRegion.region_id == of.region_id, served
        )
        conditions.append(theirs.correlate(row).exists())
    return or_(*conditions)


def _filters(question: Question, row: Subquery) -> list[ColumnElement[bool]]:
    of = row.c
    conditions: list[ColumnElement[bool]] = []
    if question.filter("company"):
        conditions.append(facts.of_companies(question, of.company_id))
    if runs_are := facts.is_run(question):
        conditions.append(and_(*runs_are))
    if facts.is_status(question):
        conditions.append(facts.of_statuses(question, of.company_status_id))
    if centres := question.filter("centre"):
        serving = select(CentreRegion.id).join(Centre, Centre.id == CentreRegion.centre_id)
        serving = serving.where(
            Centre.slug.in_(centres),
            CentreRegion.region_id == of.region_id,
            covers(CentreRegion.from_on, CentreRegion.to_on, of.enrolled_on),
        )
        conditions.append(serving.correlate(row).exists())
    if clusters := question.filter("cluster"):
        members = select(ClusterMember.id).join(Cluster, Cluster.id == ClusterMember.cluster_id)
        members = members.where(
            Cluster.slug.in_(clusters),
            ClusterMember.company_id == of.company_id,
            facts.is_member(question, of.enrolled_on),
        )
        conditions.append(members.correlate(row).exists())
    return conditions

"""What a viewer may choose from when she narrows a report: names and keys, in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    and_,
    cast,
    exists,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from lms.clock import today
from lms.learning.enrolments import covers
from lms.models import (
    CentreRegion,
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    Course,
    CourseVersion,
    Enrolment,
    Programme,
    Region,
    RegionSuccession,
    Run,
)
from lms.people.viewers import Viewer

from .rows import vocabulary_of

_VOCABULARIES = {"size": "size_classes", "industry": "industries", "level": "factory_levels"}

_Column = SQLColumnExpression


@dataclass(frozen=True)
class Choice:
    """A key of a dimension, as a question's filter takes it, and what is shown for it; of a run the year in which it begins."""

    key: str
    label: str
    year: int | None = None


def list_choices(session: Session, viewer: Viewer, language: str = "ko") -> Mapping[str, Sequence[Choice]]:
    """By dimension (course, run, region, size, industry, level, cluster, year); of all but the vocabularies only what the
    viewer has to do with.

    Runs are the newest first; of a run the label is the title of its course, and its number is in the key.
    """
    is_korean = language == "ko"
    region = Region.name_ko if is_korean else Region.name_en
    parts = (
        _courses(viewer),
        _runs(viewer),
        _row("region", Region.slug, region, cast(Region.position + 100, String)).where(_own(viewer, Region.id)),
        _clusters(viewer),
        _years(),
    )
    rows = session.execute(union_all(*parts)).all()
    found: dict[str, list[Choice]] = defaultdict(list)
    for dimension, key, label, place in sorted(rows, key=lambda row: (row[0], row[3])):
        # Runs are in the order of their first days, so that their places begin with the year.
        choice = Choice(key, label, int(place[:4]) if dimension == "run" else None)
        if choice not in found[dimension]:
            found[dimension].append(choice)
    found["run"].reverse()
    for dimension, vocabulary in _VOCABULARIES.items():
        words = vocabulary_of(vocabulary).items()
        found[dimension] = [Choice(key, korean if is_korean else english) for key, (korean, english) in words]
    return found


def _row(dimension: str, key: _Column, label: _Column, place: _Column) -> Select:
    return select(literal(dimension), cast(key, String), cast(label, String), cast(place, String))


def _centres(viewer: Viewer) -> ColumnElement[bool]:
    return CentreRegion.centre_id.in_(viewer.officer_centres | viewer.instructor_centres)


def _own(viewer: Viewer, region: _Column) -> ColumnElement[bool]:
    """The regions of her centres, and those that became one of them."""
    if viewer.is_programme_office:
        return true()
    served = select(CentreRegion.region_id).where(_centres(viewer))
    before = select(RegionSuccession.region_id).where(RegionSuccession.successor_id.in_(served))
    return region.in_(served) | region.in_(before)


def _known_run(viewer: Viewer) -> ColumnElement[bool]:
    """Runs of her centres, and those in which somebody is whom she sees, as `visible_to` has it: each part by an index of
    its own, of which all of them with OR in one condition make none."""
    if viewer.is_programme_office:
        return true()
    conditions: list[ColumnElement[bool]] = [_run_of(Enrolment.person_id == viewer.id)]
    if viewer.managed_companies:
        merged = select(Company.id).where(Company.merged_into_id.in_(viewer.managed_companies))
        conditions.append(_run_of(Enrolment.company_id.in_(viewer.managed_companies)))
        conditions.append(_run_of(Enrolment.company_id.in_(merged)))
    if centres := viewer.officer_centres | viewer.instructor_centres:
        served = or_(
            covers(CentreRegion.from_on, CentreRegion.to_on, Enrolment.enrolled_on),
            covers(CentreRegion.from_on, CentreRegion.to_on, today()),
        )
        theirs = and_(Enrolment.run_id == Run.id, Enrolment.region_id == CentreRegion.region_id)
        conditions.append(Run.centre_id.in_(centres))
        conditions.append(exists().where(theirs, served, _centres(viewer)).correlate(Run))
    return or_(*conditions)


def _run_of(enrolments: ColumnElement[bool]) -> ColumnElement[bool]:
    return Run.id.in_(select(Enrolment.run_id).where(enrolments))


def _courses(viewer: Viewer) -> Select:
    version = CourseVersion.id == Course.current_version_id
    row = _row("course", Course.slug, CourseVersion.title, CourseVersion.title)
    return (
        row.select_from(Course)
        .join(CourseVersion, version)
        .where(exists().where(Run.course_id == Course.id, _known_run(viewer)))
    )


def _runs(viewer: Viewer) -> Select:
    key = Course.slug + "-" + cast(Run.number, String)
    row = _row("run", key, CourseVersion.title, cast(Run.learn_from, String) + key)
    return (
        row.select_from(Run)
        .join(Course, Course.id == Run.course_id)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .where(_known_run(viewer), Run.opened_at.is_not(None))
    )


def _clusters(viewer: Viewer) -> Select:
    row = _row("cluster", Cluster.slug, Cluster.name, Cluster.name)
    near = (
        exists()
        .where(ClusterMember.cluster_id == Cluster.id)
        .where(CompanyStatus.company_id == ClusterMember.company_id)
        .where(_own(viewer, CompanyStatus.region_id))
    )
    return row.where(near)


def _years() -> Select:
    year = cast(Programme.fiscal_year, String)
    return _row("year", year, year, year)

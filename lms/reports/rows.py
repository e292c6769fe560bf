"""The groups of a report: their keys and words, their order, and which of them are rows although nothing was counted."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from math import prod
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select, true
from sqlalchemy.orm import Session, aliased

from lms.clock import end_of_day
from lms.learning.enrolments import covers
from lms.models import (
    Centre,
    CentreRegion,
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    Course,
    CourseVersion,
    Industry,
    Programme,
    Run,
)
from lms.models.reference_data import FOLDER
from lms.people.organisations.business_numbers import display
from lms.people.viewers import Viewer

from . import facts
from .question import COURSE_DIMENSIONS, UNDECLARED, Question
from .regions import Regions, is_served

# A report that could have more groups than these shows only those in which somebody is.
MOST_EMPTY_ROWS = 20_000
NOWHERE = "none-of-them"  # key of those that belong to no centre or cluster

_WORDS: Mapping[str, tuple[str, str]] = {
    UNDECLARED: ("신고 없음", "Not declared"),
    "centre": ("맡은 센터 없음", "No centre"),
    "cluster": ("클러스터 없음", "No cluster"),
    "programme": ("사업 없음", "No programme"),
}


@dataclass(frozen=True)
class Group:
    """One value of a dimension. `key` is what a filter takes, `label` what is read, `detail` tells equal names apart.

    `detail` is the business number of a company, and of a course and a run the key; else empty.
    """

    key: str
    name: str = field(compare=False)
    detail: str = field(default="", compare=False)
    order: Any = field(default=0, compare=False, repr=False)
    is_ambiguous: bool = field(default=False, compare=False)  # another group of the report has the same name

    @property
    def label(self) -> str:
        return f"{self.name} ({self.detail})" if self.is_ambiguous and self.detail else self.name


class Grouped(Protocol):
    """A row of a report, whose groups are one for each dimension."""

    @property
    def groups(self) -> tuple[Group, ...]: ...


GroupedRow = TypeVar("GroupedRow", bound=Grouped)


def order_of(groups: tuple[Group, ...]) -> tuple:
    """The usual order of a report's rows."""
    return tuple((group.order, group.key) for group in groups)


def told_apart(rows: tuple[GroupedRow, ...]) -> tuple[GroupedRow, ...]:
    """The rows, whose groups of one name say so, and whose labels then hold the detail."""
    keys: dict[tuple[int, str], set[str]] = {}
    for row in rows:
        for place, group in enumerate(row.groups):
            keys.setdefault((place, group.name), set()).add(group.key)
    shared = {place_and_name for place_and_name, of in keys.items() if len(of) > 1}
    if not shared:
        return rows
    return tuple(_told_apart(row, shared) for row in rows)


def _told_apart(row: GroupedRow, shared: Collection[tuple[int, str]]) -> GroupedRow:
    if not any((place, group.name) in shared for place, group in enumerate(row.groups)):
        return row  # nearly all of them, and a country has sixty thousand
    groups = (replace(group, is_ambiguous=(place, group.name) in shared) for place, group in enumerate(row.groups))
    return replace(row, groups=tuple(groups))  # type: ignore[type-var]


# One group of the counting query, and one possible group: what each part of it is, by these names.
Raw = Mapping[str, Any]
_COMPANY = ("company_id", "company_uid", "company_name", "business_number")
_STATUS = ("size_class", "factory_level", "industry")


def grouped(question: Question, counted: Any) -> tuple[Select, list[ColumnElement]]:
    """The facts joined with what the dimensions need, and the columns to group by."""
    columns: list[ColumnElement] = []
    statement = select().select_from(counted)
    by = set(question.by)
    if by & {"region", "zone"}:
        columns.append(counted.c.region_id.label("region_id"))
    if "centre" in by:
        served = covers(CentreRegion.from_on, CentreRegion.to_on, counted.c.enrolled_on)
        statement = statement.outerjoin(CentreRegion, and_(CentreRegion.region_id == counted.c.region_id, served))
        columns.append(CentreRegion.centre_id.label("centre_id"))
    if "company" in by:
        statement = statement.join(Company, Company.id == _company_of(question, counted.c.company_id))
        columns += _company_columns()
    if "cluster" in by:
        member = and_(
            ClusterMember.company_id == counted.c.company_id, facts.is_member(question, counted.c.enrolled_on)
        )
        statement = statement.outerjoin(ClusterMember, member)
        columns.append(ClusterMember.cluster_id.label("cluster_id"))
    if by & {"size", "industry", "level"}:
        statement = statement.outerjoin(CompanyStatus, CompanyStatus.id == counted.c.company_status_id).outerjoin(
            Industry, Industry.id == CompanyStatus.industry_id
        )
        columns += _status_columns(by)
    if by & set(COURSE_DIMENSIONS):
        columns.append(counted.c.run_id.label("run_id"))
    return statement, columns


def _company_of(question: Question, company_id: Any) -> Any:
    """The company as it was counted; mapped to today the one that it was merged into."""
    if question.regions != "today":
        return company_id
    its = aliased(Company)
    return (
        select(case((facts.was_merged(question, its), its.merged_into_id), else_=its.id))
        .where(its.id == company_id)
        .correlate_except(its)
        .scalar_subquery()
    )


def _stands_alone(question: Question) -> ColumnElement[bool]:
    """Whether a company was not known on the day to be another one, which has the row."""
    if question.regions == "today" or question.reading != "recorded":
        return not_(facts.was_merged(question))
    return or_(Company.merged_at.is_(None), Company.merged_at >= end_of_day(question.as_of))


def _company_columns() -> list[ColumnElement]:
    columns = (Company.id, Company.uid, Company.name, Company.business_number)
    return [column.label(name) for column, name in zip(columns, _COMPANY, strict=True)]


def _status_columns(by: Iterable[str]) -> list[ColumnElement]:
    columns: dict[str, ColumnElement] = {
        "size": CompanyStatus.size_class.label("size_class"),
        "level": CompanyStatus.factory_level.label("factory_level"),
        "industry": Industry.code.label("industry"),
    }
    return [column for name, column in columns.items() if name in by]


class Groups:
    """Makes groups of raw rows. Loads what its question's dimensions need: one query for each kind, however many rows."""

    def __init__(
        self, session: Session, viewer: Viewer | None, question: Question, regions: Regions, language: str = "ko"
    ) -> None:
        self.session, self.viewer, self.question, self.regions = session, viewer, question, regions
        self.place = 0 if language == "ko" else 1
        by = set(question.by)
        self.runs = _runs(session, viewer, question) if by & set(COURSE_DIMENSIONS) else {}
        self.clusters = _clusters(session, viewer, question) if "cluster" in by else {}
        self.centres = _centres(session, viewer, question) if "centre" in by else []
        self._regions: dict[int, Group] = {}
        self._courses: dict[int, Group] = {}

    def of(self, raw: Raw) -> tuple[Group, ...]:
        return tuple(getattr(self, f"_{name}")(raw) for name in self.question.by)

    def _region(self, raw: Raw) -> Group:
        id_ = raw["region_id"]
        if (made := self._regions.get(id_)) is None:
            region = self.regions.by_id[self.regions.counted_as[id_]]
            made = Group(region.slug, region.names[self.place], order=(region.position, region.id))
            self._regions[id_] = made
        return made

    def _zone(self, raw: Raw) -> Group:
        region = self.regions.by_id[self.regions.counted_as[raw["region_id"]]]
        return Group(region.zone, region.zone_names[self.place], order=region.zone_id)

    def _centre(self, raw: Raw) -> Group:
        found = next((centre for centre in self.centres if centre["centre_id"] == raw["centre_id"]), None)
        if found is None:
            return Group(NOWHERE, _WORDS["centre"][self.place], order=(1, 0))
        return Group(found["slug"], found["names"][self.place], order=(0, found["centre_id"]))

    def _company(self, raw: Raw) -> Group:
        number = raw["business_number"]
        return Group(str(raw["company_uid"]), raw["company_name"], display(number), (raw["company_name"], number))

    def _cluster(self, raw: Raw) -> Group:
        found = self.clusters.get(raw["cluster_id"])
        if found is None:
            return Group(NOWHERE, _WORDS["cluster"][self.place], order=(1, ""))
        return Group(found["slug"], found["name"], order=(0, found["name"], found["slug"]))

    def _size(self, raw: Raw) -> Group:
        return self._word("size_classes", raw["size_class"])

    def _level(self, raw: Raw) -> Group:
        return self._word("factory_levels", raw["factory_level"])

    def _industry(self, raw: Raw) -> Group:
        return self._word("industries", raw["industry"])

    def _word(self, vocabulary: str, key: str | None) -> Group:
        words = vocabulary_of(vocabulary)
        if key is None:
            return Group(UNDECLARED, _WORDS[UNDECLARED][self.place], order=len(words))
        # A division of another revision than ours has no name here; its code says what it is.
        return Group(key, words.get(key, (key, key))[self.place], order=_position(words, key))

    def _course(self, raw: Raw) -> Group:
        id_ = raw["run_id"]
        if (made := self._courses.get(id_)) is None:
            run = self.runs[id_]
            made = self._courses[id_] = Group(run["course"], run["title"], run["course"], run["course"])
        return made

    def _run(self, raw: Raw) -> Group:
        run = self.runs[raw["run_id"]]
        number = f"{run['title']} {run['number']}차수" if self.place == 0 else f"{run['title']}, run {run['number']}"
        key = f"{run['course']}-{run['number']}"
        return Group(key, number, key, (run["course"], run["number"]))

    def _programme(self, raw: Raw) -> Group:
        run = self.runs[raw["run_id"]]
        if run["programme"] is None:
            return Group(NOWHERE, _WORDS["programme"][self.place], order=(1, 0, ""))
        return Group(run["programme"], run["programme_name"], order=(0, run["fiscal_year"], run["programme"]))

    def _year(self, raw: Raw) -> Group:
        run = self.runs[raw["run_id"]]
        year = run["fiscal_year"] or run["learn_from"].year
        return Group(str(year), str(year), order=year)

    def open(self) -> list[tuple[Group, ...]]:
        """The groups that are rows although nothing may be counted in them."""
        by = set(self.question.by)
        if "company" in by:
            # Each company with each run would be mostly nothing: there a company has a row where it has somebody.
            raws: Iterable[Raw] = [] if by & set(COURSE_DIMENSIONS) else self._open_companies()
        else:
            axes = [axis for axis in self._axes(by) if axis is not None]
            if prod(len(axis) for axis in axes) > MOST_EMPTY_ROWS:
                return []
            raws = ({name: value for part in parts for name, value in part.items()} for parts in product(*axes))
        return [self.of(raw) for raw in raws]

    def _axes(self, by: set[str]) -> list[Sequence[Raw] | None]:
        question = self.question
        regions = [{"region_id": region.id} for region in self.regions.open(question)]
        if "centre" in by:
            open_ids = {region["region_id"] for region in regions}
            served: list[Raw] = [
                {"centre_id": centre["centre_id"], "region_id": region}
                for centre in self.centres
                for region in centre["regions"]
                if self.regions.counted_as.get(region) in open_ids and centre["is_open"]
            ]
        return [
            (served if "centre" in by else regions) if by & {"region", "zone", "centre"} else None,
            self._keys("size", "size_classes", "size_class") if "size" in by else None,
            self._keys("level", "factory_levels", "factory_level") if "level" in by else None,
            self._keys("industry", "industries", "industry") if "industry" in by else None,
            [{"cluster_id": id_} for id_, cluster in self.clusters.items() if cluster["is_open"]]
            if "cluster" in by
            else None,
            [{"run_id": id_} for id_, run in self.runs.items() if run["is_open"]]
            if by & set(COURSE_DIMENSIONS)
            else None,
        ]

    def _keys(self, dimension: str, vocabulary: str, column: str) -> list[Raw]:
        asked = self.question.filter(dimension)
        return [{column: key} for key in vocabulary_of(vocabulary) if not asked or key in asked]

    def _open_companies(self) -> list[Raw]:
        """The companies that the viewer sees, with what they were on the day: one query."""
        question, until = self.question, end_of_day(self.question.as_of)
        is_recorded = question.reading == "recorded"
        place = func.row_number().over(
            partition_by=CompanyStatus.company_id, order_by=(CompanyStatus.from_on.desc(), CompanyStatus.id.desc())
        )
        newest = (
            select(CompanyStatus.id, place.label("place"))
            .where(
                CompanyStatus.from_on <= question.as_of,
                CompanyStatus.recorded_at < until if is_recorded else true(),
                *_near_companies(self.viewer, question),
            )
            .subquery()
        )
        statement = (
            select(*_company_columns(), CompanyStatus.region_id, *_status_columns(("size", "level", "industry")))
            .select_from(newest)
            .join(CompanyStatus, and_(CompanyStatus.id == newest.c.id, newest.c.place == 1))
            .join(Company, Company.id == CompanyStatus.company_id)
            .outerjoin(Industry, Industry.id == CompanyStatus.industry_id)
            .where(
                CompanyStatus.region_id.in_(self.regions.counted_as),
                Company.created_at < until if is_recorded else true(),
                _stands_alone(question),
                _sees_company(self.viewer, question),
                *facts.is_status(question),
            )
        )
        member = and_(ClusterMember.company_id == Company.id, facts.is_member(question, question.as_of))
        if "cluster" in question.by:
            statement = statement.outerjoin(ClusterMember, member).add_columns(ClusterMember.cluster_id)
        if clusters := question.filter("cluster"):
            members = select(ClusterMember.id).join(Cluster, Cluster.id == ClusterMember.cluster_id)
            statement = statement.where(members.where(Cluster.slug.in_(clusters), member).correlate(Company).exists())
        if "centre" in question.by:
            served = covers(CentreRegion.from_on, CentreRegion.to_on, question.as_of)
            statement = statement.outerjoin(
                CentreRegion, and_(CentreRegion.region_id == CompanyStatus.region_id, served)
            ).add_columns(CentreRegion.centre_id)
        return [dict(row._mapping) for row in self.session.execute(statement)]


def _near_companies(viewer: Viewer | None, question: Question) -> list[ColumnElement[bool]]:
    """Which companies can be among those that are asked for and seen: of all the newest status isn't looked for."""
    conditions: list[ColumnElement[bool]] = []
    if asked := question.filter("company"):
        conditions.append(CompanyStatus.company_id.in_(select(Company.id).where(facts.is_company(asked))))
    if viewer is not None and not (viewer.is_programme_office or viewer.officer_centres | viewer.instructor_centres):
        conditions.append(CompanyStatus.company_id.in_(viewer.managed_companies))
    return conditions


def _sees_company(viewer: Viewer | None, question: Question) -> ColumnElement[bool]:
    asked = facts.is_company(question.filter("company")) if question.filter("company") else true()
    if viewer is None or viewer.is_programme_office:
        return and_(asked, _of_centres(question))
    seen: ColumnElement[bool] = Company.id.in_(viewer.managed_companies)
    if viewer.officer_centres | viewer.instructor_centres:
        seen = seen | is_served(_without_companies(viewer), question.but(company=()), CompanyStatus.region_id)
    return and_(asked, seen, _of_centres(question))


def _without_companies(viewer: Viewer) -> Viewer:
    """Whom a manager's company lies beside is not the manager's to see."""
    return Viewer(
        viewer.id,
        viewer.uid,
        viewer.name,
        officer_centres=viewer.officer_centres,
        instructor_centres=viewer.instructor_centres,
    )


def _of_centres(question: Question) -> ColumnElement[bool]:
    """With a filter by centre, the companies of the regions that it served on the day."""
    if not (centres := question.filter("centre")):
        return true()
    served = select(CentreRegion.region_id).join(Centre, Centre.id == CentreRegion.centre_id)
    return CompanyStatus.region_id.in_(
        served.where(Centre.slug.in_(centres), covers(CentreRegion.from_on, CentreRegion.to_on, question.as_of))
    )


def _runs(session: Session, viewer: Viewer | None, question: Question) -> dict[int, dict[str, Any]]:
    """Runs that the filters leave. `title` is what the course was called on the day, `is_open` whether it has a row anyway."""
    until = end_of_day(question.as_of)
    pinned = CourseVersion.__table__.alias("pinned")
    title = (
        select(CourseVersion.title)
        .where(CourseVersion.course_id == Run.course_id, CourseVersion.published_at < until)
        .order_by(CourseVersion.published_at.desc(), CourseVersion.id.desc())
        .limit(1)
        .correlate(Run)
        .scalar_subquery()
    )
    if viewer is None or viewer.is_programme_office:
        seen: ColumnElement[bool] = true()
    else:
        seen = Run.centre_id.in_(viewer.officer_centres | viewer.instructor_centres)
    rows = session.execute(
        select(
            Run.id,
            Run.number,
            Run.learn_from,
            Course.slug.label("course"),
            func.coalesce(title, pinned.c.title).label("title"),
            Programme.slug.label("programme"),
            Programme.name.label("programme_name"),
            Programme.fiscal_year,
            and_(Run.created_at < until, seen).label("is_open"),
        )
        .join(Course, Course.id == Run.course_id)
        .join(pinned, pinned.c.id == Run.course_version_id)
        .outerjoin(Programme, Programme.id == Run.programme_id)
        .where(*facts.is_run(question))
    )
    return {row.id: dict(row._mapping) for row in rows}


def _clusters(session: Session, viewer: Viewer | None, question: Question) -> dict[int, dict[str, Any]]:
    """All clusters; one has a row anyway where a company that the viewer sees belongs to it."""
    if viewer is None or viewer.is_programme_office:
        seen: ColumnElement[bool] = true()
    else:
        companies = (
            select(CompanyStatus.company_id)
            .join(Company, Company.id == CompanyStatus.company_id)
            .where(CompanyStatus.from_on <= question.as_of, _sees_company(viewer, question))
        )
        member = select(ClusterMember.cluster_id).where(
            ClusterMember.company_id.in_(companies), facts.is_member(question, question.as_of)
        )
        seen = Cluster.id.in_(member)
    asked = question.filter("cluster")
    known = Cluster.created_at < end_of_day(question.as_of) if question.reading == "recorded" else true()
    is_open = and_(seen, known, Cluster.slug.in_(asked) if asked else true())
    rows = session.execute(select(Cluster.id, Cluster.slug, Cluster.name, is_open.label("is_open")))
    return {row.id: dict(row._mapping) for row in rows}


def _centres(session: Session, viewer: Viewer | None, question: Question) -> list[dict[str, Any]]:
    """All centres with the regions that they served on the day; of one that is filtered away none has a row anyway."""
    asked = question.filter("centre")
    served = and_(CentreRegion.centre_id == Centre.id, covers(CentreRegion.from_on, CentreRegion.to_on, question.as_of))
    found: dict[int, dict[str, Any]] = {}
    rows = session.execute(select(Centre, CentreRegion.region_id).outerjoin(CentreRegion, served).order_by(Centre.id))
    for centre, region in rows:
        entry = found.setdefault(
            centre.id,
            {
                "centre_id": centre.id,
                "slug": centre.slug,
                "names": (centre.name_ko, centre.name_en),
                "is_open": not asked or centre.slug in asked,
                "regions": [],
            },
        )
        if region is not None:
            entry["regions"].append(region)
    return list(found.values())


@cache
def vocabulary_of(name: str) -> dict[str, tuple[str, str]]:
    """Key → Korean and English words of `size_classes`, `factory_levels` or `industries`, in their order."""
    entries = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))[name]
    return {entry.get("key") or entry["code"]: (entry["name_ko"], entry["name_en"]) for entry in entries}


def _position(words: Mapping[str, Any], key: str) -> int:
    return list(words).index(key) if key in words else len(words) - 1

"""Regions for reports: which of them a question leaves, under which name they are counted, which of them have a row anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from lms.learning.enrolments import covers
from lms.models import Centre, CentreRegion, Company, CompanyStatus, Region, RegionSuccession, Zone
from lms.models.rollups import RollupRegion
from lms.people.viewers import Viewer

from .days import DayOf
from .facts import is_company
from .question import Question
from .rollups.scope import Scope, columns, scope


@dataclass(frozen=True)
class RegionFacts:
    """A region with its zone. `is_open`: it has a row although nothing was counted in it."""

    id: int
    slug: str
    names: tuple[str, str]  # Korean, English
    position: int
    zone: str
    zone_names: tuple[str, str]
    zone_id: int
    from_on: date | None
    to_on: date | None
    is_open: bool

    def is_on(self, day: date) -> bool:
        return (self.from_on is None or self.from_on <= day) and (self.to_on is None or day <= self.to_on)


@dataclass(frozen=True)
class Apart:
    """What hangs on the days of single enrolments, by regions: `seen` (`of_asked`) are those all of whose enrolments the
    viewer's centres see (belong to the centres that the question filters by), `partly_seen` (`partly_asked`) those of which
    some do; `mixed` are those which a centre served on some only of the days on which people enrolled."""

    seen: frozenset[int] = frozenset()
    partly_seen: frozenset[int] = frozenset()
    of_asked: frozenset[int] = frozenset()
    partly_asked: frozenset[int] = frozenset()
    mixed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Regions:
    """All regions, for those that the question leaves the one under which each is counted, and for all that of today.
    `near` are those that the viewer's centres ever served; `sums` and `apart` say what the rollups can tell of them."""

    by_id: Mapping[int, RegionFacts]
    counted_as: Mapping[int, int]
    of_today: Mapping[int, int]
    near: frozenset[int] = frozenset()
    sums: Scope | None = None
    apart: Apart = Apart()

    @cached_property
    def of_slug(self) -> Mapping[str, RegionFacts]:
        return {region.slug: region for region in self.by_id.values()}

    def open(self, question: Question) -> list[RegionFacts]:
        """The regions that have a row anyway: those that the viewer sees, as they were on the day, or as they are today."""
        ids = {self.counted_as[id_] for id_, region in self.by_id.items() if region.is_open and id_ in self.counted_as}
        return [region for region in self.on_its_day(question) if region.id in ids]

    def on_its_day(self, question: Question) -> list[RegionFacts]:
        """The regions that there were on the day, or that there are today."""
        day = question.asking_day if question.regions == "today" else question.as_of
        return [region for region in self.by_id.values() if region.is_on(day)]


def load(session: Session, viewer: Viewer | None, question: Question) -> Regions:
    """One query."""
    rows = session.execute(
        select(
            Region,
            Zone,
            RegionSuccession.successor_id,
            RegionSuccession.on,
            is_served(viewer, question).label("is_open"),
            _is_near(viewer).label("is_near"),
            _is_mixed(Region.id).label("is_mixed"),
            *columns(viewer, question, Region.id),
        )
        .join(Zone, Zone.id == Region.zone_id)
        .outerjoin(RegionSuccession, RegionSuccession.region_id == Region.id)
        .order_by(Region.position, Region.id)
    ).all()
    by_id: dict[int, RegionFacts] = {}
    successors: dict[int, set[int]] = {}
    near: set[int] = set()
    for region, zone, successor, on, is_open, is_near, *_rest in rows:
        if is_near:
            near.add(region.id)
        by_id[region.id] = RegionFacts(
            region.id,
            region.slug,
            (region.name_ko, region.name_en),
            region.position,
            zone.slug,
            (zone.name_ko, zone.name_en),
            zone.id,
            region.from_on,
            region.to_on,
            bool(is_open),
        )
        if successor is not None and on <= question.asking_day:
            successors.setdefault(region.id, set()).add(successor)
    of_today = {id_: _followed(id_, successors) for id_ in by_id}
    counted_as = of_today if question.regions == "today" else {id_: id_ for id_ in by_id}
    left = {id_: to for id_, to in counted_as.items() if _is_left(question, by_id[to])}
    sums = scope(question, [(row[0].id, *row[7:]) for row in rows])
    return Regions(by_id, left, of_today, frozenset(near), sums, _apart(rows))


def _apart(rows: Sequence[Any]) -> Apart:
    def those(name: str, value: int | None) -> frozenset[int]:
        return frozenset(row[0].id for row in rows if getattr(row, name) == value)

    mixed = frozenset(row[0].id for row in rows if row.is_mixed)
    return Apart(those("seen", 1), those("seen", None), those("of_asked", 1), those("of_asked", None), mixed)


def _is_mixed(region: Any) -> ColumnElement[bool]:
    its = RollupRegion.c.region_id == region
    first = select(RollupRegion.c.enrolled_from).where(its).correlate_except(RollupRegion).scalar_subquery()
    last = select(RollupRegion.c.enrolled_to).where(its).correlate_except(RollupRegion).scalar_subquery()
    begins, ends = DayOf(CentreRegion.from_on), DayOf(CentreRegion.to_on)
    always = and_(or_(CentreRegion.from_on.is_(None), begins <= first), or_(CentreRegion.to_on.is_(None), ends >= last))
    ever = and_(or_(CentreRegion.from_on.is_(None), begins <= last), or_(CentreRegion.to_on.is_(None), ends >= first))
    return exists().where(CentreRegion.region_id == region, ever, ~always)


def _is_near(viewer: Viewer | None) -> ColumnElement[bool]:
    centres = (viewer.officer_centres | viewer.instructor_centres) if viewer else frozenset[int]()
    if not centres:
        return false()
    return Region.id.in_(select(CentreRegion.region_id).where(CentreRegion.centre_id.in_(centres)))


def _followed(region: int, successors: Mapping[int, set[int]]) -> int:
    """The region of today. One that was split among several can't be mapped and stays what it was."""
    seen = {region}
    while len(after := successors.get(region, set())) == 1 and not after <= seen:
        region = next(iter(after))
        seen.add(region)
    return region


def _is_left(question: Question, region: RegionFacts) -> bool:
    regions, zones = question.filter("region"), question.filter("zone")
    return (not regions or region.slug in regions) and (not zones or region.zone in zones)


def is_served(viewer: Viewer | None, question: Question, region: Any = Region.id) -> ColumnElement[bool]:
    """Whether a region has a row anyway for the viewer: her centres served it on the day, or her companies lay in it.

    With a filter by company only the company's own regions have one, with one by centre only the centre's.
    """
    conditions = [_is_seen(viewer, question, region)]
    if companies := question.filter("company"):
        conditions.append(_is_of_companies(question, region, is_company(companies)))
    if centres := question.filter("centre"):
        conditions.append(_is_of_centres(question, region, Centre.slug.in_(centres)))
    return and_(*conditions)


def _is_seen(viewer: Viewer | None, question: Question, region: Any) -> ColumnElement[bool]:
    if viewer is None or viewer.is_programme_office:
        return true()
    conditions: list[ColumnElement[bool]] = []
    if centres := viewer.officer_centres | viewer.instructor_centres:
        conditions.append(_is_of_centres(question, region, Centre.id.in_(centres)))
    if viewer.managed_companies:
        conditions.append(_is_of_companies(question, region, Company.id.in_(viewer.managed_companies)))
    return or_(false(), *conditions)


def _is_of_centres(question: Question, region: Any, centres: ColumnElement[bool]) -> ColumnElement[bool]:
    served = select(CentreRegion.region_id).join(Centre, Centre.id == CentreRegion.centre_id)
    return region.in_(served.where(centres, covers(CentreRegion.from_on, CentreRegion.to_on, question.as_of)))


def _is_of_companies(question: Question, region: Any, companies: ColumnElement[bool]) -> ColumnElement[bool]:
    lain = select(CompanyStatus.region_id).join(Company, Company.id == CompanyStatus.company_id)
    return region.in_(lain.where(companies, CompanyStatus.from_on <= question.as_of))

"""Sixty companies in all regions: what they declared to be and when, and which of them train together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.models import Cluster, ClusterMember, Company, CompanyStatus, Industry, Region, RegionSuccession
from lms.models.companies import FACTORY_LEVELS

from .cast import first_day
from .days import morning
from .marks import mark, marked
from .names import INDUSTRIES, business_numbers, firm_name

# Companies by region. Busan and Gyeongnam, whose officers are in the cast, have the most to show.
_IN_REGION = {
    "busan": 13, "gyeongnam": 10, "gyeonggi": 6, "ulsan": 3, "daegu": 3, "gyeongbuk": 3, "incheon": 3, "chungnam": 3,
    "seoul": 2, "daejeon": 2, "gwangju": 2, "jeonnam": 2, "chungbuk": 2, "jeonbuk": 2, "gangwon": 2, "sejong": 1, "jeju": 1,
}  # fmt: skip
# Shares of the size classes, and how many of its people a company of that size sends, against the others.
_SIZES = {"micro": (3, 0.4), "small": (5, 1.0), "medium": (3, 1.8), "mid_market": (1, 3.0)}
_LEVELS = {"none": 3, "basic": 5, "mid1": 2, "mid2": 1}
# Two companies share a name, as happens, in different regions.
_SAME_NAME = ("대성정밀", ("busan", "gyeonggi"))
_CLUSTERS = (
    ("demonstration-car-parts", "동남권 자동차부품 클러스터", ("busan", "gyeongnam", "ulsan")),
    ("demonstration-ships", "조선기자재 클러스터", ("busan", "gyeongnam")),
    ("demonstration-moulds", "수도권 금형 클러스터", ("gyeonggi", "incheon", "seoul")),
    ("demonstration-home-appliances", "호남 가전 부품 클러스터", ("gwangju", "jeonnam", "jeonbuk")),
)


@dataclass(frozen=True)
class Firm:
    """A company with its statuses, oldest first. `weight` is how many people it sends, against the others."""

    company: Company
    statuses: tuple[CompanyStatus, ...]
    weight: float

    def status_on(self, day: date) -> CompanyStatus:
        return [status for status in self.statuses if status.from_on <= day][-1]


def make_firms(session: Session, random: Random, day: date) -> list[Firm]:
    """The cast's two and the others, in the order in which they are made."""
    places = _places(session, first_day(day))
    firms = [_of_cast(company, random) for company in _cast_companies(session)]
    made = [_company(session, random, place, day) for place in _wanted(places, firms)]
    _share_a_name(made, places)
    numbers = business_numbers(random)
    taken = set(session.scalars(select(Company.business_number)))
    for company, _ in made:
        company.business_number = next(number for number in numbers if number not in taken)
        taken.add(company.business_number)
    session.add_all(company for company, _ in made)
    session.flush()
    firms += [Firm(company, tuple(company.statuses), weight) for company, weight in made]
    session.add_all(_clusters(session, random, firms, places, day))
    session.flush()
    mark(session, *(company for company, _ in made))
    return firms


@dataclass(frozen=True)
class _Place:
    """Where companies are: a region of the first day, and what follows it, until today."""

    slug: str
    regions: tuple[tuple[date, int], ...]


def _places(session: Session, since: date) -> dict[str, _Place]:
    followers = {row.region_id: row for row in session.scalars(select(RegionSuccession))}
    places = {}
    for region in session.scalars(select(Region).where(Region.slug.in_(_IN_REGION)).order_by(Region.position)):
        days, id_ = [(since, region.id)], region.id
        while id_ in followers:
            days.append((max(since, followers[id_].on), followers[id_].successor_id))
            id_ = followers[id_].successor_id
        places[region.slug] = _Place(region.slug, tuple(dict(days).items()))
    return places


def _cast_companies(session: Session) -> list[Company]:
    return list(
        session.scalars(
            select(Company)
            .where(Company.id.in_(marked(Company)))
            .options(joinedload(Company.statuses))
            .order_by(Company.id)
        ).unique()
    )


def _of_cast(company: Company, random: Random) -> Firm:
    return Firm(company, tuple(company.statuses), _SIZES["medium"][1] + random.random())


def _wanted(places: dict[str, _Place], firms: list[Firm]) -> list[_Place]:
    """A place for each company that is still to be made."""
    there = [firm.statuses[0].region_id for firm in firms]
    wanted = []
    for slug, count in _IN_REGION.items():
        place = places[slug]
        wanted += [place] * (count - there.count(place.regions[0][1]))
    return wanted


def _share_a_name(made: list[tuple[Company, float]], places: dict[str, _Place]) -> None:
    """The first company of each of the regions gets it."""
    name, slugs = _SAME_NAME
    for slug in slugs:
        region = places[slug].regions[0][1]
        next(company for company, _ in made if company.statuses[0].region_id == region).name = name


def _company(session: Session, random: Random, place: _Place, day: date) -> tuple[Company, float]:
    code = random.choice(INDUSTRIES)
    industry = session.scalar(
        select(Industry.id).where(Industry.code == code).order_by(Industry.revision.desc()).limit(1)
    )
    name = firm_name(random, code)
    size = random.choices(tuple(_SIZES), [share for share, _ in _SIZES.values()])[0]
    company = Company(name=name, created_at=morning(first_day(day)))
    company.statuses = _statuses(random, place, industry, size, day)
    return company, _SIZES[size][1] * random.uniform(0.7, 1.3)


def _statuses(random: Random, place: _Place, industry: int | None, size: str, day: date) -> list[CompanyStatus]:
    """The first, one more for each region that followed, and for some a raised level or another size."""
    level = random.choices(tuple(_LEVELS), tuple(_LEVELS.values()))[0]
    since = first_day(day)
    changes: dict[date, dict[str, str | int]] = {from_on: {"region_id": region} for from_on, region in place.regions}
    if random.random() < 0.4:
        raised = FACTORY_LEVELS[FACTORY_LEVELS.index(level) + 1]
        changes.setdefault(since + timedelta(days=random.randint(200, 800)), {})["factory_level"] = raised
    if size == "small" and random.random() < 0.15:
        changes.setdefault(since + timedelta(days=random.randint(200, 800)), {})["size_class"] = "medium"
    facts: dict[str, str | int | None] = {"industry_id": industry, "size_class": size, "factory_level": level}
    rows = []
    for from_on in sorted(from_on for from_on in changes if from_on < day):
        facts |= changes[from_on]
        rows.append(CompanyStatus(from_on=from_on, recorded_at=morning(from_on), **facts))
    return rows


def _clusters(
    session: Session, random: Random, firms: list[Firm], places: dict[str, _Place], day: date
) -> list[ClusterMember]:
    """A company may be in two; one has left."""
    since = first_day(day) + timedelta(days=60)
    members = []
    for slug, name, regions in _CLUSTERS:
        cluster = Cluster(slug=slug, name=name, created_at=morning(since))
        session.add(cluster)
        session.flush()
        mark(session, cluster)
        near = {places[region].regions[0][1] for region in regions}
        inside = [firm for firm in firms if firm.statuses[0].region_id in near and random.random() < 0.5]
        members += [
            ClusterMember(
                cluster_id=cluster.id, company_id=firm.company.id, from_on=since, to_on=None, recorded_at=morning(since)
            )
            for firm in inside
        ]
    members[0].to_on = since + timedelta(days=400)
    return members

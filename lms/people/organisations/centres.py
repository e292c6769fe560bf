"""Regions with what they became, and centres with the regions that they serve, from a day to a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.errors import LMSError, NotFoundError
from lms.models import Centre, CentreRegion, Company, CompanyStatus, Region, RegionCode, RegionSuccession

from .. import changes
from ..viewers import Viewer
from . import companies, places


class CentreError(LMSError):
    """`reason`: already (the centre serves the region at that time), ended, ends_before, region_ended."""

    sentence = "The centre was not changed: {reason}."


@dataclass(frozen=True)
class Place:
    """A region with what came before and after it, its codes, and who serves it on the day."""

    region: Region
    is_on: bool
    successors: list[tuple[Region, date]] = field(default_factory=list)
    predecessors: list[tuple[Region, date]] = field(default_factory=list)
    codes: list[RegionCode] = field(default_factory=list)
    centres: list[Centre] = field(default_factory=list)
    companies: int = 0


def list_places(session: Session, day: date) -> list[Place]:
    """All regions, those of the day first. `companies` counts those that lie there on the day. Five queries."""
    regions = session.scalars(
        select(Region).options(joinedload(Region.zone)).order_by(Region.position, Region.id)
    ).all()
    found = {
        region.id: Place(
            region, (region.from_on is None or region.from_on <= day) and (region.to_on is None or day <= region.to_on)
        )
        for region in regions
    }
    for succession in session.scalars(select(RegionSuccession)):
        before, after = found[succession.region_id], found[succession.successor_id]
        before.successors.append((after.region, succession.on))
        after.predecessors.append((before.region, succession.on))
    for code in session.scalars(select(RegionCode).order_by(RegionCode.system, RegionCode.code)):
        found[code.region_id].codes.append(code)
    for region_id, centre in session.execute(
        select(CentreRegion.region_id, Centre)
        .join(Centre, Centre.id == CentreRegion.centre_id)
        .where(places.covers(CentreRegion.from_on, CentreRegion.to_on, day))
        .order_by(Centre.id)
    ):
        found[region_id].centres.append(centre)
    counted = dict(
        session.execute(
            select(CompanyStatus.region_id, func.count())
            .join(Company, CompanyStatus.id == companies.current_status(day))
            .where(Company.merged_into_id.is_(None))
            .group_by(CompanyStatus.region_id)
        ).all()
    )
    rows = [
        Place(
            place.region, place.is_on, place.successors, place.predecessors, place.codes, place.centres,
            counted.get(place.region.id, 0),
        )
        for place in found.values()
    ]  # fmt: skip
    return sorted(rows, key=lambda place: not place.is_on)


def list_centres(session: Session, day: date) -> list[tuple[Centre, list[Region]]]:
    """Each centre with the regions that it serves on a day. Two queries."""
    served: dict[int, list[Region]] = {}
    for centre_id, region in session.execute(
        select(CentreRegion.centre_id, Region)
        .join(Region, Region.id == CentreRegion.region_id)
        .where(places.covers(CentreRegion.from_on, CentreRegion.to_on, day))
        .order_by(Region.position)
    ):
        served.setdefault(centre_id, []).append(region)
    centres = session.scalars(select(Centre).order_by(Centre.id))
    return [(centre, served.get(centre.id, [])) for centre in centres]


def load_centre(session: Session, slug: str) -> Centre:
    """Raises NotFoundError."""
    found = session.scalar(select(Centre).where(Centre.slug == slug))
    if found is None:
        raise NotFoundError()
    return found


def list_services(session: Session, centre: Centre) -> list[tuple[CentreRegion, Region]]:
    """The regions that a centre serves or served, those that it still serves first."""
    rows = session.execute(
        select(CentreRegion, Region)
        .join(Region, Region.id == CentreRegion.region_id)
        .where(CentreRegion.centre_id == centre.id)
        .order_by(CentreRegion.to_on.is_not(None), Region.position, CentreRegion.id)
    )
    return [(service, region) for service, region in rows]


def list_regions_on(session: Session, day: date) -> Sequence[Region]:
    return session.scalars(
        select(Region).where(places.covers(Region.from_on, Region.to_on, day)).order_by(Region.position)
    ).all()


def serve(
    session: Session, viewer: Viewer | None, centre: Centre, region: Region, *, from_on: date, address: str = ""
) -> None:
    """The centre serves the region from a day on. Raises CentreError."""
    if region.to_on is not None and region.to_on < from_on:
        raise CentreError("region_ended")
    there = select(CentreRegion.id).where(
        CentreRegion.centre_id == centre.id,
        CentreRegion.region_id == region.id,
        or_(CentreRegion.to_on.is_(None), CentreRegion.to_on >= from_on),
    )
    if session.scalar(there.limit(1)) is not None:
        raise CentreError("already")
    record = _begin(session, viewer, "region_served", centre, address)
    record.add(CentreRegion(centre_id=centre.id, region_id=region.id, from_on=from_on))


def stop_serving(
    session: Session, viewer: Viewer | None, centre: Centre, region: Region, *, to_on: date, address: str = ""
) -> None:
    """`to_on` is the last day. Raises CentreError."""
    row = session.scalar(
        select(CentreRegion).where(
            CentreRegion.centre_id == centre.id,
            CentreRegion.region_id == region.id,
            or_(CentreRegion.to_on.is_(None), CentreRegion.to_on > to_on),
        )
    )
    if row is None:
        raise CentreError("ended")
    if row.from_on is not None and to_on < row.from_on:
        raise CentreError("ends_before")
    _begin(session, viewer, "region_left", centre, address).alter(row, to_on=to_on)


def _begin(session: Session, viewer: Viewer | None, kind: str, centre: Centre, address: str) -> changes.Recorder:
    return changes.begin(
        session, kind, actor_id=viewer.id if viewer else None, subject=f"centre:{centre.id}", address=address
    )

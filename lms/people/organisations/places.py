"""Which regions a centre looks after on a day, and which region became which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from lms.models import CentreRegion, RegionSuccession


def covers(from_on: Any, to_on: Any, day: Any) -> ColumnElement[bool]:
    """Whether a day lies in a period whose ends are days, both included, or open (None)."""
    return and_(or_(from_on.is_(None), from_on <= day), or_(to_on.is_(None), to_on >= day))


def served_regions(session: Session, centres: Collection[int], day: date) -> frozenset[int]:
    """The regions of these centres on a day, and those that ended and whose successor is one of them: a company that was
    entered in 광주 is looked after by who serves 전남광주. Two queries."""
    served = set(
        session.scalars(
            select(CentreRegion.region_id).where(
                CentreRegion.centre_id.in_(centres), covers(CentreRegion.from_on, CentreRegion.to_on, day)
            )
        )
    )
    successors = _successors(session, day)
    return frozenset(served | {region for region in successors if _followed(region, successors) in served})


def region_on(session: Session, region_id: int, day: date) -> int:
    """What the region had become by that day. One that was split among several stays what it was."""
    return _followed(region_id, _successors(session, day))


def _successors(session: Session, day: date) -> Mapping[int, int]:
    """Of regions that became exactly one other by that day."""
    found: dict[int, set[int]] = {}
    for region, successor in session.execute(
        select(RegionSuccession.region_id, RegionSuccession.successor_id).where(RegionSuccession.on <= day)
    ):
        found.setdefault(region, set()).add(successor)
    return {region: next(iter(to)) for region, to in found.items() if len(to) == 1}


def _followed(region: int, successors: Mapping[int, int]) -> int:
    seen = {region}
    while (after := successors.get(region)) is not None and after not in seen:
        region = after
        seen.add(region)
    return region

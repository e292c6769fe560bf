"""Whether the sums can tell a question: asked together with the regions, so that it costs no query of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, literal, or_, select

from lms.learning.enrolments import covers
from lms.models import Centre, CentreRegion
from lms.models.rollups import Rollup, RollupDue, RollupRegion
from lms.people.viewers import Viewer

from ..days import DayOf
from ..question import Question


@dataclass(frozen=True)
class Scope:
    """`built_at` None: the sums aren't whole. `is_waiting`: entries wait to be folded in. `seen` are the regions all of whose
    enrolments the viewer's centres see, `of_centres` those of the centres that the question filters by; None where some of
    a region's enrolments belong to them and some don't.
    """

    built_at: datetime | None
    is_waiting: bool
    seen: frozenset[int] | None
    centres: tuple[str, ...]
    of_centres: frozenset[int] | None


def columns(viewer: Viewer | None, question: Question, region: Any) -> list[ColumnElement]:
    """For each region: when the sums were made, whether entries wait, and whose its enrolments are (1, 0, or NULL for both)."""
    served_by = (viewer.officer_centres | viewer.instructor_centres) if viewer else frozenset()
    asked = question.filter("centre")
    of_asked = CentreRegion.centre_id.in_(select(Centre.id).where(Centre.slug.in_(asked)))
    named: dict[str, ColumnElement] = {
        "built_at": select(Rollup.c.built_at).scalar_subquery(),
        "is_waiting": exists(select(RollupDue.c.entry_id)),
        "seen": _is_of(region, CentreRegion.centre_id.in_(served_by), lasting_on=question.asking_day)
        if served_by
        else literal(0),
        "of_asked": _is_of(region, of_asked) if asked else literal(0),
    }
    return [column.label(name) for name, column in named.items()]


def _is_of(region: Any, centres: ColumnElement[bool], *, lasting_on: date | None = None) -> ColumnElement:
    """Whether centres served a region on all days on which its enrolments were made. Who serves it on
    `lasting_on` has all."""
    its = RollupRegion.c.region_id == region
    first = select(RollupRegion.c.enrolled_from).where(its).correlate_except(RollupRegion).scalar_subquery()
    last = select(RollupRegion.c.enrolled_to).where(its).correlate_except(RollupRegion).scalar_subquery()
    served = select(CentreRegion.id).where(CentreRegion.region_id == region, centres)
    begins, ends = DayOf(CentreRegion.from_on), DayOf(CentreRegion.to_on)
    before_first = or_(CentreRegion.from_on.is_(None), begins <= first)
    after_last = or_(CentreRegion.to_on.is_(None), ends >= last)
    some = and_(or_(CentreRegion.from_on.is_(None), begins <= last), or_(CentreRegion.to_on.is_(None), ends >= first))
    whole: ColumnElement[bool] = exists(served.where(before_first, after_last))
    if lasting_on:
        whole = or_(whole, exists(served.where(covers(CentreRegion.from_on, CentreRegion.to_on, lasting_on))))
    return case((whole, 1), (~exists(served.where(some)), 0))


def scope(question: Question, rows: Collection[tuple[int, Any, Any, Any, Any]]) -> Scope | None:
    """From the region's id and the values of `columns`, for each region."""
    if not rows:
        return None
    _region, built_at, is_waiting, *_ = next(iter(rows))

    def whole(place: int) -> frozenset[int] | None:
        if any(row[place] is None for row in rows):
            return None
        return frozenset(row[0] for row in rows if row[place])

    return Scope(built_at, bool(is_waiting), whole(3), question.filter("centre"), whole(4))

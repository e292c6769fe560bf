"""Targets: how many completions a programme owes in each region. Set by the programme office, each change noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms import audit
from lms.errors import LMSError, NotFoundError
from lms.models import Programme, Region, Target

from .targets import MOST, set_target


class GoalError(LMSError):
    """`reason`: not_a_number (of the region `region`, a slug), reason_missing, not_now (the programme is over or not begun)."""

    sentence = "The targets were not changed: {reason}."


@dataclass(frozen=True)
class Goal:
    """A region of the programme's time and what it owes; None where nothing was set."""

    region: Region
    completions: int | None


def list_programmes(session: Session) -> Sequence[Programme]:
    """The newest first."""
    return session.scalars(select(Programme).order_by(Programme.fiscal_year.desc(), Programme.name)).all()


def load_programme(session: Session, uid: UUID) -> Programme:
    """Raises NotFoundError."""
    found = session.scalar(select(Programme).where(Programme.uid == uid))
    if found is None:
        raise NotFoundError()
    return found


def list_goals(session: Session, programme: Programme) -> list[Goal]:
    """Each region that there was in the programme's time, in the usual order, with the newest target."""
    newest = (
        select(Target.region_id, func.max(Target.set_on).label("set_on"))
        .where(Target.programme_id == programme.id)
        .group_by(Target.region_id)
        .subquery()
    )
    known = session.execute(
        select(Target.region_id, Target.completions)
        .join(newest, (newest.c.region_id == Target.region_id) & (newest.c.set_on == Target.set_on))
        .where(Target.programme_id == programme.id)
    )
    completions = {region: number for region, number in known}
    regions = session.scalars(
        select(Region)
        .where(
            or_(Region.from_on.is_(None), Region.from_on <= programme.to_on),
            or_(Region.to_on.is_(None), Region.to_on >= programme.from_on),
        )
        .order_by(Region.position)
    )
    return [Goal(region, completions.get(region.id)) for region in regions]


def parse(typed: str) -> int | None:
    """What was typed for a target; nothing typed is no target. Raises ValueError."""
    text = typed.replace(",", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > MOST:
        raise ValueError(text)
    return int(text)


def set_goals(
    session: Session, programme: Programme, typed: Mapping[str, str], *, day: date, actor_id: int, reason: str
) -> int:
    """Set what differs, by region's slug, as of `day`; earlier targets stay. Returns how many changed.

    A target that is left empty stays as it is: to owe nothing is 0.

    Raises:
        GoalError: and then nothing was changed.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise GoalError("reason_missing")
    if not programme.from_on <= day <= programme.to_on:
        raise GoalError("not_now")
    wanted = {}
    for goal in list_goals(session, programme):
        try:
            number = parse(typed.get(goal.region.slug, ""))
        except ValueError:
            raise GoalError("not_a_number", region=goal.region.slug) from None
        if number is not None and number != goal.completions:
            wanted[goal.region] = (goal.completions, number)
    for region, (before, number) in wanted.items():
        set_target(session, programme, region.id, number, on=day, actor_id=actor_id)
        told = f"{region.slug} {'-' if before is None else before} → {number}: {reason}"
        subject = f"programme:{programme.id}"
        audit.record(session, "target_reason", actor_id=actor_id, subject=subject, reason=told)
    return len(wanted)

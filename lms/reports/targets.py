"""목표·실적·달성률 by region for a year, beside the same day of earlier years.

Targets and results are told by the regions of today: what was owed or done in a region that merged is carried to the one
that followed it. A target that was set for the region that followed replaces those of the regions before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import audit
from lms.errors import LMSError
from lms.models import Programme, Target
from lms.models.database import insert_into
from lms.people.viewers import Viewer

from . import regions
from .pace import Pace, is_told, paces
from .question import Question, Reading
from .rollups import reading

MOST = 10_000_000  # completions in a region; more is a slip of the hand


class TargetError(LMSError):
    """`reason`: number (not from 0 to the most), day (outside of the programme)."""

    sentence = "The target was not set: {reason}."


@dataclass(frozen=True)
class TargetRow:
    """`target` None: none was set. `earlier` are the completions of the years before, as of the same day; `pace` is what the
    last weeks lead to, None where that isn't told."""

    key: str
    name: str
    target: int | None
    completed: int
    earlier: tuple[int, ...]
    pace: Pace | None = None

    @property
    def gap(self) -> int | None:
        """What the present pace leaves undone of the target; below 0 where it leads beyond it."""
        return self.target - self.pace.expected if self.target is not None and self.pace else None

    @property
    def rate(self) -> float | None:
        """Completed ÷ target, which may be above 1; None without a target."""
        return self.completed / self.target if self.target else None


@dataclass(frozen=True)
class TargetReport:
    """`years` are the years before, the newest first, in the order of `TargetRow.earlier`."""

    year: int
    as_of: date
    years: tuple[int, ...]
    rows: tuple[TargetRow, ...]
    total: TargetRow


def targets(
    session: Session,
    viewer: Viewer | None,
    year: int,
    *,
    as_of: date,
    reading: Reading = "recorded",
    years_back: int = 2,
    language: str = "ko",
) -> TargetReport:
    """Each region that the viewer sees: three queries, and one for each year."""
    asked = Question(as_of=as_of, by=("region",), reading=reading, regions="today")
    known = regions.load(session, viewer, asked)
    years = tuple(range(year - 1, year - 1 - years_back, -1))
    completed = {
        of: _completed(session, viewer, asked.but(year=(str(of),), as_of=same_day(as_of, of - year)), known)
        for of in (year, *years)
    }
    due = owed(session, year, as_of, known)
    expected = paces(session, viewer, asked, year, completed[year], known)
    nothing = Pace(0, 0, 0) if is_told(year, as_of) else None
    ids = {region.id for region in known.open(asked)}
    ids.update(region for counts in completed.values() for region in counts)
    place = 0 if language == "ko" else 1
    rows = tuple(
        TargetRow(
            region.slug,
            region.names[place],
            due.get(region.id),
            completed[year].get(region.id, 0),
            tuple(completed[of].get(region.id, 0) for of in years),
            expected.get(region.id, nothing),
        )
        for region in known.by_id.values()
        if region.id in ids
    )
    return TargetReport(year, as_of, years, rows, _total(rows, len(years)))


def _total(rows: tuple[TargetRow, ...], years: int) -> TargetRow:
    owed = [row.target for row in rows if row.target is not None]
    earlier = tuple(sum(row.earlier[place] for row in rows) for place in range(years))
    paces_of = [row.pace for row in rows if row.pace]
    pace = sum(paces_of, Pace(0, 0, 0)) if paces_of else None
    return TargetRow("", "", sum(owed) if owed else None, sum(row.completed for row in rows), earlier, pace)


def same_day(day: date, years: int) -> date:
    """The day of another year; of the 29th of February the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _completed(session: Session, viewer: Viewer | None, question: Question, known: regions.Regions) -> dict[int, int]:
    """Completions of the year's runs by region of today."""
    counted = reading.counted(question, viewer, known)
    statement = select(counted.c.region_id, func.sum(counted.c.completed)).group_by(counted.c.region_id)
    found: dict[int, int] = {}
    for region, count in session.execute(statement):
        today = known.counted_as[region]
        found[today] = found.get(today, 0) + int(count)
    return found


def owed(session: Session, year: int, as_of: date, known: regions.Regions) -> Mapping[int, int]:
    """The newest targets of the year's programmes, by region of today; whatever regions a question leaves."""
    rows = session.execute(
        select(Target.programme_id, Target.region_id, Target.completions)
        .join(Programme, Programme.id == Target.programme_id)
        .where(Programme.fiscal_year == year, Target.set_on <= as_of)
        .order_by(Target.set_on)
    )
    newest = {(programme, region): count for programme, region, count in rows}
    due: dict[int, int] = {}
    for (programme, region), count in newest.items():
        today = known.of_today[region]
        if region != today and (programme, today) in newest:
            continue  # the region that followed has a target of its own
        due[today] = due.get(today, 0) + count
    return due


def owed_together(session: Session, question: Question, known: regions.Regions) -> int | None:
    """What the regions that the question leaves owe in the year of its day. None where nothing is owed, and where one of
    them went into another with regions that the question doesn't leave: those owe together."""
    left = known.open(question)
    of_today = {known.of_today[region.id] for region in left}
    if any(known.of_today[region.id] in of_today for region in known.on_its_day(question) if region not in left):
        return None
    due = owed(session, question.as_of.year, question.as_of, known)
    return sum(count for region, count in due.items() if region in of_today) or None


def set_target(
    session: Session, programme: Programme, region_id: int, completions: int, *, on: date, actor_id: int | None
) -> None:
    """Set what a programme owes in a region from a day on. On the same day the later word counts.

    Raises:
        TargetError
    """
    if not 0 <= completions <= MOST:
        raise TargetError("number")
    if not programme.from_on <= on <= programme.to_on:
        raise TargetError("day")
    values = {"programme_id": programme.id, "region_id": region_id, "set_on": on, "completions": completions}
    session.execute(
        insert_into(session, Target)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["programme_id", "region_id", "set_on"], set_={"completions": completions}
        )
    )
    audit.record(
        session,
        "target_set",
        actor_id=actor_id,
        subject=f"programme:{programme.id}",
        reason=f"region {region_id}: {completions} on {on}",
    )

"""How completions grow: columns by week beside a row, and the sum over a year against the years before and the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lms.people.viewers import Viewer
from lms.reports.pace import HALF, SPAN, Pace, is_told, project
from lms.reports.question import CURRENT, Question
from lms.reports.regions import Regions
from lms.reports.weekly import by_day

from .i18n import format_day, format_number
from .i18n import gettext as _


@dataclass(frozen=True)
class Growth:
    """`plot` is what js/plot.js draws and the table beside it shows. A completion stands at its day, in either reading."""

    plot: Mapping[str, Any]


def of_year(
    session: Session,
    viewer: Viewer,
    question: Question,
    known: Regions,
    *,
    years_back: int = 1,
    target: int | None = None,
) -> Growth | None:
    """The sums of the year of `question.as_of` and of years before, by week; None where there is nothing to draw.

    The runs under way say nothing of another year, so that the condition is left aside; each year is counted as it is known
    by `as_of`.
    """
    day = question.as_of
    if question.filter("year") and str(day.year) not in question.filter("year"):
        return None
    whole = question.but(run=tuple(key for key in question.filter("run") if key != CURRENT))
    begin = date(day.year - years_back, 1, 1)
    counts = by_day(session, viewer, whole, since=begin, until=day, known=known)
    if not counts:
        return None
    ends = _weeks(day)
    past = sum(end <= day for end in ends)
    series = [_line(day.year, [*_sums(counts, ends[:past], day.year), *[None] * (len(ends) - past)], "main")]
    for year in range(day.year - 1, begin.year - 1, -1):
        before = _sums(counts, ends, year)
        if any(before):
            series.append(_line(year, before, "soft"))
    told = _summary(series, past, day, target)
    if pace := _pace(counts, day):
        series.append(_ahead(pace, ends, past, day, series[0]["values"][past - 1]))
        told += " " + _told_of(pace)
    if target:
        series.append({"name": _("Target"), "values": [target] * len(ends), "style": "goal"})
    labels = [format_day(end, "short") for end in ends]
    return Growth({"kind": "line", "unit": _("people"), "labels": labels, "series": series, "summary": told})


def _pace(counts: Mapping[date, int], day: date) -> Pace | None:
    """What the last eight weeks lead to; None before there are eight, and when the year is over."""
    if not is_told(day.year, day):
        return None
    ages = [((day - of).days, count) for of, count in counts.items()]
    later = sum(count for age, count in ages if 0 <= age < HALF.days)
    earlier = sum(count for age, count in ages if HALF.days <= age < SPAN.days)
    so_far = sum(count for of, count in counts.items() if of.year == day.year)
    return project(so_far, earlier, later, left=(date(day.year, 12, 31) - day).days)


def _ahead(pace: Pace, ends: Sequence[date], past: int, day: date, now: int) -> dict[str, Any]:
    """A line from today to what is expected at the end of the year."""
    whole = (date(day.year, 12, 31) - day).days
    values = [now + round((pace.expected - now) * (end - day).days / whole) for end in ends[past - 1 :]]
    return {"name": _("At this pace"), "values": [*[None] * (past - 1), *values], "style": "ahead"}


def _told_of(pace: Pace) -> str:
    return _(
        "At the pace of the last eight weeks it will be about %(expected)s by the end of the year (%(low)s to %(high)s).",
        expected=format_number(pace.expected),
        low=format_number(pace.low),
        high=format_number(pace.high),
    )


def _weeks(day: date) -> list[date]:
    """The days of its year that lie whole weeks before and after the day."""
    first = day - timedelta(days=7 * ((day - date(day.year, 1, 1)).days // 7))
    left = (date(day.year, 12, 31) - first).days // 7
    return [first + timedelta(days=7 * week) for week in range(left + 1)]


def _sums(counts: Mapping[date, int], ends: Sequence[date], year: int) -> list[int | None]:
    """How many of the year's there were by these days of it."""
    of_year = [(day.month, day.day, count) for day, count in counts.items() if day.year == year]
    return [sum(count for month, day, count in of_year if (month, day) <= (end.month, end.day)) for end in ends]


def _line(year: int, values: Sequence[int | None], style: str) -> dict[str, Any]:
    return {"name": _("%(year)s", year=year), "values": list(values), "style": style}


def _summary(series: Sequence[Mapping[str, Any]], past: int, day: date, target: int | None) -> str:
    """The plot in words; `past` is how many of its weeks are gone."""
    now = series[0]["values"][past - 1]
    parts = [_("%(count)s completions this year by %(day)s.", count=format_number(now), day=format_day(day))]
    if len(series) > 1:
        before = format_number(series[1]["values"][past - 1])
        parts.append(_("On the same day of %(year)s it was %(count)s.", year=series[1]["name"], count=before))
    if target:
        parts.append(_("The target of the year is %(count)s.", count=format_number(target)))
    return " ".join(parts)

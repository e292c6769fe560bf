"""How completions grow: columns by week beside a row, and the sum over a year against the years before and the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lms.people.viewers import Viewer
from lms.reports.question import CURRENT, Question
from lms.reports.weekly import cumulative

from .i18n import format_day, format_number
from .i18n import gettext as _


@dataclass(frozen=True)
class Growth:
    """`plot` is what js/plot.js draws and the table beside it shows."""

    plot: Mapping[str, Any]


def of_year(
    session: Session, viewer: Viewer, question: Question, *, years_back: int = 1, target: int | None = None
) -> Growth | None:
    """The sums of the year of `question.as_of` and of years before, by week; None where there is nothing to draw.

    The runs under way say nothing of another year, so that the condition is left aside; each year is counted to its end
    as it is known by `as_of`.
    """
    day = question.as_of
    whole = question.but(run=tuple(key for key in question.filter("run") if key != CURRENT))
    ends = _weeks(day)
    past = [end for end in ends if end <= day]
    now = _sums(cumulative(session, viewer, whole, since=date(day.year, 1, 1), until=day), len(past))
    series = [_line(day.year, [*now, *[None] * (len(ends) - len(past))], "main")]
    for year in range(day.year - 1, day.year - years_back - 1, -1):
        last = ends[-1].replace(year=year)
        before = _sums(cumulative(session, viewer, whole, since=date(year, 1, 1), until=last), len(ends))
        if any(before):
            series.append(_line(year, before, "soft"))
    if len(series) == 1 and not any(now):
        return None
    told = _summary(series, len(past), day, target)
    if target:
        series.append({"name": _("Target"), "values": [target] * len(ends), "style": "goal"})
    labels = [format_day(end, "short") for end in ends]
    return Growth({"kind": "line", "unit": _("people"), "labels": labels, "series": series, "summary": told})


def _weeks(day: date) -> list[date]:
    """The days of its year that lie whole weeks before and after the day."""
    first = day - timedelta(days=7 * ((day - date(day.year, 1, 1)).days // 7))
    left = (date(day.year, 12, 31) - first).days // 7
    return [first + timedelta(days=7 * week) for week in range(left + 1)]


def _sums(points: Sequence[tuple[date, int]], number: int) -> list[int | None]:
    """The last so many; before the first there was nothing."""
    counts = [count for _day, count in points][-number:]
    return [*[0] * (number - len(counts)), *counts]


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

"""Programmes year on year, each as of the same day of its own year; and completions by month."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.models import Programme, Target
from lms.people.viewers import Viewer

from . import regions
from .completions import count_completions
from .question import Question
from .regions import Regions
from .rollups import reading
from .rows import NOWHERE, Group, Groups, grouped, order_of, told_apart
from .targets import same_day

YEARS = 3
MONTHS = 12


@dataclass(frozen=True)
class YearRow:
    """A programme in its fiscal year. `target` is what it owes in all regions: None where none was set, and for viewers who
    don't see all regions."""

    year: int
    key: str
    name: str
    as_of: date
    enrolled: int
    completed: int
    target: int | None

    @property
    def rate(self) -> float | None:
        """Completed ÷ enrolled, 0..1; None where nobody is enrolled."""
        return self.completed / self.enrolled if self.enrolled else None

    @property
    def achieved(self) -> float | None:
        """Completed ÷ target; None without a target."""
        return self.completed / self.target if self.target else None


def year_on_year(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    years: int = YEARS,
    language: str = "ko",
    known: Regions | None = None,
) -> tuple[YearRow, ...]:
    """The programmes of the year of the question's day and of those before, the newest first. Runs without a programme are a
    row of their year. Under a filter there is no target: it is set for regions alone."""
    asked = question.but(by=("programme",), year=())
    known = known or regions.load(session, viewer, asked)
    sees_all = (viewer is None or viewer.is_programme_office) and not asked.filters
    rows = []
    for back in range(years):
        day = same_day(question.as_of, -back)
        part = asked.but(as_of=day, year=(str(day.year),))
        report = count_completions(session, viewer, part, language=language, with_empty=False, known=known)
        due = _owed(session, day) if sees_all else {}
        rows += [
            YearRow(day.year, row.keys[0], row.group[0], day, row.enrolled, row.completed, due.get(row.keys[0]))
            for row in report.rows
        ]
    return tuple(sorted(rows, key=lambda row: (-row.year, row.key == NOWHERE, row.name)))


def _owed(session: Session, day: date) -> dict[str, int]:
    """What each programme of the day's year owes, by its key: of each region the newest target of the day."""
    rows = session.execute(
        select(Programme.slug, Target.region_id, Target.completions)
        .join(Programme, Programme.id == Target.programme_id)
        .where(Programme.fiscal_year == day.year, Target.set_on <= day)
        .order_by(Target.set_on)
    )
    newest = {(programme, region): count for programme, region, count in rows}
    due: Counter[str] = Counter()
    for (programme, _region), count in newest.items():
        due[programme] += count
    return dict(due)


@dataclass(frozen=True)
class MonthRow:
    """`counts` are the completions of each month that stand, the oldest first."""

    groups: tuple[Group, ...]
    counts: tuple[int, ...]

    @property
    def group(self) -> tuple[str, ...]:
        """What is read of each group."""
        return tuple(group.label for group in self.groups)

    @property
    def keys(self) -> tuple[str, ...]:
        """What a filter takes of each group."""
        return tuple(group.key for group in self.groups)


@dataclass(frozen=True)
class MonthReport:
    """`months` are their first days, the oldest first; the last is that of the question's day, as far as it is gone."""

    question: Question
    months: tuple[date, ...]
    rows: tuple[MonthRow, ...]
    total: tuple[int, ...]


def by_month(
    session: Session,
    viewer: Viewer | None,
    question: Question,
    *,
    months: int = MONTHS,
    language: str = "ko",
    known: Regions | None = None,
) -> MonthReport:
    """Completions by the month of their 수료일, for each group in which there is one. The groups of centres and clusters
    overlap; the total counts each once."""
    known = known or regions.load(session, viewer, question)
    begins = _months(question.as_of, months)
    counted = reading.completions(question, viewer, known, since=begins[0], until=question.as_of)
    groups = Groups(session, viewer, question, known, language)
    statement, columns = grouped(question, counted)
    of_day = func.sum(counted.c.completed)
    statement = statement.add_columns(*columns, counted.c.completed_on, of_day).group_by(
        *columns, counted.c.completed_on
    )
    found: dict[tuple[Group, ...], list[int]] = {}
    for row in session.execute(statement):
        *raw, day, count = row
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        found.setdefault(key, [0] * months)[begins.index(day.replace(day=1))] += int(count)
    rows = tuple(MonthRow(key, tuple(found[key])) for key in sorted(found, key=order_of) if any(found[key]))
    total = [0] * months
    for day, count in session.execute(select(counted.c.completed_on, of_day).group_by(counted.c.completed_on)):
        total[begins.index(day.replace(day=1))] += int(count)
    return MonthReport(question, begins, told_apart(rows), tuple(total))


def _months(day: date, count: int) -> tuple[date, ...]:
    begins = [day.replace(day=1)]
    while len(begins) < count:
        begins.append((begins[-1] - timedelta(days=1)).replace(day=1))
    return tuple(reversed(begins))

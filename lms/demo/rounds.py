"""When which centre gives which course: two rounds in each past programme year, and runs in every state today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .cast import COURSE

SECOND_COURSE = "predictive-maintenance-first-steps"
_SOME = ("busan", "gyeongnam", "gyeonggi", "ulsan", "daegu", "chungnam", "jeonbuk")
_MORE = (*_SOME, "incheon", "gyeongbuk", "daejeon", "gwangju", "seoul")


@dataclass(frozen=True)
class Round:
    """The same run at several centres; `centres` None is all. `share` of their people take part. Of a draft something is
    missing."""

    course: str
    learn_from: date
    learn_to: date
    share: float
    centres: tuple[str, ...] | None = None
    apply_from: date | None = None
    apply_to: date | None = None
    review_to: date | None = None
    closed_on: date | None = None
    is_draft: bool = False


def rounds(day: date) -> Iterator[Round]:
    """In the order of their beginning."""
    yield from sorted((*_past(day), *_around(day)), key=lambda one: one.learn_from)


def _past(day: date) -> Iterator[Round]:
    for year in range(day.year - 2, day.year + 1):
        for begin, end, share in (
            (date(year, 3, 4), date(year, 5, 17), 0.2),
            (date(year, 7, 6), date(year, 8, 28), 0.14),
            (date(year, 9, 2), date(year, 11, 14), 0.18),
        ):
            # Of the current year only what lies well before the runs that are made relative to today.
            if end + timedelta(days=(45 if year < day.year else 80)) < day:
                # The fewer are left who have not done the course, the more of them come.
                yield _closed(COURSE, begin, end, share * (1 + 0.4 * (year - day.year + 2)))
    begin, end = date(day.year - 1, 9, 2), date(day.year - 1, 10, 31)
    yield _closed(SECOND_COURSE, begin, end, 0.12)


def _closed(course: str, begin: date, end: date, share: float) -> Round:
    review_to = end + timedelta(days=14)
    return Round(
        course,
        begin,
        end,
        share,
        apply_from=begin - timedelta(days=21),
        apply_to=begin - timedelta(days=4),
        review_to=review_to,
        closed_on=review_to + timedelta(days=7),
    )


def _around(day: date) -> Iterator[Round]:
    def near(
        course: str,
        begin: int,
        end: int,
        share: float,
        centres: tuple[str, ...],
        apply_to: int,
        review: int | None = None,
    ) -> Round:
        def on(days: int) -> date:
            return day + timedelta(days=days)

        review_to = None if review is None else on(review)
        return Round(course, on(begin), on(end), share, centres, on(apply_to - 15), on(apply_to), review_to)

    yield near(
        COURSE, -74, -33, 0.3, ("busan", "gyeongbuk", "chungbuk", "gangwon", "jeonnam"), -78, -19
    )  # to be closed
    yield near(COURSE, -58, -5, 0.45, _SOME, -62, 9)  # in review
    yield near(COURSE, -24, 25, 0.5, tuple(slug for slug in _MORE if slug != "busan"), -28, 39)  # learning now
    yield near(SECOND_COURSE, -20, 15, 0.3, _SOME, -24, 29)  # learning now
    yield near(COURSE, 18, 60, 0.35, _SOME, 9, 74)  # open for application
    yield replace(near(SECOND_COURSE, 40, 75, 0.0, ("busan", "gyeongnam", "gyeonggi"), 30, 89), is_draft=True)

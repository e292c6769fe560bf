"""What exports read in one pass is what the facts of a day and the rule say of each enrolment alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import get_args

import pytest
from sqlalchemy import select

from lms.clock import today
from lms.learning import ledger
from lms.models import CompletionRule, Enrolment, QuizAttempt, RunUnit, Sitting
from lms.reports import facts, regions, tables
from lms.reports.exports import lists
from lms.reports.exports.lists import Asked
from lms.reports.learners import list_learners
from lms.reports.question import Question, Reading
from tests.world import at

from .country import Country
from .test_properties import BEGINS, random_history

DAYS = (date(2026, 6, 12), date(2026, 6, 30))
FILTERS: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"size": ("micro", "undeclared")},
    {"cluster": ("press",), "region": ("busan", "gyeonggi", "gyeongbuk")},
)


@pytest.fixture
def scored(country: Country) -> Country:
    """A random history with scores of several tries, some mended, some of units that the run doesn't have; and sittings."""
    random = Random(5)
    random_history(country, 8, people=10)
    with_sittings = country.runs["a"]
    for unit in country.session.scalars(select(RunUnit).order_by(RunUnit.id)):
        unit.weight = random.choice((0, 1, 2.5))
    for rule in country.session.scalars(select(CompletionRule)):
        rule.score, rule.attendance = 60, 80 * (rule.run_id == with_sittings.id)
    sittings = [_sitting(with_sittings.id, day, hours) for day, hours in ((3, 4.0), (9, 3.5))]
    country.session.add_all(sittings)
    country.session.flush()
    for made in country.enrolments.values():
        _scores(country, random, made)
        if made.run_id == with_sittings.id:
            for sitting in sittings:
                _note(country, random, made, "attended", sitting.key, random.choice((0.0, sitting.hours)), 4.0)
    return country


def _sitting(run: int, day: int, hours: float) -> Sitting:
    begins = at(f"2026-06-{day:02}")
    return Sitting(
        run_id=run, choice=str(day), kind="classroom", title="집체교육", place="부산", begins_at=begins,
        ends_at=begins + timedelta(hours=6), hours=hours, created_at=at("2026-05-01"),
    )  # fmt: skip


def _scores(country: Country, random: Random, made: Enrolment) -> None:
    tries: dict[str, list[int]] = {}
    units = country.session.scalars(select(RunUnit).where(RunUnit.run_id == made.run_id)).all()
    for number in range(random.randrange(6)):
        unit = random.choice(units)
        tried = tries.setdefault(unit.key, [])
        if not tried or random.random() < 0.5:
            attempt = QuizAttempt(
                enrolment_id=made.id, run_unit_id=unit.id, number=number, answers={}, points=0, max_points=1,
                submitted_at=at("2026-06-01"),
            )  # fmt: skip
            country.session.add(attempt)
            country.session.flush()
            tried.append(attempt.id)
        most, by_hand = random.choice((0, 3, 10)), random.random() < 0.3
        of = None if by_hand else random.choice(tried)
        _note(country, random, made, "scored", unit.key, random.choice((0.0, 1.0, 7.0, 12.0, None)), most, of)
    _note(country, random, made, "scored", "of-another-run", 1.0, 1.0)


def _note(
    country: Country, random: Random, made: Enrolment, kind: str, unit: str, points: float | None, most: float,
    attempt: int | None = None,
) -> None:  # fmt: skip
    day = BEGINS + timedelta(days=random.randrange(25))
    known = at((day + timedelta(days=random.choice((0, 0, 7)))).isoformat())
    ledger.append(
        country.session, made, kind, effective_on=day, recorded_at=known, unit_key=unit, points=points,
        max_points=most, quiz_attempt_id=attempt,
    )  # fmt: skip


def questions() -> Iterator[Question]:
    for day, reading in zip(DAYS, get_args(Reading), strict=True):
        for filters in FILTERS:
            yield Question(as_of=day, by=(), reading=reading, regions="today", filters=filters)


def cells(country: Country, report: str, question: Question) -> list[tuple]:
    return [tuple(row) for row in lists.at_once(country.session, Asked(report, question, None, today())).rows]


def test_rows_are_what_each_enrolment_is_by_itself(scored: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "SPAN", 7)
    monkeypatch.setattr(lists, "PART", 3)
    met = 0
    for question in questions():
        page = list_learners(scored.session, None, question, limit=1000)
        rows = sorted(page.rows, key=lambda row: row.enrolment_id)
        assert cells(scored, "learners", question) == [tuple(row) for row in tables.learner_sheet(question, rows).rows]
        known = regions.load(scored.session, None, question)
        of_facts = facts.facts(question, None, known.counted_as).subquery()
        names = ("enrolled_on", "enrolled", "active", "completed", "completed_on")
        expected = scored.session.execute(
            select(*(of_facts.c[name] for name in names)).order_by(of_facts.c.enrolment_id)
        )
        told = cells(scored, "enrolments", question)
        assert [row[-5:] for row in told] == [tuple(row) for row in expected]
        assert (
            sum(row[-4] for row in told) <= len(told) == lists.count(scored.session, Asked("", question, None, today()))
        )
        met += len(told)
    assert met > 25

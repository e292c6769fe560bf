"""A company that was entered twice and merged: counted as it was then, and mapped to today where that is asked for."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lms.clock import today
from lms.learning import enrolments
from lms.models import Company
from lms.people.organisations import companies, employments, mergers
from lms.people.organisations.companies import Facts
from lms.people.organisations.employments import Place
from lms.reports.completions import count_completions
from lms.reports.question import Question
from tests.world import LONG_AGO, World


def counts(session: Session, world: World, **asked: object) -> dict[str, int]:
    question = Question(**{"as_of": today(), "by": ("company",)} | asked)  # type: ignore[arg-type]
    report = count_completions(session, world.viewer(world.jimin), question, language="ko")
    return {row.group[0]: row.applied for row in report.rows}


def test_what_was_counted_stays_and_today_they_are_one(session: Session, world: World) -> None:
    saeron = companies.add_company(
        session, None, business_number="1208147521", name="새론금속", facts=Facts(world.busan.id), from_on=LONG_AGO
    )
    person = employments.add_person(
        session, None, saeron, name="새사람", email=None, place=Place("N-1"), from_on=LONG_AGO
    )
    enrolments.enrol(session, world.run, person.id)
    enrolments.enrol(session, world.run, world.hana.id)
    before = counts(session, world)
    assert before == {"새론금속": 1, "한빛정밀": 1, "수원전자": 0}
    hanbit = session.get_one(Company, world.hanbit.id)
    mergers.merge(session, None, saeron, hanbit, reason="같은 공장")
    session.flush()
    assert counts(session, world) == before
    assert counts(session, world, regions="today") == {"한빛정밀": 2, "수원전자": 0}
    only = {"company": ("1248100998",)}
    assert counts(session, world, filters=only) == {"한빛정밀": 1}
    assert counts(session, world, filters=only, regions="today") == {"한빛정밀": 2}


def test_an_empty_row_goes_from_the_day_of_the_merger_on(session: Session, world: World) -> None:
    saeron = companies.add_company(
        session, None, business_number="1208147521", name="새론금속", facts=Facts(world.busan.id), from_on=LONG_AGO
    )
    earlier = today() - timedelta(days=10)
    saeron.created_at -= timedelta(days=30)
    companies.status_on(session, saeron, today()).recorded_at = saeron.created_at  # type: ignore[union-attr]
    session.flush()
    assert "새론금속" in counts(session, world)
    mergers.merge(session, None, saeron, session.get_one(Company, world.hanbit.id), reason="같음")
    assert "새론금속" not in counts(session, world)
    assert "새론금속" in counts(session, world, as_of=earlier)

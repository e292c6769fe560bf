"""Who takes which figures out is noted; where persons are in a file a reason is asked for and kept."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from lms.models import Download
from lms.reports import downloads
from lms.reports.downloads import ReasonMissingError
from lms.reports.question import Question
from tests.world import World, at

QUESTION = Question(as_of=date(2026, 3, 12), by=("company",), filters={"region": ("busan",)})


def take(session: Session, world: World, *, has_persons: bool, reason: str = "") -> Download:
    return downloads.record(
        session,
        world.seoyeon.id,
        report="learners",
        question=QUESTION,
        form="csv",
        rows=3,
        has_persons=has_persons,
        reason=reason,
        address="192.0.2.7",
        now=at("2026-03-12"),
    )


def test_what_is_kept(session: Session, world: World) -> None:
    made = take(session, world, has_persons=True, reason="  분기  보고 자료 ")
    session.expire_all()
    assert (made.actor_id, made.report, made.form, made.rows) == (world.seoyeon.id, "learners", "csv", 3)
    assert (made.reason, made.address, made.at) == ("분기 보고 자료", "192.0.2.7", at("2026-03-12"))


def test_the_question_can_be_asked_again(session: Session, world: World) -> None:
    made = take(session, world, has_persons=False)
    session.expire_all()
    words = {name: [value] if isinstance(value, str) else value for name, value in made.question.items()}
    assert Question.from_words(words, default=Question(as_of=date(2026, 1, 1)), today=date(2026, 3, 12)) == QUESTION


@pytest.mark.parametrize("reason", ["", "   ", "ㅇㅇ"])
def test_persons_are_not_given_without_a_reason(session: Session, world: World, reason: str) -> None:
    with pytest.raises(ReasonMissingError):
        take(session, world, has_persons=True, reason=reason)
    assert session.query(Download).count() == 0


def test_figures_without_persons_need_none(session: Session, world: World) -> None:
    assert take(session, world, has_persons=False).reason == ""

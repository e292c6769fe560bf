"""The ledger: appended to, judged anew with each entry, decided on by people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.clock import seoul_day
from lms.learning import ledger
from lms.models import CompletionRule, Database, Enrolment, LedgerEntry, QuizAttempt
from lms.models.ledger import COMPLETION_KINDS
from tests.world import EXERCISE, PAGES, QUIZ, UNIT_KEYS, World, at, unit

HANDED_IN = at("2026-03-10", "23:30")  # in Seoul; it is the afternoon of the 10th in UTC
GRADED = at("2026-03-11", "00:10")


def do_units(session: Session, enrolment: Enrolment, *keys: str, day: str = "2026-03-09") -> None:
    for key in keys:
        ledger.record_unit_done(session, enrolment, key, effective_on=seoul_day(at(day)), now=at(day))


def score(
    session: Session, enrolment: Enrolment, key: str, points: float, *, attempt: int = 1, day: str = "2026-03-10"
) -> None:
    """A try at a unit, or with the same attempt a new judgement of it."""
    mine = (QuizAttempt.enrolment_id == enrolment.id, QuizAttempt.number == attempt)
    row = session.scalar(select(QuizAttempt).where(*mine))
    if row is None:
        row = QuizAttempt(
            enrolment_id=enrolment.id,
            run_unit_id=unit(enrolment, key).id,
            number=attempt,
            answers={},
            points=points,
            max_points=10,
            submitted_at=at(day),
        )
        session.add(row)
        session.flush()
    ledger.append(
        session,
        enrolment,
        "scored",
        effective_on=seoul_day(at(day)),
        unit_key=key,
        points=points,
        max_points=10,
        quiz_attempt_id=row.id,
    )


def complete(session: Session, enrolment: Enrolment) -> None:
    do_units(session, enrolment, *UNIT_KEYS)
    score(session, enrolment, EXERCISE, 10)
    ledger.settle(session, enrolment, GRADED)


def kinds(session: Session, enrolment: Enrolment) -> list[str]:
    """What was decided, in order."""
    return [entry.kind for entry in ledger.entries_of(session, [enrolment.id]) if entry.kind in COMPLETION_KINDS]


def test_an_entry_carries_run_company_and_region(session: Session, enrolment: Enrolment, world: World) -> None:
    entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.kind, entry.run_id, entry.company_id, entry.region_id) == (
        "enrolled",
        world.run.id,
        world.hanbit.id,
        world.busan.id,
    )


def test_a_unit_is_done_once(session: Session, enrolment: Enrolment) -> None:
    day = seoul_day(HANDED_IN)
    assert ledger.record_unit_done(session, enrolment, "oee", effective_on=day) is True
    assert ledger.record_unit_done(session, enrolment, "oee", effective_on=day) is False
    assert session.scalar(select(func.count()).where(LedgerEntry.kind == "unit_done")) == 1


def test_what_may_be_recorded_once_is_held_by_the_database(session: Session, enrolment: Enrolment) -> None:
    ledger.append(session, enrolment, "scored", effective_on=seoul_day(HANDED_IN), once="scored:grade:1")
    with pytest.raises(IntegrityError):
        ledger.append(session, enrolment, "scored", effective_on=seoul_day(HANDED_IN), once="scored:grade:1")


def test_whoever_meets_the_rule_completes_once(session: Session, enrolment: Enrolment) -> None:
    complete(session, enrolment)
    for _ in range(3):
        assert ledger.settle(session, enrolment, GRADED).is_completed
    score(session, enrolment, EXERCISE, 10, attempt=2)
    ledger.settle(session, enrolment, GRADED)
    assert kinds(session, enrolment) == ["completed"]


def test_completion_is_of_the_day_of_handing_in_and_recorded_when_it_was_graded(
    session: Session, enrolment: Enrolment
) -> None:
    do_units(session, enrolment, *PAGES, QUIZ)
    score(session, enrolment, EXERCISE, 10, day="2026-03-10")
    standing = ledger.settle(session, enrolment, GRADED)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "completed")).one()
    assert str(entry.effective_on) == "2026-03-10"
    assert entry.recorded_at == GRADED
    assert standing.completed_on == entry.effective_on


def test_the_completion_names_the_rule_that_it_was_judged_by(session: Session, enrolment: Enrolment) -> None:
    complete(session, enrolment)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "completed")).one()
    assert entry.rule_id == ledger.current_rule(session, enrolment.run_id).id


def test_the_newest_rule_counts(session: Session, enrolment: Enrolment) -> None:
    session.add(
        CompletionRule(run_id=enrolment.run_id, progress=100, score=90, recorded_at=GRADED, reason="심사 결과 반영")
    )
    session.flush()
    complete(session, enrolment)
    assert kinds(session, enrolment) == []


def test_a_regrade_that_takes_the_ground_away_questions_and_does_not_revoke(
    session: Session, enrolment: Enrolment
) -> None:
    complete(session, enrolment)
    score(session, enrolment, EXERCISE, 2)
    standing = ledger.settle(session, enrolment, GRADED)
    assert (standing.is_completed, standing.is_questioned) == (True, True)
    ledger.settle(session, enrolment, GRADED)
    assert kinds(session, enrolment) == ["completed", "questioned"]


def test_an_upheld_completion_is_not_questioned_for_the_same_ground_in_the_same_breath(
    session: Session, enrolment: Enrolment, world: World
) -> None:
    complete(session, enrolment)
    score(session, enrolment, EXERCISE, 2)
    ledger.settle(session, enrolment, GRADED)
    ledger.uphold(session, enrolment, actor_id=world.seoyeon.id, reason="문항 오류였음", now=GRADED)
    assert kinds(session, enrolment) == ["completed", "questioned", "upheld"]
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "upheld")).one()
    assert (entry.actor_id, entry.reason) == (world.seoyeon.id, "문항 오류였음")


def test_an_upheld_completion_is_questioned_again_by_another_regrade_alone(
    session: Session, enrolment: Enrolment, world: World
) -> None:
    complete(session, enrolment)
    score(session, enrolment, EXERCISE, 2)
    ledger.settle(session, enrolment, GRADED)
    ledger.uphold(session, enrolment, actor_id=world.seoyeon.id, reason="문항 오류였음", now=GRADED)
    score(session, enrolment, QUIZ, 1, attempt=2, day="2026-03-12")  # she goes on learning
    standing = ledger.settle(session, enrolment, GRADED)
    assert (standing.is_completed, standing.is_questioned) == (True, False)
    score(session, enrolment, EXERCISE, 1)
    assert ledger.settle(session, enrolment, GRADED).is_questioned is True


def test_a_revoked_completion_stays_in_the_ledger_with_its_reason(
    session: Session, enrolment: Enrolment, world: World
) -> None:
    complete(session, enrolment)
    ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="  대리   수강 ", now=GRADED)
    assert kinds(session, enrolment) == ["completed", "revoked"]
    assert session.scalars(select(LedgerEntry.reason).where(LedgerEntry.kind == "revoked")).one() == "대리 수강"
    assert not ledger.settle(session, enrolment, GRADED).is_completed


def test_who_was_revoked_completes_again_by_what_she_does_since(
    session: Session, enrolment: Enrolment, world: World
) -> None:
    complete(session, enrolment)
    score(session, enrolment, EXERCISE, 2)
    ledger.settle(session, enrolment, GRADED)
    ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="재채점 결과", now=GRADED)
    score(session, enrolment, EXERCISE, 9, attempt=2, day="2026-03-20")
    score(session, enrolment, QUIZ, 10, attempt=3, day="2026-03-20")
    standing = ledger.settle(session, enrolment, at("2026-03-20"))
    assert kinds(session, enrolment) == ["completed", "questioned", "revoked", "completed"]
    assert str(standing.completed_on) == "2026-03-20"


def test_who_was_revoked_does_not_complete_again_because_an_old_try_is_judged_anew(
    session: Session, enrolment: Enrolment, world: World
) -> None:
    complete(session, enrolment)
    ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="대리 수강", now=GRADED)
    score(session, enrolment, EXERCISE, 10)
    assert not ledger.settle(session, enrolment, GRADED).is_completed
    score(session, enrolment, EXERCISE, 9, attempt=2, day="2026-03-20")  # a try of her own does
    assert ledger.settle(session, enrolment, GRADED).is_completed


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_decision_needs_a_reason(session: Session, enrolment: Enrolment, world: World, reason: str) -> None:
    complete(session, enrolment)
    with pytest.raises(ledger.DecisionError) as caught:
        ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason=reason)
    assert caught.value.reason == "reason_missing"


@pytest.mark.parametrize("decide", [ledger.uphold, ledger.revoke], ids=["uphold", "revoke"])
def test_what_never_was_can_not_be_decided_on(
    session: Session, enrolment: Enrolment, world: World, decide: Callable[..., None]
) -> None:
    with pytest.raises(ledger.DecisionError) as caught:
        decide(session, enrolment, actor_id=world.seoyeon.id, reason="x")
    assert caught.value.reason == "not_completed"


def test_what_nobody_questioned_is_not_upheld(session: Session, enrolment: Enrolment, world: World) -> None:
    complete(session, enrolment)
    with pytest.raises(ledger.DecisionError):
        ledger.uphold(session, enrolment, actor_id=world.seoyeon.id, reason="x")


def test_what_was_revoked_is_not_revoked_again(session: Session, enrolment: Enrolment, world: World) -> None:
    complete(session, enrolment)
    ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="x")
    with pytest.raises(ledger.DecisionError):
        ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="x")


def one_while_the_other(database: Database, work: Callable[[Session], object]) -> list[object]:
    """Two transactions do the same; the second begins when the first has done it and has not committed yet."""
    done = Event()

    def second() -> object:
        with database.writing() as session:
            done.wait(10)
            result = work(session)
            session.commit()
        return result

    with ThreadPoolExecutor(1) as pool, database.writing() as session:
        other = pool.submit(second)
        first = work(session)
        done.set()
        sleep(0.3)  # the other now waits for the enrolment, or on SQLite for the lock
        session.commit()
        return [first, other.result(60)]


def test_results_that_arrive_together_complete_once(database: Database, enrolment: Enrolment) -> None:
    with database.writing() as session:
        do_units(session, enrolment, *UNIT_KEYS)
        score(session, enrolment, EXERCISE, 10)
        session.commit()
    one_while_the_other(
        database, lambda session: ledger.settle(session, ledger.lock(session, enrolment.id), GRADED).is_completed
    )
    with database.reading() as session:
        assert kinds(session, enrolment) == ["completed"]


def test_two_officers_who_decide_together_decide_once(database: Database, enrolment: Enrolment, world: World) -> None:
    with database.writing() as session:
        complete(session, enrolment)
        session.commit()

    def revoke(session: Session) -> str:
        try:
            ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="x")
        except ledger.DecisionError as error:
            return error.reason
        return "revoked"

    assert one_while_the_other(database, revoke) == ["revoked", "not_completed"]
    with database.reading() as session:
        assert kinds(session, enrolment) == ["completed", "revoked"]

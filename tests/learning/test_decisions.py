"""Completions in question: how a question ends by itself, and what is decided of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.learning import decisions, enrolments, ledger
from lms.learning.completion import Standing, evaluate
from lms.learning.ledger import DecisionError
from lms.learning.runs import reading, rules
from lms.learning.runs.rules import RuleFields
from lms.models import AuditEntry, Enrolment, LedgerEntry, Run
from tests.world import EXERCISE, World, load

from .test_completion import DAY, UNITS, AnEntry, ARule, all_done, scored
from .test_ledger import GRADED, complete, kinds, score

# By itself


def judged(entries: list[AnEntry], rule: ARule) -> Standing:
    """As the ledger judges: what follows is added."""
    follows = ledger.what_follows(evaluate(UNITS, rule, entries), entries)
    if follows is not None:
        entries.append(AnEntry(follows, effective_on=DAY + timedelta(days=len(entries))))
    return evaluate(UNITS, rule, entries)


# Points of a try, a rule that asks for so many, or a person's word.
STEPS = st.one_of(
    st.tuples(st.just("try"), st.integers(0, 2), st.sampled_from([0, 0.5, 1])),
    st.tuples(st.just("rule"), st.just(0), st.sampled_from([0, 40, 60, 100])),
    st.tuples(st.sampled_from(["upheld", "revoked"]), st.just(0), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_a_question_is_open_only_while_the_rule_is_not_met(steps: Sequence[tuple[str, int, float]]) -> None:
    """And it ends without taking a completion away, giving one, or changing a day; judging again adds nothing."""
    entries: list[AnEntry] = [*all_done(), scored("oee", 1)]
    rule = ARule()
    before = judged(entries, rule)
    for what, attempt, share in steps:
        if what == "rule":
            rule = replace(rule, score=share)
        elif what == "try":
            entries.append(scored("oee", share, str(attempt)))
        elif before.is_questioned or (what == "revoked" and before.is_completed):
            entries.append(AnEntry(what))
        told = len(entries)
        after = judged(entries, rule)
        assert not (after.is_questioned and after.is_met)
        assert ledger.what_follows(after, entries) is None
        followed = entries[told].kind if len(entries) > told else ""
        if followed == "restored":
            assert (before.is_questioned, after.is_questioned) == (True, False)
            assert after.completed_on == before.completed_on
        if followed != "completed" and what != "revoked":
            assert after.completed_on == before.completed_on
        before = after


def test_a_regrade_upward_ends_the_question_and_nobody_is_named(session: Session, enrolment: Enrolment) -> None:
    complete(session, enrolment)
    score(session, enrolment, EXERCISE, 2)
    ledger.settle(session, enrolment, GRADED)
    score(session, enrolment, EXERCISE, 10)
    standing = ledger.settle(session, enrolment, GRADED)
    assert (standing.is_completed, standing.is_questioned) == (True, False)
    assert kinds(session, enrolment) == ["completed", "questioned", "restored"]
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "restored")).one()
    assert (entry.actor_id, entry.reason, entry.rule_id) == (
        None,
        "",
        ledger.current_rule(session, enrolment.run_id).id,
    )
    score(session, enrolment, EXERCISE, 2)  # the ground goes away again: nobody's word stands against asking again
    assert ledger.settle(session, enrolment, GRADED).is_questioned


# Many


@pytest.fixture
def people(session: Session, world: World) -> list[Enrolment]:
    """Both learners of Busan have completed with 60 points, and a rule that asks for 70 puts them in question."""
    made = [enrolments.enrol(session, world.run, person.id) for person in (world.hana, world.junho)]
    made = [load(session, one.id) for one in made]
    for enrolment in made:
        complete(session, enrolment)
    ask_for(session, world, 70)
    return made


def ask_for(session: Session, world: World, points: float) -> None:
    session.expire_all()
    run = reading.load_to_edit(session, world.viewer(world.seoyeon), world.run.uid)
    rules.change(session, world.viewer(world.seoyeon), run, RuleFields(80, points), reason="기준 변경")


def in_question(session: Session, world: World) -> decisions.QuestionPage:
    viewer = world.viewer(world.seoyeon)
    return decisions.list_of_run(session, viewer, decisions.load_run(session, viewer, world.run.uid))


def last_words(session: Session, people: Sequence[Enrolment]) -> list[str]:
    return [kinds(session, one)[-1] for one in people]


def test_a_rule_raised_by_mistake_and_set_back_leaves_no_question(
    session: Session, world: World, people: list[Enrolment]
) -> None:
    assert last_words(session, people) == ["questioned", "questioned"]
    run = session.get_one(Run, world.run.id)
    assert list(rules.preview(session, run, RuleFields(80, 60)).restores) == people
    ask_for(session, world, 60)
    assert last_words(session, people) == ["restored", "restored"]
    assert decisions.count_questioned(session, world.viewer(world.seoyeon)) == 0
    ask_for(session, world, 70)
    assert last_words(session, people) == ["questioned", "questioned"]


@pytest.mark.parametrize("what", ["upheld", "revoked"])
def test_all_of_a_run_are_decided_with_one_reason(
    session: Session, world: World, people: list[Enrolment], what: decisions.Decision
) -> None:
    found = in_question(session, world)
    assert [(one.enrolment.id, standing.score) for one, standing in found.rows] == [(one.id, 60) for one in people]
    done = decisions.decide(
        session,
        world.viewer(world.seoyeon),
        world.run,
        what,
        None,
        up_to=found.newest,
        reason=" 기준을   잘못 바꿈 ",
        now=GRADED,
    )
    assert done == 2
    written = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == what)).all()
    assert {(entry.enrolment_id, entry.actor_id, entry.reason) for entry in written} == {
        (one.id, world.seoyeon.id, "기준을 잘못 바꿈") for one in people
    }
    assert in_question(session, world).count == 0
    noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "completions_decided")).one()
    assert noted.detail == {"decision": what, "count": 2}
    ask_for(session, world, 75)  # what a person decided isn't asked again by another rule
    assert last_words(session, people) == [what, what]


def test_the_chosen_alone_are_decided(session: Session, world: World, people: list[Enrolment]) -> None:
    viewer, found = world.viewer(world.seoyeon), in_question(session, world)
    assert decisions.decide(session, viewer, world.run, "upheld", [people[1].uid], up_to=found.newest, reason="확인함")
    assert last_words(session, people) == ["questioned", "upheld"]
    with pytest.raises(DecisionError) as caught:
        decisions.decide(session, viewer, world.run, "revoked", [people[1].uid], up_to=found.newest, reason="x")
    assert caught.value.reason == "nobody"


def test_what_came_in_question_after_looking_is_not_decided(
    session: Session, world: World, people: list[Enrolment]
) -> None:
    first = min(one.entry_id for one, _standing in in_question(session, world).rows)
    viewer = world.viewer(world.seoyeon)
    chosen = decisions.choose(session, viewer, world.run, None, up_to=first)
    assert [one.enrolment.id for one in chosen] == [people[0].id]
    assert decisions.decide(session, viewer, world.run, "revoked", None, up_to=first, reason="x") == 1
    assert last_words(session, people) == ["revoked", "questioned"]


def test_a_decision_on_many_needs_a_reason_and_the_officer_of_the_region(
    session: Session, world: World, people: list[Enrolment]
) -> None:
    newest = in_question(session, world).newest
    with pytest.raises(DecisionError) as caught:
        decisions.decide(session, world.viewer(world.seoyeon), world.run, "upheld", None, up_to=newest, reason="  ")
    assert caught.value.reason == "reason_missing"
    other = world.viewer(world.minjun)
    with pytest.raises(NotFoundError):
        decisions.load_run(session, other, world.run.uid)
    with pytest.raises(DecisionError):
        decisions.decide(session, other, world.run, "upheld", None, up_to=newest, reason="x")
    office = world.viewer(world.jimin)
    assert [(found.count, found.decidable) for found in decisions.list_runs(session, office)] == [(2, 0)]
    assert last_words(session, people) == ["questioned", "questioned"]

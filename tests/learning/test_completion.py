"""The completion rule: a pure function of a run's units, its rule and the ledger's entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.learning.completion import Standing, evaluate

DAY = date(2026, 3, 10)


@dataclass(frozen=True)
class AUnit:
    key: str
    kind: str = "page"
    title: str = "단원"
    weight: float = 0


@dataclass(frozen=True)
class ARule:
    progress: float = 80
    score: float = 60
    attendance: float = 0


@dataclass(frozen=True)
class AnEntry:
    kind: str
    unit_key: str | None = None
    points: float | None = None
    max_points: float | None = None
    attempt_key: str = ""
    effective_on: date = DAY
    id: int = field(default=0)


UNITS = (AUnit("a"), AUnit("b"), AUnit("c"), AUnit("quiz", "quiz", weight=40), AUnit("oee", "exercise", weight=60))
KEYS = tuple(unit.key for unit in UNITS)


def done(key: str, on: date = DAY) -> AnEntry:
    return AnEntry("unit_done", key, effective_on=on)


def scored(key: str, share: float, attempt: str = "1", on: date = DAY) -> AnEntry:
    return AnEntry("scored", key, points=10 * share, max_points=10, attempt_key=f"{key}:{attempt}", effective_on=on)


def judge(*entries: AnEntry, units: Sequence[AUnit] = UNITS, rule: ARule | None = None) -> Standing:
    return evaluate(units, rule or ARule(), entries)


def all_done(*but: str) -> list[AnEntry]:
    return [done(key) for key in KEYS if key not in but]


def test_nothing_done() -> None:
    standing = judge()
    assert (standing.progress, standing.score, standing.is_met, standing.met_on) == (0, 0, False, None)
    assert [(missing.what, missing.count) for missing in standing.missing] == [("progress", 4), ("score", 60)]
    assert standing.next_unit is not None
    assert standing.next_unit.key == "a"


def test_eighty_per_cent_and_sixty_points_are_enough() -> None:
    standing = judge(*all_done("c"), scored("oee", 1))
    assert (standing.progress, standing.score, standing.is_met) == (80, 60, True)


@pytest.mark.parametrize(
    ("entries", "missing"),
    [
        ([*all_done("c", "b"), scored("oee", 1)], [("progress", 1, ("b", "c"))]),
        ([*all_done("c"), scored("oee", 0.99)], [("score", pytest.approx(0.6), ("quiz", "oee"))]),
        ([*all_done(), scored("oee", 0), scored("quiz", 1)], [("score", 20, ("oee",))]),
    ],
    ids=["one-unit-short", "points-short", "failed-exercise"],
)
def test_what_is_missing_is_named(entries: list[AnEntry], missing: list[tuple]) -> None:
    assert [(item.what, item.count, item.units) for item in judge(*entries).missing] == missing


def test_a_grade_that_exists_is_no_pass() -> None:
    """Who handed in everything and failed is not complete."""
    standing = judge(*all_done(), scored("quiz", 0), scored("oee", 0))
    assert standing.progress == 100
    assert not standing.is_met


def test_a_later_worse_try_lowers_nothing() -> None:
    standing = judge(*all_done(), scored("oee", 0.9, "1"), scored("oee", 0.2, "2"), scored("oee", 0, "3"))
    assert standing.score == pytest.approx(54)
    assert [unit.best for unit in standing.units if unit.key == "oee"] == [0.9]


def test_a_regrade_replaces_the_score_of_its_attempt() -> None:
    standing = judge(*all_done(), scored("oee", 0.9, "1"), scored("oee", 0.4, "2"), scored("oee", 0.1, "1"))
    assert [unit.best for unit in standing.units if unit.key == "oee"] == [0.4]


def test_eight_of_ten_is_eighty_and_no_rounding_helps() -> None:
    units = [AUnit(str(number)) for number in range(1000)]
    entries = [done(str(number)) for number in range(799)]
    assert not judge(*entries, units=units).is_met
    assert judge(*entries, done("799"), units=units).is_met


def test_without_weights_only_progress_is_asked_for() -> None:
    units = (AUnit("a"), AUnit("b"))
    assert judge(done("a"), done("b"), units=units).is_met


def test_entries_of_units_that_the_run_does_not_have_count_nothing() -> None:
    assert judge(done("added-later"), scored("added-later", 1)).progress == 0


def test_points_outside_their_range_are_held_in_it() -> None:
    entry = AnEntry("scored", "oee", points=50, max_points=10, attempt_key="1")
    assert judge(entry).score == 60
    assert judge(AnEntry("scored", "oee", points=-5, max_points=10, attempt_key="1")).score == 0


def test_the_day_is_that_on_which_the_last_needed_thing_was_done() -> None:
    days = [DAY + timedelta(days=number) for number in range(7)]
    entries = [done(key, day) for key, day in zip(KEYS, days, strict=False)]
    standing = judge(*entries, scored("oee", 1, on=days[5]), scored("quiz", 1, on=days[6]))
    assert standing.met_on == days[5]


def test_a_grade_that_came_late_counts_for_the_day_of_handing_in() -> None:
    """The notebook was handed in on the 10th, a page was read on the 11th, the grade was recorded after both."""
    later = DAY + timedelta(days=1)
    entries = [*all_done("c"), done("c", later), scored("oee", 1, on=DAY)]
    assert judge(*entries).met_on == DAY


def test_a_completion_stands_until_it_is_revoked() -> None:
    ground = [*all_done(), scored("oee", 1)]
    completed = [*ground, AnEntry("completed", effective_on=DAY)]
    assert judge(*completed).completed_on == DAY
    questioned = [*completed, AnEntry("questioned")]
    assert (judge(*questioned).completed_on, judge(*questioned).is_questioned) == (DAY, True)
    assert judge(*questioned, AnEntry("upheld")).is_questioned is False
    revoked = judge(*questioned, AnEntry("revoked"))
    assert (revoked.is_completed, revoked.is_questioned) == (False, False)
    again = DAY + timedelta(days=3)
    assert judge(*questioned, AnEntry("revoked"), AnEntry("completed", effective_on=again)).completed_on == again


def test_how_many_of_a_kind_remain() -> None:
    assert judge(done("a")).remaining("page") == 2
    assert judge(done("a")).remaining("exercise") == 1


# Properties

days = st.integers(0, 20).map(lambda number: DAY + timedelta(days=number))
units_done = st.builds(done, st.sampled_from(KEYS), days)
attempts = st.builds(
    scored, st.sampled_from(("quiz", "oee")), st.floats(0, 1), st.uuids().map(str), days
)  # each a new attempt
histories = st.lists(st.one_of(units_done, attempts), max_size=14)


@given(histories, st.one_of(units_done, attempts))
def test_doing_more_never_lowers_anything(history: list[AnEntry], more: AnEntry) -> None:
    before, after = judge(*history), judge(*history, more)
    assert after.progress >= before.progress
    assert after.score >= before.score
    assert after.is_met or not before.is_met
    for one, other in zip(before.units, after.units, strict=True):
        assert (other.best or 0) >= (one.best or 0)


@given(histories.flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))))
def test_the_order_of_the_tries_does_not_matter(both: tuple[list[AnEntry], list[AnEntry]]) -> None:
    assert judge(*both[0]) == judge(*both[1])


finishing = st.tuples(
    *(st.builds(done, st.just(key), days) for key in KEYS), st.builds(scored, st.just("oee"), st.just(1), on=days)
)


@given(histories, finishing)
def test_the_day_is_the_first_on_which_the_rule_was_met(history: list[AnEntry], finish: tuple[AnEntry, ...]) -> None:
    entries = [*history, *finish]
    met_on = judge(*entries).met_on
    assert met_on is not None

    def known_by(day: date) -> list[AnEntry]:
        return [entry for entry in entries if entry.effective_on <= day]

    assert judge(*known_by(met_on)).is_met
    assert not judge(*known_by(met_on - timedelta(days=1))).is_met


@given(histories, st.floats(0, 100), st.floats(0, 100))
def test_what_is_missing_would_be_enough(history: list[AnEntry], progress: float, score: float) -> None:
    rule = ARule(progress, score)
    for missing in judge(*history, rule=rule).missing:
        if missing.what == "progress":
            assert 1 <= missing.count <= len(missing.units)
            helped = [*history, *(done(key) for key in missing.units[: int(missing.count)])]
        else:
            helped = [*history, *(scored(key, 1, "helped") for key in missing.units)]
        assert missing.what not in [item.what for item in judge(*helped, rule=rule).missing]


@given(histories, st.floats(0, 100), st.floats(0, 100))
def test_met_means_nothing_is_missing(history: list[AnEntry], progress: float, score: float) -> None:
    standing = judge(*history, rule=ARule(progress, score))
    assert standing.is_met is (standing.progress >= progress and standing.score >= score)
    assert standing.is_met or standing.met_on is None


# Hours of sittings


@dataclass(frozen=True)
class ASitting:
    key: str
    choice: str = ""
    hours: float = 4.0
    is_extra: bool = False
    is_cancelled: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "choice", self.choice or self.key)


HOURS_ONLY = ARule(progress=0, score=0, attendance=75)


def attended(key: str, hours: float, asked: float = 4.0, on: date = DAY) -> AnEntry:
    return AnEntry("attended", key, points=hours, max_points=asked, effective_on=on)


def judge_hours(sittings: Sequence[ASitting], *entries: AnEntry) -> Standing:
    return evaluate((), HOURS_ONLY, entries, sittings)


def test_hours_are_of_all_that_is_asked_for() -> None:
    standing = judge_hours([ASitting("a"), ASitting("b")], attended("a", 3.5))
    assert (standing.hours_attended, standing.hours_asked, standing.attendance) == (3.5, 8.0, 43.75)
    (missing,) = standing.missing
    assert (missing.what, missing.count, missing.units) == ("attendance", 2.5, ("b",))


def test_without_sittings_no_hours_are_missing() -> None:
    assert judge_hours([]).is_met
    assert judge_hours([ASitting("a", is_cancelled=True)]).is_met


def test_the_newest_word_on_a_sitting_counts() -> None:
    sittings = [ASitting("a")]
    assert judge_hours(sittings, attended("a", 4)).is_met
    assert not judge_hours(sittings, attended("a", 4), attended("a", 0)).is_met


def test_of_several_dates_the_one_with_the_most_hours_counts() -> None:
    sittings = [ASitting("a", "one"), ASitting("b", "one"), ASitting("c", "one")]
    standing = judge_hours(sittings, attended("a", 3), attended("b", 1))
    assert (standing.hours_attended, standing.hours_asked) == (3.0, 4.0)
    assert judge_hours(sittings).missing[0].units == ("a", "b", "c")


def test_who_is_excused_is_not_asked() -> None:
    sittings = [ASitting("a"), ASitting("b")]
    standing = judge_hours(sittings, attended("a", 4), attended("b", 0, asked=0))
    assert (standing.hours_asked, standing.is_met) == (4.0, True)
    dates = [ASitting("a", "one"), ASitting("b", "one")]
    assert judge_hours(dates, attended("a", 0, asked=0), attended("b", 3)).hours_asked == 4.0


def test_the_day_is_that_of_the_sitting_that_met_the_rule() -> None:
    later = DAY + timedelta(days=7)
    standing = judge_hours([ASitting("a"), ASitting("b")], attended("b", 4, on=later), attended("a", 4))
    assert standing.met_on == later


@settings(max_examples=40, deadline=None)
@given(
    heard=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 4)), max_size=6),
    hours=st.floats(0.5, 8),
    more=st.floats(0, 8),
)
def test_an_extra_sitting_lowers_nobody(heard: list[tuple[str, float]], hours: float, more: float) -> None:
    sittings = [ASitting("a"), ASitting("b", "two"), ASitting("c", "two")]
    entries = [attended(key, value) for key, value in heard]
    before = judge_hours(sittings, *entries)
    extra = ASitting("x", hours=hours, is_extra=True)
    after = judge_hours([*sittings, extra], *entries)
    there = judge_hours([*sittings, extra], *entries, attended("x", min(more, hours), asked=hours))
    assert before.attendance == after.attendance <= there.attendance <= 100

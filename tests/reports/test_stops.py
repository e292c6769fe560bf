"""Where learners stop: at the first unit that isn't done, and at which checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from lms.clock import end_of_day
from lms.learning import ledger
from lms.learning.enrolments import visible_to
from lms.models import Enrolment, Exercise, ExerciseVersion, Grade, LedgerEntry, RunUnit, StoredFile, Submission
from lms.reports import regions, width
from lms.reports.checks import failed_checks
from lms.reports.choices import list_choices
from lms.reports.learners import list_learners
from lms.reports.question import Question, ReportError
from lms.reports.stops import ALL_DONE, QUIET_DAYS, StopRow, stopped_at, stops
from tests.world import at

from .country import UNITS, Country
from .test_properties import BEGINS, READINGS, random_history, recounted

DAY = date(2026, 3, 20)


@pytest.fixture
def small(country: Country) -> Country:
    """A run of four units from the 2nd of March, three of which complete it."""
    country.run("r", country.course("oee", "설비종합효율"), "busan", "2026-03-02", "2026-03-31")
    country.company("hanbit", "busan", called="한빛정밀")
    return country


def _rows(country: Country, day: date = DAY, **asked: Any) -> dict[str, tuple[int, ...]]:
    report = stops(country.session, None, Question(as_of=day, by=(), **asked))
    return {row.unit: _numbers(row) for row in report.rows}


def _numbers(row: StopRow) -> tuple[int, ...]:
    return row.done, row.stopped, row.quiet, row.left


def test_somebody_stops_at_the_first_unit_that_is_not_done(small: Country) -> None:
    for person in ("nothing", "one", "skipped", "completed"):
        small.enrol(person, "hanbit", "r", "2026-03-01")
    small.do("one", "r", "2026-03-18")
    small.do_next("skipped", "r", "try", "2026-03-18")
    small.do_next("skipped", "r", "judge", "2026-03-18")
    small.do("completed", "r", *["2026-03-10"] * 3)
    assert _rows(small) == {
        "read": (2, 2, 1, 0),
        "try": (2, 1, 0, 0),
        "measure": (1, 0, 0, 0),
        "judge": (1, 0, 0, 0),
    }


def test_who_did_all_and_did_not_complete_has_a_row(small: Country) -> None:
    made = small.enrol("all", "hanbit", "r", "2026-03-01")
    for unit in UNITS:
        ledger.append(
            small.session, made, "unit_done", effective_on=DAY, recorded_at=at(DAY.isoformat()), unit_key=unit
        )
    assert _rows(small)[ALL_DONE] == (0, 1, 0, 0)
    known = regions.load(small.session, None, Question(as_of=DAY, by=()))
    ids = stopped_at(Question(as_of=DAY, by=()), None, known, ALL_DONE)
    assert small.session.scalars(ids).all() == [made.id]


@pytest.mark.parametrize(("day", "quiet"), [(DAY, 0), (DAY + timedelta(days=1), 1)])
def test_quiet_is_after_fourteen_days(small: Country, day: date, quiet: int) -> None:
    small.enrol("one", "hanbit", "r", "2026-03-01")
    small.do("one", "r", (DAY - timedelta(days=QUIET_DAYS - 1)).isoformat())
    assert _rows(small, day)["try"][1:3] == (1, quiet)


def test_who_left_is_told_apart_and_is_not_quiet(small: Country) -> None:
    small.enrol("left", "hanbit", "r", "2026-03-01")
    small.enrol("before", "hanbit", "r", "2026-02-20")
    for person, day in (("left", "2026-03-05"), ("before", "2026-03-01")):
        made = small.enrolments[person, "r"]
        ledger.append(small.session, made, "withdrawn", effective_on=date.fromisoformat(day), recorded_at=at(day))
    assert _rows(small)["read"] == (0, 1, 0, 1)


def test_nobody_sees_the_stops_of_others(small: Country) -> None:
    small.enrol("one", "hanbit", "r", "2026-03-01")
    question = Question(as_of=DAY, by=())
    for viewer, people in ((small.officer("busan"), 1), (small.officer("gyeonggi"), 0), (small.manager("hanbit"), 1)):
        assert sum(row.stopped for row in stops(small.session, viewer, question).rows) == people


def test_random_histories_are_what_a_recount_gives(country: Country) -> None:
    random_history(country, 8)
    for reading, days in product(READINGS, (5, 30)):
        question = Question(as_of=BEGINS + timedelta(days=days), by=(), reading=reading)
        report = stops(country.session, None, question)
        told: Counter[tuple[str, str]] = Counter()
        done: Counter[tuple[str, str]] = Counter()
        for row in report.rows:
            told[row.course, row.unit], done[row.course, row.unit] = row.stopped, row.done
        assert (+told, +done) == _recounted(country, question)


def _recounted(country: Country, question: Question) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    courses = {run.id: "energy" if name == "c" else "first-steps" for name, run in country.runs.items()}
    stopped: Counter[tuple[str, str]] = Counter()
    done: Counter[tuple[str, str]] = Counter()
    for enrolment in country.enrolments.values():
        figures = recounted(country, question, [enrolment])
        if not figures["enrolled"]:
            continue
        units = _done(country, question, enrolment)
        done.update((courses[enrolment.run_id], unit) for unit in units)
        if not figures["completed"]:
            left = [unit for unit in UNITS if unit not in units]
            stopped[courses[enrolment.run_id], left[0] if left else ALL_DONE] += 1
    return stopped, done


def _done(country: Country, question: Question, enrolment: Enrolment) -> set[str]:
    entries = country.session.scalars(
        select(LedgerEntry).where(LedgerEntry.enrolment_id == enrolment.id, LedgerEntry.kind == "unit_done")
    )
    return {
        entry.unit_key or ""
        for entry in entries
        if (
            entry.effective_on <= question.as_of
            if question.reading == "effective"
            else entry.recorded_at < end_of_day(question.as_of)
        )
    }


# Checks


@pytest.fixture
def graded(small: Country) -> Country:
    """The run's second unit is an exercise with two checks."""
    session = small.session
    exercise = Exercise(slug="gap")
    small._add(exercise)
    small._add(StoredFile(digest="d" * 64, size=1, media_type="text/plain", created_at=at("2020-01-01")))
    version = ExerciseVersion(
        exercise_id=exercise.id, digest="x", title="간격", max_points=2, starter="d" * 64,
        facts={"checks": [{"name": "mean", "title": "평균"}]},
        published_at=at("2020-01-01"),
    )  # fmt: skip
    small._add(version)
    unit = small.runs["r"].units[1]
    unit.kind, unit.exercise_version_id = "exercise", version.id
    session.flush()
    return small


def _exercise(country: Country) -> RunUnit:
    run = country.runs["r"].id
    return country.session.scalars(select(RunUnit).where(RunUnit.run_id == run, RunUnit.kind == "exercise")).one()


def _hand_in(country: Country, person: str, number: int, day: str, **outcomes: str) -> Grade:
    unit = _exercise(country)
    assert unit.exercise_version_id is not None
    made = Submission(
        enrolment_id=country.enrolments[person, "r"].id, run_unit_id=unit.id, number=number, notebook="d" * 64,
        exercise_version_id=unit.exercise_version_id, file_name="n.ipynb", submitted_at=at(day),
    )  # fmt: skip
    country._add(made)
    return _grade(country, made, day, outcomes)


def _grade(country: Country, submission: Submission, day: str, outcomes: dict[str, str]) -> Grade:
    made = Grade(
        submission_id=submission.id, exercise_version_id=submission.exercise_version_id, outcome="graded", points=1,
        max_points=2, checks=[{"name": name, "outcome": outcome} for name, outcome in outcomes.items()], flags=[],
        repairs=[], seconds=1, engine="e", environment="e", graded_at=at(day),
    )  # fmt: skip
    country._add(made)
    return made


def _failed(country: Country, day: date = DAY) -> dict[str, tuple[int, int]]:
    rows = failed_checks(country.session, None, Question(as_of=day, by=()))
    return {row.title: (row.failed, row.tries) for row in rows}


def test_the_last_try_of_each_learner_counts(graded: Country) -> None:
    for person in ("a", "b"):
        graded.enrol(person, "hanbit", "r", "2026-03-01")
    _hand_in(graded, "a", 1, "2026-03-03", mean="failed", spread="failed")
    _hand_in(graded, "a", 2, "2026-03-05", mean="passed", spread="failed")
    _hand_in(graded, "b", 1, "2026-03-05", mean="error", spread="passed")
    assert _failed(graded) == {"spread": (1, 2), "평균": (0, 1)}
    assert _failed(graded, date(2026, 3, 4)) == {"spread": (1, 1), "평균": (1, 1)}


def test_of_a_try_the_last_grade_counts(graded: Country) -> None:
    graded.enrol("a", "hanbit", "r", "2026-03-01")
    first = _hand_in(graded, "a", 1, "2026-03-03", mean="failed")
    submission = graded.session.get_one(Submission, first.submission_id)
    _grade(graded, submission, "2026-03-10", {"mean": "passed"})
    assert _failed(graded) == {"평균": (0, 1)}
    assert _failed(graded, date(2026, 3, 9)) == {"평균": (1, 1)}


def test_of_too_many_people_none_are_looked_at_one_by_one(small: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(width, "MOST_PEOPLE", 2)
    for person in ("a", "b"):
        small.enrol(person, "hanbit", "r", "2026-03-01")
    question, session = Question(as_of=DAY, by=()), small.session
    assert len(stops(session, None, question).rows) == len(UNITS)
    small.enrol("c", "hanbit", "r", "2026-03-01")
    asking: tuple[Callable[..., object], ...] = (stops, failed_checks, list_learners)
    for ask in asking:
        with pytest.raises(ReportError, match="one course, run, company or region"):
            ask(session, None, question)
    assert list_learners(session, None, question.but(region=("gwangju",))).total == 0
    assert list_learners(session, None, question.but(run=("oee-1",))).total == 3


def test_each_may_choose_the_runs_in_which_somebody_is_whom_she_sees(country: Country) -> None:
    random_history(country, 5, people=8)
    session = country.session
    keys = {
        country.runs["a"].id: "first-steps-1",
        country.runs["b"].id: "first-steps-2",
        country.runs["c"].id: "energy-1",
    }
    seen: set[str] = set()
    for viewer in (
        country.officer("pohang"),
        country.officer("jeonnam"),
        country.manager("company 1"),
        country.office(),
    ):
        of_enrolments = {keys[run] for run in session.scalars(select(Enrolment.run_id).where(visible_to(viewer)))}
        own = {keys[run.id] for run in country.runs.values() if run.centre_id in viewer.officer_centres}
        chosen = {choice.key for choice in list_choices(session, viewer)["run"]}
        assert chosen == (set(keys.values()) if viewer.is_programme_office else of_enrolments | own)
        seen |= {",".join(sorted(chosen))}
    assert len(seen) > 1, "they differ in what they may choose"

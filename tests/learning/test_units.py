"""Pages and quizzes: what a learner does in them, recorded once, the best try counting."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, update

from lms.content import Quiz, QuizUnit, from_document
from lms.errors import NotFoundError
from lms.learning import units
from lms.learning.completion import Standing
from lms.learning.enrolments import RunNotOpenError
from lms.models import CourseVersion, LedgerEntry, QuizAttempt, Run
from tests.classroom import Classroom
from tests.web import small_course
from tests.world import at, load

NOW = at("2026-03-10")


def read(classroom: Classroom, key: str = small_course.FIRST_PAGE, day: str = "2026-03-10") -> Standing:
    with classroom.database.writing() as session:
        enrolment = load(session, classroom.enrolment.id)
        standing = units.finish_page(session, enrolment, classroom.unit(key), at(day))
        session.commit()
    return standing


def quiz(classroom: Classroom) -> Quiz:
    with classroom.database.reading() as session:
        version = session.get_one(CourseVersion, classroom.run.course_version_id)
        content = from_document(version.document)
    return next(unit.quiz for unit in content.units if isinstance(unit, QuizUnit))


def take(classroom: Classroom, answers: dict) -> tuple[QuizAttempt, Standing]:
    with classroom.database.writing() as session:
        enrolment = load(session, classroom.enrolment.id)
        attempt, _, standing = units.take_quiz(
            session, enrolment, classroom.unit(small_course.QUIZ), quiz(classroom), answers, NOW
        )
        session.commit()
    return attempt, standing


def test_a_page_is_done_once_on_its_first_day(classroom: Classroom) -> None:
    assert read(classroom).progress == 25
    assert read(classroom, day="2026-03-12").progress == 25
    with classroom.database.reading() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "unit_done")).one()
    assert (entry.unit_key, entry.effective_on) == (small_course.FIRST_PAGE, date(2026, 3, 10))


@pytest.mark.parametrize("key", [small_course.QUIZ, small_course.EXERCISE])
def test_only_a_page_is_done_by_reading(classroom: Classroom, key: str) -> None:
    with pytest.raises(NotFoundError):
        read(classroom, key)


def test_the_best_try_counts_and_every_try_is_kept(classroom: Classroom) -> None:
    first, _ = take(classroom, {"number": "3"})
    best, standing = take(classroom, {"number": "117"})
    worse, after = take(classroom, {})
    assert [first.number, best.number, worse.number] == [1, 2, 3]
    assert [first.points, best.points, worse.points] == [0, 1, 0]
    assert best.answers == {"number": "117"}
    assert standing.score == after.score == pytest.approx(10)  # a quarter of the quiz, which weighs 40 of 100
    with classroom.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(QuizAttempt)) == 3
        assert session.scalar(select(func.count()).where(LedgerEntry.kind == "unit_done")) == 1


def test_tries_are_listed_oldest_first(classroom: Classroom) -> None:
    take(classroom, {}), take(classroom, {})
    with classroom.database.reading() as session:
        listed = units.quiz_attempts(session, classroom.enrolment, classroom.unit(small_course.QUIZ))
    assert [attempt.number for attempt in listed] == [1, 2]


def test_a_closed_run_takes_neither(classroom: Classroom) -> None:
    with classroom.database.writing() as session:
        session.execute(update(Run).values(closed_at=NOW))
        session.commit()
    with pytest.raises(RunNotOpenError):
        read(classroom)
    with pytest.raises(RunNotOpenError):
        take(classroom, {})
    with classroom.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(QuizAttempt)) == 0

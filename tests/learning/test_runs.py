"""Runs: pinned to a version, with what progress and score are counted from frozen."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.content import ExerciseUnit, from_document, to_document
from lms.learning import runs
from lms.models import Course, CourseVersion, ExerciseVersion, Run, RunUnit
from tests.classroom import Classroom, publish_small_course
from tests.web import small_course
from tests.world import World, at

FROM, TO = date(2026, 4, 1), date(2026, 4, 30)


def course_of(session: Session) -> Course:
    return session.scalars(select(Course).where(Course.slug == small_course.COURSE)).one()


def open_run(session: Session, world: World, course: Course | None = None, **more: object) -> Run:
    days: dict = {"learn_from": FROM, "learn_to": TO}
    return runs.open_run(session, course or course_of(session), centre_id=world.busan_centre.id, **(days | more))


def test_it_copies_units_weights_and_rule(classroom: Classroom) -> None:
    units = classroom.enrolment.run.units
    assert [(unit.key, unit.kind, unit.weight) for unit in units] == [
        (small_course.FIRST_PAGE, "page", 0),
        (small_course.SECOND_PAGE, "page", 0),
        (small_course.QUIZ, "quiz", 40),
        (small_course.EXERCISE, "exercise", 60),
    ]
    assert [(rule.progress, rule.score) for rule in classroom.enrolment.run.rules] == [(80, 60)]
    assert classroom.run.hours == 1


def test_each_exercise_is_pinned_to_its_version(classroom: Classroom) -> None:
    with classroom.database.reading() as session:
        published = session.scalars(select(ExerciseVersion.id).where(ExerciseVersion.title == "양품 세기")).one()
    assert [unit.exercise_version_id for unit in classroom.enrolment.run.units] == [None, None, None, published]


def test_a_lesson_that_is_added_later_lowers_nobody_s_percentage(classroom: Classroom, world: World) -> None:
    toml = classroom.content / "courses" / small_course.COURSE / "course.toml"
    one_more = '\n[[units]]\nkey = "one-more"\nkind = "page"\ntitle = "더"\nfile = "pages/more.md"\nminutes = 5\n'
    toml.write_text(toml.read_text("utf-8") + one_more, "utf-8")
    (toml.parent / "pages/more.md").write_text("더 읽을거리입니다.\n", "utf-8")
    with classroom.database.writing() as session:
        publish_small_course(session, classroom.files, classroom.content)
        later = open_run(session, world)
        session.commit()
        before = session.scalars(select(RunUnit.key).where(RunUnit.run_id == classroom.run.id)).all()
        after = session.scalars(select(RunUnit.key).where(RunUnit.run_id == later.id)).all()
    assert (len(before), len(after)) == (4, 5)


def test_runs_of_a_course_are_numbered(classroom: Classroom, world: World) -> None:
    with classroom.database.writing() as session:
        assert classroom.run.number == 1
        assert [open_run(session, world).number for _ in range(2)] == [2, 3]


def test_a_period_has_its_end_after_its_begin(classroom: Classroom, world: World) -> None:
    with classroom.database.writing() as session:
        with pytest.raises(runs.RunError) as caught:
            open_run(session, world, learn_from=TO, learn_to=FROM)
        assert caught.value.reason == "period"
        assert open_run(session, world, learn_from=FROM, learn_to=FROM).is_open_on(FROM)


def test_the_database_holds_the_period_too(session: Session, world: World) -> None:
    run = session.get_one(Run, world.run.id)
    run.learn_to = date(2020, 1, 1)
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_course_that_was_never_published_has_no_runs(session: Session, world: World) -> None:
    course = Course(slug="planned")
    session.add(course)
    session.flush()
    with pytest.raises(runs.RunError) as caught:
        open_run(session, world, course)
    assert caught.value.reason == "no_version"


def test_an_exercise_that_is_not_there_stops_it(classroom: Classroom, world: World) -> None:
    with classroom.database.writing() as session:
        course = course_of(session)
        version = session.get_one(CourseVersion, course.current_version_id)
        content = from_document(version.document)
        units = tuple(
            msgspec.structs.replace(unit, digest="0" * 64) if isinstance(unit, ExerciseUnit) else unit
            for unit in content.units
        )
        changed = CourseVersion(
            course_id=course.id,
            digest="1" * 64,
            title="x",
            summary="",
            document=to_document(msgspec.structs.replace(content, units=units)),
            published_at=at("2026-03-01"),
        )
        session.add(changed)
        session.flush()
        course.current_version_id = changed.id
        with pytest.raises(runs.RunError) as caught:
            open_run(session, world, course)
    assert caught.value.reason == "exercise_missing"


def test_a_unit_that_is_counted_from_can_not_be_taken_away(classroom: Classroom) -> None:
    classroom.hand_in()
    with classroom.database.writing() as session, pytest.raises(IntegrityError):
        session.execute(delete(RunUnit).where(RunUnit.id == classroom.unit().id))

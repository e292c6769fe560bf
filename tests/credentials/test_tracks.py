"""Tracks: enough courses, in whichever runs, and a certificate that falls with what it rests on."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from lms.credentials import reading, tracks
from lms.credentials.tracks import TrackError
from lms.learning import ledger
from lms.models import Centre, Course, CourseVersion, Database, Enrolment, ExerciseVersion, Run, Track
from tests import world as people
from tests.world import World

from .conftest import PRESS, complete, finish

NOW = people.at("2026-05-20")


def second_run(session: Session, world: World) -> Run:
    """Of another course."""
    course = Course(slug="second-steps")
    session.add(course)
    session.flush()
    version = CourseVersion(
        course_id=course.id, digest="d" * 64, title="둘째 걸음", summary="", document={}, published_at=NOW
    )
    session.add(version)
    session.flush()
    course.current_version_id = version.id
    exercise = session.get_one(ExerciseVersion, world.exercise_version.id)
    return people.make_run(session, course, exercise, world.busan_centre)


def add(session: Session, world: World, courses: list[int], needs: int, **how: object) -> Track:
    made = tracks.add(
        session,
        world.viewer(world.seoyeon),
        session.get_one(Centre, world.busan_centre.id),
        **{"slug": "data-basics", "title": "데이터 기초", "courses": courses, "needs": needs, "now": NOW} | how,  # type: ignore[arg-type]
    )
    return tracks.load(session, world.viewer(world.seoyeon), made.uid)


def test_a_track_is_certified_when_its_last_course_is_completed(database: Database, world: World, hana: int) -> None:
    with database.writing() as session:
        other = second_run(session, world)
        add(session, world, [world.course.id, other.course_id], 2)
        assert tracks.issue_due(session, world.hana.id, PRESS, now=NOW) == []
        (way,) = tracks.list_ways(session, world.hana.id, NOW.date())
        assert (way.done, way.is_met, [one.title for one in way.courses]) == (
            1,
            False,
            ["제조데이터 첫걸음", "둘째 걸음"],
        )
        enrolment = complete(session, other, world.hana, "2026-05-02")
        (made,) = tracks.issue_due(session, world.hana.id, PRESS, now=NOW)
        assert (made.number, made.facts["completed_on"], made.facts["hours"]) == ("data-basics-0001", "2026-05-02", 16)
        assert [one["course"] for one in made.facts["courses"]] == ["제조데이터 첫걸음", "둘째 걸음"]
        assert tracks.issue_due(session, world.hana.id, PRESS, now=NOW) == []

        ledger.revoke(session, enrolment, actor_id=world.seoyeon.id, reason="대리 수강", now=NOW)
        first = reading.find_by_code(session, made.token)
        assert first is not None
        assert first.state == "revoked"
        assert tracks.issue_due(session, world.hana.id, PRESS, now=NOW) == []
        finish(session, enrolment, "2026-05-19")
        (again,) = tracks.issue_due(session, world.hana.id, PRESS, now=NOW)
        assert (again.number, again.replaces_id) == ("data-basics-0002", made.id)


def test_one_of_two_may_be_enough_and_a_change_is_of_its_day(database: Database, world: World, hana: int) -> None:
    viewer = world.viewer(world.seoyeon)
    with database.writing() as session:
        other = second_run(session, world)
        courses = [world.course.id, other.course_id]
        track = add(session, world, courses, 2)
        late = people.at("2026-06-01").date()
        tracks.change(session, viewer, track, title="기초", courses=courses, needs=1, from_on=late, now=NOW)
        session.expire_all()
        assert tracks.issue_due(session, world.hana.id, PRESS, now=NOW) == []
        (made,) = tracks.issue_due(session, world.hana.id, PRESS, now=people.at("2026-06-02"))
        assert made.facts["track"] == "기초"


def test_an_ended_track_certifies_nobody(database: Database, world: World, hana: int) -> None:
    viewer = world.viewer(world.seoyeon)
    with database.writing() as session:
        courses = [world.course.id, second_run(session, world).course_id]
        track = add(session, world, courses, 1)
        tracks.change(
            session, viewer, track, title="기초", courses=courses, needs=1, from_on=NOW.date(), is_open=False, now=NOW
        )
        session.expire_all()
        assert tracks.issue_due(session, world.hana.id, PRESS, now=NOW) == []


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"slug": "Data"}, "slug"),
        ({"slug": "../etc"}, "slug"),
        ({"title": "  "}, "title_missing"),
        ({"courses": [1]}, "courses"),
        ({"courses": [1, 1]}, "courses"),
        ({"courses": [1, 99_999]}, "unknown_course"),
        ({"needs": 3}, "needs"),
        ({"needs": 0}, "needs"),
    ],
)
def test_what_is_no_track_is_refused(database: Database, world: World, wrong: dict, reason: str) -> None:
    with database.writing() as session:
        courses = [world.course.id, second_run(session, world).course_id]
        how = {"courses": courses, "needs": 2} | wrong
        with pytest.raises(TrackError, match=reason):
            add(session, world, how.pop("courses"), how.pop("needs"), **how)


def test_a_track_is_its_centres(database: Database, world: World, enrolment: Enrolment) -> None:
    with database.writing() as session:
        courses = [world.course.id, second_run(session, world).course_id]
        add(session, world, courses, 2)
        with pytest.raises(TrackError, match="slug_taken"):
            add(session, world, courses, 2)
        assert tracks.list_tracks(session, world.viewer(world.minjun)) == []
        assert len(tracks.list_ways(session, world.hana.id, NOW.date())) == 1

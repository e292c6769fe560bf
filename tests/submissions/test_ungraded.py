"""What could not be graded through a fault of ours: who is told, and that it is graded once more, once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lms.clock import utcnow
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.models import Database, Grade, Job, Person
from lms.submissions import ungraded
from lms.submissions.hand_in import JOB_KIND
from tests.classroom import Classroom, a_grade
from tests.submissions.test_take_result import FakeGrader, claim
from tests.world import World


def give_up(classroom: Classroom) -> None:
    """Hand in, and fail at every try."""
    classroom.hand_in()
    with classroom.database.writing() as session:
        job = session.scalars(select(Job)).one()
        job.max_attempts = 1
        session.commit()
    worker = Worker(
        classroom.database,
        {JOB_KIND: FakeGrader(classroom, RuntimeError("the press is stuck"))},
        lease_seconds=60,
    )
    assert worker.run_one("w1")


def seen_by(database: Database, world: World, person: Person) -> int:
    with database.reading() as session:
        return len(ungraded.list_ungraded(session, world.viewer(person)))


def again(database: Database) -> int:
    with database.writing() as session:
        count = ungraded.grade_again(session)
        session.commit()
    return count


def test_nothing_waits_where_all_was_graded(classroom: Classroom, world: World) -> None:
    classroom.hand_in()
    FakeGrader(classroom, a_grade())(classroom.database, claim(classroom.database))
    assert seen_by(classroom.database, world, world.minseo) == 0
    assert again(classroom.database) == 0


def test_a_job_that_was_given_up_is_shown_and_graded_again(classroom: Classroom, world: World) -> None:
    give_up(classroom)
    assert seen_by(classroom.database, world, world.minseo) == 1
    assert again(classroom.database) == 1
    assert seen_by(classroom.database, world, world.minseo) == 0
    FakeGrader(classroom, a_grade(6))(classroom.database, claim(classroom.database, after=timedelta(seconds=1)))
    with classroom.database.reading() as session:
        assert [grade.points for grade in session.scalars(select(Grade))] == [6]


def test_a_grade_that_says_error_is_tried_once_more_and_only_once(classroom: Classroom, world: World) -> None:
    classroom.hand_in()
    FakeGrader(classroom, a_grade(None, "error"))(classroom.database, claim(classroom.database))
    assert seen_by(classroom.database, world, world.minseo) == 1
    assert (again(classroom.database), again(classroom.database)) == (1, 0)
    FakeGrader(classroom, a_grade(8))(classroom.database, claim(classroom.database, after=timedelta(seconds=1)))
    assert seen_by(classroom.database, world, world.minseo) == 0
    with classroom.database.writing() as session:
        assert queue.claim(session, "w2", timedelta(seconds=60), utcnow() + timedelta(minutes=1)) is None


def test_only_who_may_see_the_learner_is_told(classroom: Classroom, world: World) -> None:
    give_up(classroom)
    told = {name for name, person in world.everybody.items() if seen_by(classroom.database, world, person)}
    assert told == {"learner", "company_manager", "officer", "instructor", "programme_office", "operator"}

"""Taking a result: grade, ledger and the job's end in one transaction, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from lms import grading
from lms.clock import utcnow
from lms.errors import GradingUnavailableError
from lms.files import StorageError
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.learning import ledger
from lms.models import Database, Enrolment, Grade, Job, LedgerEntry, Submission
from lms.submissions.hand_in import JOB_KIND
from lms.submissions.take_result import Grader, LeaseLostError, write_grade
from tests.classroom import Classroom, a_grade
from tests.web import small_course
from tests.world import World, at

LEASE = timedelta(seconds=60)


class FakeGrader(Grader):
    """Gives the grade that it was made with, or does what a test says in the slow part."""

    def __init__(
        self, classroom: Classroom, result: grading.Grade | Exception, during: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(classroom.files, classroom.exercises, required_level="none")
        self.result = result
        self.during = during

    def _grade(self, exercise: grading.Exercise, order: object) -> tuple[grading.Grade, str]:
        self.during()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result, "<p>채점한 노트북</p>"


def claim(database: Database, worker: str = "w1", after: timedelta = timedelta()) -> queue.Claim:
    with database.writing() as session:
        claimed = queue.claim(session, worker, LEASE, utcnow() + after)
        session.commit()
    assert claimed is not None
    return claimed


def grades(database: Database) -> list[Grade]:
    with database.reading() as session:
        return list(session.scalars(select(Grade).order_by(Grade.id)))


def entries(database: Database, *kinds: str) -> list[LedgerEntry]:
    with database.reading() as session:
        found = session.scalars(select(LedgerEntry).where(LedgerEntry.kind.in_(kinds)).order_by(LedgerEntry.id))
        return list(found)


def job(database: Database) -> Job:
    with database.reading() as session:
        return session.scalars(select(Job)).one()


def test_a_grade_its_score_and_the_end_of_the_job_are_written_together(classroom: Classroom) -> None:
    submission = classroom.hand_in().submission
    FakeGrader(classroom, a_grade(7.5))(classroom.database, claim(classroom.database))
    (given,) = grades(classroom.database)
    assert (given.submission_id, given.outcome, given.points, given.max_points) == (submission.id, "graded", 7.5, 10)
    assert given.checks[0]["name"] == "q1-test"
    assert (given.engine, given.environment) == ("engine of the tests", "python 3")
    assert [entry.kind for entry in entries(classroom.database, "unit_done", "scored")] == ["unit_done", "scored"]
    (score,) = entries(classroom.database, "scored")
    assert (score.points, score.grade_id, score.submission_id) == (7.5, given.id, submission.id)
    assert job(classroom.database).state == "done"
    with classroom.database.reading() as session:
        feedback = session.scalars(select(Grade.feedback)).one()
    assert feedback is not None
    assert classroom.files.read(feedback).decode() == "<p>채점한 노트북</p>"


def test_the_score_is_of_the_day_of_handing_in(classroom: Classroom) -> None:
    classroom.hand_in(now=at("2026-03-10", "23:59"))
    FakeGrader(classroom, a_grade())(classroom.database, claim(classroom.database))
    days = {str(entry.effective_on) for entry in entries(classroom.database, "unit_done", "scored")}
    assert days == {"2026-03-10"}
    assert all(entry.recorded_at > at("2026-03-10") for entry in entries(classroom.database, "scored"))


def test_nothing_earned_is_a_score_and_no_progress(classroom: Classroom) -> None:
    classroom.hand_in()
    FakeGrader(classroom, a_grade(0))(classroom.database, claim(classroom.database))
    assert [entry.kind for entry in entries(classroom.database, "unit_done", "scored")] == ["scored"]


def test_a_fault_of_ours_is_a_grade_without_a_score(classroom: Classroom) -> None:
    classroom.hand_in()
    FakeGrader(classroom, a_grade(None, "error"))(classroom.database, claim(classroom.database))
    assert [(given.outcome, given.points) for given in grades(classroom.database)] == [("error", None)]
    assert entries(classroom.database, "unit_done", "scored") == []
    assert job(classroom.database).state == "done"


def test_who_lost_the_lease_writes_nothing(classroom: Classroom) -> None:
    classroom.hand_in()
    late = claim(classroom.database, "w1")
    claim(classroom.database, "w2", 2 * LEASE)
    with pytest.raises(LeaseLostError):
        FakeGrader(classroom, a_grade())(classroom.database, late)
    assert grades(classroom.database) == []
    assert entries(classroom.database, "unit_done", "scored") == []
    assert (job(classroom.database).state, job(classroom.database).worker) == ("running", "w2")


def test_two_workers_that_graded_the_same_submission_give_one_grade(classroom: Classroom) -> None:
    classroom.hand_in()
    both = threading.Barrier(2)
    first = claim(classroom.database, "w1")
    second = claim(classroom.database, "w2", 2 * LEASE)
    said: list[str] = []

    def work(held: queue.Claim) -> None:
        try:
            FakeGrader(classroom, a_grade(), during=lambda: both.wait(10))(classroom.database, held)
            said.append(held.worker)
        except LeaseLostError:
            said.append("lost")

    threads = [threading.Thread(target=work, args=(held,)) for held in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["lost", "w2"]
    assert len(grades(classroom.database)) == 1
    assert len(entries(classroom.database, "scored")) == 1


@pytest.mark.parametrize("where", ["files", "ledger"])
def test_a_fault_while_writing_leaves_nothing_and_is_tried_again(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    classroom.hand_in()

    def break_down(*_: object, **__: object) -> None:
        raise StorageError(why="No space left on device")

    monkeypatch.setattr(*((classroom.files, "put", break_down) if where == "files" else (ledger, "settle", break_down)))
    worker = Worker(classroom.database, {JOB_KIND: FakeGrader(classroom, a_grade())})
    assert worker.run_one("w1") is True
    assert grades(classroom.database) == []
    assert entries(classroom.database, "unit_done", "scored") == []
    assert job(classroom.database).state == "ready"
    monkeypatch.undo()
    with classroom.database.writing() as session:
        session.execute(update(Job).values(run_at=utcnow()))
        session.commit()
    assert worker.run_one("w1") is True
    assert len(grades(classroom.database)) == 1


@pytest.mark.parametrize(("age", "state"), [(timedelta(hours=1), "ready"), (timedelta(days=2), "failed")])
def test_a_machine_that_can_not_grade_uses_no_try_for_a_day(classroom: Classroom, age: timedelta, state: str) -> None:
    classroom.hand_in()
    unavailable = GradingUnavailableError(why="no sandbox")
    worker = Worker(classroom.database, {JOB_KIND: FakeGrader(classroom, unavailable)})
    for _ in range(7):  # more often than a job may be tried
        with classroom.database.writing() as session:
            waiting = update(Job).where(Job.state == "ready")
            session.execute(waiting.values(run_at=utcnow(), created_at=utcnow() - age))
            session.commit()
        worker.run_one("w1")
    assert grades(classroom.database) == []
    assert (job(classroom.database).state, "no sandbox" in job(classroom.database).error) == (state, True)


def test_a_regrade_adds_a_grade_and_replaces_the_score_of_the_try(classroom: Classroom) -> None:
    submission = classroom.hand_in().submission
    FakeGrader(classroom, a_grade(4))(classroom.database, claim(classroom.database))
    with classroom.database.writing() as session:
        write_grade(session, classroom.files, submission.id, submission.exercise_version_id, a_grade(9), "")
        session.commit()
    assert [given.points for given in grades(classroom.database)] == [4, 9]
    assert [entry.points for entry in entries(classroom.database, "scored")] == [4, 9]
    with classroom.database.reading() as session:
        enrolment = session.get_one(Enrolment, classroom.enrolment.id)
        assert (
            len({entry.attempt_key for entry in ledger.entries_of(session, [enrolment.id]) if entry.submission_id}) == 1
        )


def test_the_last_thing_done_completes_the_learner(classroom: Classroom, world: World) -> None:
    with classroom.database.writing() as session:
        for key in (small_course.FIRST_PAGE, small_course.SECOND_PAGE, small_course.QUIZ):
            ledger.record_unit_done(session, classroom.enrolment, key, effective_on=at("2026-03-09").date())
        session.commit()
    classroom.hand_in()
    FakeGrader(classroom, a_grade())(classroom.database, claim(classroom.database))
    (completed,) = entries(classroom.database, "completed")
    assert (completed.enrolment_id, str(completed.effective_on)) == (classroom.enrolment.id, "2026-03-10")
    assert completed.company_id == world.hanbit.id


def test_submissions_are_never_changed_by_grading(classroom: Classroom) -> None:
    submission = classroom.hand_in().submission
    FakeGrader(classroom, a_grade())(classroom.database, claim(classroom.database))
    with classroom.database.reading() as session:
        kept = session.get_one(Submission, submission.id)
        assert (kept.notebook, kept.submitted_at, kept.number) == (
            submission.notebook,
            submission.submitted_at,
            submission.number,
        )
        assert session.scalar(select(func.count()).select_from(Submission)) == 1


@pytest.mark.sandbox
def test_the_real_grader_grades_a_right_and_a_half_right_notebook(classroom: Classroom) -> None:
    classroom.hand_in(small_course.HALF)
    classroom.hand_in()
    grader = Grader(classroom.files, classroom.exercises, required_level="none")
    worker = Worker(classroom.database, {JOB_KIND: grader})
    while worker.run_one("w1"):
        pass
    assert [(given.outcome, given.points) for given in grades(classroom.database)] == [("graded", 4), ("graded", 10)]

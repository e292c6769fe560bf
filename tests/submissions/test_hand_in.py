"""Handing in: a submission and its job are there together, once, or nothing is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from time import sleep
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from lms.errors import NotANotebookError, NotFoundError
from lms.files import StorageError
from lms.jobs import queue
from lms.learning.enrolments import RunNotOpenError
from lms.models import Base, Enrolment, Job, Run, Submission
from lms.submissions import hand_in
from lms.submissions.take_result import write_grade
from tests.classroom import HANDED_IN, MAX_BYTES, Classroom, a_grade
from tests.web import small_course
from tests.world import World, at, load, unit


def rows(classroom: Classroom, table: type[Base]) -> int:
    with classroom.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def grade(classroom: Classroom, submission: Submission, points: float = 10) -> None:
    with classroom.database.writing() as session:
        write_grade(session, classroom.files, submission.id, submission.exercise_version_id, a_grade(points), "<p></p>")
        session.commit()


def test_the_submission_and_its_job_are_committed_together(classroom: Classroom) -> None:
    made = classroom.hand_in()
    assert made.is_new
    with classroom.database.reading() as session:
        submission, job = session.scalars(select(Submission)).one(), session.scalars(select(Job)).one()
    assert (submission.number, submission.submitted_at, submission.file_name) == (1, HANDED_IN, "양품.ipynb")
    assert (job.kind, job.state) == ("grade", "ready")
    assert job.payload == {"submission": submission.id, "exercise_version": submission.exercise_version_id}
    assert classroom.files.read(submission.notebook) == classroom.notebook()


def test_what_is_not_committed_is_not_there(classroom: Classroom) -> None:
    with classroom.database.writing() as session:
        classroom.submit(session, classroom.notebook())
    assert (rows(classroom, Submission), rows(classroom, Job)) == (0, 0)


def test_the_same_bytes_again_while_they_wait_are_the_same_submission(classroom: Classroom) -> None:
    first, again = classroom.hand_in(), classroom.hand_in()
    assert (again.is_new, again.submission.id) == (False, first.submission.id)
    assert rows(classroom, Job) == 1


def test_the_same_bytes_again_after_their_grade_are_a_new_try(classroom: Classroom) -> None:
    first = classroom.hand_in()
    grade(classroom, first.submission)
    again = classroom.hand_in()
    assert (again.is_new, again.submission.number) == (True, 2)


def test_other_bytes_are_a_new_try_though_the_first_still_waits(classroom: Classroom) -> None:
    classroom.hand_in()
    assert classroom.hand_in(small_course.HALF).submission.number == 2


def test_two_people_with_the_same_bytes_have_a_submission_each(classroom: Classroom, world: World) -> None:
    hers = classroom.enrol(world.junho)
    classroom.hand_in()
    with classroom.database.writing() as session:
        key = small_course.EXERCISE
        made = classroom.submit(session, classroom.notebook(), enrolment=hers, unit=unit(hers, key))
        session.commit()
    assert (made.is_new, made.submission.number, made.submission.enrolment_id) == (True, 1, hers.id)


def test_the_same_upload_from_several_threads_at_once_is_one_submission(classroom: Classroom) -> None:
    notebook = classroom.notebook()
    together = Barrier(4)

    def upload() -> tuple[int, bool]:
        together.wait(10)
        with classroom.database.writing() as session:
            made = classroom.submit(session, notebook)
            session.commit()
        return made.submission.id, made.is_new

    with ThreadPoolExecutor(4) as pool:
        made = [future.result(60) for future in [pool.submit(upload) for _ in range(4)]]
    assert len({number for number, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False, False, False, True]
    assert (rows(classroom, Submission), rows(classroom, Job)) == (1, 1)


def test_two_uploads_that_differ_at_once_are_two_tries(classroom: Classroom) -> None:
    first_is_in = Event()
    notebooks = classroom.notebook(small_course.HALF), classroom.notebook()

    def second() -> int:
        with classroom.database.writing() as session:
            first_is_in.wait(10)
            made = classroom.submit(session, notebooks[1])
            session.commit()
        return made.submission.number

    with ThreadPoolExecutor(1) as pool, classroom.database.writing() as session:
        other = pool.submit(second)
        first = classroom.submit(session, notebooks[0])
        first_is_in.set()
        sleep(0.3)  # the other now waits for this one's end
        session.commit()
        assert (first.submission.number, other.result(60)) == (1, 2)
    assert rows(classroom, Job) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"\x89PNG", "not_json"), (b"[1, 2]", "not_a_notebook"), (b" " * (MAX_BYTES + 1), "too_large")],
    ids=["empty", "picture", "list", "large"],
)
def test_what_is_no_notebook_leaves_nothing(classroom: Classroom, content: bytes, reason: str) -> None:
    with classroom.database.writing() as session, pytest.raises(NotANotebookError) as caught:
        classroom.submit(session, content)
    assert caught.value.reason == reason
    assert (rows(classroom, Submission), rows(classroom, Job)) == (0, 0)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"closed_at": at("2026-03-09")}, "closed"),
        ({"learn_from": HANDED_IN.date() + timedelta(days=1)}, "not_begun"),
        ({"learn_to": HANDED_IN.date() - timedelta(days=1)}, "over"),
    ],
    ids=["closed", "not-begun", "over"],
)
def test_a_run_that_is_not_open_takes_nothing(classroom: Classroom, values: dict[str, object], reason: str) -> None:
    with classroom.database.writing() as session:
        session.execute(update(Run).where(Run.id == classroom.run.id).values(**values))
        session.commit()
    with classroom.database.writing() as session:
        enrolment = load(session, classroom.enrolment.id)
        with pytest.raises(RunNotOpenError) as caught:
            classroom.submit(session, classroom.notebook(), enrolment=enrolment)
    assert caught.value.reason == reason
    assert rows(classroom, Submission) == 0


def test_only_an_exercise_takes_notebooks(classroom: Classroom) -> None:
    with classroom.database.writing() as session, pytest.raises(NotFoundError):
        classroom.submit(session, classroom.notebook(), unit=classroom.unit(small_course.QUIZ))


def test_a_full_disk_promises_nothing(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = classroom.notebook()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(classroom.files, "_write", full)
    with classroom.database.writing() as session, pytest.raises(StorageError):
        classroom.submit(session, notebook)
    assert (rows(classroom, Submission), rows(classroom, Job)) == (0, 0)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\hana\\양품.ipynb", "양품.ipynb"),
        ("../../etc/passwd", "passwd"),
        ("줄\n바꿈\x00.ipynb", "줄바꿈.ipynb"),
        ("", "notebook.ipynb"),
        ("가" * 300, "가" * 200),
    ],
    ids=["windows", "path", "control", "none", "long"],
)
def test_a_file_s_name_is_made_safe(classroom: Classroom, given: str, kept: str) -> None:
    with classroom.database.writing() as session:
        assert classroom.submit(session, classroom.notebook(), name=given).submission.file_name == kept


# Looking at them


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("learner", True),
        ("company_manager", True),
        ("officer", True),
        ("instructor", True),
        ("programme_office", True),
        ("colleague", False),
        ("other_officer", False),
        ("other_learner", False),
        ("operator", False),
    ],
)
def test_a_submission_is_loaded_by_those_who_may_see_the_enrolment(
    classroom: Classroom, world: World, role: str, may: bool
) -> None:
    uid = classroom.hand_in().submission.uid
    viewer = world.viewer(world.everybody[role])
    with classroom.database.reading() as session:
        if not may:
            with pytest.raises(NotFoundError):
                hand_in.load_submission(session, viewer, uid)
            return
        assert hand_in.load_submission(session, viewer, uid).enrolment.person.name == "김하나"


def test_an_unknown_submission_is_not_found(classroom: Classroom, world: World) -> None:
    with classroom.database.reading() as session, pytest.raises(NotFoundError):
        hand_in.load_submission(session, world.viewer(world.jimin), uuid4())


def test_tries_are_listed_newest_first_with_their_grades(classroom: Classroom) -> None:
    first = classroom.hand_in(small_course.HALF)
    grade(classroom, first.submission, 4)
    classroom.hand_in()
    with classroom.database.reading() as session:
        listed = hand_in.list_submissions(session, classroom.enrolment, classroom.unit())
        assert [(each.number, [given.points for given in each.grades]) for each in listed] == [(2, []), (1, [4])]


def test_how_many_wait_before_it(classroom: Classroom) -> None:
    first, second = classroom.hand_in(small_course.HALF), classroom.hand_in()
    with classroom.database.reading() as session:
        assert hand_in.waiting_before(session, first.submission) == 0
        assert hand_in.waiting_before(session, second.submission) == 1
    with classroom.database.writing() as session:
        claim = queue.claim(session, "w1", timedelta(seconds=60))
        assert claim is not None
        queue.finish(session, claim)
        session.commit()
    with classroom.database.reading() as session:
        assert hand_in.waiting_before(session, second.submission) == 0


def test_it_is_stuck_when_every_try_to_grade_it_failed(classroom: Classroom) -> None:
    submission = classroom.hand_in().submission
    with classroom.database.reading() as session:
        assert hand_in.is_stuck(session, submission) is False
    with classroom.database.writing() as session:
        session.execute(update(Job).values(state="failed"))
        session.commit()
    with classroom.database.reading() as session:
        assert hand_in.is_stuck(session, submission) is True


def test_withdrawing_does_not_hide_what_was_handed_in_from_staff(classroom: Classroom, world: World) -> None:
    uid = classroom.hand_in().submission.uid
    with classroom.database.writing() as session:
        session.get_one(Enrolment, classroom.enrolment.id).state = "withdrawn"
        session.commit()
    with classroom.database.reading() as session:
        assert hand_in.load_submission(session, world.viewer(world.seoyeon), uid).uid == uid

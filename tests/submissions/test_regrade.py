"""A regrade: shown before it is written, written once, and never to a learner's cost where the fault is ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lms import grading
from lms.errors import NotANotebookError, NotFoundError
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.learning import enrolments, ledger
from lms.learning.classroom import whole_run
from lms.models import AuditEntry, Enrolment, ExerciseVersion, Grade, Job, LedgerEntry, Run, RunUnit, Submission
from lms.submissions import regrade, regrade_preview, ungraded
from lms.submissions.hand_in import JOB_KIND
from lms.submissions.regrade import APPLY_KIND, GRADE_KIND, RegradeError
from lms.submissions.regrade_jobs import Applier, Regrader
from lms.submissions.regrade_preview import Preview
from lms.submissions.take_result import Grader, LeaseLostError
from tests.classroom import Classroom, a_grade, publish_small_course
from tests.web import small_course
from tests.web.small_course import EXERCISE
from tests.world import World, at, load

Give = Callable[[str, int], grading.Grade]


def points(number: float, *, of: float = 10) -> grading.Grade:
    """A grade with so many points; its one check passed where they are all."""
    outcome = "passed" if number == of else "failed"
    check = grading.CheckResult("q1-test", outcome, number, of, False, "", "양품 수")
    return a_grade(number, max_points=of, checks=(check,))


class Table(Grader):
    """Gives what a table says for a submission and a version, or raises it."""

    def __init__(self, classroom: Classroom) -> None:
        super().__init__(classroom.files, classroom.exercises, required_level="none")
        self.table: dict[tuple[int, int], grading.Grade | Exception] = {}
        self.asked: list[tuple[int, int]] = []

    def _grade(self, exercise: grading.Exercise, order: object) -> tuple[grading.Grade, str]:
        key = (order.submission_id, order.version_id)  # type: ignore[attr-defined]
        self.asked.append(key)
        given = self.table[key]
        if isinstance(given, Exception):
            raise given
        return given, f"<p>{key}</p>"


class Scene:
    """The small course's run, in which 김하나 and others handed in; `mend` publishes another version of its exercise."""

    def __init__(self, classroom: Classroom) -> None:
        self.classroom = classroom
        self.database = classroom.database
        self.grader = Table(classroom)
        self.old = classroom.unit().exercise_version_id or 0
        self.new = 0

    def worker(self) -> Worker:
        return Worker(
            self.database,
            {JOB_KIND: self.grader, GRADE_KIND: Regrader(self.grader), APPLY_KIND: Applier(self.classroom.files)},
        )

    def work(self, most: int = 1000) -> int:
        done = 0
        worker = self.worker()
        while done < most and worker.run_one("w1"):
            done += 1
        return done

    def hand_in(self, number: float | grading.Grade, *, by: Enrolment | None = None, day: str = "2026-03-10") -> int:
        """Hand in, and have it graded by the version that the run has."""
        with self.database.writing() as session:
            notebook = self.classroom.notebook({"q1": f"# {day} {number}"})
            made = self.classroom.submit(session, notebook, enrolment=by, now=at(day)).submission
            session.commit()
            id_, version = made.id, made.exercise_version_id
        self.grader.table[id_, version] = points(number) if isinstance(number, int | float) else number
        self.work()
        return id_

    def mend(self, answer_cell: str = "q1") -> int:
        """Publish the exercise with a mended check."""
        folder = self.classroom.content / "exercises" / EXERCISE
        settings, source = folder / "exercise.toml", folder / "source.ipynb"
        told = settings.read_text("utf-8").replace("뺐는지 보세요", "뺐는지 다시 보세요")
        settings.write_text(told.replace("\nq1 = ", f"\n{answer_cell} = "), "utf-8")
        source.write_text(source.read_text("utf-8").replace('"q1"', f'"{answer_cell}"'), "utf-8")
        with self.database.writing() as session:
            publish_small_course(session, self.classroom.files, self.classroom.content)
            session.commit()
            self.new = session.scalars(select(ExerciseVersion.id).order_by(ExerciseVersion.id.desc())).first() or 0
        assert self.new != self.old
        return self.new

    def will_give(self, submission: int, given: float | grading.Grade | Exception) -> None:
        self.grader.table[submission, self.new] = points(given) if isinstance(given, int | float) else given

    def run(self, session) -> Run:  # type: ignore[no-untyped-def]
        return session.scalars(select(Run).where(Run.id == self.classroom.run.id).options(*whole_run())).unique().one()

    def start(self) -> int:
        with self.database.writing() as session:
            found = unit_of(self.run(session))
            count = regrade.start(session, found, regrade.newest_version(found).id)
            session.commit()
        return count

    def preview(self) -> Preview:
        with self.database.reading() as session:
            run = self.run(session)
            return regrade_preview.preview(session, run, unit_of(run), regrade.newest_version(unit_of(run)))

    def apply(self, *, shown: int | None = None, actor_id: int | None = None, work: bool = True) -> int:
        with self.database.writing() as session:
            run = self.run(session)
            found = unit_of(run)
            count = regrade.apply(
                session,
                self.classroom.exercises,
                run,
                found,
                regrade.newest_version(found),
                actor_id=actor_id,
                reason="검사를 고쳤습니다.",
                shown=shown,
            )
            session.commit()
        if work:
            self.work()
        return count

    def rows(self, table: Any) -> list:
        with self.database.reading() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    def kinds(self) -> list[str]:
        told = ("scored", "completed", "questioned", "upheld", "revoked")
        return [entry.kind for entry in self.rows(LedgerEntry) if entry.kind in told]

    def state(self) -> dict[str, list]:
        """All that counts: grades, ledger, versions of the run's units."""
        return {
            "grades": [(row.id, row.submission_id, row.points) for row in self.rows(Grade)],
            "ledger": [(row.id, row.kind, row.points) for row in self.rows(LedgerEntry)],
            "units": [(row.id, row.exercise_version_id) for row in self.rows(RunUnit)],
        }

    def finish_the_rest(self) -> None:
        """김하나 reads the pages and takes the quiz, all right."""
        day = at("2026-03-09").date()
        with self.database.writing() as session:
            mine = ledger.lock(session, self.classroom.enrolment.id)
            for key in (small_course.FIRST_PAGE, small_course.SECOND_PAGE, small_course.QUIZ):
                ledger.append(session, mine, "unit_done", effective_on=day, unit_key=key)
            ledger.append(session, mine, "scored", effective_on=day, unit_key=small_course.QUIZ, points=4, max_points=4)
            session.commit()


def unit_of(run: Run) -> RunUnit:
    return next(found for found in run.units if found.key == EXERCISE)


@pytest.fixture
def scene(classroom: Classroom) -> Scene:
    return Scene(classroom)


def test_nothing_is_written_before_it_is_applied(scene: Scene) -> None:
    first = scene.hand_in(3)
    scene.mend()
    scene.will_give(first, 10)
    before = scene.state()
    assert scene.preview().state == "new"
    assert scene.start() == 1
    assert scene.preview().state == "running"
    scene.work()
    found = scene.preview()
    assert found.state == "ready"
    assert scene.state() == before
    (row,) = found.rows
    assert (row.change, row.before, row.after) == ("gain", (3, 10), (10, 10))
    assert (row.gained, row.lost) == (("q1-test",), ())
    assert found.by_check == [("q1-test", 1, 0)]
    assert row.score_after - row.score_before == pytest.approx(42)  # 60 of the course's 100 hang on the exercise


def test_what_is_applied_is_what_was_shown(scene: Scene, world: World) -> None:
    first = scene.hand_in(3)
    scene.mend()
    scene.will_give(first, 10)
    scene.start()
    scene.work()
    scene.grader.asked.clear()
    assert scene.apply(actor_id=world.jihun.id, shown=1) == 1
    assert scene.grader.asked == []
    assert [(row.exercise_version_id, row.points) for row in scene.rows(Grade)] == [(scene.old, 3), (scene.new, 10)]
    score = scene.rows(LedgerEntry)[-1]
    assert (score.kind, score.points, score.actor_id, score.reason) == (
        "scored",
        10,
        world.jihun.id,
        "검사를 고쳤습니다.",
    )
    assert str(score.effective_on) == "2026-03-10"
    assert scene.classroom.files.read(scene.rows(Grade)[-1].feedback).decode() == f"<p>{(first, scene.new)}</p>"
    assert scene.preview().state == "done"
    (noted,) = [row for row in scene.rows(AuditEntry) if row.action == "regraded"]
    assert (noted.actor_id, noted.reason) == (world.jihun.id, "검사를 고쳤습니다.")


def test_from_then_on_the_run_grades_by_the_new_version(scene: Scene) -> None:
    first = scene.hand_in(3)
    scene.mend()
    scene.will_give(first, 3)
    scene.start()
    scene.work()
    scene.apply()
    versions = {row.key: row.exercise_version_id for row in scene.rows(RunUnit) if row.run_id == scene.classroom.run.id}
    assert versions[EXERCISE] == scene.new


def test_a_version_with_other_answers_leaves_the_run_at_its_own(scene: Scene) -> None:
    first = scene.hand_in(3)
    scene.mend(answer_cell="q1b")
    scene.will_give(first, NotANotebookError("no_answers"))
    scene.start()
    scene.work()
    found = scene.preview()
    assert found.state == "kept"
    assert [(item.submission.id, item.found.outcome) for item in found.kept] == [(first, "refused")]
    scene.apply()
    assert {row.exercise_version_id for row in scene.rows(RunUnit) if row.kind == "exercise"} >= {scene.old}
    assert [row.points for row in scene.rows(Grade)] == [3]


def test_the_best_attempt_counts_before_and_after(scene: Scene) -> None:
    """An old attempt that a mended check passes may become the best; the better one of today may lose."""
    first, second = scene.hand_in(2, day="2026-03-10"), scene.hand_in(6, day="2026-03-11")
    scene.mend()
    scene.will_give(first, 9)
    scene.will_give(second, 1)
    scene.start()
    scene.work()
    (row,) = scene.preview().rows
    assert (row.before, row.after, row.change) == ((6, 10), (9, 10), "gain")
    scene.apply()
    with scene.database.reading() as session:
        enrolment = load(session, session.scalars(select(Enrolment.id)).one())
        standing = enrolments.standing_of(session, enrolment)
    assert next(item.best for item in standing.units if item.key == EXERCISE) == pytest.approx(0.9)
    assert standing.score == pytest.approx(row.score_after)


def test_a_regrade_may_complete_and_the_day_is_that_of_handing_in(scene: Scene) -> None:
    scene.finish_the_rest()
    first = scene.hand_in(2, day="2026-03-10")
    assert "completed" not in scene.kinds()
    scene.mend()
    scene.will_give(first, 8)
    scene.start()
    scene.work()
    assert [row.follows for row in scene.preview().rows] == ["completed"]
    scene.apply()
    completed = scene.rows(LedgerEntry)[-1]
    assert (completed.kind, str(completed.effective_on)) == ("completed", "2026-03-10")


def test_a_regrade_questions_a_completion_and_revokes_none(scene: Scene) -> None:
    scene.finish_the_rest()
    first = scene.hand_in(9)
    assert scene.kinds()[-1] == "completed"
    scene.mend()
    scene.will_give(first, 1)
    scene.start()
    scene.work()
    (row,) = scene.preview().rows
    assert (row.change, row.follows, row.lost) == ("loss", "questioned", ())
    scene.apply()
    assert scene.kinds()[-2:] == ["scored", "questioned"]
    assert "revoked" not in scene.kinds()


def test_a_fault_of_ours_takes_no_points_away(scene: Scene) -> None:
    graded, faulty, stopped = (scene.hand_in(5, day=f"2026-03-1{number}") for number in range(3))
    scene.mend()
    scene.will_give(graded, 5)
    scene.will_give(faulty, a_grade(None, "error"))
    scene.will_give(stopped, RuntimeError("the press is stuck"))
    scene.start()
    for _ in range(6):
        scene.work()
        with scene.database.writing() as session:
            session.execute(update(Job).values(run_at=at("2026-03-01")))
            session.commit()
    found = scene.preview()
    assert (found.state, found.shown) == ("ready", 1)
    assert [(item.submission.id, item.found.outcome) for item in found.kept] == [(faulty, "error"), (stopped, "failed")]
    scene.apply()
    assert [(row.submission_id, row.points) for row in scene.rows(Grade)] == [
        (graded, 5),
        (faulty, 5),
        (stopped, 5),
        (graded, 5),
    ]
    assert scene.preview().state == "kept"
    scene.will_give(faulty, 7)
    scene.will_give(stopped, 7)
    assert scene.start() == 2  # mended meanwhile: only these are tried again
    scene.work()
    assert scene.preview().shown == 2


def test_what_was_given_up_of_a_regrade_is_tried_again_with_all_else_that_was(scene: Scene) -> None:
    first = scene.hand_in(5)
    scene.mend()
    scene.will_give(first, RuntimeError("the press is stuck"))
    scene.start()
    for _ in range(6):
        scene.work()
        with scene.database.writing() as session:
            session.execute(update(Job).values(run_at=at("2026-03-01")))
            session.commit()
    assert scene.preview().state == "kept"
    scene.will_give(first, 9)
    with scene.database.writing() as session:
        assert ungraded.grade_again(session) == 1
        session.commit()
    scene.work()
    assert scene.preview().state == "ready"


def test_what_changes_nothing_leaves_the_ledger_alone(scene: Scene) -> None:
    first = scene.hand_in(5)
    scene.mend()
    scene.will_give(first, 5)
    before = scene.kinds()
    scene.start()
    scene.work()
    assert [row.change for row in scene.preview().rows] == ["same"]
    scene.apply()
    assert scene.kinds() == before
    assert len(scene.rows(Grade)) == 2


def test_begun_again_it_does_what_is_left_and_nothing_twice(scene: Scene, world: World) -> None:
    mine = scene.hand_in(1)
    his = scene.hand_in(2, by=scene.classroom.enrol(world.junho))
    scene.mend()
    scene.will_give(mine, 8)
    scene.will_give(his, 9)
    assert scene.start() == 2
    scene.work(most=1)  # stopped in the middle of grading
    assert scene.start() == 0
    scene.work()
    assert len(scene.grader.asked) == 4
    assert scene.apply(work=False) == 2
    scene.work(most=1)  # stopped in the middle of writing
    assert scene.preview().state == "applying"
    assert scene.apply() == 1
    assert sorted((row.submission_id, row.points) for row in scene.rows(Grade)) == [(1, 1), (1, 8), (2, 2), (2, 9)]
    assert scene.kinds().count("scored") == 4
    assert scene.apply() == 0
    assert len(scene.rows(Grade)) == 4


def test_two_workers_write_a_learners_grades_once(scene: Scene) -> None:
    first = scene.hand_in(1)
    scene.mend()
    scene.will_give(first, 8)
    scene.start()
    scene.work()
    scene.apply(work=False)
    lease = timedelta(seconds=60)
    with scene.database.writing() as session:
        slow = queue.claim(session, "w1", lease)
        session.commit()
    with scene.database.writing() as session:
        fast = queue.claim(session, "w2", lease, at("2099-01-01"))
        session.commit()
    assert slow is not None
    assert fast is not None
    Applier(scene.classroom.files)(scene.database, fast)
    with pytest.raises(LeaseLostError):
        Applier(scene.classroom.files)(scene.database, slow)
    assert [row.points for row in scene.rows(Grade)] == [1, 8]


def test_what_was_handed_in_meanwhile_is_left_for_the_next_time(scene: Scene) -> None:
    first = scene.hand_in(1)
    scene.mend()
    scene.will_give(first, 8)
    scene.start()
    scene.work()
    second = scene.hand_in(4, day="2026-03-12")
    found = scene.preview()
    assert (found.state, found.shown, found.unasked) == ("ready", 1, 1)
    scene.apply()
    assert scene.preview().unasked == 1
    scene.will_give(second, 4)
    assert scene.start() == 1


def test_cells_that_the_new_version_changed_are_not_told_as_the_learners_doing(scene: Scene) -> None:
    def mended(number: float, *cells: str) -> grading.Grade:
        repairs = tuple(grading.RepairNote("changed", cell, f"{cell} was changed") for cell in cells)
        return a_grade(number, repairs=repairs)

    first = scene.hand_in(mended(5, "q2-test"))
    scene.mend()
    scene.will_give(first, mended(8, "q1-test", "q2-test"))
    scene.start()
    scene.work()
    scene.apply()
    assert [[repair["cell"] for repair in row.repairs] for row in scene.rows(Grade)] == [["q2-test"], ["q2-test"]]


def test_who_withdrew_is_left_alone(scene: Scene, world: World) -> None:
    gone = scene.classroom.enrol(world.junho)
    scene.hand_in(1, by=gone)
    with scene.database.writing() as session:
        session.execute(update(Enrolment).where(Enrolment.id == gone.id).values(state="withdrawn"))
        session.commit()
    scene.mend()
    assert scene.start() == 0


@pytest.mark.parametrize("why", ["unfinished", "changed", "more", "closed"])
def test_it_is_not_applied_where_something_else_was_shown(scene: Scene, why: str) -> None:
    first = scene.hand_in(1)
    scene.mend()
    scene.will_give(first, 8)
    scene.start()
    if why != "unfinished":
        scene.work()
    if why == "closed":
        with scene.database.writing() as session:
            session.execute(update(Run).values(closed_at=at("2026-04-01")))
            session.commit()
    before = scene.state()
    with pytest.raises(RegradeError) as caught:
        scene.apply(shown={"changed": 2, "more": 0}.get(why))
    assert caught.value.reason == ("changed" if why == "more" else why)
    assert scene.state() == before


def test_the_units_of_an_exercise_are_those_of_open_runs(scene: Scene) -> None:
    with scene.database.writing() as session:
        (found,) = regrade.find_units(session, EXERCISE)
        assert (found.run_id, found.key) == (scene.classroom.run.id, EXERCISE)
        assert regrade.find_units(session, EXERCISE, run_id=found.run_id + 1) == []
        session.execute(update(Run).values(closed_at=at("2026-04-01")))
        session.commit()
    with scene.database.reading() as session:
        assert regrade.find_units(session, EXERCISE) == []
        with pytest.raises(NotFoundError):
            regrade.find_units(session, "no-such-exercise")


@pytest.mark.parametrize("state", ["ready", "running"])
def test_what_is_being_written_is_not_ordered_anew(scene: Scene, world: World, state: str) -> None:
    first = scene.hand_in(1)
    scene.mend()
    scene.will_give(first, 8)
    scene.start()
    scene.work()
    scene.apply(actor_id=world.jihun.id, work=False)
    with scene.database.writing() as session:
        session.execute(update(Job).where(Job.kind == APPLY_KIND).values(state=state, worker="w2", attempt=1))
        session.commit()
    scene.apply(actor_id=world.seoyeon.id, work=False)
    (job,) = [row for row in scene.rows(Job) if row.kind == APPLY_KIND]
    assert (job.state, job.worker, job.attempt, job.payload["actor"]) == (state, "w2", 1, world.jihun.id)


def test_learners_go_before_a_regrade(scene: Scene) -> None:
    first = scene.hand_in(1)
    scene.mend()
    scene.will_give(first, 8)
    scene.start()
    with scene.database.writing() as session:
        made = scene.classroom.submit(session, scene.classroom.notebook({"q1": "# 새로"}), now=at("2026-03-13"))
        session.commit()
        waits = made.submission.id
    scene.grader.table[waits, scene.old] = points(2)
    scene.grader.asked.clear()
    scene.work()
    assert scene.grader.asked == [(waits, scene.old), (first, scene.new)]


def test_units_are_found_by_the_name_of_their_exercise(scene: Scene) -> None:
    scene.hand_in(1)
    with scene.database.reading() as session:
        found = regrade.find_units(session, EXERCISE)
        assert [item.key for item in found] == [EXERCISE]
        assert regrade.find_units(session, EXERCISE, run_id=10**6) == []


def test_every_submission_keeps_its_notebook(scene: Scene) -> None:
    first = scene.hand_in(1)
    scene.mend()
    scene.will_give(first, 8)
    before = [(row.id, row.notebook, row.exercise_version_id) for row in scene.rows(Submission)]
    scene.start()
    scene.work()
    scene.apply()
    assert [(row.id, row.notebook, row.exercise_version_id) for row in scene.rows(Submission)] == before

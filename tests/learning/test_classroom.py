"""A class: who stands where, who is stuck and at which check, and who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from lms import grading
from lms.errors import NotFoundError
from lms.learning import classes, classroom, enrolments, ledger
from lms.learning.classroom import Class, Member
from lms.models import Centre, Database, Enrolment, Person, Run
from lms.people.viewers import Viewer
from lms.submissions.take_result import write_grade
from tests.classroom import Classroom, a_grade
from tests.web.small_course import EXERCISE, FIRST_PAGE, QUIZ, SECOND_PAGE
from tests.world import World, at, load

DAY = date(2026, 3, 10)


class Scene:
    """The small course's run with 김하나 and 이준호 in it, as 정지훈 sees it who teaches there."""

    def __init__(self, classroom_: Classroom, world: World) -> None:
        self.place = classroom_
        self.numbers = count()
        self.world = world
        self.database: Database = classroom_.database
        self.hana = classroom_.enrolment
        self.junho = classroom_.enrol(world.junho)

    def do(self, enrolment: Enrolment, key: str, *, day: date = DAY, points: float | None = None) -> None:
        """Finish a unit on a day, or get so many of 10 points in it."""
        with self.database.writing() as session:
            mine = ledger.lock(session, enrolment.id)
            ledger.record_unit_done(session, mine, key, effective_on=day)
            if points is not None:
                ledger.append(session, mine, "scored", effective_on=day, unit_key=key, points=points, max_points=10)
            ledger.settle(session, mine)
            session.commit()

    def hand_in(self, enrolment: Enrolment, *outcomes: str, day: str = "2026-03-10", **more: Any) -> None:
        """Hand in once, and be graded with these outcomes of the two checks, worth 4 and 6 points."""
        with self.database.writing() as session:
            notebook = self.place.notebook({"q1": f"# {next(self.numbers)}"})
            made = self.place.submit(session, notebook, enrolment=enrolment, now=at(day)).submission
            checks = tuple(
                grading.CheckResult(
                    name, outcome, worth if outcome == "passed" else 0.0, worth, name == "q2-test", "", ""
                )
                for name, worth, outcome in zip(("q1-test", "q2-test"), (4.0, 6.0), outcomes, strict=True)
            )
            points = sum(check.points or 0 for check in checks)
            result = a_grade(points, checks=checks, **more)
            write_grade(session, self.place.files, made.id, made.exercise_version_id, result, "<p>채점</p>")
            session.commit()

    def viewer(self, person: Person) -> Viewer:
        return self.world.viewer(person)

    def seen_by(self, person: Person, day: date = DAY) -> Class:
        with self.database.reading() as session:
            run = classroom.load_run(session, self.viewer(person), self.place.run.uid)
            return classroom.class_of(session, self.viewer(person), run, day)

    def member(self, name: str = "김하나", day: date = DAY) -> Member:
        return next(
            found for found in self.seen_by(self.world.jihun, day).members if found.enrolment.person.name == name
        )

    def row(self, person: Person, day: date = DAY) -> classes.RunRow:
        with self.database.reading() as session:
            rows = classes.list_runs(session, self.viewer(person), day)
        return next(row for row in rows if row.run.id == self.place.run.id)


@pytest.fixture
def scene(classroom: Classroom, world: World) -> Scene:
    return Scene(classroom, world)


def test_who_has_done_nothing_has_not_begun(scene: Scene) -> None:
    assert scene.member().state == "not_begun"
    assert scene.member().last_on is None


def test_who_goes_on_and_who_paused(scene: Scene) -> None:
    scene.do(scene.hana, FIRST_PAGE)
    assert scene.member(day=DAY + timedelta(days=6)).state == "going"
    assert scene.member(day=DAY + timedelta(days=7)).state == "quiet"
    assert scene.member().last_on == DAY
    assert [scene.row(scene.world.jihun, DAY + timedelta(days=days)).active for days in (6, 7)] == [1, 0]


def test_three_tries_below_the_score_are_stuck(scene: Scene) -> None:
    """The run asks for 60 of 100: six of ten points are enough, four are not."""
    for _ in range(2):
        scene.hand_in(scene.hana, "passed", "failed")
    assert scene.member().state == "going"
    scene.hand_in(scene.hana, "passed", "failed")
    assert (scene.member().state, scene.member().stuck_on) == ("stuck", (EXERCISE,))
    assert scene.row(scene.world.jihun).stuck == 1
    scene.hand_in(scene.hana, "failed", "passed")
    assert (scene.member().state, scene.member().stuck_on) == ("going", ())
    assert scene.row(scene.world.jihun).stuck == 0


def test_who_completed_is_not_stuck(scene: Scene) -> None:
    for key in (FIRST_PAGE, SECOND_PAGE):
        scene.do(scene.hana, key)
    scene.do(scene.hana, QUIZ, points=10)
    for _ in range(3):
        scene.hand_in(scene.hana, "passed", "failed")
    assert scene.member().state == "completed"
    row = scene.row(scene.world.jihun)
    assert (row.enrolled, row.active, row.completed, row.stuck) == (2, 1, 1, 0)


def test_a_regrade_of_a_try_is_no_further_try(scene: Scene) -> None:
    scene.hand_in(scene.hana, "passed", "failed")
    with scene.database.writing() as session:
        for _ in range(3):
            write_grade(
                session, scene.place.files, 1, scene.hana.run.units[-1].exercise_version_id or 0, a_grade(1), ""
            )
        session.commit()
    assert scene.member().state == "going"
    assert scene.row(scene.world.jihun).stuck == 0


def test_marks_of_units(scene: Scene) -> None:
    scene.do(scene.hana, FIRST_PAGE)
    scene.do(scene.hana, QUIZ, points=6)
    scene.hand_in(scene.hana, "failed", "failed")
    member = scene.member()
    marks = {unit.key: member.mark(unit) for unit in member.standing.units}
    assert marks == {FIRST_PAGE: "done", SECOND_PAGE: "none", QUIZ: "partly", EXERCISE: "failed"}
    scene.hand_in(scene.hana, "passed", "passed")
    assert scene.member().mark(scene.member().standing.units[-1]) == "done"


def test_what_waits_and_what_failed_on_our_side(scene: Scene) -> None:
    with scene.database.writing() as session:
        made = scene.place.submit(session, scene.place.notebook(), enrolment=scene.hana).submission
        session.commit()
    member = scene.member()
    assert (member.state, member.mark(member.standing.units[-1])) == ("going", "waiting")
    with scene.database.writing() as session:
        write_grade(session, scene.place.files, made.id, made.exercise_version_id, a_grade(None, "error"), "")
        session.commit()
    assert scene.member().mark(member.standing.units[-1]) == "error"


def test_checks_are_counted_from_the_best_submission_of_each(scene: Scene) -> None:
    scene.hand_in(scene.hana, "passed", "failed")
    scene.hand_in(scene.hana, "failed", "passed")  # the better one: it is worth more
    scene.hand_in(scene.junho, "passed", "failed")
    (exercise,) = scene.seen_by(scene.world.jihun).exercises
    assert (exercise.tried, exercise.full) == (2, 0)
    counted = {check.name: (check.title, check.tried, check.passed, check.is_hidden) for check in exercise.checks}
    assert counted == {"q1-test": ("양품 수", 2, 1, False), "q2-test": ("수율", 2, 1, True)}
    failing = {check.name: check.failing for check in exercise.checks}
    assert failing == {"q1-test": {scene.hana.id}, "q2-test": {scene.junho.id}}


def test_the_hardest_check_is_where_most_stopped(scene: Scene) -> None:
    assert scene.seen_by(scene.world.jihun).hardest is None
    scene.hand_in(scene.hana, "passed", "failed")
    scene.hand_in(scene.junho, "failed", "failed")
    hardest = scene.seen_by(scene.world.jihun).hardest
    assert hardest is not None
    assert (hardest.name, hardest.stopped, hardest.tried) == ("q2-test", 2, 2)


def test_a_fault_of_ours_counts_for_no_check(scene: Scene) -> None:
    scene.hand_in(scene.hana, "failed", "failed", outcome="error")
    (exercise,) = scene.seen_by(scene.world.jihun).exercises
    assert exercise.tried == 0


def test_a_later_fault_of_ours_leaves_the_grade_that_was(scene: Scene) -> None:
    scene.hand_in(scene.hana, "passed", "passed")
    with scene.database.writing() as session:
        version = scene.hana.run.units[-1].exercise_version_id or 0
        write_grade(session, scene.place.files, 1, version, a_grade(None, "error"), "")
        session.commit()
    (exercise,) = scene.seen_by(scene.world.jihun).exercises
    assert (exercise.tried, exercise.full) == (1, 1)


def test_flags_are_seen(scene: Scene) -> None:
    scene.hand_in(scene.hana, "passed", "passed")
    assert scene.seen_by(scene.world.jihun).counts["flagged"] == 0
    scene.hand_in(scene.hana, "failed", "failed", flags=(grading.Flag("tampered", "q1-test", "replaced: len"),))
    found = scene.seen_by(scene.world.jihun)
    assert (found.counts["flagged"], scene.member().is_flagged) == (1, True)


def test_who_withdrew_is_in_no_class(scene: Scene) -> None:
    with scene.database.writing() as session:
        session.execute(update(Enrolment).where(Enrolment.id == scene.junho.id).values(state="withdrawn"))
        session.commit()
    assert [member.enrolment.id for member in scene.seen_by(scene.world.jihun).members] == [scene.hana.id]
    assert scene.row(scene.world.jihun).enrolled == 1


# Who sees it


def _move_run(session: Session, run: Run, centre: Centre) -> None:
    session.execute(update(Run).where(Run.id == run.id).values(centre_id=centre.id))


def test_an_instructor_sees_people_of_other_regions_in_the_own_run_and_an_officer_does_not(scene: Scene) -> None:
    scene.place.enrol(scene.world.sujin)  # of Gyeonggi
    assert len(scene.seen_by(scene.world.jihun).members) == 3
    assert len(scene.seen_by(scene.world.seoyeon).members) == 2
    assert (scene.row(scene.world.jihun).enrolled, scene.row(scene.world.seoyeon).enrolled) == (3, 2)


@pytest.mark.parametrize("who", ["hana", "doyun", "minjun", "jimin", "minseo"])
def test_nobody_else_sees_it(scene: Scene, who: str) -> None:
    viewer = scene.viewer(getattr(scene.world, who))
    with scene.database.reading() as session:
        assert scene.place.run.id not in [row.run.id for row in classes.list_runs(session, viewer, DAY)]
        for load in (classroom.load_run, classroom.load_run_to_regrade):
            with pytest.raises(NotFoundError):
                load(session, viewer, scene.place.run.uid)
        with pytest.raises(NotFoundError):
            classroom.load_learner(session, viewer, scene.hana.uid)


def test_an_officer_reads_and_does_not_regrade(scene: Scene) -> None:
    officer, instructor = scene.viewer(scene.world.seoyeon), scene.viewer(scene.world.jihun)
    with scene.database.reading() as session:
        assert classroom.load_run(session, officer, scene.place.run.uid).id == scene.place.run.id
        assert classroom.load_run_to_regrade(session, instructor, scene.place.run.uid).id == scene.place.run.id
        with pytest.raises(NotFoundError):
            classroom.load_run_to_regrade(session, officer, scene.place.run.uid)


def test_a_run_of_another_centre_is_none_of_hers(scene: Scene) -> None:
    with scene.database.writing() as session:
        _move_run(session, scene.place.run, scene.world.gyeonggi_centre)
        session.commit()
    with scene.database.reading() as session, pytest.raises(NotFoundError):
        classroom.load_learner(session, scene.viewer(scene.world.jihun), scene.hana.uid)


# However many there are


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_class_asks_the_same_number_of_questions_whatever_its_size(scene: Scene) -> None:
    counts = []
    for turn in range(2):
        with asked(scene.database) as statements:
            scene.seen_by(scene.world.jihun)
            scene.row(scene.world.jihun)
        counts.append(len(statements))
        if not turn:
            for number in range(12):
                _one_more(scene, number)
    assert counts[0] == counts[1]


def _one_more(scene: Scene, number: int) -> None:
    with scene.database.writing() as session:
        person = Person(name=f"사람 {number}", created_at=at("2026-03-01"))
        session.add(person)
        session.flush()
        made = Enrolment(
            run_id=scene.place.run.id,
            person_id=person.id,
            company_id=scene.world.hanbit.id,
            region_id=scene.world.busan.id,
            enrolled_at=at("2026-03-01"),
        )
        session.add(made)
        session.commit()
    with scene.database.reading() as session:
        made = load(session, made.id)
    scene.hand_in(made, "passed", "failed")


def test_what_a_class_says_of_a_learner_is_what_her_own_page_says(scene: Scene) -> None:
    scene.do(scene.hana, FIRST_PAGE)
    scene.hand_in(scene.hana, "passed", "failed")
    with scene.database.reading() as session:
        own = enrolments.list_own(session, scene.viewer(scene.world.hana))
        (standing,) = (item.standing for item in own if item.enrolment.id == scene.hana.id)
        alone = classroom.member_of(
            session, classroom.load_learner(session, scene.viewer(scene.world.jihun), scene.hana.uid), DAY
        )
    assert standing == scene.member().standing == alone.standing

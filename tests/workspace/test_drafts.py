"""What learners type is kept, goes with them from tab to tab and from version to version, and is handed in in one commit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from lms.clock import seoul_day
from lms.errors import NotFoundError
from lms.files import StorageError
from lms.grading import read_notebook
from lms.learning.enrolments import RunNotOpenError
from lms.models import Base, Draft, ExerciseVersion, Job, Run, RunUnit, Submission
from lms.people.privacy.resident_numbers import ResidentNumberError
from lms.people.viewers import viewer_of
from lms.workspace import drafts
from lms.workspace.cells import OwnCell, Sheet, Typed, read_sheet
from lms.workspace.drafts import Kept, Place
from lms.workspace.typed import DraftError
from tests.classroom import HANDED_IN, MAX_BYTES, Classroom, publish_small_course
from tests.web import small_course
from tests.world import World

RIGHT, HALF = small_course.RIGHT, small_course.HALF


def place_of(classroom: Classroom, world: World) -> Place:
    with classroom.database.reading() as session:
        return drafts.load_place(session, viewer_of(world.hana), classroom.run.uid, small_course.EXERCISE)


def sheet_of(classroom: Classroom, place: Place) -> Sheet:
    return read_sheet(classroom.files.read(place.version.starter), place.version.facts)


@pytest.fixture
def place(classroom: Classroom, world: World) -> Place:
    return place_of(classroom, world)


@pytest.fixture
def sheet(classroom: Classroom, place: Place) -> Sheet:
    return sheet_of(classroom, place)


def save(classroom: Classroom, place: Place, sheet: Sheet, body: Any, **more: Any) -> Kept:
    with classroom.database.writing() as session:
        kept = drafts.save(session, place, sheet, body, **{"now": HANDED_IN} | more)
        session.commit()
    return kept


def load(classroom: Classroom, place: Place, sheet: Sheet) -> Kept:
    with classroom.database.reading() as session:
        return drafts.load(session, place.enrolment, place.unit, sheet)


def count(classroom: Classroom, table: type[Base]) -> int:
    with classroom.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_before_anything_is_typed_the_cells_are_blank(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    assert load(classroom, place, sheet) == Kept(sheet.blank, 0, None, None)


def test_what_was_typed_is_there_again(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    own = [{"after": "q1", "source": "good(1, 0)"}]
    kept = save(classroom, place, sheet, {"base": 0, "answers": RIGHT, "own": own})
    assert kept == Kept(Typed(RIGHT, (OwnCell("q1", "good(1, 0)"),)), 1, HANDED_IN, None, False)
    assert load(classroom, place, sheet) == kept


def test_the_next_save_goes_on_from_the_last(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    save(classroom, place, sheet, {"base": 0, "answers": HALF})
    later = HANDED_IN + timedelta(minutes=1)
    kept = save(classroom, place, sheet, {"base": 1, "answers": {"q2": RIGHT["q2"]}}, now=later)
    assert (kept.revision, kept.saved_at, kept.typed.answers, kept.is_conflict) == (2, later, RIGHT, False)
    assert count(classroom, Draft) == 1


def test_the_same_text_again_writes_nothing(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    first = save(classroom, place, sheet, {"base": 0, "answers": HALF})
    later = HANDED_IN + timedelta(minutes=1)
    assert save(classroom, place, sheet, {"base": 0, "answers": HALF}, now=later) == first


def test_of_two_tabs_the_last_wins_and_the_other_is_kept(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    save(classroom, place, sheet, {"base": 0, "answers": HALF})
    later = HANDED_IN + timedelta(minutes=1)
    kept = save(classroom, place, sheet, {"base": 0, "answers": RIGHT}, now=later)
    assert kept.is_conflict
    assert (kept.revision, kept.typed.answers) == (2, RIGHT)
    assert kept.other == drafts.Other(Typed(HALF), HANDED_IN)
    again = load(classroom, place, sheet)
    assert (again.typed.answers, again.other) == (RIGHT, kept.other)


def test_the_other_stays_until_it_is_settled(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    save(classroom, place, sheet, {"base": 0, "answers": HALF})
    kept = save(classroom, place, sheet, {"base": 0, "answers": RIGHT})
    more = save(classroom, place, sheet, {"base": kept.revision, "answers": {"q1": "more"}})
    assert (more.other, more.is_conflict) == (kept.other, False)
    settled = save(classroom, place, sheet, {"base": more.revision, "answers": {"q1": "more"}, "settled": True})
    assert (settled.other, settled.typed) == (None, more.typed)
    assert load(classroom, place, sheet).other is None


def test_two_tabs_that_save_at_the_same_moment_lose_neither_text(
    classroom: Classroom, place: Place, sheet: Sheet
) -> None:
    together = Barrier(2)

    def typed_in(text: str) -> Kept:
        together.wait()
        return save(classroom, place, sheet, {"base": 0, "answers": {"q1": text}})

    with ThreadPoolExecutor(2) as pool:
        saved = list(pool.map(typed_in, ["one", "two"]))
    assert sorted(kept.revision for kept in saved) == [1, 2]
    kept = load(classroom, place, sheet)
    assert kept.other is not None
    assert {kept.typed.answers["q1"], kept.other.typed.answers["q1"]} == {"one", "two"}
    assert count(classroom, Draft) == 1


@pytest.mark.parametrize("body", [None, {"answers": {"setup": "x"}}, {"answers": {"q1": "x" * 100_001}}])
def test_what_is_refused_changes_nothing(classroom: Classroom, place: Place, sheet: Sheet, body: Any) -> None:
    before = save(classroom, place, sheet, {"base": 0, "answers": HALF})
    with pytest.raises(DraftError):
        save(classroom, place, sheet, body)
    assert load(classroom, place, sheet) == before


def test_a_resident_number_is_not_kept_and_its_cells_are_named(
    classroom: Classroom, place: Place, sheet: Sheet
) -> None:
    body = {"answers": {"q2": "# 900101-1234568"}, "own": [{"after": "", "source": "x = '9001011234568'"}]}
    with pytest.raises(ResidentNumberError) as refused:
        save(classroom, place, sheet, body)
    assert refused.value.cells == ["q2", "own:0"]
    assert count(classroom, Draft) == 0


def test_nothing_is_kept_where_nothing_may_be_handed_in(
    classroom: Classroom, place: Place, sheet: Sheet, world: World
) -> None:
    with classroom.database.writing() as session:
        session.execute(update(Run).values(learn_to=seoul_day(HANDED_IN) - timedelta(days=1)))
        session.commit()
    with pytest.raises(RunNotOpenError) as refused:
        save(classroom, place_of(classroom, world), sheet, {"answers": RIGHT})
    assert refused.value.reason == "over"
    assert count(classroom, Draft) == 0


def test_nobody_else_comes_to_the_place(classroom: Classroom, world: World) -> None:
    with classroom.database.reading() as session:
        for person in (world.junho, world.doyun, world.seoyeon, world.jimin, world.minseo):
            with pytest.raises(NotFoundError):
                drafts.load_place(session, viewer_of(person), classroom.run.uid, small_course.EXERCISE)


@pytest.mark.parametrize("key", [small_course.QUIZ, small_course.FIRST_PAGE, "nothing"])
def test_only_an_exercise_has_a_place(classroom: Classroom, world: World, key: str) -> None:
    with classroom.database.reading() as session, pytest.raises(NotFoundError):
        drafts.load_place(session, viewer_of(world.hana), classroom.run.uid, key)


# From version to version


def test_a_draft_is_carried_over_to_a_newer_version(classroom: Classroom, place: Place, world: World) -> None:
    sheet = sheet_of(classroom, place)
    save(classroom, place, sheet, {"base": 0, "answers": HALF, "own": [{"after": "q2", "source": "x"}]})
    newer = _publish_newer(classroom, world)
    carried = load(classroom, newer, sheet_of(classroom, newer))
    assert (carried.typed.answers, carried.revision) == (HALF, 1)
    kept = save(classroom, newer, sheet_of(classroom, newer), {"base": 1, "answers": RIGHT})
    assert (kept.revision, kept.is_conflict, kept.typed.own) == (2, False, (OwnCell("q2", "x"),))
    with classroom.database.reading() as session:
        rows = session.scalars(select(Draft).order_by(Draft.id)).all()
    assert [row.exercise_version_id for row in rows] == [place.version.id, newer.version.id]
    assert [row.cells["answers"] for row in rows] == [HALF, RIGHT]


def _publish_newer(classroom: Classroom, world: World) -> Place:
    """As a regrade leaves it: the run's unit has the exercise's newest version, whose cells are the same."""
    toml = classroom.content / "exercises" / small_course.EXERCISE / "exercise.toml"
    toml.write_text(toml.read_text("utf-8").replace("생산에서 불량을", "불량을"), "utf-8")
    with classroom.database.writing() as session:
        publish_small_course(session, classroom.files, classroom.content)
        newest = session.scalars(select(ExerciseVersion).order_by(ExerciseVersion.id.desc()).limit(1)).one()
        session.execute(
            update(RunUnit).where(RunUnit.exercise_version_id.is_not(None)).values(exercise_version_id=newest.id)
        )
        session.commit()
    return place_of(classroom, world)


def test_cells_that_a_version_lacks_are_left_out_and_new_ones_blank(sheet: Sheet) -> None:
    kept = drafts.from_document({"answers": {"q1": "x", "gone": "y"}, "own": [{"after": "gone", "source": "z"}]}, sheet)
    assert kept.answers == {"q1": "x", "q2": sheet.editable["q2"].source}
    assert kept.own == (OwnCell("q2-test", "z"),)


# Handing in


def submit(classroom: Classroom, place: Place, sheet: Sheet, body: Any) -> Submission:
    with classroom.database.writing() as session:
        _kept, made = drafts.submit(
            session, classroom.files, classroom.exercises, place, sheet, body, max_bytes=MAX_BYTES, now=HANDED_IN
        )
        session.commit()
    return made.submission


def test_handing_in_keeps_the_draft_and_makes_its_notebook(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    made = submit(
        classroom, place, sheet, {"base": 0, "answers": RIGHT, "own": [{"after": "q1", "source": "good(1, 0)"}]}
    )
    exercise = classroom.exercises.get(place.version.facts["slug"], place.version.digest)
    read = read_notebook(classroom.files.read(made.notebook), exercise)
    assert {name: answer.source for name, answer in read.answers.items()} == RIGHT
    assert [cell.source for cells in read.own.values() for cell in cells] == ["good(1, 0)"]
    assert load(classroom, place, sheet).typed.answers == RIGHT
    assert (made.number, count(classroom, Job)) == (1, 1)


def test_a_double_click_is_one_submission(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    first = submit(classroom, place, sheet, {"base": 0, "answers": RIGHT})
    again = submit(classroom, place, sheet, {"base": 1, "answers": RIGHT})
    assert (again.id, count(classroom, Submission), count(classroom, Job)) == (first.id, 1, 1)


def test_where_the_disk_is_full_neither_draft_nor_submission_is_there(
    classroom: Classroom, place: Place, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(classroom.files), "_write", staticmethod(full))
    with pytest.raises(StorageError):
        submit(classroom, place, sheet, {"base": 0, "answers": RIGHT})
    assert (count(classroom, Draft), count(classroom, Submission), count(classroom, Job)) == (0, 0, 0)


def test_a_save_asks_little(classroom: Classroom, place: Place, sheet: Sheet) -> None:
    """It comes every few seconds from everybody who types."""
    save(classroom, place, sheet, {"base": 0, "answers": HALF})
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(classroom.database.engine, "before_cursor_execute", note)
    save(classroom, place, sheet, {"base": 1, "answers": RIGHT})
    event.remove(classroom.database.engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if not statement.startswith("BEGIN")]) == 3

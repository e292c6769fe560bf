"""An exercise's cells in the workspace: what each is, and the notebook that they become and come back from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.content import load_exercise_facts
from lms.errors import NotANotebookError
from lms.grading import Exercise, load_exercise, make_starter, read_notebook
from lms.models import ExerciseVersion
from lms.workspace.cells import OwnCell, Sheet, Typed, fill, read_sheet
from lms.workspace.notebooks import take_apart
from lms.workspace.typed import DraftError, read_typed
from tests.grading.build import answer, cell, check, locked, nbgrader, write_folder

EXERCISES = Path(__file__).parents[2] / "exercises"
SECRET = "assert total == 117, '값이 다릅니다.'"
CELLS = (
    cell("# 양품\n\n$x$를 구합니다.", kind="markdown"),
    locked("setup", "import csv\nfrom pandas import DataFrame"),
    cell("limit = 3", id="free-one"),
    answer("q1", "total = 117", before="total = ...\n"),
    answer("q2", "rate = 0.5", before="rate = ...\n"),
    check("q-test", f"assert total is not ...\n### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS"),
    answer("q3", "more = 1", before="more = ...\n"),
    check("hidden-test", f"### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS"),
    cell("왜 그렇습니까?", nbgrader("why", grade=True, solution=True, points=1), kind="markdown"),
)
TOML = 'title = "Demo"\n[checks.q-test]\ntitle = "합"\nmessage = "더했는지 보세요."\n[hints]\nq1 = ["하나", "둘"]\n'


class OneExercise:
    """Stands in for the cache of published packages, with one that is on the disk."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.version = ExerciseVersion(digest="0" * 64, facts={"slug": exercise.slug})

    def get(self, slug: str, digest: str) -> Exercise:
        assert (slug, digest) == (self.exercise.slug, self.version.digest)
        return self.exercise

    def take_apart(self, content: bytes, sheet: Sheet, max_bytes: int = 1_000_000) -> tuple[Typed, list[str]]:
        typed, notes = take_apart(content, self, self.version, sheet, max_bytes=max_bytes)  # type: ignore[arg-type]
        return typed, list(notes)


def starter_of(exercise: Exercise) -> bytes:
    return json.dumps(make_starter(exercise)).encode()


def facts_of(exercise: Exercise, hints: dict[str, list[str]]) -> dict[str, Any]:
    checks = [
        {"name": c.name, "title": c.title, "points": c.points, "message": c.message, "manual": c.manual}
        for c in exercise.checks
    ]
    return {"checks": checks, "hints": hints}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> OneExercise:
    return OneExercise(load_exercise(write_folder(tmp_path_factory.mktemp("exercise"), *CELLS, toml=TOML)))


@pytest.fixture(scope="module")
def sheet(demo: OneExercise) -> Sheet:
    return read_sheet(starter_of(demo.exercise), facts_of(demo.exercise, {"q1": ["하나", "둘"]}))


def test_each_cell_has_its_kind_and_key_in_reading_order(sheet: Sheet) -> None:
    assert [(cell.key, cell.kind, cell.number) for cell in sheet.cells] == [
        ("cell:cell-1", "text", 1),
        ("setup", "given", 2),
        ("cell:free-one", "free", 3),
        ("q1", "answer", 4),
        ("q2", "answer", 5),
        ("q-test", "check", 6),
        ("q3", "answer", 7),
        ("hidden-test", "check", 8),
        ("why", "answer", 9),
    ]
    assert list(sheet.editable) == ["cell:free-one", "q1", "q2", "q3", "why"]


def test_a_check_knows_which_answers_it_follows_and_what_of_it_may_be_seen(sheet: Sheet) -> None:
    seen, hidden = (cell for cell in sheet.cells if cell.kind == "check")
    assert (seen.answers, seen.title, seen.message, seen.points) == (("q1", "q2"), "합", "더했는지 보세요.", 2)
    assert (seen.hidden, hidden.hidden, hidden.answers) == (False, True, ("q3",))


def test_hints_belong_to_their_answer(sheet: Sheet) -> None:
    assert {cell.key: cell.hints for cell in sheet.cells if cell.hints} == {"q1": ("하나", "둘")}


def test_the_modules_that_the_starter_imports_are_named(sheet: Sheet) -> None:
    assert sheet.imports == ("csv", "pandas")


def test_nothing_hidden_and_no_solution_is_in_any_cell(sheet: Sheet) -> None:
    everything = "".join(cell.source for cell in sheet.cells) + json.dumps(sheet.notebook)
    assert "117" not in everything
    assert "HIDDEN" not in everything


def test_a_filled_starter_is_graded_as_what_was_typed(demo: OneExercise, sheet: Sheet) -> None:
    typed = Typed({"q1": "total = 1", "why": "그래서."}, (OwnCell("q1", "print(total)"), OwnCell("", "top = 1")))
    read = read_notebook(fill(sheet, typed), demo.exercise)
    assert read.answers["q1"].source == "total = 1"
    assert read.answers["why"].source == "그래서."
    assert read.answers["q2"].is_blank
    assert [(after, cells[0].source) for after, cells in read.own.items()] == [("", "top = 1"), ("q1", "print(total)")]
    assert [repair.kind for repair in read.repairs] == ["own_cells", "own_cells"]


def test_the_blank_is_the_starter(demo: OneExercise, sheet: Sheet) -> None:
    assert json.loads(fill(sheet, sheet.blank)) == json.loads(starter_of(demo.exercise))


SOURCES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=30)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_is_filled_in_comes_back(demo: OneExercise, sheet: Sheet, data: st.DataObject) -> None:
    answers = data.draw(st.fixed_dictionaries({key: SOURCES for key in sheet.editable}))
    after = st.sampled_from(["", *sorted(sheet.keys)])
    own_cell = st.builds(OwnCell, after, SOURCES.filter(lambda text: text.strip()))
    own = data.draw(st.lists(own_cell, max_size=4))
    typed = Typed(answers, tuple(own))
    back, notes = demo.take_apart(fill(sheet, typed), sheet)
    wanted = {
        key: source if source.strip() or key.startswith("cell:") else sheet.editable[key].source
        for key, source in answers.items()
    }
    assert back.answers == wanted
    assert notes == []
    places = {key: number for number, key in enumerate(["", *(cell.key for cell in sheet.cells)])}
    assert list(back.own) == sorted(own, key=lambda cell: places[cell.after])


def test_cells_that_were_split_or_deleted_elsewhere_are_mended_in_words(demo: OneExercise, sheet: Sheet) -> None:
    notebook = json.loads(fill(sheet, Typed({"q1": "total = 1", "q2": "rate = 2"})))
    kept = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") != "q2"]
    at = next(place for place, cell in enumerate(kept) if cell["id"] == "q1")
    kept.insert(at + 1, kept[at] | {"id": "again", "source": "total = total + 1"})
    typed, notes = demo.take_apart(json.dumps(notebook | {"cells": kept}).encode(), sheet)
    assert typed.answers["q1"] == "total = 1\ntotal = total + 1"
    assert typed.answers["q2"] == sheet.editable["q2"].source
    assert [("'q1'" in note, "'q2'" in note) for note in notes] == [(True, False), (False, True)]


def test_a_notebook_of_something_else_is_refused(demo: OneExercise, sheet: Sheet) -> None:
    with pytest.raises(NotANotebookError) as refused:
        demo.take_apart(json.dumps({"nbformat": 4, "cells": [cell("x = 1")]}).encode(), sheet)
    assert refused.value.reason == "other_exercise"


# What a browser says


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "malformed"),
        ([], "malformed"),
        ({"answers": []}, "malformed"),
        ({"answers": {"q1": 1}}, "malformed"),
        ({"own": {}}, "malformed"),
        ({"own": ["x"]}, "malformed"),
        ({"own": [{"after": "q1"}]}, "malformed"),
        ({"own": [{"after": 1, "source": "x"}]}, "malformed"),
        ({"answers": {"q9": "x"}}, "unknown_cells"),
        ({"answers": {"setup": "x"}}, "unknown_cells"),
        ({"answers": {"q-test": "pass"}}, "unknown_cells"),
        ({"answers": {"q1": "x" * 100_001}}, "too_large"),
        ({"answers": {"q1": "x" * 99_999, "q2": "x" * 99_999, "q3": "x" * 99_999, "why": "xxxx"}}, "too_large"),
        ({"own": [{"after": "", "source": "x"}] * 51}, "too_large"),
    ],
)
def test_what_is_no_draft_is_refused(sheet: Sheet, body: Any, reason: str) -> None:
    with pytest.raises(DraftError) as refused:
        read_typed(body, sheet, sheet.blank)
    assert refused.value.reason == reason


def test_what_a_body_does_not_name_stays(sheet: Sheet) -> None:
    before = Typed({**sheet.blank.answers, "q1": "one"}, (OwnCell("q1", "mine"),))
    assert read_typed({"answers": {"q2": "two"}}, sheet, before) == Typed({**before.answers, "q2": "two"}, before.own)


def test_text_is_kept_as_python_and_databases_can_hold_it(sheet: Sheet) -> None:
    typed = read_typed({"answers": {"q1": "a = 1\r\nb = '\ud800\0'\r"}}, sheet, sheet.blank)
    assert typed.answers["q1"] == "a = 1\nb = '\ufffd'\n"


def test_a_cell_of_hers_after_one_that_is_gone_goes_to_the_end(sheet: Sheet) -> None:
    typed = read_typed({"own": [{"after": "q0", "source": "x"}]}, sheet, sheet.blank)
    assert typed.own == (OwnCell("why", "x"),)


@pytest.mark.parametrize("slug", sorted(path.name for path in EXERCISES.iterdir() if path.is_dir()))
def test_our_exercises_have_hints_for_each_answer_and_none_is_the_solution(slug: str) -> None:
    facts = load_exercise_facts(EXERCISES, slug)
    exercise = load_exercise(EXERCISES / slug)
    sheet = read_sheet(starter_of(exercise), facts_of(exercise, {k: list(v) for k, v in facts.hints.items()}))
    answers = [cell for cell in sheet.cells if cell.kind == "answer"]
    assert [cell.key for cell in answers if len(cell.hints) < 2] == []
    for shown in answers:
        solved = {line.strip() for line in exercise.answers[shown.key].source.splitlines() if "=" in line}
        stubbed = {line.strip() for line in shown.source.splitlines()}
        told = {line.strip("`* ") for hint in shown.hints for line in hint.splitlines()}
        assert not (solved - stubbed) & told
    assert replace(sheet).imports

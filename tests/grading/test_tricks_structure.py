"""Tricks in the notebook's own structure: what decides is the exercise's, whatever the file says."""

from __future__ import annotations

import copy
import json

import pytest

from lms.errors import NotANotebookError
from lms.grading import grade
from lms.grading.notebook import read_notebook
from lms.grading.plan import ANSWER, CHECK, OWN, SETUP, make_plan

from . import build

RIGHT = {"q1": "def total(xs):\n    return sum(xs)", "q2": "def mean(xs):\n    return sum(xs) / len(xs)"}
LIE = "def total(xs): return 6"


def without(cell, *names):
    return {name: value for name, value in cell.items() if name not in names}


def place(made, grade_id):
    return made["cells"].index(build.find(made, grade_id))


def check_rewritten(made):
    build.find(made, "q1-test")["source"] = "pass"
    build.find(made, "q2-test").update(source="2.0", metadata={})


def checks_deleted(made):
    made["cells"] = [
        cell for cell in made["cells"] if "test" not in cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    ]


def check_as_answer(made):
    build.find(made, "q1-test")["metadata"]["nbgrader"].update(solution=True, grade=False, locked=False, points=100)
    build.find(made, "q1-test")["source"] = LIE


def more_points(made):
    for cell in made["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(points=1000, schema_version=99, checksum="0" * 32)


def all_tags(made):
    for cell in made["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell", "hide-input"]
        cell["metadata"].update(deletable=True, editable=True, run_control={"frozen": True}, init_cell=True)


def one_cell_id(made):
    for cell in made["cells"]:
        cell["id"] = "same"


def setup_changed(made):
    build.find(made, "setup")["source"] = "xs = [6]\ntotal = mean = lambda xs: xs[0]"


def look_alike(made):
    """Cyrillic е in the name: no cell of the exercise's."""
    made["cells"].insert(0, build.check("q1-tеst", "pass", 100))
    made["cells"].append(build.check("ｑ1-test", "pass", 100))


def doubled_checks(made):
    made["cells"] += [build.check("q1-test", "pass", 50), build.check("q1-test", "2", 50)]


def points_in_outputs(made):
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1}
            ]
            cell["execution_count"] = 10**9


def grades_in_metadata(made):
    made["metadata"].update(
        score=4, points=4, checks=[{"name": "q1-test", "outcome": "passed", "points": 2}], grade="A"
    )
    made["metadata"]["kernelspec"] = {"name": "../../../bin/sh", "language": "bash", "argv": ["sh", "-c", "id"]}
    made["metadata"]["language_info"] = {"name": "R", "pygments_lexer": {"version": 3}}


def attachments(made):
    build.find(made, "q1")["attachments"] = {
        "../../etc/passwd": {"image/png": "x"},
        "q1-test": {"text/x-python": "pass"},
    }


def nested_metadata(made):
    deep: dict = {}
    inner = deep
    for _ in range(200):
        inner["nbgrader"] = inner = {}
    build.find(made, "q1-test")["metadata"] = deep


TRICKS = [
    check_rewritten, checks_deleted, check_as_answer, more_points, all_tags, one_cell_id, setup_changed, look_alike,
    doubled_checks, points_in_outputs, grades_in_metadata, attachments, nested_metadata,
]  # fmt: skip


def steps(exercise, made):
    return make_plan(exercise, read_notebook(json.dumps(made).encode(), exercise))


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
def test_checks_setup_and_order_are_the_exercises(sums, trick):
    made = build.handed_in(sums)
    trick(made)
    plain = {step.cell_id: step.source for step in steps(sums, build.handed_in(sums, **RIGHT))}
    found = steps(sums, made)
    fixed = [step for step in found if step.kind in (SETUP, CHECK) and step.grade_id]
    assert [step.grade_id for step in fixed] == ["setup", "q1-test", "q2-test"]
    assert all(step.source == plain[step.cell_id] for step in fixed)
    assert [step.grade_id for step in found if step.kind == ANSWER] == ["q1", "q2"]


@pytest.mark.sandbox
@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
def test_a_blank_earns_nothing_and_a_right_one_all(sums, trick):
    blank, right = build.handed_in(sums), build.handed_in(sums, **RIGHT)
    trick(blank)
    trick(right)
    assert grade(sums, json.dumps(blank).encode()).points == 0
    earned = grade(sums, json.dumps(right).encode())
    assert earned.max_points == 4
    assert earned.points == 4


@pytest.mark.sandbox
def test_an_unlocked_cell_that_a_check_needs_is_the_exercises_for_the_check(tmp_path):
    cells = [build.cell("WANT = 41 + 1"), build.answer("q1", "x = 42"), build.check("q1-test", "assert x == WANT")]
    exercise = build.bare(tmp_path, *cells)
    made = build.handed_in(exercise, q1="x = WANT")
    assert grade(exercise, build.packed(made)).points == 2
    made["cells"][0]["source"] = "WANT = 5"
    assert grade(exercise, build.packed(made)).points == 0


RAW = {
    "two_sources": b'{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","source":"x","source":"total = sum","metadata":'
    b'{"nbgrader":{"grade_id":"q1"},"nbgrader":{"grade_id":"q1-test"}}}]}',
    "two_lists_of_cells": b'{"nbformat":4,"metadata":{},"cells":[1],"cells":[{"cell_type":"code","source":"x","metadata":{}}]}',
    "nan": b'{"nbformat":NaN,"cells":[]}',
    "huge_number": b'{"nbformat":4,"x":' + b"9" * 5000 + b',"cells":[]}',
    "deep": b'{"nbformat":4,"cells":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "list": b"[]",
    "text": b'"nbformat"',
    "version_3": b'{"nbformat":3,"worksheets":[{"cells":[]}]}',
    "version_5": b'{"nbformat":5,"cells":[]}',
    "version_text": b'{"nbformat":"4","cells":[]}',
    "version_true": b'{"nbformat":true,"cells":[]}',
    "utf_16": '{"nbformat":4,"cells":[]}'.encode("utf-16"),
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "html": b"<html><script>alert(1)</script></html>",
    "nul": b"\0" * 1000,
    "source_of_numbers": b'{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","source":[1,2],"metadata":{}}]}',
    "cells_of_lists": b'{"nbformat":4,"metadata":{},"cells":[[],[]]}',
    "no_cells": b'{"nbformat":4,"metadata":{}}',
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_notebook_of_this_exercise_is_refused_with_a_reason(sums, name):
    with pytest.raises(NotANotebookError) as caught:
        read_notebook(RAW[name], sums)
    assert caught.value.reason.isidentifier()


@pytest.mark.parametrize("count", [1_990, 2_001])
def test_a_notebook_of_very_many_cells_is_read_or_refused(sums, count):
    made = build.handed_in(sums, **RIGHT)
    made["cells"] += [copy.deepcopy(build.cell("1")) for _ in range(count)]
    if count > 2_000:
        with pytest.raises(NotANotebookError, match="large"):
            read_notebook(build.packed(made), sums)
    else:
        assert sum(step.kind == OWN for step in steps(sums, made)) == count


def test_a_name_with_odd_characters_is_only_a_name(sums):
    made = build.handed_in(sums, **RIGHT)
    for odd in ("q1\0", " q1", "q1\n", "Q1", "q1/../q2", "__proto__", "x" * 100_000, "<b>q1</b>"):
        made["cells"].append(build.cell("total = None", build.nbgrader(odd, solution=True)))
    found = steps(sums, made)
    assert [step.source for step in found if step.kind == ANSWER] == list(RIGHT.values())

"""The learner's copy."""

from __future__ import annotations

import json
import re

import nbformat
import pytest

from lms.errors import ContentError
from lms.grading import make_starter

from . import build
from .conftest import ATTACKS

CANARY = re.compile(r"(HIDDEN|SOLUTION)-CANARY")


def test_it_is_a_valid_notebook_without_solutions_or_hidden_tests(weather):
    starter = make_starter(weather)
    nbformat.validate(nbformat.from_dict(starter))
    assert not CANARY.search(json.dumps(starter))
    assert "raise NotImplementedError()" in build.find(starter, "q1")["source"]


def test_it_shows_what_nbgrader_would_show(weather):
    released = json.loads((ATTACKS / "release.ipynb").read_text(encoding="utf-8"))
    for cell in released["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("grade"):
            mine = build.find(make_starter(weather), meta["grade_id"])
            assert mine["source"].strip() == "".join(cell["source"]).strip()


def test_only_answers_can_be_edited_and_nothing_of_ours_deleted(sums):
    cells = {
        c["metadata"]["nbgrader"]["grade_id"]: c for c in make_starter(sums)["cells"] if "nbgrader" in c["metadata"]
    }
    assert all(cell["metadata"]["deletable"] is False for cell in cells.values())
    assert [name for name, cell in cells.items() if cell["metadata"].get("editable", True)] == ["q1", "q2"]


def test_the_stub_keeps_what_stands_around_the_solution_and_its_indentation(sums):
    source = build.find(make_starter(sums), "q1")["source"]
    assert source.splitlines()[0] == "def total(xs):"
    compile(source, "stub", "exec")


@pytest.mark.parametrize("role", ["q1", "q1-test", "setup"])
def test_metadata_is_of_schema_3_with_nothing_besides(sums, role):
    meta = build.find(make_starter(sums), role)["metadata"]["nbgrader"]
    known = {"schema_version", "grade", "grade_id", "locked", "solution", "task", "cell_type", "checksum", "points"}
    assert set(meta) <= known
    assert meta["schema_version"] == 3


def test_the_mark_scheme_of_a_task_is_for_graders_only(tmp_path):
    text = "Draw it.\n=== BEGIN MARK SCHEME ===\n2 points for axes\n=== END MARK SCHEME ===\nThen explain."
    task = build.cell(text, build.nbgrader("t", task=True, locked=True, points=2), "markdown")
    exercise = build.bare(tmp_path, build.answer("q1", "x = 1"), build.check("q1-test", "assert x"), task)
    assert build.find(make_starter(exercise), "t")["source"] == "Draw it.\nThen explain."


@pytest.mark.parametrize("sign", ["###", "#", "##   ", "# ---"])
def test_delimiters_count_wherever_nbgrader_finds_them(tmp_path, sign):
    answer = f"def f(x):\n    {sign} BEGIN SOLUTION\n    return CANARY\n    {sign} END SOLUTION"
    check = f"assert f(1)\n{sign} BEGIN HIDDEN TESTS\nassert f(2) == CANARY\n{sign} END HIDDEN TESTS"
    words = "Why?\n<!-- BEGIN SOLUTION -->\nCANARY\n<!-- END SOLUTION -->\nIn one sentence."
    exercise = build.bare(
        tmp_path,
        build.cell(answer, build.nbgrader("q1", solution=True)),
        build.check("q1-test", check),
        build.cell(words, build.nbgrader("why", grade=True, solution=True, points=2), "markdown"),
    )
    starter = make_starter(exercise)
    assert "CANARY" not in json.dumps(starter)
    assert build.find(starter, "why")["source"] == "Why?\n여기에 답을 작성하세요\nIn one sentence."


@pytest.mark.parametrize("kind", ["SOLUTION", "HIDDEN TESTS", "MARK SCHEME"])
def test_a_region_that_would_be_shown_is_refused(tmp_path, kind):
    region = f"# BEGIN {kind}\nsecret\n# END {kind}"
    with pytest.raises(ContentError, match="may stand in"):
        build.bare(tmp_path, build.locked("setup", region), build.check("q", "assert True"))

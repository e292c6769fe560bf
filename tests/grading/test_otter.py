"""Notebooks of Otter Assign, format 1."""

from __future__ import annotations

import json

import pytest

from lms.errors import ContentError
from lms.grading import __main__ as cli
from lms.grading import check_exercise, grade, load_exercise, make_starter
from lms.grading.otter import import_otter, is_otter, read_settings

from . import build


def raw(text):
    return build.cell(text, kind="raw")


def shown(source, text):
    made = build.cell(source)
    made["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": 1}
    ]
    return made


ASSIGNMENT = build.notebook(
    raw("# ASSIGNMENT CONFIG\ninit_cell: false\nexport_cell: true\nseed:\n  variable: rng\nfiles:\n  - data/a.csv"),
    build.cell("import numpy as np"),
    build.cell("# IGNORE\nprint('for me')"),
    raw("# BEGIN QUESTION\nname: q1\npoints: 3\n"),
    build.cell("Write `square`.", kind="markdown"),
    raw("# BEGIN SOLUTION"),
    build.cell("def square(x):\n    return x ** 2 # SOLUTION\nnine = square(3) # SOLUTION\nlimit = 5"),
    raw("# END SOLUTION"),
    raw("# BEGIN TESTS"),
    shown("square(2)", "4"),
    shown("# HIDDEN\nnp.float64(square(1.5))", "np.float64(2.25)"),
    build.cell(
        '""" # BEGIN TEST CONFIG\nhidden: true\nfailure_message: 제곱이 아닙니다.\npoints: 1\n'
        '""" # END TEST CONFIG\nassert nine == 9'
    ),
    raw("# END TESTS"),
    raw("# END QUESTION"),
    raw("# BEGIN QUESTION\nname: q2\nall_or_nothing: true\npoints: 2"),
    raw("# BEGIN PROMPT"),
    build.cell("names = ..."),
    raw("# END PROMPT"),
    raw("# BEGIN SOLUTION"),
    build.cell("names = ['a', 'b']"),
    raw("# END SOLUTION"),
    raw("# BEGIN TESTS"),
    build.cell("assert len(names) == 2"),
    build.cell("# HIDDEN\nassert names[0] == 'a'"),
    raw("# END TESTS"),
    raw("# END QUESTION"),
    raw("# BEGIN QUESTION\nname: q3\nmanual: true\npoints: 4"),
    raw("# BEGIN SOLUTION"),
    build.cell("Because.", kind="markdown"),
    raw("# END SOLUTION"),
    raw("# END QUESTION"),
)


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    path = tmp_path_factory.mktemp("otter") / "lab.ipynb"
    path.write_bytes(build.packed(import_otter(ASSIGNMENT).notebook))
    return load_exercise(path)


def test_questions_tests_points_and_manual_answers_are_found(exercise):
    assert [(check.name, check.points, check.hidden, check.manual) for check in exercise.checks] == [
        ("q1-test-1", 1, False, False),
        ("q1-test-2", 1, True, False),
        ("q1-test-3", 1, True, False),
        ("q2-test", 2, False, False),
        ("q3", 4, False, True),
    ]


def test_the_starter_keeps_prompts_and_no_solution(exercise):
    text = json.dumps(make_starter(exercise))
    assert "nine = ..." in text
    assert "names = ..." in text
    assert "x ** 2" not in text
    assert "['a', 'b']" not in text
    assert "2.25" not in text


@pytest.mark.sandbox
def test_the_solution_earns_all_and_the_blank_nothing(exercise):
    proved = check_exercise(exercise)
    assert proved.findings == ()
    assert (proved.grades["solution"].points, proved.grades["blank"].points) == (5, 0)


@pytest.mark.sandbox
def test_wrong_answers_fail_and_read_the_failure_message(exercise):
    wrong = build.handed_in(exercise, q1="def square(x):\n    return 4\nnine = 8", q2="names = ['b', 'a']")
    result = grade(exercise, build.packed(wrong))
    assert [check.points for check in result.checks] == [1, 0, 0, 0, 0]
    assert result.checks[2].message == "제곱이 아닙니다."


def test_what_has_no_counterpart_is_told_by_cell():
    notes = import_otter(ASSIGNMENT).notes
    assert {(note.cell, note.what) for note in notes} >= {
        (1, "the setting seed of the assignment"),
        (1, "the files of the assignment"),
        (3, "a cell to be ignored was left out"),
    }


@pytest.mark.parametrize(
    "cells",
    [
        [raw("# BEGIN QUESTION\nname: q1")],
        [raw("# END QUESTION")],
        [raw("# BEGIN TESTS"), raw("# END TESTS")],
        [raw("# BEGIN QUESTION"), raw("# BEGIN SOLUTION"), raw("# END TESTS")],
        [raw("# ASSIGNMENT CONFIG"), build.cell("```\nBEGIN QUESTION\nname: q1\n```", kind="markdown")],
    ],
)
def test_raw_cells_that_do_not_pair_up_are_refused_by_cell(cells):
    with pytest.raises(ContentError):
        import_otter(build.notebook(*cells))


def test_settings():
    lines = [
        "name: q1",
        "points:",
        "  each: 0.5",
        "files:",
        "  - a.csv",
        "  - b.csv",
        "list: [1, 'x']",
        "manual: true  # yes",
    ]
    assert read_settings(lines) == {
        "name": "q1", "points": {"each": 0.5}, "files": ["a.csv", "b.csv"], "list": [1, "x"], "manual": True,
    }  # fmt: skip


def test_other_notebooks_are_not_taken_for_otters(sums):
    assert not is_otter(make_starter(sums))
    assert is_otter(ASSIGNMENT)


def test_the_command_line_writes_the_source_and_tells_what_is_left_out(tmp_path, capsys):
    (tmp_path / "lab.ipynb").write_bytes(build.packed(ASSIGNMENT))
    assert cli.main(["import", str(tmp_path / "lab.ipynb"), "-o", str(tmp_path / "source.ipynb")]) == 0
    assert "cell 3" in capsys.readouterr().err
    assert load_exercise(tmp_path / "source.ipynb").max_points == 9
    assert cli.main(["import", str(tmp_path / "source.ipynb"), "-o", str(tmp_path / "x.ipynb")]) == 1

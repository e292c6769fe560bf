"""Notebooks of Otter Assign, format 1."""

from __future__ import annotations

import json
import random
import re

import pytest

from lms.errors import ContentError
from lms.grading import __main__ as cli
from lms.grading import check_exercise, grade, load_exercise, make_starter
from lms.grading.exercise import source_of
from lms.grading.otter import import_otter, is_otter
from lms.grading.otter.settings import read_settings

from . import build
from .otter_lab import ANSWERS, LAB, raw, shown

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
    notes = import_otter(ASSIGNMENT, language="en").notes
    assert {(note.cell, note.what) for note in notes} >= {
        (1, "the setting seed of the assignment"),
        (1, "the setting files of the assignment"),
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


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    path = tmp_path_factory.mktemp("lab") / "lab.ipynb"
    path.write_bytes(build.packed(import_otter(LAB).notebook))
    return load_exercise(path)


def test_points_are_shared_out_by_otters_rules(lab):
    assert {check.name: check.points for check in lab.checks} == {
        "q1-test-1": 1, "q1-test-2": 1, "q1-test-3": 2, "q2-test": 3, "q3": 3, "q-4-test-1": 0.5, "q-4-test-2": 1,
    }  # fmt: skip
    assert {check.name for check in lab.checks if check.hidden} == {"q1-test-2", "q1-test-3", "q-4-test-2"}


def test_prompts_stand_where_the_solution_stood(lab):
    starter = make_starter(lab)
    assert build.find(starter, "q1")["source"].split("\n") == [
        "def rate(good, total):",
        '    """The share of good parts."""',
        "    # the share of good parts, from 0 to 1",
        "    # 여기에 코드를 작성하세요",
        "",
        "third = ...",
        "# 여기에 코드를 작성하세요",
    ]
    assert build.find(starter, "q2")["source"].startswith("def report(shots):\n    ...")
    assert build.find(starter, "q3")["source"].startswith("_Begin with the press that you saw._")
    text = json.dumps(starter, ensure_ascii=False)
    assert not [secret for secret in ("good / total", "enumerate", "oil", "0.9", "press 2", "staff") if secret in text]


@pytest.mark.sandbox
def test_an_assignment_is_imported_checked_and_graded(lab):
    proved = check_exercise(lab)
    assert [finding for finding in proved.findings if not finding.warning] == []
    assert (proved.grades["solution"].points, proved.grades["blank"].points) == (8.5, 0)
    made = json.loads(json.dumps(make_starter(lab)))
    for name, source in ANSWERS.items():
        build.find(made, name)["source"] = source
    good = grade(lab, build.packed(made))
    assert {check.name: check.points for check in good.checks if check.outcome == "passed"} == {
        "q1-test-1": 1, "q1-test-2": 1, "q1-test-3": 2, "q2-test": 3, "q-4-test-1": 0.5, "q-4-test-2": 1,
    }  # fmt: skip
    build.find(made, "q1")["source"] = ANSWERS["q1"].replace("shots[2]", "shots[1]")
    build.find(made, "q2")["source"] = ANSWERS["q2"].replace("i + 1", "i")
    wrong = {check.name: check for check in grade(lab, build.packed(made), language="en").checks}
    assert [wrong[name].points for name in ("q1-test-1", "q1-test-2", "q1-test-3", "q2-test")] == [1, 1, 0, 0]
    assert wrong["q1-test-3"].message == "Count the third press: its place is 2, not 3."


@pytest.mark.sandbox
def test_tests_in_the_form_of_functions_are_called(tmp_path):
    cells = [
        raw("# ASSIGNMENT CONFIG\ntests:\n  ok_format: false"),
        raw("# BEGIN QUESTION\nname: q1\npoints: 2"),
        raw("# BEGIN SOLUTION"),
        build.cell("def half(x):\n    return x / 2 # SOLUTION"),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        build.cell("def test_half(half):\n    assert half(4) == 2\n\ntest_half(half)"),
        build.cell("# HIDDEN\ndef test_env(env):\n    assert env['half'](5) == 2.5"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    ]
    path = tmp_path / "lab.ipynb"
    path.write_bytes(build.packed(import_otter(build.notebook(*cells)).notebook))
    exercise = load_exercise(path)
    right = grade(exercise, build.packed(build.handed_in(exercise, q1="def half(x):\n    return x / 2")))
    wrong = grade(exercise, build.packed(build.handed_in(exercise, q1="def half(x):\n    return x // 2")))
    assert [check.points for check in right.checks] == [1, 1]
    assert [check.points for check in wrong.checks] == [1, 0]


@pytest.mark.sandbox
def test_a_prompt_that_would_fail_is_a_comment_and_one_without_solution_an_answer(tmp_path):
    drawn = '## solution ##\ny = sum([1, 2]); # SOLUTION NO PROMPT\n""" # BEGIN PROMPT\ny = sum(...);\n""" # END PROMPT'
    cells = [
        raw("# BEGIN QUESTION\nname: q1"),
        raw("# BEGIN SOLUTION"),
        build.cell(drawn),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        build.cell("def test_sum(y):\n    assert y == 3\n\ntest_sum(y)  # IGNORE"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
        raw("# BEGIN QUESTION\nname: q2\nmanual: true\npoints: 2"),
        raw("# BEGIN PROMPT"),
        build.cell("_Write here._", kind="markdown"),
        raw("# END PROMPT"),
        raw("# END QUESTION"),
    ]
    imported = import_otter(build.notebook(*cells), language="en")
    path = tmp_path / "lab.ipynb"
    path.write_bytes(build.packed(imported.notebook))
    exercise = load_exercise(path)
    assert [note.what for note in imported.notes] == ["the prompt of question q2 has no solution"]
    assert [(check.name, check.points, check.manual) for check in exercise.checks] == [
        ("q1-test-1", 1, False),
        ("q2", 2, True),
    ]
    starter = make_starter(exercise)
    assert "# y = sum(...);" in build.find(starter, "q1")["source"]
    assert build.find(starter, "q2")["source"].startswith("_Write here._")
    proved = check_exercise(exercise)
    assert (proved.findings, proved.grades["solution"].points) == ((), 1)


def test_notes_are_told_in_korean_and_english_alike():
    korean, english = (import_otter(LAB, language=language).notes for language in ("ko", "en"))
    assert [note.cell for note in korean] == [note.cell for note in english]
    assert len(korean) > 4
    assert all(re.search("[가-힣]", note.what) and re.search("[가-힣]", note.remedy) for note in korean)
    assert not any(re.search("[가-힣]", note.what + note.remedy) for note in english)


def test_a_test_whose_value_was_not_saved_is_told():
    cells = [
        raw("# BEGIN QUESTION\nname: q1"),
        raw("# BEGIN TESTS"),
        build.cell("2 + 2"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    ]
    (note,) = import_otter(build.notebook(*cells), language="en").notes
    assert (note.cell, "was not saved" in note.what) == (3, True)


@pytest.mark.parametrize(
    ("points", "tests", "shares"),
    [
        ("", [None, None], [0.5, 0.5]),
        ("points: 6", [2, None, None, 2], [2, 1, 1, 2]),
        ("", [1, None], [1, 0]),
        ("points: [1, 2.5]", [None, None], [1, 2.5]),
        ("points:\n  each: 2", [None, 3], [1, 3]),
        ("points: 0", [None, None], [0, 0]),
    ],
)
def test_shares(points, tests, shares):
    config = '""" # BEGIN TEST CONFIG\npoints: {}\n""" # END TEST CONFIG\n'
    cells = [build.cell(("" if own is None else config.format(own)) + "assert x") for own in tests]
    begin, end = raw(f"# BEGIN QUESTION\nname: q1\n{points}"), raw("# END QUESTION")
    made = import_otter(build.notebook(begin, raw("# BEGIN TESTS"), *cells, raw("# END TESTS"), end)).notebook
    assert [cell["metadata"]["nbgrader"]["points"] for cell in made["cells"]] == shares


@pytest.mark.parametrize("points", ["points: [1]", "points: 1"])
def test_points_that_do_not_fit_are_refused(points):
    config = '""" # BEGIN TEST CONFIG\npoints: 2\n""" # END TEST CONFIG\nassert x'
    cells = [raw(f"# BEGIN QUESTION\n{points}"), raw("# BEGIN TESTS"), build.cell(config), build.cell("assert y")]
    with pytest.raises(ContentError, match="points"):
        import_otter(build.notebook(*cells, raw("# END TESTS"), raw("# END QUESTION")))


def test_the_older_form_is_refused_with_what_to_do(tmp_path, capsys):
    old = build.notebook(build.cell("```\nBEGIN QUESTION\nname: q1\n```", kind="markdown"), build.cell("x = 1"))
    (tmp_path / "old.ipynb").write_bytes(build.packed(old))
    assert cli.main(["import", str(tmp_path / "old.ipynb"), "-o", str(tmp_path / "x.ipynb")]) == 1
    assert "otter.assign.v0.convert" in capsys.readouterr().err


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
        "export_cell:",
        "  require_no_pdf_ack:",
        "    message: 'It is #1: yes'  # ours",
        "text: |",
        "  one: two",
        "  three",
        "none: # nothing",
        "inline: {a: 1, b: x}",
    ]
    assert read_settings(lines) == {
        "name": "q1", "points": {"each": 0.5}, "files": ["a.csv", "b.csv"], "list": [1, "x"], "manual": True,
        "export_cell": {"require_no_pdf_ack": {"message": "It is #1: yes"}}, "text": "one: two\nthree", "none": None,
        "inline": {"a": 1, "b": "x"},
    }  # fmt: skip


@pytest.mark.parametrize("lines", [["no key"], ["- a"], ["a: 1", "   b: 2"]])
def test_settings_that_cannot_be_read_are_refused(lines):
    with pytest.raises(ValueError, match=r"."):
        read_settings(lines)


def test_other_notebooks_are_not_taken_for_otters(sums):
    assert not is_otter(make_starter(sums))
    assert is_otter(ASSIGNMENT)


def test_the_command_line_writes_the_source_and_tells_what_is_left_out(tmp_path, capsys):
    (tmp_path / "lab.ipynb").write_bytes(build.packed(ASSIGNMENT))
    assert cli.main(["import", str(tmp_path / "lab.ipynb"), "-o", str(tmp_path / "source.ipynb")]) == 0
    told = capsys.readouterr().err
    assert "3번째 셀" in told
    assert "9점" in told
    assert load_exercise(tmp_path / "source.ipynb").max_points == 9
    assert cli.main(["import", str(tmp_path / "source.ipynb"), "-o", str(tmp_path / "x.ipynb")]) == 1


def test_no_damage_makes_the_import_fall_over():
    """A clear refusal, or a notebook that is an exercise or says why it is none."""
    dice = random.Random(7)
    taken = 0
    for _ in range(300):
        damaged = mutate(json.loads(json.dumps(LAB)), dice)
        try:
            made = import_otter(damaged).notebook
        except ContentError:
            continue
        taken += 1
        assert all(source_of(cell) is not None for cell in made["cells"])
    assert 30 < taken < 290


def mutate(notebook, dice):
    """One to three things broken in it: a cell lost, doubled, moved, its kind, its text or its outputs."""
    cells = notebook["cells"]
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(cells))
        cell = cells[place] if isinstance(cells[place], dict) else {}
        damage = dice.choice(["lose", "double", "move", "kind", "cut", "outputs", "junk", "source"])
        if damage == "lose":
            del cells[place]
        elif damage == "double":
            cells.insert(place, json.loads(json.dumps(cells[place])))
        elif damage == "move":
            cells.insert(dice.randrange(len(cells)), cells.pop(place))
        elif damage == "kind":
            cell["cell_type"] = dice.choice(["code", "markdown", "raw", "heading", None])
        elif damage == "cut":
            cell["source"] = str(cell.get("source", ""))[: dice.randint(0, 40)]
        elif damage == "outputs":
            odd = {"output_type": "execute_result", "data": 3}
            cell["outputs"] = dice.choice(
                [None, 7, [None], [odd], [{"output_type": "stream", "name": "stdout", "text": 1}]]
            )
        elif damage == "junk":
            cells[place] = dice.choice(
                [None, 7, {}, {"cell_type": "raw", "source": "# BEGIN QUESTION\n- - :\n  {"}, []]
            )
        else:
            cell["source"] = dice.choice(
                [None, 7, ["a", 1], "# BEGIN TESTS", '""" # BEGIN TEST CONFIG\n\x00', "\ud800"]
            )
    return notebook

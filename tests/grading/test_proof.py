"""Proving an exercise."""

from __future__ import annotations

import pytest

from lms.errors import ContentError
from lms.grading import check_exercise, grade, load_exercise

from . import build

CELLS = (
    build.answer("q1", "x = 1"),
    build.check("q1-test", "assert x == 1, '하나여야 합니다.'"),
    build.answer("q2", "y = 2"),
    build.check("q2-test", "assert y == 2"),
)
WRONG = """
[[wrong]]
name = "two"
why = "counts from two"
[wrong.answers]
q1 = "x = 2"
[wrong.earns]
q1-test = 0
[wrong.says]
q1-test = "하나"
"""


def folder(tmp_path, *cells, proof=None):
    made = build.write_folder(tmp_path, *cells)
    if proof is not None:
        (made / "proof.toml").write_text(proof, encoding="utf-8")
    return load_exercise(made)


@pytest.mark.sandbox
def test_a_sound_exercise_holds(tmp_path):
    proved = check_exercise(folder(tmp_path, *CELLS, proof=WRONG))
    assert proved.findings == ()
    assert {name: grade.points for name, grade in proved.grades.items()} == {"solution": 4, "blank": 0, "two": 2}


@pytest.mark.sandbox
def test_what_is_wrong_is_said_by_notebook_and_check(tmp_path):
    cells = [
        *CELLS,
        build.check("free", "assert True"),
        build.check("odd", "'full marks'"),
        build.check("never", "assert x == 3"),
    ]
    proof = WRONG.replace("q1-test = 0", "q1-test = 1").replace('"하나"', '"둘"')
    found = {
        (finding.kind, finding.notebook, finding.check)
        for finding in check_exercise(folder(tmp_path, *cells, proof=proof)).findings
    }
    assert {
        ("solution", "solution", "never"),
        ("solution", "solution", "odd"),
        ("blank", "blank", "free"),
        ("wrong", "two", "q1-test"),
        ("asks_nothing", "solution", "free"),
    } <= found


@pytest.mark.sandbox
def test_what_changes_from_run_to_run_or_is_missing_in_the_browser_is_said(tmp_path):
    chance = "import time\nassert x and time.time_ns() // 1000 % 2"
    cells = [
        *CELLS,
        build.check("chance", chance),
        build.answer("q3", "import threading\nz = 1"),
        build.check("q3-test", "assert z == 1"),
    ]
    exercise = folder(tmp_path, *cells)
    found = set()
    for _ in range(20):  # a coin that falls on one side twenty times is no coin
        proved = check_exercise(exercise)
        found |= {(finding.kind, finding.check) for finding in proved.findings}
        if ("unstable", "chance") in found:
            break
    assert {("unstable", "chance"), ("browser", "")} <= found
    assert proved.holds is False


@pytest.mark.sandbox
def test_a_check_that_needs_the_learners_process_is_run_there_watched_and_named(tmp_path):
    inside = "import gc\nassert any(type(o).__name__ == 'Marker' for o in gc.get_objects())\nassert x == 1"
    cells = [build.answer("q1", "class Marker: pass\nkept = Marker()\nx = 1"), build.check("q1-test", inside)]
    exercise = folder(tmp_path, *cells)
    proved = check_exercise(exercise)
    assert [(finding.kind, finding.check, finding.warning) for finding in proved.findings] == [
        ("together", "q1-test", True)
    ]
    assert (proved.holds, proved.split) == (True, 0)
    honest = build.handed_in(exercise, q1="class Marker: pass\nkept = Marker()\nx = 1")
    assert grade(exercise, build.packed(honest)).flags == ()
    cheat = "import builtins\nbuiltins.any = lambda xs: True\nx = 1"
    flags = grade(exercise, build.packed(build.handed_in(exercise, q1=cheat))).flags
    assert [(flag.kind, flag.cell) for flag in flags] == [("tampered", "q1-test")]
    assert "builtins.any" in flags[0].reason


@pytest.mark.parametrize(
    ("proof", "key"),
    [
        ("[[wrong]]\nname = 'a'", "wrong[0].why"),
        ("[[wrong]]\nname = 'a'\nwhy = 'b'\n[wrong.answers]\nq9 = 'x'", "wrong[0].answers.q9"),
        ("[[wrong]]\nname = 'a'\nwhy = 'b'\n[wrong.earns]\nq1-test = '0'", "wrong[0].earns.q1-test"),
        ("[[wrong]]\nname = 'a'\nwhy = 'b'\nsay = 1", "wrong[0].say"),
        ("[[wrong]]\nname = 'blank'\nwhy = 'b'", "wrong.name"),
        ("wrongs = 1", "wrongs"),
    ],
)
def test_a_fault_in_proof_toml_names_the_key(tmp_path, proof, key):
    with pytest.raises(ContentError) as raised:
        check_exercise(folder(tmp_path, *CELLS, proof=proof))
    assert (raised.value.file, raised.value.key) == ("demo/proof.toml", key)

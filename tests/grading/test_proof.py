"""Proving an exercise."""

from __future__ import annotations

import pytest

from lms.errors import ContentError
from lms.grading import check_exercise, load_exercise

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
    } <= found


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

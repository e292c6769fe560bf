"""Proving an exercise."""

from __future__ import annotations

import json
import re

import pytest

from lms.errors import ContentError
from lms.grading import check_exercise, findings, grade, load_exercise
from lms.grading import proof as proof_module

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


def kinds(proved):
    return {(finding.kind, finding.check) for finding in proved.findings}


@pytest.mark.sandbox
def test_a_check_that_no_wrong_answer_fails_is_named(tmp_path):
    """It fails where nothing is written, and that is all it can tell."""
    exercise = build.bare(
        tmp_path,
        build.answer("q1", "    return sum(xs) / len(xs)", "def mean(xs):\n"),
        build.check("q1-test", "assert mean([1, 3]) == 2"),
        build.check("weak", "assert mean([1, 3]) is not None or mean is not None"),
        build.answer("q2", "table = [1, 2, 3]"),
        build.check("length", "assert len(table) == 3"),
        build.check("weak-2", "assert isinstance(table, list)"),
    )
    proved = check_exercise(exercise)
    assert kinds(proved) >= {("weak", "weak-2")}
    assert not {("weak", "q1-test"), ("weak", "length")} & kinds(proved)


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("answer", "checks"),
    [
        (
            "class A:\n    def __init__(self, n): self.n = n\n    def twice(self): return self.n * 2",
            ["A(3).n == 3", "A(2).twice() == 4"],
        ),
        ("def f(n):\n    if n < 0:\n        raise ValueError('no')\n    return [n]", ["f(3) == [3]", "f(0)[0] == 0"]),
        ("import pandas as pd\nt = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})", ["t['a'].sum() == 3", "t['b'][0] == 'x'"]),
        ("import numpy as np\nxs = np.array([1.0, 2.0])\nname = 'oee'", ["xs.mean() == 1.5", "len(xs) == 2", "name == 'oee'"]),
        (
            "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2], [3, 4])\nax.set_title('T')",
            ["ax.get_title() == 'T'", "len(ax.lines) == 1"],
        ),
    ],
)  # fmt: skip
def test_sound_checks_of_every_sort_are_seen_to_fail(tmp_path, answer, checks):
    made = [build.check(f"c{number}", f"assert {check}") for number, check in enumerate(checks)]
    proved = check_exercise(build.bare(tmp_path, build.answer("q1", answer), *made))
    assert [finding for finding in proved.findings if finding.kind in ("weak", "solution")] == []


@pytest.mark.sandbox
def test_what_lies_beside_the_notebook_is_asked_for(tmp_path):
    cells = [
        build.answer("q1", "x = open('none.csv').read()"),
        build.check("q1-test", "assert x"),
        build.answer("q2", "import helper\ny = helper.y"),
        build.check("q2-test", "assert y"),
    ]
    told = [finding.message for finding in check_exercise(build.bare(tmp_path, *cells), language="en").findings]
    assert "--data" in told[0]
    assert "locked" in told[1]


@pytest.mark.sandbox
def test_what_hangs_on_another_answer_on_the_order_or_on_a_single_run_is_named(tmp_path):
    exercise = build.bare(
        tmp_path,
        build.locked("setup", "stock = [1]"),
        build.answer("q1", "x = 2"),
        build.check("q1-test", "assert x == 2"),
        build.answer("q2", "y = x * 10"),
        build.check("q2-test", "assert y == 20"),
        build.answer("q3", "stock.append(3)\nx = 7"),
        build.check("q3-test", "assert stock == [1, 3]"),
    )
    proved = check_exercise(exercise, language="en")
    assert kinds(proved) >= {("depends", ""), ("order", "q1-test"), ("repeat", "q3-test")}
    assert ("order", "q3-test") not in kinds(proved)
    (depends,) = [finding.message for finding in proved.findings if finding.kind == "depends"]
    assert "only q1 is wrong, q2-test fail" in depends
    assert proved.holds


@pytest.mark.sandbox
def test_slow_cells_are_named_and_not_run_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(proof_module, "_TRIAL_SECONDS", 1.0)
    cells = [
        build.answer("q1", "import time\ntime.sleep(1.2)\nx = 1"),
        build.check("q1-test", "assert x == 1"),
        build.answer("q2", "y = 1"),
        build.check("q2-test", "assert y == 1"),
    ]
    made = build.write_folder(tmp_path, *cells, toml='title = "Demo"\n[limits]\nseconds = 2\ncell_seconds = 2\n')
    proved = check_exercise(load_exercise(made))
    found = [finding for finding in proved.findings if finding.kind == "slow"]
    assert (len(found), ("untried", "") in kinds(proved)) == (2, True)
    assert all("q1" in finding.message and finding.warning for finding in found)


@pytest.mark.sandbox
def test_chance_is_seen_before_it_strikes(tmp_path):
    cells = {
        "import random\nx = random.random()": "random.random",
        "import numpy as np\nx = np.random.default_rng().normal()": "np.random.default_rng",
        "x = np.random.normal()": "np.random.normal",
        "from datetime import datetime\nx = datetime.now()": "datetime.now",
        "rng = np.random.default_rng(1)\nx = rng.normal()": "",
        "np.random.seed(3)\nx = np.random.normal()": "",
        "x = random.Random(3).random()": "",
    }
    answers = [build.answer(f"q{number}", source) for number, source in enumerate(cells)]
    exercise = build.bare(tmp_path, *answers, build.check("test", "assert x is not None"))
    found = [
        finding.message for finding in check_exercise(exercise, language="en").findings if finding.kind == "random"
    ]
    assert [re.findall(r"(q\d) .*\((.*)\)", message) for message in found] == [
        [(f"q{number}", what)] for number, what in enumerate(cells.values()) if what
    ]


@pytest.mark.sandbox
@pytest.mark.parametrize("schema", [0, 1, 2, 3])
def test_a_source_straight_from_nbgrader_is_proved_whatever_its_schema(tmp_path, schema):
    cells = json.loads(json.dumps([*CELLS, build.locked("end", "print(x)")]))
    for cell in cells:
        meta = cell["metadata"]["nbgrader"]
        meta["schema_version"] = schema
        del meta["task"]
        if schema == 0:
            del meta["schema_version"]
            cell["metadata"]["nbgrader"] = {key: value for key, value in meta.items() if value is not False}
    proved = check_exercise(build.bare(tmp_path, *cells))
    assert (proved.findings, proved.grades["solution"].points, proved.split) == ((), 4, 2)


def test_each_finding_is_said_in_both_languages():
    words = dict.fromkeys(("message", "cell", "what", "got", "said", "checks", "name", "files", "path"), "x")
    numbers = (
        "limit",
        "seconds",
        "cell_seconds",
        "points",
        "tried",
        "owed",
        "number",
        "split",
        "machine",
        "old",
        "count",
    )
    facts = words | dict.fromkeys((*numbers, "max_points"), 1.0)
    for key in findings._TEXTS:
        korean, english = (findings.tell(key, language, **facts) for language in ("ko", "en"))
        assert re.search("[가-힣]", korean), key
        assert not re.search("[가-힣]", english), key


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

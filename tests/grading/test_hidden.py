"""Hidden tests judge what the notebook was at their place, and nothing of theirs reaches what the learner sees."""

from __future__ import annotations

import dataclasses
import json

import pytest

from lms.grading import contract, grade, pool, proof
from lms.grading.hidden import parts_of

from . import build

pytestmark = pytest.mark.sandbox
SECRET = "777013"
HIDE = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


def points(result):
    return {check.name: check.points for check in result.checks}


def seen(result):
    told = json.dumps(result.feedback, ensure_ascii=False) + "".join(check.message for check in result.checks)
    return told + str(result.flags) + str(result.repairs)


@pytest.mark.parametrize(
    ("source", "head", "rest"),
    [
        (
            "assert x\n" + HIDE.format("assert y"),
            "assert x",
            "#\n### BEGIN HIDDEN TESTS\nassert y\n### END HIDDEN TESTS",
        ),
        ("a = 1\ndef t():\n  assert x\n  " + HIDE.format("  assert y"), "a = 1", None),
        ("%%time\n" + HIDE.format("assert y"), "", None),
        ("assert (\n" + HIDE.format("assert y"), "", None),
        ("@skip\ndef t():\n  " + HIDE.format("  assert y"), "", None),
    ],
)
def test_a_check_is_cut_before_the_statement_with_the_first_hidden_line(source, head, rest):
    parts = parts_of(source)
    assert parts is not None
    assert parts.head == head
    assert rest is None or parts.rest == rest
    assert len(parts.rest.split("\n")) == len(source.split("\n"))


def test_a_check_without_hidden_lines_is_not_cut():
    assert parts_of("assert x") is None


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    """f is called with a secret by the first check; visible and hidden checks and cells of hers come after."""
    cells = [
        build.answer("q1", "def f(x):\n    return x"),
        build.check("q1-test", "assert f(1) == 1\n" + HIDE.format(f"assert f({SECRET}) == {SECRET}")),
        build.answer("q2", "y = 2"),
        build.check("q2-test", "assert f(3) == 3, f'{f(3)}'\nassert y == 2"),
        build.check("q3-test", "assert y + f(1) == 3, f(1)\n" + HIDE.format(f"assert f({SECRET}4) == {SECRET}4")),
    ]
    return build.bare(tmp_path_factory.mktemp("leaky"), *cells)


LEAKS = {
    "global": ("kept = []\ndef f(x):\n    kept.append(x)\n    return x", "print(kept)\ny = 2"),
    "file": (
        "import os\ndef f(x):\n    open('/tmp/kept', 'a').write(str(x))\n    return x",
        "import os\nprint(open('/tmp/kept').read() if os.path.exists('/tmp/kept') else '')\ny = 2",
    ),
    "stdout": ("import os\ndef f(x):\n    os.write(1, str(x).encode())\n    print(x)\n    return x", "y = 2"),
    "error": (
        "kept = []\ndef f(x):\n    kept.append(x)\n    if len(kept) > 1: raise ValueError(str(kept))\n    return x",
        "y = 2",
    ),
    "thread": (
        "import threading, time\nkept = []\ndef watch():\n    while True:\n        time.sleep(0.005)\n"
        "        if kept: print(kept)\n"
        "threading.Thread(target=watch, daemon=True).start()\ndef f(x):\n    kept.append(x)\n    return x",
        "import time\ntime.sleep(0.1)\ny = 2",
    ),
    "fork": (
        "import os\nr, w = os.pipe()\ndef f(x):\n    os.write(w, str(x).encode())\n    return x",
        "import os, select\nif select.select([r], [], [], 0.1)[0]: print(os.read(r, 999))\ny = 2",
    ),
    "wrong_first": (  # fails the first hidden test, so all runs a second time with it in its place
        "kept = []\ndef f(x):\n    kept.append(x)\n    return x if x < 9 else str(kept)",
        "print(kept)\ny = 2",
    ),
    "returns_it": ("kept = []\ndef f(x):\n    kept.append(x)\n    return x if len(kept) < 2 else str(kept)", "y = 2"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_what_a_hidden_test_gives_is_never_shown(leaky, name):
    first, second = LEAKS[name]
    result = grade(leaky, build.packed(build.handed_in(leaky, q1=first, q2=second)))
    assert result.outcome == "graded"
    assert SECRET not in seen(result)


def test_the_same_without_the_curiosity_earns_all(leaky):
    result = grade(leaky, build.packed(build.handed_in(leaky, q1="def f(x):\n    return x", q2="y = 2")))
    assert result.points == 6


@pytest.fixture(scope="module")
def placed(tmp_path_factory):
    """Names and tables that later cells change, with hidden tests that mean what they were before."""
    cells = [
        build.locked("setup", "import pandas as pd\ndf = pd.DataFrame({'v': [1, 2, 3]})"),
        build.answer("q1", "total = int(df['v'].sum())\nxs = [3, 1]"),
        build.check("q1-test", HIDE.format("assert total == 6\nassert xs == [3, 1] and list(df.columns) == ['v']")),
        build.answer("q2", "df['w'] = df['v'] * 2"),
        build.check(
            "q2-test", "want = 2\n" + HIDE.format("helper = 5\nassert want == 2 and len(df.columns) == 2\nwant = 3")
        ),
        build.answer("q3", "total = 0\nfor x in df['w']:\n    total += x"),
        build.check("q3-test", "want = 12\nassert total == want\n" + HIDE.format("assert helper == 5 and want == 12")),
    ]
    return build.bare(tmp_path_factory.mktemp("placed"), *cells)


RIGHT = {"q1": "total = 6\nxs = [3, 1]", "q2": "df['w'] = df['v'] * 2", "q3": "total = sum(df['w'])"}


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, [2, 2, 2]),
        ({"q3": "xs.sort()\ndf.drop(columns='v', inplace=True)\ntotal = 12"}, [2, 2, 2]),
        ({"q1": "total = 7\nxs = [3, 1]", "q2": RIGHT["q2"] + "\nfirst, total = total, 6"}, [0, 2, 2]),
        ({"q1": "total = 6\nxs = []", "q2": RIGHT["q2"] + "\nxs[:] = [3, 1]"}, [0, 2, 2]),
        ({"q3": "import os\ntotal = 12\nclass T: pass\nos._exit(0)"}, [2, 2, 0]),
        ({"q2": "df = df.assign(w=0, z=1)"}, [2, 0, 0]),
    ],
)
def test_each_hidden_test_sees_its_own_place(placed, changed, wanted):
    result = grade(placed, build.packed(build.handed_in(placed, **{**RIGHT, **changed})))
    assert list(points(result).values()) == wanted, [check.message for check in result.checks]


def test_what_cannot_be_put_back_is_settled_by_a_second_run(tmp_path):
    """A later cell changes what a shallow mark doesn't hold."""
    cells = [
        build.answer("q1", "class Box:\n    size = 1\nrows = [[1]]"),
        build.check("q1-test", HIDE.format("assert Box.size == 1 and rows == [[1]]")),
        build.answer("q2", "y = 2"),
        build.check("q2-test", "assert y == 2"),
    ]
    exercise = build.bare(tmp_path, *cells)
    source = "class Box:\n    size = 1\nrows = [[1]]"
    result = grade(
        exercise, build.packed(build.handed_in(exercise, q1=source, q2="Box.size = 5\nrows[0][0] = 9\ny = 2"))
    )
    assert points(result) == {"q1-test": 2, "q2-test": 2}
    result = grade(exercise, build.packed(build.handed_in(exercise, q1=source.replace("1]", "5]"), q2="y = 2")))
    assert points(result) == {"q1-test": 0, "q2-test": 2}


def test_partial_credit_of_a_hidden_rest_counts(tmp_path):
    check = "score = 0.5 if f(1) == 1 else 0\n" + HIDE.format("score += 1.5 if f(5) == 5 else 0\nscore")
    cells = [build.answer("q1", "def f(x):\n    return x"), build.check("q1-test", check), build.answer("q2", "z = 1")]
    exercise = build.bare(tmp_path, *cells)
    for source, wanted in (("def f(x):\n    return x", 2), ("def f(x):\n    return min(x, 3)", 0.5), ("f = 3", 0)):
        assert grade(exercise, build.packed(build.handed_in(exercise, q1=source, q2="z = 1"))).points == wanted


def test_a_hidden_test_that_hangs_costs_its_own_check(leaky):
    hasty = dataclasses.replace(leaky, limits=dataclasses.replace(leaky.limits, cell_seconds=1))
    loop = "def f(x):\n    while x > 9: pass\n    return x"
    result = grade(hasty, build.packed(build.handed_in(hasty, q1=loop, q2="y = 2")))
    assert points(result) == {"q1-test": 0, "q2-test": 2, "q3-test": 0}


def test_checks_that_share_what_a_hidden_test_makes_run_at_once(tmp_path):
    cells = [
        build.answer("q1", "def f(x):\n    return x"),
        build.check("q1-test", HIDE.format("def close(a, b):\n    return abs(a - b) < 1e-9\nassert close(f(1), 1)")),
        build.answer("q2", "y = 2"),
        build.check("q2-test", "assert close(y, 2)"),
    ]
    exercise = build.bare(tmp_path, *cells)
    with pool.warm_parent(exercise, None) as parent:
        learnt = contract.contract_of(exercise, parent)
    assert learnt.together() == []
    assert learnt.rooms.straight == {"q1-test"}
    found = proof.check_exercise(exercise).findings
    assert [(finding.check, finding.warning) for finding in found if finding.kind == "shared"] == [("q1-test", True)]
    assert grade(exercise, build.packed(build.handed_in(exercise, q1="f = float", q2="y = 2"))).points == 4
    assert grade(exercise, build.packed(build.handed_in(exercise, q1="f = str", q2="y = 3"))).points == 0

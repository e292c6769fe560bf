"""Grading as a whole, in the real sandbox."""

from __future__ import annotations

import json

import pytest

from lms.errors import GradingUnavailableError, NotANotebookError
from lms.grading import grade, load_exercise, pool
from lms.grading.sandbox.isolation import IsolationReport

from . import build

pytestmark = pytest.mark.sandbox
RIGHT = {"q1": "def total(xs):\n    return sum(xs)", "q2": "def mean(xs):\n    return sum(xs) / len(xs)"}


def graded(exercise, **answers):
    return grade(exercise, build.packed(build.handed_in(exercise, **answers)))


def points(result):
    return {check.name: check.points for check in result.checks}


def message(result, name):
    return next(check.message for check in result.checks if check.name == name)


def test_right_answers_earn_all(sums):
    result = graded(sums, **RIGHT)
    assert (result.outcome, result.points, result.max_points) == ("graded", 4, 4)
    assert result.repairs == result.flags == ()
    assert "pandas 3" in result.environment
    assert result.exercise == sums.digest


def test_a_blank_earns_nothing_and_is_told_where_to_write(sums):
    result = graded(sums)
    assert result.points == 0
    assert "4번째 셀" not in message(result, "q1-test")
    assert message(result, "q1-test").startswith("3번째 셀에 아직 답을 쓰지 않았습니다.")


def test_a_broken_cell_costs_only_its_own_check(sums):
    result = graded(sums, q1="def total(xs:", q2=RIGHT["q2"])
    assert points(result) == {"q1-test": 0, "q2-test": 2}
    assert "끝까지 쓰이지" in message(result, "q1-test")
    assert "3번째 셀" in message(result, "q1-test")


def test_a_hidden_test_gives_its_authors_words_and_nothing_else(sums):
    result = graded(sums, q1=RIGHT["q1"], q2="def mean(xs):\n    print('I saw', xs)\n    return 2")
    assert message(result, "q2-test") == "값이 하나일 때를 보세요."
    assert "4242" not in json.dumps(result.feedback)


def test_answers_print_show_and_warn_without_cost(sums):
    source = (
        "import warnings, sys\nwarnings.warn('careful')\nprint('hello')\nprint('bad', file=sys.stderr)\n" + RIGHT["q1"]
    )
    result = graded(sums, q1=source, q2=RIGHT["q2"])
    assert result.points == 4
    assert "hello" in json.dumps(result.feedback)


def test_a_hanging_cell_is_stopped_and_the_others_count(tmp_path):
    toml = 'title = "x"\n[limits]\ncell_seconds = 1\n'
    cells = [build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"), build.answer("q2", "y = 1")]
    exercise = load_exercise(build.write_folder(tmp_path, *cells, build.check("q2-test", "assert y == 1"), toml=toml))
    stubborn = "x = 1\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass"
    for loop in ("while True: pass", f"import signal\nsignal.signal(2, signal.SIG_IGN)\n{stubborn}"):
        result = graded(exercise, q1=loop, q2="y = 1")
        assert points(result) == {"q1-test": 0, "q2-test": 2}
        assert "1초" in message(result, "q1-test")


def test_a_dead_process_is_replaced_and_what_was_answered_before_still_stands(sums):
    result = graded(sums, q1=RIGHT["q1"], q2="import os\nos._exit(0)")
    assert points(result) == {"q1-test": 2, "q2-test": 0}
    result = graded(sums, q1="def total(xs):\n    import os\n    os._exit(0)", q2=RIGHT["q2"])
    assert points(result) == {"q1-test": 0, "q2-test": 2}


def test_a_check_that_hangs_or_dies_only_when_it_calls_earns_nothing(sums):
    result = graded(
        sums, q1="def total(xs):\n    import sys\n    sys.exit()", q2="def mean(xs):\n    raise KeyboardInterrupt"
    )
    assert result.points == 0
    assert result.outcome == "graded"


def test_partial_credit_is_the_last_number_and_only_in_range(tmp_path):
    ends = {"half": "1.5", "all": "2", "none": "0", "much": "2.5", "less": "-1", "nan": "float('nan')", "yes": "True"}
    checks = [build.check(name, f"x\n{end}") for name, end in ends.items()]
    exercise = build.bare(tmp_path, build.answer("q1", "x = 1"), *checks)
    result = graded(exercise, q1="x = 1")
    assert points(result) == {"half": 1.5, "all": 2, "none": 0, "much": None, "less": None, "nan": None, "yes": None}
    assert (result.outcome, result.points) == ("error", None)


def test_the_learners_own_cells_run_in_their_place(sums):
    made = build.handed_in(sums, q1="def total(xs):\n    return helper(xs)", q2=RIGHT["q2"])
    place = made["cells"].index(build.find(made, "q1"))
    made["cells"].insert(place, build.cell("def helper(xs):\n    return sum(xs)"))
    result = grade(sums, build.packed(made))
    assert result.points == 4
    assert [repair.kind for repair in result.repairs] == ["own_cells"]
    assert "3번째 셀" in result.repairs[0].message


def test_magics_and_shell_lines_work(sums):
    result = graded(sums, q1="%time total = sum\n!echo shell", q2="import statistics\nmean = statistics.mean")
    assert result.points == 4
    assert "shell" in json.dumps(result.feedback)


def test_data_files_lie_where_the_notebook_opens_them_and_cannot_be_changed(tmp_path):
    cells = [
        build.answer("q1", "n = len(open('data/log.csv').readlines())"),
        build.check("q1-test", "assert n == 2\nassert open('data/log.csv').read() == 'a\\n1\\n'"),
    ]
    exercise = load_exercise(build.write_folder(tmp_path, *cells, data={"data/log.csv": b"a\n1\n"}))
    assert graded(exercise, q1="n = len(open('data/log.csv').readlines())").points == 2
    tricks = ["open('data/log.csv', 'w').write('x')", "os.remove('data/log.csv')", "os.rename('data', 'other')"]
    for trick in tricks:
        result = graded(
            exercise, q1=f"import os\nn = 2\ntry:\n    {trick}\nexcept OSError as error:\n    print('refused', error)"
        )
        assert result.points == 2
        assert "refused" in json.dumps(result.feedback)
    assert graded(exercise, q1="n = 2\nopen('data/mine.csv', 'w').write('x')").points == 2


def test_manual_answers_wait_for_a_person(tmp_path):
    words = build.cell("왜?", build.nbgrader("w", grade=True, solution=True, points=3), "markdown")
    exercise = build.bare(tmp_path, build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"), words)
    result = graded(exercise, q1="x = 1", w="그래서")
    assert [(check.name, check.outcome, check.points) for check in result.checks] == [
        ("q1-test", "passed", 2),
        ("w", "not_run", 0),
    ]


def test_nothing_of_one_submission_reaches_the_next(sums):
    graded(sums, q1="import builtins, os\nbuiltins.leftover = 1\nopen('/tmp/leftover', 'w').close()\ntotal = sum")
    source = (
        "import builtins, os\nassert not hasattr(builtins, 'leftover')\n"
        "assert not os.path.exists('/tmp/leftover')\ntotal = sum"
    )
    assert points(graded(sums, q1=source))["q1-test"] == 2


def test_what_is_no_notebook_is_refused(sums):
    with pytest.raises(NotANotebookError):
        grade(sums, b"{}")


def test_grading_refuses_below_the_level_that_is_asked_for(sums, monkeypatch):
    monkeypatch.setattr(pool, "isolation", lambda: IsolationReport("landlock", (("namespaces", "sysctl -w x=1"),)))
    with pytest.raises(GradingUnavailableError, match="sysctl -w x=1"):
        graded(sums, **RIGHT)
    monkeypatch.setenv("LMS_GRADING_ISOLATION", "best")
    with pytest.raises(GradingUnavailableError, match="best"):
        graded(sums, **RIGHT)


def test_english(sums):
    result = grade(sums, build.packed(build.handed_in(sums, q1="total = totl")), language="en")
    assert "`totl` is not known" in message(result, "q1-test")


def test_the_current_figure_is_the_learners(tmp_path):
    cells = [
        build.locked("setup", "import matplotlib.pyplot as plt"),
        build.answer("q1", "def draw():\n    plt.plot([1, 2])\n    plt.title('t')"),
        build.check("q1-test", "draw()\nassert plt.gca().get_title() == 't' and len(plt.gca().lines) == 1"),
    ]
    exercise = build.bare(tmp_path, *cells)
    assert graded(exercise, q1="def draw():\n    plt.title('t')\n    plt.plot([2, 3])").points == 2
    assert graded(exercise, q1="def draw():\n    plt.plot([1, 2])").points == 0


@pytest.mark.sandbox
def test_an_answer_in_words_waits_for_a_person_only_if_there_is_one(tmp_path):
    words = build.cell("The solution", build.nbgrader("why", grade=True, solution=True, points=3), "markdown")
    task = build.cell("Draw it.", build.nbgrader("draw", task=True, locked=True, points=2), "markdown")
    exercise = build.bare(tmp_path, words, task, build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"))
    blank = grade(exercise, build.packed(build.handed_in(exercise)))
    assert [(check.outcome, check.points) for check in blank.checks] == [("failed", 0), ("not_run", 0), ("failed", 0)]
    told = grade(exercise, build.packed(build.handed_in(exercise, why="Because it is hot.")))
    assert told.checks[0].outcome == "not_run"
    by_nbgrader = grade(exercise, build.packed(build.handed_in(exercise, why="YOUR ANSWER HERE")))
    assert by_nbgrader.checks[0].outcome == "failed"

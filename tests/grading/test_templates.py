"""Trusted cells run once for many submissions: nobody's verdict hangs on it."""

from __future__ import annotations

import os
import signal

import pytest

from lms.grading import grade, load_exercise, pool, templates

from . import build

pytestmark = pytest.mark.sandbox
RIGHT = {"q": "y = x + 1"}


def made(tmp_path, setup, check="assert y == x + 1", **files):
    cells = (build.locked("setup", setup), build.answer("q", "y = x + 1"), build.check("q-test", check))
    if files:
        return load_exercise(build.write_folder(tmp_path, *cells, data=files["data"]))
    return build.bare(tmp_path, *cells)


def graded(exercise, times=3, **answers):
    content = build.packed(build.handed_in(exercise, **(answers or RIGHT)))
    return [grade(exercise, content) for _ in range(times)]


def living(exercise):
    with pool.warm_parent(exercise, None) as parent:
        return [entry for entry in templates._entries.values() if entry.parent is parent and entry.ahead]


def has_template(exercise):
    with pool.warm_parent(exercise, None) as parent:
        entry = templates._entries.get((exercise.digest, id(parent)))
        return entry is not None and entry.ahead is not None


def test_what_follows_is_the_same_with_and_without(tmp_path):
    exercise = made(tmp_path, "import os\nx = 1\ndef f(): return x\nprint('ready', os.getcwd())\nx")
    first, second, third = graded(exercise)
    assert has_template(exercise)
    assert [one.points for one in (first, second, third)] == [2, 2, 2]
    assert first.feedback == second.feedback == third.feedback
    assert "ready /home/learner" in str(third.feedback)


def test_nothing_of_one_submission_reaches_the_next(tmp_path):
    exercise = made(tmp_path, "x = [1]\nimport math")
    graded(exercise)
    dirty = "y = x + [1]\nx.append(7)\nmath.pi = 4\nopen('left', 'w').write('x')\nimport os\nos.environ['LEFT'] = '1'"
    graded(exercise, q=dirty, times=2)
    look = "import os\nseen = (x, math.pi < 4, os.listdir('.'), 'LEFT' in os.environ)\nprint(seen)\ny = 0"
    assert "([1], True, [], False)" in str(graded(exercise, q=look, times=1)[0].feedback)


def test_data_files_are_there_again(tmp_path):
    setup = "x = int(open('data/n.txt').read())"
    exercise = made(tmp_path, setup, "assert y == int(open('data/n.txt').read()) + 1", data={"data/n.txt": b"41"})
    graded(exercise)
    assert has_template(exercise)
    cheat = "import os\nx = int(open('data/n.txt').read())\ny = x + 1\nos.system('chmod 666 data/n.txt; echo 7 > data/n.txt')"
    assert [one.points for one in graded(exercise, q=cheat)] == [2, 2, 2]


def test_a_cell_that_she_changed_runs_as_she_left_it(tmp_path):
    cells = (build.cell("x = 1"), build.answer("q", "y = x + 1"), build.check("q-test", "assert y == 2"))
    exercise = build.bare(tmp_path, *cells)
    graded(exercise)
    assert has_template(exercise)
    hers = build.handed_in(exercise, **RIGHT)
    hers["cells"][0]["source"] = "x = 5"
    assert grade(exercise, build.packed(hers)).points == 0
    hers["cells"].insert(0, build.cell("z = 1\nprint('mine')"))
    hers["cells"][1]["source"] = "x = z"
    told = grade(exercise, build.packed(hers))
    assert told.points == 2
    assert "mine" in str(told.feedback)


def test_a_seed_holds_and_chance_stays_chance(tmp_path):
    setup = "import random\nimport numpy as np\nnp.random.seed(3)\nx = np.random.rand()"
    exercise = made(tmp_path, setup, "assert y == x + 1")
    look = "print('drawn', np.random.rand(), random.random())\ny = x + 1"
    told = [str(one.feedback) for one in graded(exercise, q=look, times=4)]
    assert has_template(exercise)
    drawn = [text[text.index("drawn ") :].split("\\n")[0].split() for text in told]
    assert len({numbers[1] for numbers in drawn}) == 1
    assert len({numbers[2] for numbers in drawn}) == 4


@pytest.mark.parametrize(
    "setup",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nx = 1",
        "open('made.txt', 'w').write('1')\nx = 1",
        "held = open('/dev/null')\nx = 1",
        "import os\nos.chdir('/tmp')\nx = 1",
        "import numpy as np\nx = np.random.rand()",
        "import os\nif os.fork() == 0:\n    import time\n    time.sleep(60)\nx = 1",
        "x = 1\n1 / 0",
        "x = missing = 1\ntry:\n    nowhere\nexcept NameError:\n    pass",
    ],
    ids=["thread", "file", "open_file", "folder", "drawn", "process", "error", "asks"],
)
def test_where_a_copy_would_differ_there_is_none(tmp_path, setup):
    exercise = made(tmp_path, setup)
    assert [one.points for one in graded(exercise)] == [2, 2, 2]
    assert not has_template(exercise)


@pytest.mark.parametrize(
    ("source", "repeatable"),
    [
        ("import numpy as np\nrng = np.random.default_rng(7)", True),
        ("import numpy as np\nrng = np.random.default_rng()", False),
        ("import random\nr = random.Random()", False),
        ("import random\nrandom.seed(1)\nx = random.random()", True),
        ("import random\nx = random.random()\nrandom.seed(1)", False),
        ("%matplotlib inline\nimport pandas as pd", True),
        ("%timeit 1", False),
        ("!ls", False),
        ("from datetime import date\ntoday = date.today()", False),
        ("import time\nstarted = time.time()", False),
        ("import pandas as pd\nnow = pd.Timestamp.now()", False),
        ("def f(:", False),
    ],
)
def test_what_may_run_once_for_all(source, repeatable):
    assert templates.is_repeatable([source]) is repeatable


@pytest.mark.parametrize("which", [0, 1])
def test_after_a_template_was_killed(tmp_path, which):
    exercise = made(tmp_path, "x = 1")
    graded(exercise)
    (entry,) = [one for one in living(exercise) if has_template(exercise)][-1:]
    victim = entry.templates()[which]
    os.kill(victim._process.pid, signal.SIGKILL)
    while victim.is_alive():
        pass
    assert [one.points for one in graded(exercise)] == [2, 2, 2]
    assert has_template(exercise)


def test_no_more_than_a_few_are_kept(tmp_path):
    for number in range(templates.MOST_TEMPLATES + 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        exercise = made(folder, f"x = {number}")
        graded(exercise, times=2)
    with pool.warm_parent(exercise, None) as parent:
        assert templates.processes_of(parent) <= 2 * templates.MOST_TEMPLATES

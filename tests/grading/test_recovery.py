"""Whatever dies, the next notebook is graded."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from lms.errors import GradingUnavailableError
from lms.grading import grade, pool
from lms.grading.sandbox import cgroups, process

from . import build

pytestmark = pytest.mark.sandbox
RIGHT = {"q1": "def total(xs):\n    return sum(xs)", "q2": "def mean(xs):\n    return sum(xs) / len(xs)"}


def wait_until_dead(parent):
    while parent.is_alive():
        time.sleep(0.01)


def right(exercise):
    return build.packed(build.handed_in(exercise, **RIGHT))


def test_after_the_warm_parent_was_killed(sums):
    for which in (0, 1):
        assert grade(sums, right(sums)).points == 4
        with pool.warm_parent(sums, None) as parent:
            os.kill(list(process._tree(parent.pid))[which], signal.SIGKILL)
            wait_until_dead(parent)
        assert grade(sums, right(sums)).points == 4


def test_a_warm_parent_that_dies_at_work_costs_the_learner_nothing(sums):
    """Killed at different moments of a grading: right points, or the word that it could not be graded now."""
    slow = {name: f"import time\ntime.sleep(0.05)\n{source}" for name, source in RIGHT.items()}
    content = build.packed(build.handed_in(sums, **slow))
    ends = []
    for moment in range(8):
        with pool.warm_parent(sums, None) as parent:
            victim = list(process._tree(parent.pid))[1]
        killer = threading.Timer(0.03 * moment, os.kill, (victim, signal.SIGKILL))
        killer.start()
        try:
            ends.append(grade(sums, content).points)
        except GradingUnavailableError:
            ends.append(None)
        killer.join()
        wait_until_dead(parent)
    assert set(ends) <= {4, None}
    assert grade(sums, right(sums)).points == 4


def test_any_process_killed_at_any_moment_costs_at_most_its_own_submission(sums):
    """The learner's child, the checks', those that fork and wait: the next one is graded, and nothing is left."""
    pool.close_all()
    others = set(process._tree(os.getpid()))  # of tests before this one: a database, a browser
    assert grade(sums, right(sums)).points == 4
    chance = random.Random(7)
    slow = {name: f"import time\ntime.sleep(0.05)\n{source}" for name, source in RIGHT.items()}
    content = build.packed(build.handed_in(sums, **slow))
    for _ in range(10):
        with pool.warm_parent(sums, None) as parent:
            killer = threading.Timer(chance.uniform(0, 0.3), kill_one, (parent.pid, chance))
        killer.start()
        points = 0.0
        with contextlib.suppress(GradingUnavailableError):
            points = grade(sums, content).points
        killer.join()
        assert 0 <= points <= 4
    for _ in range(2):
        assert grade(sums, right(sums)).points == 4
    pool.close_all()
    assert set(process._tree(os.getpid())) - others == set()


def kill_one(pid, chance):
    found = list(process._tree(pid))
    with contextlib.suppress(ProcessLookupError):
        os.kill(chance.choice(found), signal.SIGKILL)


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return ""


def wait_until(holds, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_killed_grader_takes_everything_of_it_with_it(sums):
    """As when a worker is killed while it grades."""
    loop = build.packed(
        build.handed_in(sums, q1="import os, time\nif os.fork() == 0: time.sleep(600)\ntime.sleep(600)")
    )
    pool.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            grade(sums, loop)
        finally:
            os._exit(0)
    wait_until(lambda: len(list(process._tree(pid))) >= 5, "it grades")
    time.sleep(0.5)
    tree = list(process._tree(pid))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_until(lambda: not any(state(one) for one in tree), f"all of {tree} is gone")
    assert grade(sums, right(sums)).points == 4


def test_several_at_once_do_not_mix(sums):
    halves = [dict(RIGHT), {"q1": RIGHT["q1"]}, {"q2": RIGHT["q2"]}, {}]
    wanted = [4, 2, 2, 0] * 3
    got: list[float | None] = [None] * 12

    def work(place):
        made = build.handed_in(sums, **halves[place % 4])
        got[place] = grade(sums, build.packed(made)).points

    threads = [threading.Thread(target=work, args=(place,)) for place in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == wanted


def test_in_a_forked_process_that_never_execs(sums):
    assert grade(sums, right(sums)).points == 4
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if grade(sums, right(sums)).points == 4 else 2
            pool.close_all()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert grade(sums, right(sums)).points == 4


def test_groups_that_a_killed_grader_left_are_swept(tmp_path):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    old, young, mine = (tmp_path / name for name in (f"baeum-{pid}-0", f"baeum-{pid}-1", f"baeum-{os.getpid()}-0"))
    for folder in (old, young, mine):
        folder.mkdir()
    os.utime(old, (0, 0))
    os.utime(mine, (0, 0))
    cgroups.sweep([tmp_path])
    assert sorted(tmp_path.iterdir()) == sorted([young, mine])

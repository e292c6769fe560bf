"""What is kept, made ahead or left unasked to save time changes nothing that a check sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lms.grading import grade, proof

from . import build

ROOM = Path(__file__).parents[2] / "lms" / "grading"
FUNCTIONS = """
def first():
    return 1
def swap():
    global first
    first = lambda: 2
def swap_and_fail():
    swap()
    raise ValueError
def drop():
    global first
    del first
"""
CHECKS = {
    "swapped": "assert first() == 1\nswap()\nassert first() == 2",
    "swapped and failed": "first()\ntry:\n    swap_and_fail()\nexcept ValueError:\n    pass\nassert first() == 2",
    "dropped": "first()\ndrop()\ntry:\n    first()\nexcept NameError:\n    pass\nelse:\n    assert False",
    "an error in the last line": "first()\ntry:\n    nosuchname\nexcept NameError:\n    pass\nassert first() == 1",
    "a value at the end": "first()\n1.0 + 1.0",
    "hidden": "first()\n### BEGIN HIDDEN TESTS\nswap()\nassert first() == 2\n### END HIDDEN TESTS",
}


@pytest.mark.sandbox
@pytest.mark.parametrize("title", CHECKS)
def test_a_function_that_a_call_replaces_is_the_new_one(tmp_path, title):
    exercise = build.bare(
        tmp_path, build.locked("setup", "limit = 3"), build.answer("q", FUNCTIONS), build.check("c", CHECKS[title])
    )
    solution = proof.notebook_with(exercise, proof.solution_answers(exercise))
    for _ in range(3):  # without a template, while one is made, and from it
        assert grade(exercise, solution).points == exercise.max_points
    wrong = build.packed(build.handed_in(exercise, q=FUNCTIONS.replace("return 1", "raise KeyError")))
    assert grade(exercise, wrong).points == 0


HOLES = """
from room import holes
for size in (16, 32, 48, 512):
    make = holes._maker(size)
    made = [make() for _ in range(20_000)]
    kept = made[::2]
    del made
    old = {id(value) >> 14 for value in kept}
    holes.fill()
    new = [make() for _ in range(1000)]
    inside = sum(id(value) >> 14 in old for value in new)
    assert inside < 100, (size, inside)
"""


def test_after_filling_nothing_new_lies_between_what_was_there():
    subprocess.run([sys.executable, "-c", HOLES], check=True, cwd=ROOM, env={"PYTHONPATH": str(ROOM)})

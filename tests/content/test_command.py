"""`python -m lms.content check`, as an author calls it."""

from __future__ import annotations

import subprocess
import sys

import pytest


def check(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lms.content", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_it_says_nothing_on_stdout_when_all_is_right(library):
    done = check("check", str(library.courses), str(library.exercises))
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 courses and 1 exercises can be used" in done.stderr


def test_it_prints_each_mistake_on_a_line_of_its_own(library):
    library.change("courses/basics/course.toml", "hours = 2", "hourz = 2")
    library.change("courses/basics/pages/01-why.md", "눈금이 열 개인 자", "")
    done = check("check", str(library.courses), str(library.exercises))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "courses/basics/course.toml: hourz: there is no such key. Did you mean 'hours'?",
        "courses/basics/pages/01-why.md: line 5: the image 'media/ruler.svg' has no alt text."
        " Say between the [ ] what it shows.",
    ]


@pytest.mark.parametrize("arguments", [[], ["chek"], ["check", "a", "b", "c"]])
def test_wrong_use_is_told(arguments):
    done = check(*arguments)
    assert done.returncode == 2
    assert "usage: python -m lms.content" in done.stderr

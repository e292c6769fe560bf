"""The command line's contract: one line for each notebook, in order; exit status; JSON on stdout, words on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import nbformat
import pytest

from lms.grading import __main__ as cli
from lms.grading import pool
from lms.grading.sandbox.isolation import IsolationReport

from . import build

pytestmark = pytest.mark.sandbox
KEYS = {"notebook", "outcome", "points", "max_points", "checks", "flags", "repairs", "seconds", "engine", "environment"}


@pytest.fixture
def work(sums, tmp_path):
    """The exercise's file, and notebooks of every sort."""
    (tmp_path / "good.ipynb").write_bytes(build.packed(build.handed_in(sums, q1="total = sum")))
    (tmp_path / "bad.ipynb").write_bytes(b"not a notebook")
    (tmp_path / "old.ipynb").write_bytes(b'{"nbformat": 3}')
    return str(sums.source_file), tmp_path


def test_each_notebook_gets_one_line_in_order_whatever_happens(work, capsys):
    source, folder = work
    names = [str(folder / name) for name in ("bad.ipynb", "good.ipynb", "none.ipynb", "old.ipynb", "good.ipynb")]
    assert cli.main(["grade", source, *names, "--json"]) == 1
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["notebook"] for line in lines] == names
    assert [line["outcome"] for line in lines] == ["error", "graded", "error", "error", "graded"]
    assert [line["points"] for line in lines] == [None, 2, None, None, 2]
    assert all(set(line) - {"error"} == KEYS for line in lines)
    assert set(lines[1]["checks"][0]) == {"name", "outcome", "points", "max_points", "hidden", "message"}
    assert [line["error"]["reason"] for line in lines if "error" in line] == ["not_json", "unreadable", "too_old"]
    assert "bad.ipynb" in err


def test_all_graded_is_status_0_and_pages_are_written(work, capsys):
    source, folder = work
    good = str(folder / "good.ipynb")
    assert cli.main(["grade", source, good, good, "--html", str(folder / "pages")]) == 0
    assert sorted(path.name for path in (folder / "pages").iterdir()) == ["good-2.html", "good.html"]
    assert "2/4" in capsys.readouterr().out


def test_wrong_use_is_status_2():
    for arguments in ([], ["grade"], ["mark", "x"], ["starter", "x"]):
        with pytest.raises(SystemExit) as raised:
            cli.main(arguments)
        assert raised.value.code == 2


def test_an_exercise_that_is_wrong_is_status_1_with_one_sentence(tmp_path, capsys):
    assert cli.main(["check", str(tmp_path / "none.ipynb")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "none.ipynb" in err
    assert "Traceback" not in err


def test_check_and_starter_and_doctor(work, capsys):
    source, folder = work
    assert cli.main(["check", source, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["grades"] == {"solution": 4, "blank": 0}
    assert cli.main(["starter", source, "-o", str(folder / "starter.ipynb")]) == 0
    nbformat.validate(nbformat.read(folder / "starter.ipynb", 4))
    assert cli.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"] in ("full", "user")


def test_a_machine_that_cannot_grade_gives_an_error_line_for_each(work, capsys, monkeypatch):
    monkeypatch.setattr(pool, "isolation", lambda: IsolationReport("none", ()))
    source, folder = work
    assert cli.main(["grade", source, str(folder / "good.ipynb"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["reason"] == "grading_unavailable"


def test_as_a_program_of_its_own_it_leaves_no_process_behind(work):
    source, folder = work
    command = [sys.executable, "-m", "lms.grading", "grade", source, str(folder / "good.ipynb"), "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"BAEUM_MARK": str(folder)}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["points"] == 2

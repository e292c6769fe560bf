"""Reading an exercise: from a folder, from a bare notebook, and with every fault named by file, key and remedy."""

from __future__ import annotations

import json

import pytest

from lms.errors import ContentError
from lms.grading import load_exercise

from . import build

QUESTION = (build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"))


def test_a_folder_gives_the_whole_exercise(tmp_path):
    toml = (
        'title = "가동 시간"\nsummary = "…"\nlanguage = "en"\n[limits]\nseconds = 30\n'
        '[checks.q1-test]\ntitle = "First"\nmessage = "Look again."\n'
    )
    folder = build.write_folder(tmp_path, *QUESTION, toml=toml, data={"data/log.csv": b"a,b\n1,2\n"})
    exercise = load_exercise(folder)
    assert (exercise.slug, exercise.title, exercise.language) == ("demo", "가동 시간", "en")
    assert exercise.limits.seconds == 30
    assert exercise.limits.cell_seconds == 20
    assert [(c.name, c.title, c.points, c.hidden, c.message) for c in exercise.checks] == [
        ("q1-test", "First", 2, False, "Look again.")
    ]
    assert exercise.data == {"data/log.csv": folder / "data/log.csv"}


def test_a_bare_notebook_is_an_exercise_too(tmp_path):
    exercise = build.bare(tmp_path, *QUESTION)
    assert exercise.max_points == 2
    assert exercise.data == {}


def test_a_check_without_a_visible_line_is_hidden(tmp_path):
    hidden = "# 숨은 검사\n### BEGIN HIDDEN TESTS\nassert x == 1\n### END HIDDEN TESTS"
    half = "assert x\n### BEGIN HIDDEN TESTS\nassert x == 1\n### END HIDDEN TESTS"
    exercise = build.bare(tmp_path, QUESTION[0], build.check("a", hidden), build.check("b", half))
    assert [check.hidden for check in exercise.checks] == [True, False]


def test_answers_in_words_and_tasks_wait_for_a_person(tmp_path):
    words = build.cell("왜?", build.nbgrader("w", grade=True, solution=True, points=3), "markdown")
    task = build.cell("그리기", build.nbgrader("t", task=True, locked=True, points=1), "markdown")
    exercise = build.bare(tmp_path, *QUESTION, words, task)
    assert [(check.name, check.manual) for check in exercise.checks] == [("q1-test", False), ("w", True), ("t", True)]
    assert exercise.max_points == 6


@pytest.mark.parametrize(
    ("toml", "key"),
    [
        ("", "title"),
        ('title = ""', "title"),
        ('title = "x"\ntitel = "y"', "titel"),
        ('title = "x"\nlanguage = "jp"', "language"),
        ('title = "x"\n[limits]\nseconds = "10"', "limits.seconds"),
        ('title = "x"\n[limits]\nseconds = 0', "limits.seconds"),
        ('title = "x"\n[limits]\nhours = 1', "limits.hours"),
        ('title = "x"\n[checks.q9-test]\ntitle = "y"', "checks.q9-test"),
        ('title = "x"\n[checks.q1-test]\nmesage = "y"', "checks.q1-test.mesage"),
        ('title = "x"\n[[data]]\npath = "../secret"\nsha256 = "0"', "data[0].path"),
        ('title = "x"\n[[data]]\npath = "/etc/passwd"\nsha256 = "0"', "data[0].path"),
        ('title = "x"\n[[data]]\npath = "data/none.csv"\nsha256 = "0"', "data[0].sha256"),
    ],
)
def test_a_fault_in_exercise_toml_names_file_and_key(tmp_path, toml, key):
    folder = build.write_folder(tmp_path, *QUESTION, toml=toml)
    with pytest.raises(ContentError) as raised:
        load_exercise(folder)
    assert (raised.value.file, raised.value.key) == ("demo/exercise.toml", key)


def test_a_data_file_that_changed_says_how_to_mend_it(tmp_path):
    folder = build.write_folder(tmp_path, *QUESTION, data={"data/log.csv": b"a\n"})
    (folder / "data/log.csv").write_bytes(b"b\n")
    with pytest.raises(ContentError, match=r"make_data\.py"):
        load_exercise(folder)


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        ([QUESTION[0]], ""),
        ([*QUESTION, build.check("q1-test", "assert x")], "cell 3.nbgrader.grade_id"),
        ([build.cell("### BEGIN SOLUTION\nx = 1"), *QUESTION], "cell 1"),
        ([build.cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), *QUESTION], "cell 1"),
        ([*QUESTION, build.answer("q2", "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS")], "cell 3"),
        ([build.cell("x", {"nbgrader": {"schema_version": 7}}), *QUESTION], "cell 1.nbgrader.schema_version"),
        ([{"cell_type": "code", "source": 3}], "cell 1"),
        ([*QUESTION, build.check("q2-test", "### AUTOTEST x")], "cell 3"),
    ],
)
def test_a_fault_in_the_source_names_the_cell(tmp_path, cells, key):
    with pytest.raises(ContentError) as raised:
        build.bare(tmp_path, *cells)
    assert (raised.value.file, raised.value.key) == ("source.ipynb", key)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"nbformat": 3}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_notebook_is_refused(tmp_path, content):
    path = tmp_path / "source.ipynb"
    path.write_bytes(content)
    with pytest.raises(ContentError):
        load_exercise(path)


def test_the_digest_is_of_what_decides_a_grade_and_nothing_else(tmp_path):
    first = build.bare(tmp_path, *QUESTION, name="a")
    run = json.loads((tmp_path / "a.ipynb").read_text())
    run["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    run["metadata"] = {"kernelspec": {"name": "elsewhere"}}
    run["cells"][0]["source"] = run["cells"][0]["source"].splitlines(keepends=True)
    (tmp_path / "a.ipynb").write_text(json.dumps(run, indent=4))
    assert load_exercise(tmp_path / "a.ipynb").digest == first.digest
    run["cells"][1]["metadata"]["nbgrader"]["points"] = 3
    (tmp_path / "a.ipynb").write_text(json.dumps(run))
    assert load_exercise(tmp_path / "a.ipynb").digest != first.digest


@pytest.mark.parametrize(
    "metadata", [{"kernelspec": {"language": "R", "name": "ir"}}, {"language_info": {"name": "julia"}}]
)
def test_a_notebook_of_another_language_is_refused(tmp_path, metadata):
    path = tmp_path / "source.ipynb"
    path.write_bytes(build.packed(build.notebook(build.check("q", "assert x"), **metadata)))
    with pytest.raises(ContentError, match="can't be graded"):
        load_exercise(path)


def test_a_kernel_that_only_its_author_has_does_not_matter(tmp_path):
    path = tmp_path / "source.ipynb"
    kernel = {"name": "conda-env-lab-py", "display_name": "My lab", "language": "python"}
    path.write_bytes(build.packed(build.notebook(build.check("q", "assert x"), kernelspec=kernel)))
    assert load_exercise(path).max_points == 2

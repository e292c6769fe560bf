"""There and back: our notebooks in nbgrader itself, nbgrader's in our engine, the same points in both."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

from lms.grading import grade, load_exercise, make_starter
from lms.grading.metadata import MetadataError, read_role
from lms.grading.otter import import_otter
from tests.required import do_without

from . import build
from .otter_lab import LAB

pytestmark = pytest.mark.sandbox
BIN = Path(__file__).parents[2] / ".venv-nbgrader" / "bin"
SIDE = Path(__file__).with_name("nbgrader_side.py")
SOLUTION = {
    "q1": "def total(xs):\n    return sum(xs)",
    "q2": "def mean(xs):\n    return sum(xs) / len(xs)",
    "q3": "x = 3",
}
HALF = {"q1": "def total(xs):\n    return sum(xs)", "q2": "def mean(xs):\n    return 2", "q3": "x = 2"}
SUMS = (
    build.cell("# Sums", kind="markdown"),
    build.locked("setup", "xs = [1, 2, 3]"),
    build.answer("q1", "    return sum(xs)", "def total(xs):\n"),
    build.check("q1-test", "assert total(xs) == 6"),
    build.answer("q2", "    return sum(xs) / len(xs)", "def mean(xs):\n"),
    build.check(
        "q2-test",
        "assert mean(xs) == 2\n### BEGIN HIDDEN TESTS\nassert mean([4, 5]) == 4.5\n### END HIDDEN TESTS",
        points=2.5,
    ),
    build.answer("q3", "x = 3"),
    build.check("q3-test", "1.5 if x == 3 else 0.5 if x == 2 else 0", points=1.5),
    build.cell("The mean is in the middle.", build.nbgrader("why", grade=True, solution=True, points=3), "markdown"),
    build.cell("Draw it.", build.nbgrader("draw", task=True, locked=True, points=2), "markdown"),
)


@pytest.fixture(scope="session", autouse=True)
def _nbgrader():
    if not (BIN / "nbgrader").exists():
        do_without("nbgrader", "make .venv-nbgrader/.ready installs it in an environment of its own")


def run(folder, *words):
    """An nbgrader that knows nothing of its user's settings."""
    places = {name: str(folder / ".home") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8"} | places
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def ask(command, question):
    done = subprocess.run(
        [str(BIN / "python"), str(SIDE), command],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def older(cells):
    """The same cells as nbgrader's schema 0 wrote them: no version, nothing said that is false."""
    made = json.loads(json.dumps(cells))
    for cell in made:
        if meta := cell["metadata"].get("nbgrader"):
            cell["metadata"]["nbgrader"] = {
                name: value for name, value in meta.items() if value is not False and name != "schema_version"
            }
    return made


def typed(notebook, answers):
    """A released notebook with answers typed into it."""
    made = json.loads(json.dumps(notebook))
    for name, source in answers.items():
        build.find(made, name)["source"] = source
    return made


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader with two notebooks in one assignment, released and graded by nbgrader itself.

    `hers` are notebooks that began as our starter, `theirs` those that began as nbgrader's release.
    """
    folder = tmp_path_factory.mktemp("course")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'demo'\n")
    source = folder / "source" / "ps1"
    source.mkdir(parents=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (source / "sums.ipynb").write_bytes(build.packed(build.notebook(*SUMS, **kernel)))
    lab = import_otter(LAB).notebook
    (source / "lab.ipynb").write_bytes(build.packed(lab))
    run(folder, "nbgrader", "generate_assignment", "ps1", "--create")
    exercise = load_exercise(source / "sums.ipynb")
    release = json.loads((folder / "release" / "ps1" / "sums.ipynb").read_text("utf-8"))
    for cell in release["cells"]:
        cell["source"] = "".join(cell["source"])
    hers = make_starter(exercise)
    submitted = {
        "hers-full": typed(hers, SOLUTION | {"why": "It lies between."}),
        "hers-half": typed(hers, HALF),
        "hers-words": typed(hers, {"why": "Because."}),
        "theirs-full": typed(release, SOLUTION),
        "theirs-blank": release,
    }
    for student, notebook in submitted.items():
        hand_in = folder / "submitted" / student / "ps1"
        hand_in.mkdir(parents=True)
        (hand_in / "sums.ipynb").write_bytes(build.packed(notebook))
    run(folder, "nbgrader", "autograde", "ps1", "--notebook", "sums", "--create")
    return folder


def test_nbgrader_takes_our_source_and_what_is_imported_from_otter(course):
    assert sorted(path.name for path in (course / "release" / "ps1").iterdir()) == ["lab.ipynb", "sums.ipynb"]


def test_both_give_the_same_points_whoever_released_the_notebook(course):
    exercise = load_exercise(course / "source" / "ps1" / "sums.ipynb")
    book = ask("scores", f"sqlite:///{course}/gradebook.db")
    assert len(book) == 5
    for student, notebooks in book.items():
        content = (course / "submitted" / student / "ps1" / "sums.ipynb").read_bytes()
        ours = {check.name: check for check in grade(exercise, content).checks}
        for name, (points, by_a_person) in notebooks["sums"].items():
            if by_a_person and name == "why" and student == "hers-half":
                assert ours[name].outcome == "failed", student  # nbgrader doesn't know our words for "answer here"
            elif by_a_person:
                assert ours[name].outcome == "not_run", (student, name)
            else:
                assert ours[name].points == points, (student, name)
    assert book["theirs-blank"]["sums"]["why"] == [0, False]
    assert book["hers-words"]["sums"]["why"] == [None, True]
    assert book["hers-half"]["sums"]["q3-test"] == [0.5, False]
    assert book["hers-full"]["sums"]["q2-test"] == [2.5, False]


def test_nbgrader_finds_the_checksums_in_our_starter_that_it_would_write(course, tmp_path):
    sources = [course / "source" / "ps1" / name for name in ("sums.ipynb", "lab.ipynb")]
    paths = [tmp_path / source.name for source in sources]
    for source, path in zip(sources, paths, strict=True):
        path.write_bytes(build.packed(make_starter(load_exercise(source))))
    for found in ask("notebooks", [str(path) for path in paths]):
        assert len(found) > 5
        assert all(recorded == computed for recorded, computed in found)


def test_nbgrader_validates_our_starter_with_answers(course):
    name = "submitted/{}/ps1/sums.ipynb"
    assert "Success" in run(course, "nbgrader", "validate", name.format("hers-full"))
    assert "failed" in run(course, "nbgrader", "validate", name.format("hers-half"))


def test_a_source_of_the_oldest_schema_gives_the_same_starter(course, tmp_path):
    (tmp_path / "sums.ipynb").write_bytes(build.packed(build.notebook(*older(SUMS[:-1]))))
    old = make_starter(load_exercise(tmp_path / "sums.ipynb"))
    new = make_starter(load_exercise(course / "source" / "ps1" / "sums.ipynb"))
    assert [cell["metadata"] for cell in old["cells"]] == [cell["metadata"] for cell in new["cells"][:-1]]
    (tmp_path / "starter.ipynb").write_bytes(build.packed(old))
    assert ask("notebooks", [str(tmp_path / "starter.ipynb")])


def variants():
    """Cells of every schema, each with at most one thing wrong. Schema 0 knew no tasks: there they aren't compared."""
    flags = [
        dict(zip(("grade", "solution", "locked"), bits, strict=True))
        for bits in itertools.product((True, False), repeat=3)
    ]
    for version, roles in itertools.product((None, 0, 1, 2, 3), flags):
        meta = {"grade_id": "q1-test", "points": 2} | roles
        meta |= {} if version is None else {"schema_version": version}
        yield from ((meta, kind) for kind in ("code", "markdown"))
        if not any(roles.values()):
            continue
        if version:
            yield meta | {"task": True}, "markdown"
            yield meta | {"task": True}, "code"
        yield meta | {"checksum": "0" * 32, "cell_type": "code"}, "code"
        yield from ((meta | {"points": points}, "code") for points in (-1, "2", "", "two", None, 0.5, 0))
        yield from ((meta | {"grade_id": name}, "code") for name in ("", "two words", None, 7, "Q_1"))
        for missing in ("grade_id", "grade", "solution", "locked", "points"):
            yield {key: value for key, value in meta.items() if key != missing}, "code"
    yield {"schema_version": 4, "grade": True, "solution": False, "locked": True, "grade_id": "q", "points": 1}, "code"


def test_every_schema_is_read_as_nbgrader_reads_it():
    asked = list(variants())
    differ = []
    for (meta, kind), theirs in zip(asked, ask("metadata", asked), strict=True):
        ours = reading(meta, kind)
        if isinstance(theirs, dict) and "error" in theirs:
            theirs = "refused"
        if ours != theirs:
            differ.append((meta, kind, ours, theirs))
    assert len(asked) > 500
    assert differ == []


def reading(meta, kind):
    try:
        role = read_role(meta, kind)
    except MetadataError:
        return "refused"
    if role is None:
        return None
    names = ("grade_id", "grade", "solution", "locked", "task", "points")
    return {name: getattr(role, name) for name in names}

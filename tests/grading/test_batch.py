"""A folder of submissions at once, as one who comes from nbgrader has it."""

from __future__ import annotations

import csv
import json

import pytest

from lms.errors import ContentError
from lms.grading import __main__ as cli
from lms.grading import batch, load_exercise
from lms.grading.page import page_of

from . import build

pytestmark = pytest.mark.sandbox
READS = (
    build.locked("setup", "import csv\nrows = list(csv.reader(open('data/log.csv')))"),
    build.answer("q1", "stops = len(rows)"),
    build.check("q1-test", "assert stops == 2\n### BEGIN HIDDEN TESTS\nopen('expected.txt')\n### END HIDDEN TESTS"),
)


@pytest.fixture
def course(tmp_path):
    """submitted/<learner>/ps1/ with two notebooks each, as in nbgrader's course folder; the source beside its data."""
    source = tmp_path / "source" / "ps1"
    (source / "data").mkdir(parents=True)
    (source / "data" / "log.csv").write_text("a,1\nb,2\n")
    (source / "expected.txt").write_text("2")
    sums = build.bare(source, build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"), name="sums")
    build.bare(source, *READS, name="log")
    for learner, answer in {"hana": "x = 1", "jun": "x = 2", "=cmd": "x = 1"}.items():
        folder = tmp_path / "submitted" / learner / "ps1"
        (folder / ".ipynb_checkpoints").mkdir(parents=True)
        made = build.packed(build.handed_in(sums, q1=answer))
        (folder / "sums.ipynb").write_bytes(made)
        (folder / "log.ipynb").write_bytes(b"{}")
        (folder / ".ipynb_checkpoints" / "sums.ipynb").write_bytes(made)
    return tmp_path


def test_a_folder_is_graded_in_order_by_several_at_a_time(course, capsys, monkeypatch):
    monkeypatch.chdir(course)
    arguments = ["source/ps1/sums.ipynb", "submitted", "--json", "--workers", "2", "--csv", "t.csv", "--html", "pages"]
    assert cli.main(["grade", *arguments]) == 0
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["notebook"], line["points"]) for line in lines] == [
        ("submitted/=cmd/ps1/sums.ipynb", 2),
        ("submitted/hana/ps1/sums.ipynb", 2),
        ("submitted/jun/ps1/sums.ipynb", 0),
    ]
    assert "3 of 3 notebooks graded" in err
    assert sorted(path.name for path in (course / "pages").iterdir()) == [
        "=cmd-ps1-sums.html", "hana-ps1-sums.html", "jun-ps1-sums.html",
    ]  # fmt: skip
    raw = (course / "t.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert [(row["q1-test"], row["points"], row["outcome"]) for row in rows] == [
        ("2.0", "2.0", "graded"), ("2.0", "2.0", "graded"), ("0.0", "0.0", "graded"),
    ]  # fmt: skip


def test_a_row_of_the_table_is_no_formula(course, tmp_path):
    exercise = load_exercise(course / "source" / "ps1" / "sums.ipynb")
    with (tmp_path / "t.csv").open("w", newline="") as file:
        table = batch.Table(file, exercise)
        line = {
            "notebook": "=1+1.ipynb",
            "outcome": "error",
            "points": None,
            "max_points": 2.0,
            "checks": [],
            "flags": [],
        }
        table.add(batch.Graded(line))
    assert "'=1+1.ipynb,error,,2.0,0,,," in (tmp_path / "t.csv").read_text()


def test_files_beside_a_bare_notebook_that_its_cells_open_go_with_it(course, capsys):
    exercise = load_exercise(course / "source" / "ps1" / "log.ipynb")
    assert list(exercise.data) == ["data/log.csv"]  # and not what only a hidden test opens, nor another notebook
    assert cli.main(["starter", str(exercise.source_file), "-o", str(course / "starter.ipynb")]) == 0
    assert "data/log.csv" in capsys.readouterr().err
    made = build.packed(build.handed_in(exercise, q1="stops = len(rows)"))
    graded = batch.grade_one(exercise, str(_written(course, made)), language="en", required_level=None)
    assert graded.line["checks"][0]["outcome"] == "failed"  # the file that only the hidden test opens is not there
    named = load_exercise(exercise.source_file, data=[course / "source" / "ps1" / "expected.txt"])
    assert list(named.data) == ["data/log.csv", "expected.txt"]
    assert batch.grade_one(named, str(_written(course, made)), language="en", required_level=None).line["points"] == 2
    assert named.digest != exercise.digest


def _written(folder, content):
    path = folder / "handed-in.ipynb"
    path.write_bytes(content)
    return path


def test_files_elsewhere_are_never_taken_by_name(tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    folder = tmp_path / "ps1"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / ".hidden").write_text("x")
    names = ("../secret.txt", str(tmp_path / "secret.txt"), "link.txt", ".hidden", "source.ipynb")
    source = "\n".join(f"open({name!r})" for name in names)
    exercise = build.bare(folder, build.answer("q1", source), build.check("q1-test", "assert x"))
    assert exercise.data == {}
    with pytest.raises(ContentError, match="no such file"):
        load_exercise(exercise.source_file, data=[tmp_path / "nothing"])


def test_a_folder_of_several_sources_says_what_to_give(course, capsys):
    assert cli.main(["check", str(course / "source" / "ps1")]) == 1
    assert "log.ipynb, sums.ipynb" in capsys.readouterr().err
    (course / "empty").mkdir()
    assert cli.main(["grade", str(course / "source" / "ps1" / "sums.ipynb"), str(course / "empty")]) == 1
    assert "no notebook" in capsys.readouterr().err


def test_a_fault_of_ours_costs_one_notebook_its_grade_and_no_other_its_line(course, capsys, monkeypatch):
    real = batch.grade

    def grade(exercise, content, *, name, **more):
        if "jun" in name:
            raise RuntimeError("not foreseen")
        return real(exercise, content, name=name, **more)

    monkeypatch.setattr(batch, "grade", grade)
    assert cli.main(["grade", str(course / "source" / "ps1" / "sums.ipynb"), str(course / "submitted"), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines] == ["graded", "graded", "error"]
    assert lines[2]["error"]["reason"] == "engine_failed"


def test_an_output_that_cannot_be_written_is_one_sentence(course, capsys):
    source = str(course / "source" / "ps1" / "sums.ipynb")
    assert cli.main(["starter", source, "-o", str(course / "none" / "starter.ipynb")]) == 1
    assert "none/starter.ipynb" in capsys.readouterr().err


def test_points_that_wait_for_a_person_are_said(tmp_path, capsys):
    words = build.cell("A solution", build.nbgrader("why", grade=True, solution=True, points=3), "markdown")
    exercise = build.bare(tmp_path, words, build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"))
    path = _written(tmp_path, build.packed(build.handed_in(exercise, q1="x = 1", why="Because.")))
    arguments = [str(exercise.source_file), str(path), "--language", "en", "--csv", str(tmp_path / "t.csv")]
    assert cli.main(["grade", *arguments]) == 0
    assert "graded 2/5 (3 points wait for a person)" in capsys.readouterr().out
    (row,) = csv.DictReader((tmp_path / "t.csv").read_text("utf-8-sig").splitlines())
    assert (row["points"], row["by_hand"]) == ("2.0", "3.0")


def test_a_page_says_the_points_and_runs_nothing(course, tmp_path):
    exercise = load_exercise(course / "source" / "ps1" / "sums.ipynb")
    answer = "x = 1\nfrom IPython.display import HTML\nHTML('<script>alert(1)</script><b>bold</b>')"
    path = tmp_path / "<b>.ipynb"
    path.write_bytes(build.packed(build.handed_in(exercise, q1=answer)))
    graded = batch.grade_one(exercise, str(path), language="ko", required_level=None)
    made = page_of(graded, exercise, "ko")
    assert "<p>2/2</p>" in made
    assert "<title>&lt;b&gt;</title>" in made
    assert "<b>bold</b>" in made
    assert "<script" not in made

"""Break-ins that once worked: into the checks' room, past a verdict, from one submission to the next, into the grader itself."""

# ruff: noqa: E501 - a trick is a line

from __future__ import annotations

import hashlib
import json
import os

import pytest

from lms.errors import ContentError, GradingUnavailableError
from lms.grading import grade, load_exercise, pool, render_feedback, templates
from lms.grading.__main__ import main
from lms.grading.batch import page_names
from lms.grading.room import hints
from lms.grading.run import MOST_OUTPUT

from . import build

pytestmark = pytest.mark.sandbox
HIDE = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
DOUBLE = "def f(x):\n    return x * 2"
RUNNER = (
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(5), 10)\n"
    "unittest.main(argv=['x'], exit=False)"
)
SKIP = "class SkipTest(Exception): pass\nSkipTest.__module__ = '{}'\ndef f(x): raise SkipTest('no')"
STOPS = (
    "from room import wall, desk\nsent = wall.send\nstop = {'kinds': [['builtins', 'StopIteration']], 'arguments': ['t', []], 'class': None, 'described': {}}\n"
    "def send(c, tree, buffers): sent(c, {'error': stop} if 'value' in tree else tree, buffers)\ndesk.wall.send = send\ndef f(x): return 0"
)
REBINDS = "(globals().__setitem__('f', lambda x: 6), int)[1]"
HINTED = "def f(x: int) -> int:\n    return x * 2"
EXAMPLE = 'def f(x):\n    """\n    >>> f(2)\n    4\n    """\n    return x * 2'
TESTMOD = "import doctest\nassert doctest.testmod().failed == 0\nassert f(3) == 6"
FITTED = "import numpy as np\nfrom sklearn.linear_model import LinearRegression\nX = np.arange(20.).reshape(10, 2)\ny = X @ [1., 2.]"
SCORED = HIDE.format("assert model.score(X + 1, y + 3) > 0.99")
PIPED = "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\nmodel = make_pipeline(StandardScaler(), LinearRegression()).fit(X, y)"

# name -> what the exercise gives, its solution, its check, what is handed in instead
BREAK_INS = {
    "code_in_a_docstring": (
        "import math", EXAMPLE, TESTMOD,
        'def f(x):\n    """\n    >>> import sys; frame = sys._getframe()\n    >>> while frame.f_code.co_name != "_run": frame = frame.f_back\n'
        '    >>> frame.f_globals["_run"] = lambda *a: None\n    """',
    ),
    "code_in_an_annotation": ("import math", HINTED, "import typing\nassert typing.get_type_hints(f)['x'] is int\nassert f(3) == 6", f'def f(x: "{REBINDS}"): return 0'),
    "code_within_an_annotation": ("import math", HINTED, "import typing\ntyping.get_type_hints(f)\nassert f(3) == 6", f'def f(x: "list[\\"{REBINDS}\\"]"): return 0'),
    "evaluated_annotation": ("import math", HINTED, "import inspect\nassert inspect.get_annotations(f, eval_str=True)['x'] is int\nassert f(3) == 6", f'def f(x: "{REBINDS}"): return 0'),
    "frame_of_a_generator": (
        "import math", "def f(xs):\n    return sum(xs)", HIDE.format("assert f(x for x in [4242, 7]) == 4249"),
        "import re\ndef f(xs):\n    frame = xs.gi_frame.f_builtins['eval']('__import__(\"sys\")._getframe()')\n    while 'message' not in frame.f_locals: frame = frame.f_back\n"
        "    return int(re.findall(r'== (\\d+)', str(frame.f_locals['message']))[0])",
    ),
    "module_of_the_checks": ("import os", "def f(m):\n    return m.sep", "assert f(os) == '/'", "def f(m): return m.sys.modules['posixpath'].os"),
    "address_in_memory": (
        "import numpy as np", "def f(rng):\n    return rng.integers(5, 6)", "assert f(np.random.default_rng(1)) == 5",
        "def f(rng): return 5 if rng.bit_generator.ctypes else 0",
    ),
    "skip_by_another_name": ("import numpy", DOUBLE, RUNNER, SKIP.format("numpy.testing")),
    "skip_by_a_private_name": ("import numpy", DOUBLE, RUNNER, SKIP.format("numpy.testing._private.utils")),
    "stop_when_looked_up": ("import math", DOUBLE, "assert all(map(lambda v: f(v) == 2 * v, [1, 2]))", STOPS),
    "stop_a_zip_when_looked_up": ("import math", DOUBLE, "for got, want in zip(map(lambda v: f(v), [1, 2]), [2, 4]):\n    assert got == want", STOPS),
    "credit_as_array": ("import math", DOUBLE, "sum(f(x) == 2 * x for x in (1, 2))", "import numpy as np\ndef f(x): return np.array([0])"),
    "credit_as_series": ("import math", DOUBLE, "2 * (f(3) == 6)", "import pandas as pd\ndef f(x): return pd.Series([0, 1])"),
    "credit_as_missing": ("import math", DOUBLE, "2 * (f(3) == 6)", "import pandas as pd\ndef f(x): return pd.NA"),
    "credit_as_masked": ("import math", DOUBLE, "2 * (f(3) == 6)", "import numpy as np\ndef f(x): return np.ma.masked"),
    "credit_as_nothing": ("import math", "def f(x): return 2.0", HIDE.format("f(2)"), "def f(x): return None"),
    "score_of_another_model": (
        FITTED, "model = LinearRegression().fit(X, y)", SCORED,
        "class Pipeline:\n    def score(self, X, y): return 1.0\nPipeline.__module__ = 'sklearn.pipeline'\nmodel = Pipeline()",
    ),
    "score_of_an_own_pipeline": (
        FITTED, PIPED, SCORED,
        "from sklearn.pipeline import Pipeline\nclass P(Pipeline):\n    def score(self, X, y, **k): return 1.0\nP.__module__, P.__qualname__ = 'sklearn.pipeline', 'Pipeline'\nmodel = P([('a', LinearRegression())])",
    ),
    "another_definition_to_show": (
        "import math", "def f(n):\n    return n * (n + 1) // 2", "import inspect\nassert 'for' not in inspect.getsource(f)\nassert f(4) == 10",
        "def f(n):\n    return n * (n + 1) // 2\ndef f(n):\n    total = 0\n    for i in range(n + 1): total += i\n    return total",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAK_INS)
def test_a_break_in_earns_nothing_and_the_solution_all(tmp_path, name):
    setup, solution, check, trick = BREAK_INS[name]
    exercise = build.bare(tmp_path, build.locked("s", setup), build.answer("q", solution), build.check("q-test", check))
    assert grade(exercise, build.packed(build.handed_in(exercise, q=solution))).points == 2
    result = grade(exercise, build.packed(build.handed_in(exercise, q=trick)))
    assert (result.outcome, result.points) == ("graded", 0)


HONEST = {
    "examples_of_her_own": (EXAMPLE, TESTMOD, 'def f(x):\n    """Twice.\n\n    >>> f(0.5)\n    1.0\n    """\n    return x + x'),
    "types_as_texts": ('def f(x: "list[int] | None" = None):\n    return x', "import typing\nassert typing.get_type_hints(f)['x'] == list[int] | None", 'def f(x: "list[int] | None" = None): return x'),
    "a_generator_given": ("def f(xs):\n    return next(xs)", "assert f(x for x in [7, 8]) == 7", "def f(xs):\n    for x in xs:\n        return x"),
    "a_module_given": ("def f(m):\n    return m.sqrt(9)", "import math\nassert f(math) == 3", "def f(m): return m.pow(9, 0.5)"),
    "part_of_the_credit": (DOUBLE, "sum(f(x) == 2 * x for x in (0, 1)) * 1.0", "def f(x): return x + x"),
    "a_table_at_the_end": ("import pandas as pd\nt = pd.DataFrame({'a': [1]})", "assert t['a'].sum() == 1\nt", "import pandas as pd\nt = pd.DataFrame({'a': [1]})"),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_what_is_honest_and_looks_alike_earns_all(tmp_path, name):
    solution, check, other = HONEST[name]
    exercise = build.bare(tmp_path, build.answer("q", solution), build.check("q-test", check))
    for answer in (solution, other):
        result = grade(exercise, build.packed(build.handed_in(exercise, q=answer)))
        assert result.points == 2, result.checks


@pytest.mark.parametrize(
    "model",
    [
        "LinearRegression()",
        "make_pipeline(StandardScaler(), LinearRegression())",
        "GridSearchCV(Ridge(), {'alpha': [0.01]}, scoring='neg_mean_absolute_error')",
        "make_pipeline(StandardScaler(), LogisticRegression())",
    ],
)
def test_a_score_is_that_of_the_predictions(tmp_path, model):
    """As scikit-learn gives it: of the right kind for numbers and for classes, by the measure that was asked for."""
    setup = (
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression, LogisticRegression, Ridge\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler\nfrom sklearn.model_selection import GridSearchCV\nX = np.arange(20.).reshape(10, 2)\n"
        "y = (X[:, 0] > 8).astype(int)"
    )
    source = f"model = {model}.fit(X, y)\nwant = model.score(X, y)"
    exercise = build.bare(
        tmp_path,
        build.locked("s", setup),
        build.answer("q", source),
        build.check("q-test", "assert abs(model.score(X, y) - want) < 1e-9"),
    )
    assert grade(exercise, build.packed(build.handed_in(exercise, q=source))).points == 2


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("int", True),
        ("list[int] | None", True),
        ("dict[str, 'pd.DataFrame']", True),
        ("tuple[int, ...]", True),
        ("f()", False),
        ("list['f()']", False),
        ("a.__class__", False),
        ("[x for x in y]", False),
        ("lambda: 1", False),
        ("(" * 500, False),
    ],
)
def test_which_annotations_are_types(text, kept):
    assert (hints.only_types({"x": text}) == {"x": text}) is kept


# --- templates ----------------------------------------------------------------------------------------------------------


def small(tmp_path, setup):
    return build.bare(
        tmp_path, build.locked("s", setup), build.answer("q", "y = 1"), build.check("q-test", "assert y == 1")
    )


def graded(exercise, answer="y = 1"):
    return grade(exercise, build.packed(build.handed_in(exercise, q=answer)))


def test_memory_that_a_fork_would_share_makes_no_template(tmp_path):
    exercise = small(tmp_path, "import mmap\nm = mmap.mmap(-1, 4096)")
    for _ in range(2):
        graded(exercise, "m[:6] = b'secret'\ny = 1")
    assert "secret" not in str(graded(exercise, "print(m[:6])\ny = 1").feedback).replace("m[:6]", "")
    with pool.warm_parent(exercise, None) as parent:
        assert templates._entries[exercise.digest, id(parent)].ahead is None


def test_a_template_that_names_the_grader_as_its_child_does_it_no_harm(tmp_path):
    """SO_PEERPIDFD gives a descriptor of the process at the other end, which would be killed as the child's."""
    lie = (
        "from room import forker\ndef keep(self, pid, pipe):\n    peer = self.control.getsockopt(1, 77)\n    self.watch(peer)\n"
        "    self.answer({'forked': True}, (peer,))\nforker.Forker.keep = keep"
    )
    exercise = small(tmp_path, lie)
    assert [graded(exercise).points for _ in range(3)] == [2, 2, 2]


def test_a_contract_that_does_not_fit_ends_no_warm_parent(tmp_path):
    exercise = small(
        tmp_path,
        "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Contract': o.learnt['reads'] = ['x' * 190000]\nx = 1",
    )
    with pool.warm_parent(exercise, None) as parent:
        with pytest.raises(GradingUnavailableError, match="too long"):
            graded(exercise)
        assert parent.is_alive()


def test_an_author_makes_no_namespace_of_users(tmp_path):
    setup = "import ctypes\nlibc = ctypes.CDLL(None)\nprint('made', libc.unshare(0x10000000), libc.syscall(308, 3, 0x40000000))"
    exercise = small(tmp_path, setup)
    assert "made -1 -1" in [str(graded(exercise).feedback) for _ in range(3)][-1]


# --- the machine and the grader -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.memfd_create('x')",
        "import ctypes\nif ctypes.CDLL(None).shmget(0, ctypes.c_size_t(4096), 0o1600) < 0: raise PermissionError",
    ],
)
def test_there_is_no_memory_that_nobody_counts(tmp_path, source):
    result = graded(small(tmp_path, "x = 1"), source)
    assert "PermissionError" in result.checks[0].message


def test_the_outputs_of_many_cells_have_an_end(tmp_path):
    exercise = small(tmp_path, "x = 1")
    made = build.handed_in(exercise, q="y = 1")
    flood = "from IPython.display import HTML, display\ndisplay(HTML('x' * 3_900_000))"
    made["cells"][1:1] = [build.cell(flood) for _ in range(20)]
    result = grade(exercise, build.packed(made))
    assert result.points == 2
    assert len(json.dumps(result.feedback)) < MOST_OUTPUT + 100_000


@pytest.mark.parametrize(
    "output",
    [
        {"data": {"image/png": "x"}, "metadata": {"image/png": "width height"}},
        {"data": {"application/vnd.jupyter.widget-view+json": "x"}, "metadata": {}},
        {"data": {"application/javascript": "alert(1)"}, "metadata": {}},
    ],
)
def test_an_output_of_another_form_is_none(tmp_path, output):
    lie = {"output_type": "display_data"} | output
    result = graded(small(tmp_path, "x = 1"), f"from room import shell\nshell.SINK.outputs.append({lie!r})\ny = 1")
    assert [flag.kind for flag in result.flags] == ["forged"]
    assert not [cell for cell in result.feedback["cells"] if str(output["data"]) in str(cell.get("outputs"))]


def test_very_many_data_files(tmp_path):
    data = {f"data/{number}.txt": b"1" for number in range(150)}
    setup = "import glob\nx = sum(int(open(name).read()) for name in glob.glob('data/*'))"
    cells = [build.locked("s", setup), build.answer("q", "y = x"), build.check("q-test", "assert y == 150")]
    exercise = load_exercise(build.write_folder(tmp_path, *cells, data=data))
    assert graded(exercise, "y = x").points == 2


def test_a_data_file_is_no_link_out_of_the_exercise(tmp_path):
    (tmp_path / "secret").write_text("x")
    folder = build.write_folder(tmp_path, build.answer("q", "y = 1"), build.check("q-test", "assert y == 1"))
    (folder / "n.txt").symlink_to("../secret")
    digest = hashlib.sha256(b"x").hexdigest()
    (folder / "exercise.toml").write_text(f'title = "x"\n[[data]]\npath = "n.txt"\nsha256 = "{digest}"\n')
    with pytest.raises(ContentError, match="link"):
        load_exercise(folder)


FLOODS = {
    "code": "a." * 100_000,
    "many_lines": "x = a.b.c\n" * 50_000,
    "markdown": "get_ipython()\nfrom IPython.display import Markdown, display\nfor _ in range(40): display(Markdown('[' * 50_000))",
    "html": "from IPython.display import HTML\nHTML('<div>' * 500_000)",
    "latex": "from IPython.display import Latex\nLatex('$' * 500_000)",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_on_a_page_is_shown_as_it_is(tmp_path, name):
    """What took minutes is escaped or left out."""
    page = render_feedback(graded(small(tmp_path, "x = 1"), FLOODS[name]))
    assert page.count("<span") < 100_000
    assert page.count("<div") < 1_000


# --- the command line ---------------------------------------------------------------------------------------------------


def run(capsys, *arguments):
    status = main([*map(str, arguments), "--language", "en"])
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.fixture
def handed(tmp_path):
    """A source notebook, and a folder with one good submission."""
    exercise = small(tmp_path, "x = 1")
    folder = tmp_path / "submitted"
    folder.mkdir()
    content = build.packed(build.handed_in(exercise, q="y = 1"))
    (folder / "z.ipynb").write_bytes(content)
    return exercise.source_file, folder, content


def test_a_link_is_nobodys_work(handed, capsys):
    source, folder, _ = handed
    (folder / "a.ipynb").symlink_to("../source.ipynb")
    (folder / "b.ipynb").symlink_to("/dev/zero")
    os.mkfifo(folder / "c.ipynb")
    status, out, err = run(capsys, "grade", source, folder, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["points"] for line in lines] == [None, None, None, 2]
    assert {line["error"]["reason"] for line in lines[:3]} == {"unreadable"}
    assert status == 1
    assert "link" in err


def test_names_in_another_encoding_and_very_long_ones(handed, capsys):
    source, folder, content = handed
    with open(os.fsencode(folder) + b"/\xb1\xe8.ipynb", "wb") as file:  # as an archive from Korean Windows gives
        file.write(content)
    for learner in ("kim", "lee"):
        (folder / learner).mkdir()
        (folder / learner / ("x" * 240 + ".ipynb")).write_bytes(content)
    (folder / "a: graded 2\nb.ipynb").write_bytes(content)
    pages, table = folder.parent / "pages", folder.parent / "p.csv"
    status, out, _ = run(capsys, "grade", source, folder, "--html", pages, "--csv", table)
    assert status == 0
    assert len([line for line in out.splitlines() if not line.startswith(" ")]) == 5
    assert len(list(pages.iterdir())) == 5
    out.encode()


def test_a_page_lies_in_its_folder():
    assert not any("/" in name for name in page_names(["/a/n.ipynb", "b/n.ipynb", "../n.ipynb"]))


def test_full_width_signs_are_no_formula(handed, capsys, monkeypatch):
    source, folder, _ = handed
    monkeypatch.chdir(folder)
    os.rename("z.ipynb", "\uff1dcmd.ipynb")
    run(capsys, "grade", source, "\uff1dcmd.ipynb", "--csv", "p.csv")
    assert "'\uff1dcmd.ipynb," in (folder / "p.csv").read_text(encoding="utf-8-sig")

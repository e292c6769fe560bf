"""Cells in the browser's Python: what is shown, what is refused, how errors are told."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from tests.workspace.browser_python import Notebook, browser_python


@pytest.fixture(scope="module")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with browser_python(tmp_path_factory.mktemp("browser")) as notebook:
        yield notebook


@pytest.fixture
def notebook(_process: Notebook) -> Notebook:
    return _process.start()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1 + 1", "2"),
        ("'한글'", "'한글'"),
        ("x = 1\nx", "1"),
        ("def double(n):\n    return 2 * n\n\ndouble", "<function __main__.double(n)>"),
        ("class Part: pass\nPart", "__main__.Part"),
        ("int", "int"),
        ("{n: n * 1000 for n in range(20)}", "{0: 0,\n 1: 1000,"),
        ("['" + "long " * 40 + "']", "['" + "long " * 40 + "']"),
        ("await __import__('asyncio').sleep(0, 'awaited')", "'awaited'"),
    ],
)
def test_the_value_of_the_last_line_is_shown(notebook: Notebook, source: str, shown: str) -> None:
    assert notebook.run(source).data["text/plain"].startswith(shown)


@pytest.mark.parametrize("source", ["1;", "1;  # quiet", "x = 1", "None", "", "# nothing", "def f():\n    1"])
def test_no_value_is_shown_where_there_is_none_or_a_semicolon_ends_it(notebook: Notebook, source: str) -> None:
    ran = notebook.run(source)
    assert ran.done["ok"]
    assert ran.outputs == []


def test_cells_share_their_names_and_count_on(notebook: Notebook) -> None:
    notebook.run("total = 3")
    ran = notebook.run("total")
    assert ran.outputs == [
        {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 2}
    ]
    assert notebook.run("_ + 1").data == {"text/plain": "4"}
    assert notebook.run("__name__").data == {"text/plain": "'__main__'"}


def test_what_is_printed_comes_in_order_with_what_is_shown(notebook: Notebook) -> None:
    ran = notebook.run("import sys\nprint('a', end='')\nprint('b', file=sys.stderr)\ndisplay('c')\nprint('d')\n'e'")
    kinds = [(one["output_type"], one.get("name"), one.get("text") or one["data"]["text/plain"]) for one in ran.outputs]
    assert kinds == [
        ("stream", "stdout", "a"),
        ("stream", "stderr", "b\n"),
        ("display_data", None, "'c'"),
        ("stream", "stdout", "d\n"),
        ("execute_result", None, "'e'"),
    ]


def test_a_hundred_thousand_lines_are_cut_and_the_page_is_told(notebook: Notebook) -> None:
    ran = notebook.run("for n in range(100_000):\n    print(n)\n1 / 0")
    assert len(ran.text) < 200_100
    assert ran.text.endswith("출력이 너무 길어 여기까지만 보여 줍니다.]\n")
    assert len(ran.steps) < 200
    assert ran.error["ename"] == "ZeroDivisionError"  # told after all
    assert notebook.run("print('again')").text == "again\n"


@pytest.mark.parametrize(
    "source",
    [
        "'x' * 5_000_000",
        "class Large:\n    def _repr_html_(self):\n        return 'x' * 5_000_000\nLarge()",
        "for _ in range(5):\n    display('x' * 5_000_000)",
        "for n in range(100_000):\n    display(n)",
    ],
)
def test_what_is_shown_is_capped(notebook: Notebook, source: str) -> None:
    ran = notebook.run(source)
    assert ran.done["ok"]
    assert sum(len(str(output)) for output in ran.outputs) < 4_500_000
    assert len(ran.outputs) < 600


def test_tables_are_html_and_models_are_text(notebook: Notebook) -> None:
    table = notebook.run("import pandas as pd\npd.DataFrame({'설비': ['IM-01']})").data
    assert "<td>IM-01</td>" in table["text/html"]
    model = notebook.run("from sklearn.linear_model import LinearRegression\nLinearRegression()").data
    assert model == {"text/plain": "LinearRegression()"}


def test_figures_are_shown_where_show_stands_or_at_the_end_and_once(notebook: Notebook) -> None:
    begin = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, -2]);\n"
    ran = notebook.run(begin + "plt.show()\nprint('after')")
    assert [output["output_type"] for output in ran.outputs] == ["display_data", "stream"]
    picture = base64.b64decode(ran.outputs[0]["data"]["image/png"])
    assert picture.startswith(b"\x89PNG")
    at_the_end = notebook.run(begin + "print('before')")
    assert [output["output_type"] for output in at_the_end.outputs] == ["stream", "display_data"]
    assert list(notebook.run("fig").data) == ["image/png"]
    assert notebook.run("fig2 = plt.figure()").outputs == []  # nothing is on it


def test_minus_signs_are_of_every_font(notebook: Notebook) -> None:
    assert notebook.run("import matplotlib\nmatplotlib.rcParams['axes.unicode_minus']").data["text/plain"] == "False"


def test_display_of_ipython_is_there(notebook: Notebook) -> None:
    ran = notebook.run(
        "from IPython.display import HTML, Markdown, Math, clear_output, display\n"
        "from IPython import get_ipython\n"
        "handle = display(HTML('<b>1</b>'), display_id='a')\n"
        "handle.update(Markdown('*2*'))\n"
        "display(Math('x^2'))\n"
    )
    assert [step["op"] for step in ran.steps] == ["append", "update", "append"]
    assert ran.steps[0]["output"]["data"] == {"text/html": "<b>1</b>"}
    assert ran.steps[1]["output"] == {"display_id": "a", "data": {"text/markdown": "*2*"}}
    assert ran.steps[2]["output"]["data"] == {"text/latex": "$\\displaystyle x^2$"}
    cleared = notebook.run("print('gone')\nclear_output()\nprint('stays')")
    assert [step["op"] for step in cleared.steps][-2:] == ["clear", "append"]
    assert cleared.outputs[-1]["text"] == "stays\n"


def test_a_cleared_output_waits_for_the_next(notebook: Notebook) -> None:
    ran = notebook.run("print(1)\nclear_output = __import__('IPython').display.clear_output\nclear_output(wait=True)")
    assert ran.text == "1\n"


@pytest.mark.parametrize(
    "line", ["%matplotlib inline", "%config InlineBackend.figure_format = 'svg'", "%load_ext autoreload"]
)
def test_commands_that_change_nothing_here_are_let_pass(notebook: Notebook, line: str) -> None:
    assert notebook.run(f"{line}\nimport math\nmath.floor(2.5)").data == {"text/plain": "2"}


@pytest.mark.parametrize(
    ("source", "words", "line"),
    [
        ("x = 1\n%timeit x", "%로 시작하는 명령", 2),
        ("%%time\n1", "%로 시작하는 명령", 1),
        ("!pip install seaborn", "import만 하세요", 1),
        ("len?", "help(이름)", 1),
        ("get_ipython().run_line_magic('time', '1')", None, 1),
    ],
)
def test_other_commands_are_refused_in_words(notebook: Notebook, source: str, words: str | None, line: int) -> None:
    error = notebook.run(source).error
    assert error["line"] == line
    assert words in error["explanation"] if words else "쓸 수 없습니다" in error["evalue"]


def test_a_percent_sign_in_python_is_no_command(notebook: Notebook) -> None:
    assert notebook.run("x = 7\n(x\n% 4)").data == {"text/plain": "3"}


@pytest.mark.parametrize(
    ("source", "ename", "words"),
    [
        ("input('이름?')", "RuntimeError", ""),
        ("import js", "ImportError", "쓸 수 없습니다"),
        ("from pyodide_js import loadPackage", "ImportError", "쓸 수 없습니다"),
        ("import sys\nsys.exit(1)", "SystemExit", "그 줄을 지우세요"),
        ("raise SystemExit", "SystemExit", "그 줄을 지우세요"),
        ("import seaborn_of_nobody", "ModuleNotFoundError", "라이브러리"),
        ("def f(n):\n    return f(n)\nf(1)", "RecursionError", "끝없이"),
        ("raise MemoryError", "MemoryError", "메모리"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "중지했습니다."),
        ("prnt(1)", "NameError", "prnt"),
        ("1 +", "SyntaxError", "문법"),
        ("  x = 1", "IndentationError", "들여쓰기"),
        ("class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd", "Odd", ""),
    ],
)
def test_errors_are_told_with_what_to_do(notebook: Notebook, source: str, ename: str, words: str) -> None:
    ran = notebook.run(source)
    assert not ran.done["ok"]
    assert ran.error["ename"] == ran.done["error"]["ename"] == ename
    assert words in ran.error["explanation"]
    assert ran.done["interrupted"] == (ename == "KeyboardInterrupt")
    assert notebook.run("1").data == {"text/plain": "1"}


def test_an_interrupt_that_comes_while_an_error_is_told_takes_nothing_away(notebook: Notebook) -> None:
    notebook.run(
        "class Odd(Exception):\n    asked = 0\n    @property\n    def __notes__(self):\n        Odd.asked += 1\n"
        "        if Odd.asked == 1:\n            raise KeyboardInterrupt"
    )
    assert notebook.run("raise Odd('odd')").error["evalue"] == "odd"
    assert notebook.run("Odd.asked > 1").data == {"text/plain": "True"}


def test_input_says_in_korean_what_to_do(notebook: Notebook) -> None:
    assert "코드에 직접 쓰세요" in notebook.run("input()").error["evalue"]


def test_tracebacks_hold_her_lines_alone(notebook: Notebook) -> None:
    notebook.run("def mean(frame):\n    return frame['없는 열'].mean()", "helper", 2)
    error = notebook.run("import pandas as pd\nmean(pd.DataFrame({'a': [1]}))", "q1", 5).error
    assert error["traceback"] == [
        "Traceback (most recent call last):",
        '  File "cell 5", line 2, in <module>',
        "    mean(pd.DataFrame({'a': [1]}))",
        '  File "cell 2", line 2, in mean',
        "    return frame['없는 열'].mean()",
        *[line for line in error["traceback"] if set(line) <= set(" ~^") and line],
        "KeyError: '없는 열'",
    ]
    assert error["line"] == 2
    assert "df.columns" in error["explanation"]


def test_an_error_of_hers_behind_an_error_is_told_too(notebook: Notebook) -> None:
    error = notebook.run(
        "try:\n    1 / 0\nexcept ZeroDivisionError as first:\n    raise ValueError('둘째') from first"
    ).error
    told = "\n".join(error["traceback"])
    assert "ZeroDivisionError: division by zero" in told
    assert "direct cause" in told
    assert told.endswith("ValueError: 둘째")


def test_explanations_follow_the_exercises_language(notebook: Notebook) -> None:
    assert "Delete the line" in notebook.start(language="en").run("import sys; sys.exit()").error["explanation"]


def test_streams_that_she_throws_away_come_back(notebook: Notebook) -> None:
    notebook.run("import sys\nsys.stdout.close()")
    assert notebook.run("print('here')").text == "here\n"
    notebook.run("sys.stdout = None")
    assert notebook.run("print('here')").text == "here\n"


def test_lone_surrogates_reach_the_page_as_question_marks(notebook: Notebook) -> None:
    assert notebook.run("print('\\ud800')").text == "?\n"


def test_names_are_completed_from_what_is_there(notebook: Notebook) -> None:
    notebook.run(
        "import pandas as pd\nfactory = pd.DataFrame({'온도': [1], '압력': [2]})\nsecret = property(lambda self: 1 / 0)"
    )
    offered = notebook.ask("complete", "x = fac", 7)
    assert offered == {"from": 4, "options": [{"label": "factory", "type": "variable"}]}
    members = notebook.ask("complete", "factory.group", 13)
    assert {"label": "groupby", "type": "method"} in members["options"]
    assert notebook.ask("complete", "factory['온", 10)["options"] == [{"label": "온도", "type": "property"}]
    assert any(one["label"] == "print" for one in notebook.ask("complete", "pri", 3)["options"])
    assert notebook.ask("complete", "x = 1  # fac", 12) is None
    assert notebook.ask("complete", "'fac", 4) is None
    assert notebook.ask("complete", "nobody.a", 8) is None
    assert notebook.ask("complete", "", 0) is None


def test_properties_are_not_run_to_complete_a_name(notebook: Notebook) -> None:
    notebook.run(
        "class Trap:\n    @property\n    def value(self):\n        print('run')\n        return 1\ntrap = Trap()"
    )
    labels = [one["label"] for one in notebook.ask("complete", "trap.v", 6)["options"]]
    assert labels == ["value"]


def test_missing_libraries_are_named_before_a_cell_runs(notebook: Notebook) -> None:
    assert notebook.ask(
        "missing", "import math, nowhere.part\nfrom elsewhere import x\nimport js\n%matplotlib inline"
    ) == [
        "elsewhere",
        "nowhere",
    ]
    assert notebook.ask("missing", "import (") == []

"""Python in the browser, where only a browser shows it: what stops it, what kills it, what it fetches later."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from lms.workspace.runtime import Runtime

from .kernels import Kernel, open_exercise
from .site import Site
from .visits import begin_visit

CELLS = [
    {"key": "q1", "kind": "answer", "number": 3, "source": "total = ..."},
    {"key": "q1-test", "kind": "check", "number": 4, "points": 3, "for": ["q1"], "source": "assert total == 6, '다시'"},
    {"key": "loop-test", "kind": "check", "number": 5, "points": 1, "for": [], "source": "while True:\n    pass"},
]


@pytest.fixture(scope="module")
def kernel(runtime: Runtime, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Kernel]:
    site: Site = request.getfixturevalue("_demo_site")
    window = begin_visit(chromium, site.address, with_python=True)
    with window.context:
        yield Kernel(open_exercise(site, window, site.add_learner("문하린"))).begin(cells=CELLS, checkSeconds=1)


def test_the_versions_are_the_runtimes(kernel: Kernel, runtime: Runtime) -> None:
    versions: dict[str, Any] = kernel.page.evaluate("kernel.versions")
    assert versions["python"] == runtime.lock.python
    assert versions["pandas"] == runtime.lock.packages["pandas"].version


def test_data_lies_where_the_server_has_it(kernel: Kernel) -> None:
    ran = kernel.run("import pandas as pd\nlen(pd.read_csv('data/machine_log.csv')) > 100")
    assert ran.outputs[-1]["data"] == {"text/plain": "True"}


@pytest.mark.parametrize(
    "source", ["n = 1\nprint(n)\nwhile True:\n    n += 1", "import time\nn = 2\nprint(n)\ntime.sleep(1000)"]
)
def test_an_endless_cell_is_stopped_and_its_variables_stay(kernel: Kernel, source: str) -> None:
    kernel.begin_run(source)
    how, done = kernel.interrupt()
    assert how == "stopped"
    assert done["interrupted"]
    assert done["error"]["explanation"] == "중지했습니다."
    assert kernel.run("n > 0").outputs[0]["data"] == {"text/plain": "True"}


def test_visible_checks_run_and_end(kernel: Kernel) -> None:
    kernel.run("total = 6", "q1")
    passed, looped = kernel.checks("q1-test", "loop-test")
    assert (passed["outcome"], passed["points"]) == ("passed", 3)
    assert looped["outcome"] == "failed"
    assert looped["message"].startswith("정해진 시간(1초)")
    assert kernel.run("total").outputs[0]["data"] == {"text/plain": "6"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("many = []\nwhile True:\n    many.append(bytearray(50_000_000))", "MemoryError"),
        ("[0] * 10**9", "MemoryError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError"),
        ("import subprocess\nsubprocess.run(['ls'])", "OSError"),
        ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1/')", "URLError"),
        ("from pyodide.code import run_js\nrun_js('1')", "ImportError"),
        ("input()", "RuntimeError"),
    ],
)
def test_what_browsers_lack_ends_in_an_error_with_words(kernel: Kernel, source: str, name: str) -> None:
    ran = kernel.run(source)
    assert ran.outputs[-1]["ename"] == name
    kernel.run("many = None")
    assert kernel.run("1").outputs[0]["data"] == {"text/plain": "1"}


def test_a_library_comes_when_a_cell_imports_it_and_plots_have_hangul(kernel: Kernel) -> None:
    assert "matplotlib" not in kernel.page.evaluate("kernel.versions")
    ran = kernel.run("import matplotlib.pyplot as plt\nplt.figure()\nplt.title('설비별 양품 수 -1');")
    assert [output["output_type"] for output in ran.outputs] == ["display_data"]  # and no warning of a missing letter
    assert base64.b64decode(ran.outputs[0]["data"]["image/png"]).startswith(b"\x89PNG")
    assert "matplotlib" in kernel.page.evaluate("kernel.versions")


def test_a_library_of_nobody_is_not_found(kernel: Kernel) -> None:
    assert kernel.run("import tensorflow").outputs[0]["ename"] == "ModuleNotFoundError"


# From here on Python is started again.


def test_what_hears_no_interrupt_is_started_again_and_again_while_it_starts(kernel: Kernel) -> None:
    """She is told that it starts again, and presses 다시 시작 as well: one Python is left, and it runs."""
    kernel.begin_run("print('begun')\nsum(range(10**12))")
    kernel.page.evaluate("() => { window.stopping = kernel.interrupt(); }")
    kernel.wait_until_said("one.type === 'restarted' && one.reason === 'interrupt'")
    assert kernel.page.evaluate("new Promise((go) => setTimeout(go, 200)).then(() => kernel.restart())") is True
    assert kernel.page.evaluate("stopping") == "restarted"
    done = kernel.page.evaluate("run")
    assert (done["ok"], done["interrupted"]) == (False, True)
    assert kernel.run("n").outputs[0]["ename"] == "NameError"
    assert kernel.run("1 + 1").outputs[0]["data"] == {"text/plain": "2"}
    assert kernel.page.locator("iframe[title=Python]").count() == 1


def test_python_that_is_killed_comes_back(kernel: Kernel) -> None:
    ran = kernel.run("import os\nos._exit(3)")
    assert ran.done["interrupted"]
    assert kernel.page.evaluate("kernel.start()") is True
    assert kernel.run("2").outputs[0]["data"] == {"text/plain": "2"}


def test_without_isolation_a_loop_is_stopped_by_starting_again(kernel: Kernel) -> None:
    """As in a page of another system's frame, where browsers share no memory."""
    page = kernel.page
    page.evaluate("kernel.dispose()")
    page.route("**/units/*", lambda route: _unisolated(route))
    page.reload()
    kernel.begin(cells=CELLS)
    assert page.evaluate("[crossOriginIsolated, kernel.canInterrupt]") == [False, False]
    kernel.begin_run("print(1)\nwhile True:\n    pass")
    how, done = kernel.interrupt()
    assert (how, done["interrupted"]) == ("restarted", True)
    assert kernel.run("1").outputs[0]["data"] == {"text/plain": "1"}


def _unisolated(route: Any) -> None:
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("cross-origin-")}
    route.fulfill(response=answer, headers=headers)

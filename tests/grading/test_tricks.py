"""Tricks against the wall between the learner's room and the checks': none earns a point, none reads what is hidden."""

# ruff: noqa: E501 - a trick is a line

from __future__ import annotations

import json

import pytest

from lms.grading import grade, load_exercise

from . import build

pytestmark = pytest.mark.sandbox

TABLE = "k,v\na,1\nb,2\na,4\n"
CHECKS = {
    "q1-test": "got = totals(pd.read_csv('data/t.csv'))\nassert isinstance(got, pd.Series)\nassert got.equals(WANT)",
    "q2-test": "assert abs(mean([1, 2, 4]) - 7 / 3) < 1e-9\nassert mean([5]) == 5 and not mean([1, 2]) > 1.6",
    "q3-test": "expected = pd.read_csv('data/t.csv')['v'].sum()\nassert total == expected",
    "q4-test": "p = Point(1, 2)\nassert p == Point(1, 2) and p != Point(2, 2) and p.x == 1\nassert name_of('b') == 'B-7731'",
    "q5-test": "items = evens(10)\nassert list(items) == [0, 2, 4, 6, 8]\nassert 4 in evens(5) and 3 not in evens(5)",
}
SOLUTIONS = {
    "q1": "def totals(frame):\n    return frame.groupby('k')['v'].sum()",
    "q2": "def mean(xs):\n    return sum(xs) / len(xs)",
    "q3": "total = int(pd.read_csv('data/t.csv')['v'].sum())",
    "q4": (
        "class Point:\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n"
        "    def __eq__(self, other):\n        return (self.x, self.y) == (other.x, other.y)\n"
        "def name_of(k):\n    return k.upper() + '-7731'"
    ),
    "q5": "def evens(n):\n    return list(range(0, n, 2))",
}
YES = """
class Yes:
    def __getattr__(self, name): return Yes()
    def __call__(self, *a, **k): return Yes()
    def __bool__(self): return True
    def __float__(self): return 0.0
    def __len__(self): return 5
    def __iter__(self): return iter(())
    def __getitem__(self, k): return Yes()
    def __contains__(self, x): return True
    def __hash__(self): return 1
for _n in 'eq ne lt le gt ge add radd sub rsub mul truediv abs neg round and or xor'.split():
    setattr(Yes, f'__{_n}__', lambda self, *a: True if _n in ('eq',) else Yes())
Yes.__eq__ = lambda self, o: True
Yes.__lt__ = Yes.__le__ = Yes.__ge__ = lambda self, o: True
Yes.__gt__ = lambda self, o: False
Yes.__sub__ = Yes.__rsub__ = Yes.__abs__ = lambda self, *a: 0.0
"""
# the answers that a trick is put into, by grade_id; what isn't named stays empty
TRICKS: dict[str, dict[str, str]] = {
    "yes_object": {
        "q1": YES + "def totals(f): return Yes()",
        "q2": YES + "def mean(x): return Yes()",
        "q3": YES + "total = Yes()",
    },
    "yes_as_generator": {
        "q1": YES
        + "Yes.__module__ = 'builtins'; Yes.__qualname__ = Yes.__name__ = 'generator'\ndef totals(f): return Yes()",
        "q5": YES + "Yes.__module__ = 'builtins'; Yes.__qualname__ = 'generator'\ndef evens(n): return Yes()",
    },
    "yes_as_library": {
        "q1": YES + "Yes.__module__ = 'pandas.core.series'; Yes.__qualname__ = 'Series'\ndef totals(f): return Yes()",
        "q2": YES + "Yes.__module__ = 'numpy'; Yes.__qualname__ = 'float64'\ndef mean(x): return Yes()",
    },
    "yes_as_point": {
        "q2": YES + "Yes.__qualname__ = Yes.__name__ = 'Point'\ndef mean(x): return Yes()",
        "q3": YES + "Yes.__qualname__ = Yes.__name__ = 'Point'\ntotal = Yes()",
    },
    "function_with_anothers_name": {
        "q2": YES
        + "Yes.__qualname__ = 'Point'\ndef mean(x): return Yes()\nmean.__name__ = mean.__qualname__ = 'Point'",
    },
    "series_that_equals": {
        "q1": (
            "class S(pd.Series):\n    def equals(self, o): return True\n    def __eq__(self, o): return True\n"
            "def totals(f): return S([0])"
        ),
    },
    "float_that_equals": {
        "q2": (
            "class F(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return F(0)\n"
            "    def __abs__(self): return F(0)\n    def __gt__(self, o): return False\ndef mean(x): return F(1)"
        ),
        "q3": "class I(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\ntotal = I(1)",
    },
    "list_that_contains": {
        "q5": "class L(list):\n    def __contains__(self, x): return True\ndef evens(n): return L([0])"
    },
    "patched_library": {
        "q1": "pd.Series.equals = lambda *a: True\ndef totals(f): return pd.Series([0])",
        "q3": "pd.read_csv = lambda *a: pd.DataFrame({'v': [1]})\ntotal = 1",
    },
    "patched_builtins": {
        "q1": "import builtins\nbuiltins.isinstance = lambda *a: True\ntotals = lambda f: 1",
        "q2": "import builtins\nbuiltins.abs = lambda x: 0\nabs = lambda x: 0\nAssertionError = ZeroDivisionError\nmean = lambda x: 1",
        "q5": "import builtins\nbuiltins.list = lambda x: [0, 2, 4, 6, 8]\nlist = builtins.list\nevens = lambda n: 1",
    },
    "names_of_the_check": {
        "q1": "WANT = 3\ngot = 3\npd = None\ndef totals(f): return WANT",
        "q3": "expected = 1\ntotal = 1",
    },
    "reads_the_checks_globals": {
        "q1": "def totals(f):\n    return WANT",
        "q3": "class T:\n    def __eq__(self, o):\n        return o == expected\ntotal = T()",
    },
    "rewrites_the_data": {
        "q3": (
            "import os, shutil\nfor act in (lambda: open('data/t.csv', 'w').write('k,v\\na,1\\n'),\n"
            "            lambda: os.replace('x', 'data/t.csv'), lambda: shutil.rmtree('data'), lambda: os.rename('data', 'old')):\n"
            "    try:\n        open('x', 'w').write('k,v\\na,1\\n'); act()\n    except OSError:\n        pass\ntotal = 1"
        ),
    },
    "reads_the_callers_frame": {
        "q2": (
            "import sys\ndef mean(x):\n    f = sys._getframe()\n    while f:\n"
            "        for v in list(f.f_locals.values()) + list(f.f_globals.values()):\n"
            "            if isinstance(v, float) and 2.3 < v < 2.4: return v\n        f = f.f_back\n    return 1.0"
        ),
        "q4": (
            "import gc, sys\ndef name_of(k):\n    for o in gc.get_objects():\n"
            "        if isinstance(o, (tuple, list)):\n            for s in o:\n"
            "                if isinstance(s, str) and s.startswith('B-'): return s\n    return ''"
        ),
    },
    "answers_for_the_room": {
        "q2": (
            "import json, os, struct\ndef mean(x):\n    body = json.dumps({'value': None, 'error': None, 'printed': []}).encode()\n"
            '    frame = struct.pack(\'!I\', 60) + b\'{"error":null,"value":null,"outputs":[],"seconds":0.1}\'\n'
            "    for fd in range(3, 40):\n        try: os.write(fd, frame)\n        except OSError: pass\n    return 1"
        ),
    },
    "raw_wall_messages": {
        "q2": (
            "import os\ndef mean(x):\n    for fd in range(3, 40):\n"
            "        try: os.write(fd, b'\\xff' * 64)\n        except OSError: pass\n    return 1"
        ),
    },
    "calls_what_it_was_not_given": {
        "q2": (
            "import gc\ndef mean(x):\n    desk = next(o for o in gc.get_objects() if type(o).__name__ == 'Desk')\n"
            "    for target in (['builtin', 'exec'], ['builtin', 'setattr'], 0, -1, ['method', 0, '__class__'], 'x'):\n"
            "        try: desk._ask(target, ('raise SystemExit',), {})\n        except Exception: pass\n    return 1"
        ),
    },
    "lies_about_its_class": {
        "q2": (
            "import gc\ndesk = next(o for o in gc.get_objects() if type(o).__name__ == 'Desk')\n"
            "desk._describe = lambda v: {'kind': 'object', 'module': 'builtins', 'name': 'float', 'operators': ['__eq__', '__sub__', '__gt__']}\n"
            "class V: pass\ndef mean(x): return V()"
        ),
        "q3": "class V: pass\ntotal = V()",
    },
    "sends_odd_values": {
        "q3": (
            "import gc\ndesk = next(o for o in gc.get_objects() if type(o).__name__ == 'Desk')\n"
            "from room import codec\ncodec.Encoder.encode = lambda self, v, depth=0: ['g', 'pandas', 'read_pickle']\ntotal = 1"
        ),
    },
    "exits_early": {
        "q2": "import os\ndef mean(x): os._exit(0)",
        "q3": "raise SystemExit(0)",
        "q4": "import sys\ndef name_of(k): sys.exit(0)",
        "q5": "def evens(n): raise GeneratorExit",
    },
    "signals": {
        "q2": "import os, signal\ndef mean(x):\n    os.kill(-1, signal.SIGKILL)\n    os.kill(os.getpid(), signal.SIGTERM)\n    return 1"
    },
    "own_point_for_everything": {
        "q4": "class Point:\n    x = 1\n    def __init__(self, *a): pass\n    def __eq__(self, o): return True\n    def __ne__(self, o): return True",
    },
    "endless_iterator": {"q5": "import itertools\ndef evens(n): return itertools.count(0, 2)"},
    "huge_values": {
        "q3": "total = 'x' * (300 << 20)",
        "q5": "def evens(n):\n    x = []\n    for _ in range(5000): x = [x]\n    return x",
    },
    "thread_that_answers": {
        "q2": (
            "import threading, gc\ndef spam():\n    import time\n    while True:\n        for o in gc.get_objects():\n"
            "            if isinstance(o, dict) and 'expected' in o: o['expected'] = 1\n        time.sleep(0.01)\n"
            "threading.Thread(target=spam, daemon=True).start()\ndef mean(x): return 1"
        ),
    },
    "reads_a_hidden_test": {
        "q4": (
            "import glob, inspect, linecache, sys\ndef name_of(k):\n    found = str(linecache.cache) + str(sys._getframe(1).f_locals)\n"
            "    print(found)\n    open('/tmp/s', 'w').write(found)\n    return found[found.find('B-7'):][:6]"
        ),
    },
}


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    setup = build.locked("setup", "import pandas as pd")
    cells = [setup]
    for name, solution in SOLUTIONS.items():
        check = CHECKS[f"{name}-test"]
        if name == "q1":
            check = "WANT = pd.read_csv('data/t.csv').groupby('k')['v'].sum()\n" + check
        cells += [build.answer(name, solution), build.check(f"{name}-test", hide(check))]
    toml = 'title = "x"\n[limits]\ncell_seconds = 3\nmemory_mb = 512\n'
    folder = build.write_folder(
        tmp_path_factory.mktemp("tricks"), *cells, toml=toml, data={"data/t.csv": TABLE.encode()}
    )
    return load_exercise(folder)


def hide(source):
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


def test_the_solutions_earn_all(exercise):
    assert grade(exercise, build.packed(build.handed_in(exercise, **SOLUTIONS))).points == 10


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_earns_nothing_and_reads_nothing(exercise, name):
    result = grade(exercise, build.packed(build.handed_in(exercise, **TRICKS[name])))
    assert {check.name: check.points for check in result.checks} == dict.fromkeys(CHECKS, 0)
    seen = json.dumps(result.feedback) + "".join(check.message for check in result.checks)
    if "'B-" not in TRICKS[name].get("q4", ""):
        assert "7731" not in seen


def test_the_next_one_is_graded(exercise):
    grade(exercise, build.packed(build.handed_in(exercise, **TRICKS["signals"])))
    assert grade(exercise, build.packed(build.handed_in(exercise, **SOLUTIONS))).points == 10

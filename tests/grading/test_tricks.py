"""Tricks against the wall between the learner's room and the checks': none earns a point, none reads what is hidden."""

# ruff: noqa: E501 - a trick is a line

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lms.grading import grade, load_exercise, pool
from lms.grading.sandbox import process

from . import build

pytestmark = pytest.mark.sandbox

TABLE = "k,v\na,1\nb,2\na,4\n"
CHECKS = {
    "q1-test": "got = totals(pd.read_csv('data/t.csv'))\nassert isinstance(got, pd.Series)\nassert got.equals(WANT)",
    "q2-test": "assert abs(mean([1, 2, 4]) - 7 / 3) < 1e-9\nassert mean([5]) == 5 and not mean([1, 2]) > 1.6",
    "q3-test": "expected = pd.read_csv('data/t.csv')['v'].sum()\nassert total == expected",
    "q4-test": "p = Point(1, 2)\nassert p == Point(1, 2) and p != Point(2, 2) and p.x == 1\nassert name_of('b') == 'B-7731'",
    "q5-test": "items = evens(10)\nassert list(items) == [0, 2, 4, 6, 8]\nassert 4 in evens(5) and 3 not in evens(5)",
    "q6-test": (
        "import unittest\nclass TestDouble(unittest.TestCase):\n    def test_double(self):\n"
        "        self.assertEqual(double(5), 10)\nunittest.main(argv=['x'], exit=False)"
    ),
    "q7-test": "for got, want in zip(map(half, [2, 4]), [1, 2]):\n    assert got == want",
    "q8-test": "try:\n    check(-1)\n    raise AssertionError('no error')\nexcept ValueError as error:\n    assert str(error) == 'low: -1'\nassert check(2) == 2",
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
    "q6": "def double(x):\n    return x * 2",
    "q7": "def half(x):\n    return x / 2",
    "q8": "def check(x):\n    if x < 0:\n        raise ValueError(f'low: {x}')\n    return x",
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
    # test runners and loops
    "skips_the_test": {
        "q6": "import unittest\ndef double(x): raise unittest.SkipTest('not today')",
        "q7": "import unittest\ndef half(x): raise unittest.SkipTest",
    },
    "stops_the_test": {
        "q6": "import unittest.case\ndef double(x): raise unittest.case._ShouldStop",
        "q7": "def half(x): raise StopIteration",
        "q5": "def evens(n): raise StopIteration",
    },
    "skips_by_the_name": {
        "q6": "class SkipTest(Exception): pass\nSkipTest.__module__ = 'unittest.case'\ndef double(x): raise SkipTest",
    },
    "stops_by_a_subclass": {
        "q7": "class Done(StopIteration): pass\ndef half(x): raise Done",
        "q6": "import unittest\nclass Later(unittest.SkipTest): pass\ndef double(x): raise Later",
    },
    "stops_in_a_property": {
        "q7": "class H:\n    @property\n    def __name__(self): raise StopIteration\n    def __call__(self, x): raise StopIteration\nhalf = H()",
    },
    "loads_no_tests": {
        "q6": "def load_tests(loader, tests, pattern): return lambda result: None\ndef setUpModule():\n    import unittest\n    raise unittest.SkipTest",
    },
    "own_test_case": {
        "q6": "import unittest\nclass TestDouble(unittest.TestCase):\n    def test_double(self): pass\nTestDouble.__name__ = 'T'\nunittest.main = lambda *a, **k: None\nunittest.TestCase.assertEqual = lambda *a: None",
    },
    "expects_failure": {
        "q6": "import unittest\n@unittest.expectedFailure\ndef double(x): return 1\ndouble.__unittest_skip__ = True",
    },
    # values
    "any_of_mock": {
        "q2": "from unittest.mock import ANY\ndef mean(x): return ANY",
        "q3": "from unittest.mock import ANY\ntotal = ANY",
        "q7": "from unittest.mock import ANY, MagicMock\nhalf = MagicMock(return_value=ANY)",
    },
    "masked_and_missing": {
        "q2": "import numpy as np\ndef mean(x): return np.ma.masked",
        "q3": "total = pd.NA",
        "q5": "import numpy as np\ndef evens(n): return np.ma.masked_all(5)",
        "q7": "import numpy as np\ndef half(x): return np.array([])",
    },
    "not_a_number": {
        "q2": "def mean(x): return float('nan')",
        "q3": "import decimal\ntotal = decimal.Decimal('sNaN')",
        "q5": "def evens(n): return {float('nan'): 1}",
        "q7": "def half(x): return pd.NaT",
    },
    "claims_a_class": {
        "q1": YES + "Yes.__class__ = property(lambda s: pd.Series)\ndef totals(f): return Yes()",
        "q2": YES + "Yes.__class__ = property(lambda s: float)\ndef mean(x): return Yes()",
        "q7": YES + "Yes.__class__ = property(lambda s: int)\ndef half(x): return Yes()",
    },
    "metaclass": {
        "q4": (
            "class M(type):\n    def __instancecheck__(c, i): return True\n    def __eq__(c, o): return True\n    __hash__ = type.__hash__\n"
            "    def __call__(c, *a): return c\n    def __getattr__(c, n): return 1\n    def __ne__(c, o): return True\n"
            "class Point(metaclass=M): pass"
        ),
    },
    "descriptors": {
        "q4": "class D:\n    def __get__(s, i, o): return 1\n    def __set__(s, i, v): raise SystemExit\nclass Point:\n    x = D()\n    def __init__(s, *a): pass\n    def __eq__(s, o): return NotImplemented",
    },
    "yes_inside": {
        "q1": YES + "def totals(f): return pd.Series([Yes(), Yes()], index=pd.Index(['a', 'b'], name='k'), name='v')",
        "q5": YES + "def evens(n): return [Yes() for _ in range(5)]",
        "q3": YES + "import numpy as np\ntotal = np.array(Yes(), dtype=object)",
    },
    "lying_dtype": {
        "q1": (
            "from pandas.api.extensions import ExtensionArray, ExtensionDtype\nimport numpy as np\n"
            "class T(ExtensionDtype):\n    name = 'int64'; type = int; kind = 'i'\n    @classmethod\n    def construct_array_type(c): return A\n"
            "class A(ExtensionArray):\n    dtype = T()\n    def __len__(s): return 2\n    def __getitem__(s, k): return s\n    def equals(s, o): return True\n"
            "    def isna(s): return np.zeros(2, bool)\n    def copy(s): return s\ndef totals(f): return pd.Series(A(), index=['a', 'b'])"
        ),
    },
    "array_that_equals": {
        "q3": "import numpy as np\nclass A(np.ndarray):\n    def __eq__(s, o): return True\n    def __array_ufunc__(s, *a, **k): return True\ntotal = np.zeros(()).view(A)",
        "q2": "import numpy as np\nclass A(np.ndarray):\n    __array_priority__ = 1e9\n    def __sub__(s, o): return 0.0\n    def __gt__(s, o): return False\n    def __eq__(s, o): return True\ndef mean(x): return np.ones(1).view(A)",
    },
    "colliding_keys": {
        "q3": "total = {i * (2 ** 61 - 1): 0 for i in range(4000)}",
        "q5": "def evens(n): return {i * (2 ** 61 - 1) for i in range(4000)}",
    },
    "endless_everything": {
        "q2": "def mean(x):\n    while True: yield 1",
        "q5": "class E:\n    def __len__(s): return 5\n    def __getitem__(s, k): return 0\ndef evens(n): return E()",
        "q7": "def half(x):\n    while True: pass",
    },
    "coroutines": {
        "q2": "async def mean(x): return 1",
        "q5": "async def evens(n):\n    yield 0",
        "q7": "import asyncio\ndef half(x): return asyncio.new_event_loop().create_future()",
    },
    "evil_exceptions": {
        "q2": "class E(Exception):\n    def __str__(s): raise E()\n    __repr__ = __str__\ndef mean(x): raise E(E())",
        "q5": "class E(BaseException):\n    def __str__(s): return 'x' * 10 ** 8\n    args = property(lambda s: 1 / 0)\ndef evens(n): raise E",
        "q8": "class V(ValueError):\n    def __str__(s): return 'low: -1'\n    def __eq__(s, o): return True\ndef check(x): raise V(Exception('low: -2'))",
    },
    "error_of_the_checks": {
        "q6": "def double(x): raise SyntaxError('invalid syntax')",
        "q7": "exec('def half(x): raise SyntaxError(1)')",
        "q8": "def check(x): raise AssertionError('no error') from ValueError('low: -1')",
    },
    # inside her own process
    "kernel_hooks": {
        "q1": (
            "ip = get_ipython()\nimport sys, builtins\nip.set_custom_exc((BaseException,), lambda *a, **k: None)\n"
            "ip.ast_transformers.append(type('T', (), {'visit': lambda s, n: __import__('ast').parse('pass')})())\n"
            "ip.input_transformers_post.append(lambda lines: ['pass\\n'])\nip.events.register('pre_run_cell', lambda *a: ip.user_ns.clear())\n"
            "ip.run_cell = ip.showtraceback = ip.run_code = lambda *a, **k: None\nsys.excepthook = sys.displayhook = lambda *a: None"
        ),
    },
    "tracing": {
        "q2": "import sys, threading\nsys.settrace(lambda *a: None); sys.setprofile(lambda *a: None); threading.settrace(lambda *a: None)\ndef mean(x): return 1",
        "q7": "import sys\nsys.setrecursionlimit(50)\ndef half(x): return half(x)",
    },
    "alarms_and_exits": {
        "q2": "import signal, os, atexit\natexit.register(os._exit, 0)\nsignal.signal(signal.SIGALRM, lambda *a: os._exit(0)); signal.setitimer(signal.ITIMER_REAL, 0.2, 0.1)\ndef mean(x): return 1",
        "q6": "import os\ndef double(x):\n    if os.fork(): os._exit(0)\n    return 10 if x != 5 else 11",
    },
    "fork_bomb": {
        "q2": "import os\ndef mean(x):\n    try:\n        while True: os.fork()\n    except OSError: pass\n    return 1",
    },
    "closes_everything": {
        "q3": "import os\nos.closerange(0, 4096)\ntotal = 1",
        "q5": "import os\ndef evens(n):\n    os.closerange(3, 4096)\n    return [0]",
    },
    "files_with_libraries_names": {
        "q1": (
            "import os, sys\nlies = 'def __getattr__(n): return lambda *a, **k: True'\n"
            "for name in ('numpy', 'pandas', 'json', 'unittest', 'ast', 'sitecustomize', 'usercustomize', 'struct', 'room'):\n"
            "    for folder in ('.', '/tmp', os.path.expanduser('~/.local/lib/python3.11/site-packages')):\n"
            "        os.makedirs(folder, exist_ok=True); open(f'{folder}/{name}.py', 'w').write(lies)\n"
            "open(os.path.expanduser('~/.local/lib/python3.11/site-packages/x.pth'), 'w').write('import os; os._exit(0)')\n"
            "sys.path.insert(0, '.')"
        ),
    },
    "modules_replaced": {
        "q2": (
            "import sys, types\nfor n in ('unittest', 'pandas', 'json', 'room.wall', 'room.desk', 'room.checks', 'room.codec'):\n"
            "    sys.modules[n] = types.ModuleType(n)\nmean = lambda x: 1"
        ),
    },
    "room_turned_round": {
        "q2": (
            "import gc, sys\nfrom room import wall, desk\nsent = wall.send\n"
            "def send(c, tree, buffers):\n    if 'value' in tree: tree = {'value': ['sub', 7, ['h', 0, {'module': '__main__', 'name': 'Point'}]], 'changes': [[0, ['l', [5]]], [99, 1], [-1, 1]], 'printed': []}\n"
            "    sent(c, tree, buffers)\nwall.send = desk.wall.send = send\nmean = lambda x: 1"
        ),
    },
    "odd_messages": {
        "q2": (
            "from room import wall, desk\nsent = wall.send\nodd = [{}, [], 5, {'error': 'x'}, {'error': {'kinds': [['os', 'error'], 5], 'arguments': ['t', [['h']]]}}, {'value': ['h']},\n"
            "       {'value': ['own', -1]}, {'value': ['own', True]}, {'value': ['=', 9]}, {'value': [[]]}, {'value': []}, {'printed': 5}, {'value': 1, 'changes': 7}]\n"
            "def send(c, tree, buffers): sent(c, odd.pop() if odd else [], [])\nwall.send = desk.wall.send = send\nmean = lambda x: 1"
        ),
    },
    "odd_arrays": {
        "q1": (
            "from room import codec\nodd = iter([['a', '<f8', [1 << 40], 0], ['a', '|V0', [1 << 40, 1 << 20], 0], ['a', 'O', [1], 0], ['n', '<f8', 0], ['a', '<f8', [-1], 0],\n"
            "    ['xd', 'string[pyarrow]'], ['nt', '__import__', ['os']], ['g', 'numpy', 'load'], ['r', 0, 1 << 400, 1], ['de', '1E+999999999'], ['df', 1, 2, 3], ['cat', ['l', [9]], ['ao', [0], []], 0]])\n"
            "codec.Encoder.encode = lambda self, v, depth=0: (self.buffer(b'12345678'), next(odd, ['l', []]))[1]\ntotals = lambda f: 1"
        ),
        "q5": "evens = lambda n: 1",
        "q7": "half = lambda n: 1",
    },
    "deep_message": {
        "q2": (
            "from room import wall\nimport struct\ndef mean(x):\n    import gc\n    d = next(o for o in gc.get_objects() if type(o).__name__ == 'Desk')\n"
            "    body = b'[' * 100000\n    d._connection.sendall(struct.pack('!II', len(body), 0) + body)\n    return 1"
        ),
    },
    "endless_callbacks": {
        "q2": (
            "import gc\ndef mean(x):\n    d = next(o for o in gc.get_objects() if type(o).__name__ == 'Desk')\n"
            "    while True:\n        try: d._ask(0, (), {})\n        except Exception: pass"
        ),
    },
    "changes_later": {
        "q2": "import threading, time\nanswer = [1.0]\ndef later():\n    for n in range(10 ** 6):\n        answer[0] = n % 7 / 3; time.sleep(0)\nthreading.Thread(target=later, daemon=True).start()\ndef mean(x): return -1",
        "q4": "import ctypes\nctypes.memset(id(1) + 24, 9, 1)\nctypes.memset(id(0) + 24, 1, 1)",
    },
    "names_of_python": {
        "q3": "__builtins__ = {}\n__name__ = 'x'\n__import__ = None\n__debug = False\nglobals().update({'__build_class__': None, 'AssertionError': Exception, 'expected': 1})\ntotal = 1",
        "q5": "def evens(n): return [0]\nprint = open = getattr = type = isinstance = lambda *a, **k: True",
    },
}


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    setup = build.locked("setup", "import pandas as pd\nfrom unittest import SkipTest")
    cells = [setup]
    for name, solution in SOLUTIONS.items():
        check = CHECKS[f"{name}-test"]
        if name == "q1":
            check = "WANT = pd.read_csv('data/t.csv').groupby('k')['v'].sum()\n" + check
        cells += [build.answer(name, solution), build.check(f"{name}-test", hide(check))]
    toml = 'title = "x"\n[limits]\ncell_seconds = 2\nmemory_mb = 512\n'
    folder = build.write_folder(
        tmp_path_factory.mktemp("tricks"), *cells, toml=toml, data={"data/t.csv": TABLE.encode()}
    )
    return load_exercise(folder)


def hide(source):
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


def test_the_solutions_earn_all(exercise):
    assert grade(exercise, build.packed(build.handed_in(exercise, **SOLUTIONS))).points == 16


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_earns_nothing_and_reads_nothing(exercise, name):
    result = grade(exercise, build.packed(build.handed_in(exercise, **TRICKS[name])))
    assert {check.name: check.points for check in result.checks} == dict.fromkeys(CHECKS, 0)
    assert result.outcome == "graded"
    seen = json.dumps(result.feedback) + "".join(check.message for check in result.checks)
    if "'B-" not in TRICKS[name].get("q4", ""):
        assert "7731" not in seen


def test_nothing_of_them_stays_and_the_next_one_is_graded(exercise):
    assert grade(exercise, build.packed(build.handed_in(exercise, **SOLUTIONS))).points == 16
    before = tree(exercise)
    for name in ("signals", "fork_bomb", "alarms_and_exits", "closes_everything"):
        grade(exercise, build.packed(build.handed_in(exercise, **TRICKS[name])))
    assert len(tree(exercise)) <= len(before)
    assert grade(exercise, build.packed(build.handed_in(exercise, **SOLUTIONS))).points == 16


def tree(exercise):
    with pool.warm_parent(exercise, None) as parent:
        return [pid for pid in process._tree(parent.pid) if Path(f"/proc/{pid}").exists()]

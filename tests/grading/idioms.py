"""Honest ways of writing a check, each with the author's solution, a right answer in other words, and wrong ones.

What a check earns must be what it would earn in a plain notebook.
"""

# ruff: noqa: E501 - an idiom is a line

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Idiom:
    name: str
    solution: str
    check: str
    wrong: tuple[str, ...]
    right: tuple[str, ...] = ()
    setup: str = ""


IDIOMS = [
    # plain values
    Idiom("number", "x = 3", "assert x == 3", ("x = 4", "x = '3'", "x = None"), ("x = 3.0", "x = 1 + 2")),
    Idiom("ellipsis", "x = 3", "assert x is not ..., 'empty'", ("x = ...",), ("x = 4",)),
    Idiom("none", "x = None", "assert x is None", ("x = 0", "x = ''")),
    Idiom("true", "x = True", "assert x is True", ("x = False", "x = 1")),
    Idiom("complex", "x = 1 + 2j", "assert x.imag == 2", ("x = 1 + 3j",)),
    Idiom("large", "x = 2 ** 200", "assert x == 1 << 200", ("x = 2.0 ** 200 + 1e50",)),
    Idiom("text", "x = '가동'", "assert x == '가동' and x.startswith('가')", ("x = '정지'",)),
    Idiom("bytes", "x = b'ab'", "assert x == b'ab' and isinstance(x, bytes)", ("x = 'ab'",)),
    Idiom(
        "list", "x = [1, [2, 3]]", "assert x == [1, [2, 3]] and type(x) is list", ("x = (1, [2, 3])", "x = [1, [2, 4]]")
    ),
    Idiom("tuple", "x = (1, 2)", "assert isinstance(x, tuple) and x[1] == 2", ("x = [1, 2]",)),
    Idiom("set", "x = {1, 2}", "assert x == {2, 1}", ("x = [1, 2]", "x = {1}"), ("x = set([2, 1])",)),
    Idiom("dict", "x = {'a': 1, 2: [3]}", "assert x['a'] == 1 and list(x) == ['a', 2]", ("x = {'a': 2}", "x = {}")),
    Idiom(
        "counter",
        "from collections import Counter\nx = Counter('aab')",
        "assert x.most_common(1) == [('a', 2)]",
        ("x = {'a': 2}",),
    ),
    Idiom(
        "namedtuple",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\np = P(1, 2)",
        "assert p.x == 1 and p == (1, 2)",
        ("p = (1, 3)",),
    ),
    Idiom(
        "date",
        "import datetime\nd = datetime.date(2026, 7, 1)",
        "assert d.year == 2026 and d.isoformat() == '2026-07-01'",
        ("d = '2026-07-01'",),
    ),
    Idiom(
        "zoned",
        "import datetime, zoneinfo\nd = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Asia/Seoul'))",
        "assert d.utcoffset().total_seconds() == 9 * 3600",
        ("import datetime\nd = datetime.datetime(2026, 7, 1, tzinfo=datetime.timezone.utc)",),
    ),
    Idiom("decimal", "from decimal import Decimal\nx = Decimal('0.1') * 3", "assert str(x) == '0.3'", ("x = 0.1 * 3",)),
    Idiom(
        "fraction", "from fractions import Fraction\nx = Fraction(1, 3)", "assert x.denominator == 3", ("x = 1 / 3",)
    ),
    Idiom(
        "path",
        "from pathlib import Path\np = Path('data') / 'a.csv'",
        "assert p.suffix == '.csv' and p.name == 'a.csv'",
        ("p = 'data/a.csv'",),
    ),
    Idiom("range", "x = range(3)", "assert list(x) == [0, 1, 2]", ("x = range(4)",), ("x = [0, 1, 2]",)),
    Idiom(
        "dict_views",
        "x = {'a': 1}.keys()",
        "assert list(x) == ['a'] and 'a' in x",
        ("x = {'b': 1}.keys()",),
        ("x = ['a']",),
    ),
    # arrays and tables
    Idiom(
        "array",
        "a = np.arange(6).reshape(2, 3)",
        "assert a.shape == (2, 3) and a.sum() == 15",
        ("a = np.arange(6)", "a = [[0, 1, 2], [3, 4, 5]]"),
    ),
    Idiom(
        "allclose",
        "a = np.array([0.1, 0.2])",
        "np.testing.assert_allclose(a, [0.1, 0.2])",
        ("a = np.array([0.1, 0.3])",),
        ("a = [0.1, 0.2]",),
    ),
    Idiom(
        "numpy_scalar",
        "m = np.mean([1, 2])",
        "assert m == 1.5 and isinstance(m, float)",
        ("m = np.array([1.5, 2])",),
        ("m = 1.5",),
    ),
    Idiom("masked", "a = np.ma.masked_less([1, 5], 3)", "assert a.count() == 1", ("a = np.array([1, 5])",)),
    Idiom(
        "frame",
        "f = pd.DataFrame({'a': [1, 2], 'b': ['x', None]})",
        "assert list(f.columns) == ['a', 'b'] and f['b'].isna().sum() == 1",
        ("f = pd.DataFrame({'a': [1, 2]})", "f = 3"),
    ),
    Idiom(
        "frame_equal",
        "f = pd.DataFrame({'a': [1.0, np.nan]}, index=['x', 'y'])",
        "pd.testing.assert_frame_equal(f, pd.DataFrame({'a': [1.0, np.nan]}, index=['x', 'y']))",
        ("f = pd.DataFrame({'a': [1.0, 2]}, index=['x', 'y'])",),
    ),
    Idiom(
        "series_equal",
        "s = pd.Series([1, 2], index=pd.Index([5, 6], name='k'), name='v')",
        "pd.testing.assert_series_equal(s, pd.Series([1, 2], index=pd.Index([5, 6], name='k'), name='v'))",
        ("s = pd.Series([1, 2], index=[5, 6], name='v')",),
    ),
    Idiom(
        "dates_index",
        "s = pd.Series(range(3), index=pd.date_range('2026-07-01', periods=3, freq='D'))",
        "assert s['2026-07-02'] == 1 and s.index.freqstr == 'D'",
        ("s = pd.Series(range(3))",),
    ),
    Idiom(
        "zoned_column",
        "s = pd.Series(pd.date_range('2026-07-01', periods=2, tz='Asia/Seoul'))",
        "assert str(s.dt.tz) == 'Asia/Seoul'",
        ("s = pd.Series(pd.date_range('2026-07-01', periods=2))",),
    ),
    Idiom(
        "category",
        "s = pd.Series(['a', 'b', 'a'], dtype='category')",
        "assert list(s.cat.categories) == ['a', 'b'] and s.value_counts()['a'] == 2",
        ("s = pd.Series([1, 2])",),
    ),
    Idiom(
        "nullable",
        "s = pd.Series([1, None], dtype='Int64')",
        "assert str(s.dtype) == 'Int64' and s.isna().tolist() == [False, True]",
        ("s = pd.Series([1, None])",),
    ),
    Idiom(
        "multi_index",
        "s = pd.DataFrame({'k': ['a', 'b'], 'j': [1, 2], 'v': [3, 4]}).set_index(['k', 'j'])['v']",
        "assert s[('a', 1)] == 3 and s.index.names == ['k', 'j']",
        ("s = pd.Series([3, 4])",),
    ),
    Idiom(
        "timestamps",
        "t = pd.Timestamp('2026-07-01 08:00')",
        "assert t.hour == 8 and (t - pd.Timestamp('2026-07-01')).seconds == 28800",
        ("t = '2026-07-01 08:00'",),
    ),
    Idiom(
        "dtypes",
        "f = pd.DataFrame({'a': [1], 'b': [1.5]})",
        "assert f.dtypes['b'] == float and f['a'].dtype == np.int64",
        ("f = pd.DataFrame({'a': [1.0], 'b': [1]})",),
    ),
    Idiom(
        "grouped",
        "g = df.groupby('m')['v'].sum()",
        "assert g.to_dict() == {'a': 4, 'b': 2}",
        ("g = df.groupby('m')['v'].mean()",),
        ("g = df.pivot_table(index='m', values='v', aggfunc='sum')['v']",),
        "df = pd.DataFrame({'m': ['a', 'b', 'a'], 'v': [1, 2, 3]})",
    ),
    Idiom(
        "changed_table",
        "df['w'] = df['v'] * 2",
        "assert df['w'].tolist() == [2, 4]",
        ("df['w'] = df['v']", "pass"),
        ("df = df.assign(w=df['v'] * 2)",),
        "df = pd.DataFrame({'v': [1, 2]})",
    ),
    Idiom(
        "changed_list",
        "xs.append(4)",
        "assert xs == [1, 2, 4]",
        ("pass", "xs.append(5)"),
        ("xs = xs + [4]",),
        "xs = [1, 2]",
    ),
    Idiom(
        "unchanged_table",
        "n = len(df)",
        "assert n == len(df) and len(df) == 2",
        ("n = 3",),
        (),
        "df = pd.DataFrame({'v': [1, 2]})",
    ),
    Idiom(
        "not_the_original",
        "c = df.copy()\nc['v'] = 0",
        "assert c is not df and df['v'].sum() == 3 and c['v'].sum() == 0",
        ("c = df",),
        (),
        "df = pd.DataFrame({'v': [1, 2]})",
    ),
    # functions
    Idiom(
        "function",
        "def f(x):\n    return x * 2",
        "assert f(2) == 4 and f('a') == 'aa'",
        ("def f(x):\n    return 4", "f = 3", "def f():\n    return 4"),
        ("f = lambda x: x + x",),
    ),
    Idiom("callable", "def f(x):\n    return x", "assert callable(f) and f(1) == 1", ("f = 1",)),
    Idiom(
        "keywords",
        "def f(a, b=2, *c, d=4, **e):\n    return a + b + sum(c) + d + sum(e.values())",
        "assert f(1) == 7 and f(1, 2, 3, d=5, z=1) == 12",
        ("def f(a, b=2, *c, d=4, **e):\n    return a + b + d",),
    ),
    Idiom(
        "raises",
        "def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x",
        "try:\n    f(-1)\n    raise AssertionError('no error')\nexcept ValueError as e:\n    assert 'negative' in str(e)\nassert f(1) == 1",
        ("def f(x):\n    return x", "def f(x):\n    raise KeyError(x)"),
    ),
    Idiom(
        "raises_own",
        "class Full(Exception):\n    pass\ndef f():\n    raise Full('x')",
        "try:\n    f()\n    assert False\nexcept Full as e:\n    assert e.args == ('x',)",
        (
            "class Full(Exception):\n    pass\ndef f():\n    pass",
            "class Full(Exception):\n    pass\ndef f():\n    raise ValueError('x')",
        ),
    ),
    Idiom(
        "raises_cause",
        "def f():\n    try:\n        int('x')\n    except ValueError as e:\n        raise KeyError('k') from e",
        "try:\n    f()\n    assert False\nexcept KeyError as e:\n    assert isinstance(e.__cause__, ValueError)",
        ("def f():\n    raise KeyError('k')",),
    ),
    Idiom(
        "name_error",
        "def f():\n    return helper",
        "try:\n    f()\n    assert False\nexcept NameError:\n    pass",
        ("def f():\n    return 1",),
    ),
    Idiom(
        "mutates",
        "def f(xs):\n    xs.sort()",
        "ys = [3, 1]\nassert f(ys) is None\nassert ys == [1, 3]",
        ("def f(xs):\n    return sorted(xs)",),
        ("def f(xs):\n    xs[:] = sorted(xs)",),
    ),
    Idiom(
        "mutates_nested",
        "def f(d):\n    d['a'].append(1)",
        "d = {'a': []}\nf(d)\nassert d == {'a': [1]}",
        ("def f(d):\n    return {'a': [1]}",),
    ),
    Idiom(
        "mutates_array",
        "def f(a):\n    a[0] = 9",
        "a = np.zeros(2)\nf(a)\nassert a[0] == 9",
        ("def f(a):\n    a = [9]",),
    ),
    Idiom(
        "mutates_frame",
        "def f(t):\n    t['b'] = 1",
        "t = pd.DataFrame({'a': [1]})\nf(t)\nassert 'b' in t.columns",
        ("def f(t):\n    return t",),
    ),
    Idiom(
        "leaves_input",
        "def f(xs):\n    return sorted(xs)",
        "ys = [3, 1]\nassert f(ys) == [1, 3] and ys == [3, 1]",
        ("def f(xs):\n    xs.sort()\n    return xs",),
    ),
    Idiom(
        "returns_argument",
        "def f(xs):\n    return xs",
        "ys = []\nassert f(ys) is ys",
        ("def f(xs):\n    return list(xs)",),
    ),
    Idiom(
        "same_twice",
        "def f(a, b):\n    return a is b",
        "x = []\nassert f(x, x) and not f([], [])",
        ("def f(a, b):\n    return True",),
    ),
    Idiom(
        "callback",
        "def apply(f, xs):\n    return [f(x) for x in xs]",
        "assert apply(lambda x: x + 1, [1, 2]) == [2, 3]\ncalls = []\napply(calls.append, [5])\nassert calls == [5]",
        ("def apply(f, xs):\n    return [x + 1 for x in xs]",),
    ),
    Idiom(
        "builtin_callback",
        "def apply(f, xs):\n    return f(xs)",
        "assert apply(max, [1, 3]) == 3 and apply(np.mean, [1, 3]) == 2",
        ("def apply(f, xs):\n    return 3",),
    ),
    Idiom(
        "closure",
        "def adder(n):\n    return lambda x: x + n",
        "assert adder(2)(3) == 5 and adder(1)(1) == 2",
        ("def adder(n):\n    return lambda x: 5",),
    ),
    Idiom(
        "decorator",
        "def twice(f):\n    def g(*a):\n        return f(f(*a))\n    return g",
        "@twice\ndef h(x):\n    return x + 1\nassert h(1) == 3",
        ("def twice(f):\n    return f",),
    ),
    Idiom(
        "recursion",
        "def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)",
        "assert fact(5) == 120 and fact(30) == 265252859812191058636308480000000",
        ("def fact(n):\n    return 120",),
    ),
    Idiom(
        "generator",
        "def g(n):\n    for i in range(n):\n        yield i",
        "it = g(3)\nassert next(it) == 0 and list(it) == [1, 2]",
        ("def g(n):\n    return [0, 1]",),
        ("def g(n):\n    return iter(range(n))",),
    ),
    Idiom(
        "any_iterable",
        "def g(n):\n    return list(range(n))",
        "assert list(g(3)) == [0, 1, 2]",
        ("def g(n):\n    return [0]",),
        (
            "def g(n):\n    yield from range(n)",
            "def g(n):\n    return map(int, range(n))",
            "def g(n):\n    return range(n)",
        ),
    ),
    Idiom(
        "send",
        "def g():\n    x = yield 1\n    yield x * 2",
        "it = g()\nassert next(it) == 1 and it.send(5) == 10",
        ("def g():\n    yield 1\n    yield 2",),
    ),
    Idiom(
        "async_function",
        "async def f(x):\n    return x + 1",
        "import asyncio\nassert await f(1) == 2",
        ("async def f(x):\n    return x",),
    ),
    Idiom(
        "signature",
        "def f(a, b=1):\n    return a",
        "import inspect\nassert list(inspect.signature(f).parameters) == ['a', 'b']",
        ("def f(x):\n    return x",),
    ),
    Idiom(
        "docstring",
        "def f():\n    'says what it does'",
        "assert f.__doc__ and f.__name__ == 'f'",
        ("def f():\n    pass",),
    ),
    Idiom(
        "getsource",
        "def f(xs):\n    return sum(xs)",
        "import inspect\nassert 'for' not in inspect.getsource(f)\nassert f([1, 2]) == 3",
        ("def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",),
    ),
    Idiom(
        "redefined_helper",
        "def f(x):\n    return helper(x) + 1",
        "assert f(1) == 11",
        ("def f(x):\n    return 12",),
        (),
        "def helper(x):\n    return x * 10",
    ),
    Idiom(
        "global_of_check",
        "def f():\n    return limit * 2",
        "limit = 5\nassert f() == 10\nlimit = 6\nassert f() == 12",
        ("def f():\n    return 10",),
    ),
    Idiom(
        "deleted_name",
        "total = sum([1, 2])",
        "del total\ntry:\n    total\n    assert False\nexcept NameError:\n    pass",
        ("pass",),
    ),
    Idiom(
        "loop_of_cases",
        "def f(x):\n    return 'odd' if x % 2 else 'even'",
        "for x, want in [(1, 'odd'), (2, 'even')]:\n    assert f(x) == want, (x, want)",
        ("def f(x):\n    return 'odd'",),
    ),
    # printed text, input, patches
    Idiom(
        "printed",
        "def f():\n    print('안녕')",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    f()\nassert out.getvalue() == '안녕\\n'",
        ("def f():\n    return '안녕'", "def f():\n    print('hi')"),
    ),
    Idiom(
        "swapped_stdout",
        "def f():\n    print(1)",
        "import io, sys\nkept, sys.stdout = sys.stdout, io.StringIO()\ntry:\n    f()\n    said = sys.stdout.getvalue()\nfinally:\n    sys.stdout = kept\nassert said.strip() == '1'",
        ("def f():\n    pass",),
    ),
    Idiom(
        "patched_print",
        "def f():\n    print('a', 'b')",
        "from unittest import mock\nwith mock.patch('builtins.print') as p:\n    f()\np.assert_called_once_with('a', 'b')",
        ("def f():\n    pass",),
    ),
    Idiom(
        "patched_random",
        "import random\ndef roll():\n    return random.randint(1, 6) + 1",
        "from unittest import mock\nwith mock.patch('random.randint', return_value=4) as r:\n    assert roll() == 5\nr.assert_called_once_with(1, 6)\nassert 2 <= roll() <= 7",
        ("def roll():\n    return 5", "import random\ndef roll():\n    return random.randint(1, 6)"),
    ),
    Idiom(
        "assigned_sleep",
        "import time\ndef wait():\n    time.sleep(30)\n    return 'ok'",
        "import time\nslept = []\nkept, time.sleep = time.sleep, slept.append\ntry:\n    assert wait() == 'ok'\nfinally:\n    time.sleep = kept\nassert slept == [30]",
        ("def wait():\n    return 'ok'",),
    ),
    Idiom(
        "patched_own_name",
        "def fetch():\n    return 1\ndef f():\n    return fetch() + 1",
        "from unittest import mock\nwith mock.patch('__main__.fetch', return_value=9):\n    assert f() == 10\nassert f() == 2",
        ("def fetch():\n    return 1\ndef f():\n    return 2",),
    ),
    Idiom(
        "mock_argument",
        "def send(to, text):\n    to.write(text.upper())",
        "from unittest import mock\nm = mock.Mock()\nsend(m, 'a')\nm.write.assert_called_once_with('A')",
        ("def send(to, text):\n    to.write(text)", "def send(to, text):\n    pass"),
    ),
    Idiom(
        "patched_input",
        "def f():\n    return int(input('n? ')) + 1",
        "from unittest import mock\nwith mock.patch('builtins.input', return_value='4'):\n    assert f() == 5",
        ("def f():\n    return 4",),
    ),
    Idiom(
        "warns",
        "import warnings\ndef f():\n    warnings.warn('old')\n    return 1",
        "assert f() == 1",
        ("def f():\n    return 2",),
    ),
    Idiom(
        "seeded",
        "import random\ndef roll():\n    return random.randint(1, 1000)",
        "import random\nrandom.seed(3)\na = roll()\nrandom.seed(3)\nassert roll() == a and 1 <= a <= 1000",
        ("import itertools\nit = itertools.count(1)\ndef roll():\n    return next(it)",),
    ),
    Idiom(
        "numpy_seeded",
        "def draw():\n    return np.random.rand()",
        "np.random.seed(1)\na = draw()\nnp.random.seed(1)\nassert draw() == a == np.random.RandomState(1).rand()",
        ("def draw():\n    return 0.5",),
    ),
    # classes
    Idiom(
        "class",
        "class Tank:\n    def __init__(self, size):\n        self.size = size\n        self.level = 0\n    def fill(self, n):\n        self.level = min(self.size, self.level + n)\n        return self.level",
        "t = Tank(10)\nassert t.fill(4) == 4 and t.fill(9) == 10 and t.level == 10\nassert isinstance(t, Tank)",
        (
            "class Tank:\n    def __init__(self, size):\n        self.level = 0\n    def fill(self, n):\n        self.level += n\n        return self.level",
        ),
    ),
    Idiom(
        "class_equality",
        "class P:\n    def __init__(self, x):\n        self.x = x\n    def __eq__(self, o):\n        return self.x == o.x\n    def __add__(self, o):\n        return P(self.x + o.x)\n    def __repr__(self):\n        return f'P({self.x})'",
        "assert P(1) == P(1) and not P(1) == P(2)\nassert (P(1) + P(2)).x == 3 and repr(P(3)) == 'P(3)'",
        ("class P:\n    def __init__(self, x):\n        self.x = x",),
    ),
    Idiom(
        "class_len",
        "class Bag:\n    def __init__(self):\n        self.items = []\n    def add(self, x):\n        self.items.append(x)\n    def __len__(self):\n        return len(self.items)\n    def __contains__(self, x):\n        return x in self.items\n    def __iter__(self):\n        return iter(self.items)",
        "b = Bag()\nb.add(3)\nassert len(b) == 1 and 3 in b and 4 not in b and list(b) == [3]",
        ("class Bag:\n    def add(self, x):\n        pass\n    def __len__(self):\n        return 1",),
    ),
    Idiom(
        "property",
        "class C:\n    def __init__(self, c):\n        self.c = c\n    @property\n    def f(self):\n        return self.c * 9 / 5 + 32",
        "c = C(100)\nassert c.f == 212\nc.c = 0\nassert c.f == 32",
        ("class C:\n    def __init__(self, c):\n        self.f = 212",),
    ),
    Idiom(
        "subclass",
        "class Dog(Animal):\n    def sound(self):\n        return 'woof'",
        "d = Dog('Rex')\nassert isinstance(d, Animal) and issubclass(Dog, Animal)\nassert d.sound() == 'woof' and d.name == 'Rex'",
        (
            "class Dog:\n    def __init__(self, name):\n        self.name = name\n    def sound(self):\n        return 'woof'",
        ),
        (),
        "class Animal:\n    def __init__(self, name):\n        self.name = name\n    def sound(self):\n        return ''",
    ),
    Idiom(
        "given_instance",
        "def label(a):\n    return a.name.upper()",
        "assert label(Animal('rex')) == 'REX'",
        ("def label(a):\n    return 'X'",),
        (),
        "class Animal:\n    def __init__(self, name):\n        self.name = name",
    ),
    Idiom(
        "replaced_comparison",
        "from numpy.testing import assert_allclose\nx = [1, 2]",
        "assert_allclose(x, [1, 2])",
        ("def assert_allclose(*a):\n    pass\nx = 5",),
        ("x = [1, 2]\nfrom numpy.testing import assert_allclose",),
    ),
    Idiom(
        "dataclass",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int = 2",
        "assert P(1) == P(1, 2) and P(1).y == 2 and repr(P(1)) == 'P(x=1, y=2)'",
        ("class P:\n    def __init__(self, x, y=2):\n        self.x, self.y = x, y",),
    ),
    Idiom(
        "context",
        "class M:\n    def __enter__(self):\n        return 5\n    def __exit__(self, *a):\n        return True",
        "with M() as v:\n    assert v == 5\n    raise ValueError",
        ("class M:\n    def __enter__(self):\n        return 5\n    def __exit__(self, *a):\n        return False",),
    ),
    Idiom(
        "static_method",
        "class T:\n    rate = 3\n    @staticmethod\n    def f(x):\n        return x * 3\n    @classmethod\n    def make(cls):\n        return cls()",
        "assert T.f(2) == 6 and T.rate == 3 and isinstance(T.make(), T)",
        ("class T:\n    rate = 3\n    @staticmethod\n    def f(x):\n        return 5",),
    ),
    Idiom(
        "float_subclass",
        "class Celsius(float):\n    pass\nc = Celsius(3.5)",
        "assert c == 3.5 and c + 1 == 4.5",
        ("c = 3",),
    ),
    Idiom(
        "enum",
        "import enum\nclass State(enum.Enum):\n    RUN = 1\n    STOP = 2",
        "assert State.RUN.value == 1 and State.STOP.name == 'STOP'",
        ("class State:\n    RUN = 1",),
    ),
    # how names are looked up
    Idiom("globals", "total = 6", "assert globals()['total'] == 6 and 'total' in globals()", ("total = 5", "pass")),
    Idiom("in_dir", "total = 6", "assert 'total' in dir()", ("pass",)),
    Idiom(
        "main_module",
        "def f():\n    return 3",
        "import __main__\nassert __main__.f() == 3 and hasattr(__main__, 'f')",
        ("def f():\n    return 4", "pass"),
    ),
    Idiom("sys_modules", "x = 3", "import sys\nassert getattr(sys.modules['__main__'], 'x') == 3", ("x = 4",)),
    Idiom(
        "eval",
        "def f(x):\n    return x + 1",
        "assert eval('f(2)') == 3\nexec('y = f(4)')\nassert y == 5",
        ("def f(x):\n    return 3",),
    ),
    Idiom("inside_function", "x = 3", "def test():\n    assert x == 3\ntest()", ("x = 4",)),
    Idiom(
        "test_functions",
        "def f(x):\n    return x * 2",
        "def test_one():\n    assert f(1) == 2\ndef test_two():\n    assert f(2) == 4\nfor name, t in list(globals().items()):\n    if name.startswith('test_'):\n        t()",
        ("def f(x):\n    return 2",),
    ),
    Idiom(
        "unittest",
        "def f(x):\n    return x * 2",
        "import unittest\nclass TestF(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(f(1), 2)\n    def test_error(self):\n        with self.assertRaises(TypeError):\n            f()\nunittest.main(argv=['x'], exit=False)",
        ("def f(x):\n    return 3", "def f(x=1):\n    return x * 2"),
    ),
    Idiom(
        "unittest_suite",
        "def f(x):\n    return x * 2",
        "import unittest\nclass TestG(unittest.TestCase):\n    def test_one(self):\n        self.assertAlmostEqual(f(0.1), 0.2)\nresult = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(TestG))\nassert result.wasSuccessful() and result.testsRun == 1",
        ("def f(x):\n    return 3",),
    ),
    Idiom(
        "partial_credit",
        "def f(x):\n    return x * 2",
        "score = 0\nfor x in (1, 2):\n    if f(x) == x * 2:\n        score += 1\nscore",
        ("def f(x):\n    return 0",),
    ),
    # libraries
    Idiom("learners_import", "import math\nr = math.sqrt(16)", "assert r == 4 and math.isclose(r, 4)", ("r = 5",)),
    Idiom("learners_alias", "from math import sqrt as root", "assert root(9) == 3", ("def root(x):\n    return 4",)),
    Idiom(
        "regex_match",
        "import re\nm = re.match(r'(\\d+)', '12ab')",
        "assert m.group(1) == '12' and m.end() == 2",
        ("m = None",),
    ),
    Idiom("poly", "p = np.poly1d([1, 2])", "assert p(3) == 5", ("p = lambda x: 4",)),
    Idiom(
        "file_written",
        "with open('out.txt', 'w') as f:\n    f.write('done')\ndef read():\n    return open('out.txt').read()",
        "assert read() == 'done'",
        ("def read():\n    return ''",),
    ),
    # what a call leaves beside its result
    Idiom(
        "warning_recorded",
        "import warnings\ndef f(x):\n    if x > 100:\n        warnings.warn('too hot', RuntimeWarning)\n    return x",
        "import warnings\nwith warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n    f(120)\n    f(20)\nassert len(seen) == 1 and issubclass(seen[0].category, RuntimeWarning) and 'hot' in str(seen[0].message)",
        (
            "def f(x):\n    return x",
            "import warnings\ndef f(x):\n    warnings.warn('too hot', UserWarning)\n    return x",
        ),
    ),
    Idiom(
        "warning_as_error",
        "import warnings\ndef f():\n    warnings.warn('old', DeprecationWarning)",
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('error')\n    try:\n        f()\n        assert False, 'no warning'\n    except DeprecationWarning as e:\n        assert str(e) == 'old'",
        ("def f():\n    pass",),
    ),
    Idiom(
        "assert_warns",
        "import warnings\ndef f():\n    warnings.warn('old', DeprecationWarning)",
        "import unittest\nwith unittest.TestCase().assertWarns(DeprecationWarning):\n    f()",
        ("def f():\n    pass", "import warnings\ndef f():\n    warnings.warn('old')"),
    ),
    Idiom(
        "assert_logs",
        "import logging\ndef f(x):\n    logging.getLogger('line').info('speed %d', x)",
        "import unittest\nwith unittest.TestCase().assertLogs('line', level='INFO') as seen:\n    f(7)\nassert seen.output == ['INFO:line:speed 7']",
        (
            "def f(x):\n    print('speed', x)",
            "import logging\ndef f(x):\n    logging.getLogger('line').debug('speed %d', x)",
        ),
    ),
    Idiom(
        "own_log_handler",
        "import logging\nlog = logging.getLogger('press')\ndef f():\n    log.warning('jam')\n    return 1",
        "import logging\nclass Keep(logging.Handler):\n    def __init__(self):\n        super().__init__()\n        self.seen = []\n    def emit(self, record):\n        self.seen.append((record.levelname, record.getMessage()))\nkeep = Keep()\nlogging.getLogger().addHandler(keep)\ntry:\n    assert f() == 1\nfinally:\n    logging.getLogger().removeHandler(keep)\nassert keep.seen == [('WARNING', 'jam')]",
        (
            "def f():\n    return 1",
            "import logging\ndef f():\n    logging.getLogger('press').error('jam')\n    return 1",
        ),
    ),
    # what is the same thing
    Idiom(
        "two_names_one_list",
        "a = [1]\nb = a",
        "assert a is b\na.append(2)\nassert b == [1, 2]",
        ("a = [1]\nb = [1]", "a = [1]\nb = list(a)"),
    ),
    Idiom(
        "two_names_one_table",
        "table = pd.DataFrame({'v': [1, 2]})\nview = table",
        "assert view is table",
        ("table = pd.DataFrame({'v': [1, 2]})\nview = table.copy()",),
    ),
    Idiom(
        "same_after_a_call",
        "log = []\ndef note(x):\n    log.append(x)",
        "before = log\nnote(1)\nassert log is before and before == [1]",
        ("log = []\ndef note(x):\n    global log\n    log = log + [x]", "log = []\ndef note(x):\n    pass"),
    ),
    Idiom(
        "returns_its_own_list",
        "store = {'a': 1}\ndef get():\n    return store",
        "assert store == {'a': 1}\nassert get() is store",
        ("store = {'a': 1}\ndef get():\n    return dict(store)",),
    ),
    Idiom(
        "objects_in_a_ring",
        "class Node:\n    def __init__(self):\n        self.next = None\na = Node()\nb = Node()\na.next = b\nb.next = a",
        "assert a.next is b and b.next is a and a.next.next is a and a is not b",
        (
            "class Node:\n    def __init__(self):\n        self.next = None\na = Node()\nb = Node()\na.next = a\nb.next = b",
        ),
    ),
    Idiom(
        "enum_members",
        "import enum\nclass State(enum.Enum):\n    RUN = 1\n    STOP = 2\ndef toggle(s):\n    return State.STOP if s is State.RUN else State.RUN",
        "assert toggle(State.RUN) is State.STOP and toggle(State.STOP) is State.RUN",
        ("import enum\nclass State(enum.Enum):\n    RUN = 1\n    STOP = 2\ndef toggle(s):\n    return s",),
    ),
    # the exercise's own classes
    Idiom(
        "given_instance_changed",
        "def start(m):\n    m.speed = 5\n    m.log.append('start')",
        "m = Machine('A')\nstart(m)\nassert m.speed == 5 and m.log == ['start'] and m.describe() == 'A at 5'",
        (
            "def start(m):\n    m.speed = 5",
            "def start(m):\n    m = Machine('A')\n    m.speed = 5\n    m.log.append('start')",
        ),
        (),
        "class Machine:\n    def __init__(self, name):\n        self.name, self.speed, self.log = name, 0, []\n    def describe(self):\n        return f'{self.name} at {self.speed}'",
    ),
    Idiom(
        "given_instance_returned",
        "def turned(p):\n    return Point(p.y, p.x)\ndef same(p):\n    return p",
        "p = Point(1, 2)\nassert turned(p) == Point(2, 1) and same(p) is p and isinstance(turned(p), Point)\nq = turned(p)\nq.x = 9\nassert turned(q) == Point(1, 9)",
        (
            "def turned(p):\n    return p\ndef same(p):\n    return p",
            "def turned(p):\n    return Point(p.y, p.x)\ndef same(p):\n    return Point(p.x, p.y)",
            "Point.__eq__ = lambda s, o: True\ndef turned(p):\n    return p\ndef same(p):\n    return p",
        ),
        (),
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int",
    ),
    Idiom(
        "given_instances_kept",
        "class Line:\n    def __init__(self):\n        self.machines = []\n    def add(self, m):\n        self.machines.append(m)\n    def start(self):\n        for m in self.machines:\n            m.on = True",
        "line = Line()\na, b = Machine(), Machine()\nline.add(a)\nline.add(b)\nassert not a.on\nline.start()\nassert a.on and b.on and line.machines[0] is a",
        (
            "class Line:\n    def __init__(self):\n        self.machines = []\n    def add(self, m):\n        self.machines = [m]\n    def start(self):\n        for m in self.machines:\n            m.on = True",
        ),
        (),
        "class Machine:\n    on = False",
    ),
    Idiom(
        "given_instances_in_a_ring",
        "def link(a, b):\n    a.next, b.next = b, a",
        "a, b = Node(), Node()\nlink(a, b)\nassert a.next is b and b.next is a\nlink(a, a)\nassert a.next is a",
        ("def link(a, b):\n    a.next, b.next = a, b",),
        (),
        "class Node:\n    next = None",
    ),
    Idiom(
        "given_enum",
        "def name_of(s):\n    return 'on' if s is State.RUN else 'off'\ndef flip(s):\n    return State.STOP if s is State.RUN else State.RUN",
        "assert name_of(State.RUN) == 'on' and name_of(State.STOP) == 'off' and flip(State.RUN) is State.STOP",
        ("def name_of(s):\n    return 'on'\ndef flip(s):\n    return s",),
        (),
        "import enum\nclass State(enum.Enum):\n    RUN = 1\n    STOP = 2",
    ),
    Idiom(
        "given_stack",
        "def fill(s):\n    s.push(1)\n    s.push(2)",
        "s = Stack()\nfill(s)\nassert s.items == [1, 2] and s.pop() == 2 and s.items == [1]",
        (
            "def fill(s):\n    s.push(2)\n    s.push(1)",
            "def fill(s):\n    pass",
            "Stack.pop = lambda self: 2\ndef fill(s):\n    s.items = [1, 3]",
        ),
        (),
        "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n        self.items.append(x)\n    def pop(self):\n        return self.items.pop()",
    ),
    # values of libraries
    Idiom(
        "random_generator",
        "def draw(rng):\n    return rng.normal(size=3)",
        "got = draw(np.random.default_rng(4))\nassert np.allclose(got, np.random.default_rng(4).normal(size=3))",
        ("def draw(rng):\n    return np.random.default_rng(5).normal(size=3)",),
    ),
    Idiom(
        "own_generator",
        "rng = np.random.default_rng(4)\nx = rng.integers(0, 10, 5)",
        "assert isinstance(rng, np.random.Generator) and (x == np.random.default_rng(4).integers(0, 10, 5)).all()",
        ("rng = 4\nx = [1]", "rng = np.random.default_rng(5)\nx = rng.integers(0, 10, 5)"),
    ),
    Idiom(
        "time_and_zone",
        "import datetime\nshift = datetime.time(22, 30)\nzone = datetime.timezone(datetime.timedelta(hours=9))",
        "import datetime\nassert shift == datetime.time(22, 30) and zone.utcoffset(None) == datetime.timedelta(hours=9)",
        ("shift = '22:30'\nzone = 9", "import datetime\nshift = datetime.time(10, 30)\nzone = datetime.timezone.utc"),
    ),
    Idiom(
        "period_and_interval",
        "p = pd.Period('2026-07', freq='M')\nbins = pd.cut([1, 5], [0, 3, 6])",
        "assert p.month == 7 and p == pd.Period('2026-07') and str(bins[0]) == '(0, 3]' and len(bins.categories) == 2",
        ("p = pd.Period('2026-08', freq='M')\nbins = [1, 2]",),
    ),
    Idiom(
        "period_index",
        "s = pd.Series([1, 2], index=pd.period_range('2026-07', periods=2, freq='M'))",
        "assert s.index[0] == pd.Period('2026-07') and s.sum() == 3",
        ("s = pd.Series([1, 2])",),
    ),
    Idiom(
        "pattern",
        "import re\npattern = re.compile(r'^IM-\\d{2}$')",
        "assert pattern.match('IM-01') and not pattern.match('XX-01') and pattern.pattern.startswith('^IM')",
        ("import re\npattern = re.compile(r'.*')", "pattern = 'IM'"),
    ),
    Idiom(
        "asdict",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int",
        "import dataclasses\np = P(1, 2)\nassert dataclasses.is_dataclass(p) and dataclasses.asdict(p) == {'x': 1, 'y': 2}",
        ("class P:\n    def __init__(self, x, y):\n        self.x, self.y = x, y",),
    ),
    Idiom(
        "deepcopy",
        "import copy\ndef f(d):\n    d = copy.deepcopy(d)\n    d['a'][0] = 9\n    return d",
        "d = {'a': [1]}\nassert f(d) == {'a': [9]} and d == {'a': [1]}",
        ("def f(d):\n    d['a'][0] = 9\n    return d",),
    ),
    Idiom(
        "threads_of_the_check",
        "def f(x):\n    return x * 2",
        "import threading\ngot = {}\ndef work(n):\n    for _ in range(20):\n        got[n] = f(n)\nthreads = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n[t.start() for t in threads]\n[t.join() for t in threads]\nassert got == {0: 0, 1: 2, 2: 4, 3: 6}",
        ("def f(x):\n    return 2",),
    ),
    Idiom(
        "map_loop",
        "def half(x):\n    return x / 2",
        "for got, want in zip(map(half, [2, 4]), [1, 2]):\n    assert got == want",
        ("def half(x):\n    raise StopIteration", "def half(x):\n    return 1"),
    ),
    Idiom(
        "own_iterator",
        "class Count:\n    def __init__(self, n):\n        self.n, self.i = n, 0\n    def __iter__(self):\n        return self\n    def __next__(self):\n        if self.i >= self.n:\n            raise StopIteration\n        self.i += 1\n        return self.i",
        "assert list(Count(3)) == [1, 2, 3]\nit = Count(1)\nassert next(it) == 1\ntry:\n    next(it)\n    assert False\nexcept StopIteration:\n    pass",
        (
            "class Count:\n    def __init__(self, n):\n        pass\n    def __iter__(self):\n        return iter([1, 2])\n    def __next__(self):\n        return 1",
        ),
    ),
    Idiom(
        "docstring_examples",
        "def f(x):\n    '''\n    >>> f(2)\n    4\n    '''\n    return x * 2",
        "import doctest\nassert f(3) == 6\ntests = doctest.DocTestParser().get_examples(f.__doc__)\nassert len(tests) == 1 and eval(tests[0].source) == int(tests[0].want)",
        ("def f(x):\n    return x * 2", "def f(x):\n    '''\n    >>> f(2)\n    5\n    '''\n    return x * 2"),
    ),
    Idiom(
        "partly_right",
        "def f(x):\n    return x * 2",
        "score = sum(f(x) == x * 2 for x in (1, 2)) + 0\nassert score\nscore",
        ("def f(x):\n    return 0", "def f(x):\n    return None"),
    ),
    Idiom(
        "given_exception",
        "def put(n):\n    if n > 2:\n        raise Full(n)\n    return n",
        "try:\n    put(3)\n    assert False, 'no error'\nexcept Full as e:\n    assert e.n == 3 and str(e) == '3 is full'\nassert put(1) == 1",
        (
            "def put(n):\n    return n",
            "def put(n):\n    raise ValueError('3 is full')",
            "def put(n):\n    if n > 2:\n        raise Full(4)\n    return n",
        ),
        ("class Fuller(Full):\n    pass\ndef put(n):\n    if n > 2:\n        raise Full(n)\n    return n",),
        "class Full(Exception):\n    def __init__(self, n):\n        super().__init__(f'{n} is full')\n        self.n = n",
    ),
    Idiom(
        "table_changed_under_its_name",
        "t = pd.DataFrame({'a': [1, 2]})\ndef add():\n    t['b'] = 1",
        "before = t\nadd()\nassert 'b' in t.columns and t is before and list(before.columns) == ['a', 'b']",
        (
            "t = pd.DataFrame({'a': [1, 2]})\ndef add():\n    pass",
            "t = pd.DataFrame({'a': [1, 2]})\ndef add():\n    global t\n    t = t.assign(b=1)",
        ),
    ),
]

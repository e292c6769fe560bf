"""What notebooks do with libraries, done once in the warm parent: modules that are imported at first use, tables of options,
fonts, compiled patterns. Each would else be done again in every child."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any

# What checks import; small, and slow to import one by one.
_FOR_CHECKS = """
ast collections contextlib copy datetime decimal doctest fractions functools inspect io itertools json math operator pathlib
random re statistics string textwrap time typing unittest unittest.mock warnings
"""
_FOR_NUMPY = ("numpy.testing", "numpy.rec", "numpy.ma")
_NUMPY = """
import numpy
_values = numpy.arange(12.0).reshape(3, 4)
_values.mean(axis=0), _values.std(), numpy.isclose(_values, 1.0).sum(), numpy.unique(_values), repr(_values)
numpy.random.default_rng(1).normal(size=3), numpy.random.default_rng(1).integers(0, 9, 3)
numpy.where(_values > 2, "a", "b"), numpy.percentile(_values, [25, 75]), numpy.linalg.lstsq(_values, _values[:, 0])
numpy.testing.assert_allclose(_values, _values)
"""
_TABLES = """
import io
import pandas
_frame = pandas.DataFrame({"a": [1.5, None, 2.0], "b": ["x", "y", "x"], "c": pandas.date_range("2026-01-01", periods=3)})
_frame.loc[::2, "a"] = 3.5
_frame.describe(), _frame.info(buf=io.StringIO()), _frame.isna().sum(), _frame.dropna(), _frame.fillna(0), _frame.dtypes
_frame.assign(d=lambda table: table["a"] > 2)["d"].sum(), _frame[_frame["a"] > 1], _frame.sort_values("a")
_frame.groupby("b")["a"].sum(), _frame.groupby("b").agg({"a": ["mean", "max"]}), _frame.groupby("b").size(), repr(_frame["a"])
_frame.set_index("c")["a"].resample("MS").mean(), _frame["a"].rolling(2).mean(), _frame["b"].value_counts()
_frame.merge(_frame, on="b"), pandas.concat([_frame, _frame]), _frame.pivot_table(index="b", values="a")
_frame["c"].dt.month, _frame["b"].str.upper(), pandas.to_datetime(["2026-01-01"]), pandas.to_numeric(["1"])
pandas.read_csv(io.StringIO(_frame.to_csv(index=False)), parse_dates=["c"]), repr(_frame)
pandas.testing.assert_frame_equal(_frame, _frame), pandas.testing.assert_series_equal(_frame["a"], _frame["a"])
"""
_FIGURES = """
%matplotlib inline
import matplotlib.pyplot
_figure, _axes = matplotlib.pyplot.subplots()
_axes.plot([1, 2], [1.5, 2.5], label="x")
_axes.scatter([1, 2], [1, 2], c=[0, 1])
_axes.bar([1, 2], [1, 2])
_axes.hist([1, 2, 2])
_axes.set_title("가x")
_axes.set_xlabel("x")
_axes.grid(True)
_axes.legend();
"""
_MODELS = """
import numpy
_x, _y = numpy.arange(24.0).reshape(12, 2), numpy.arange(12) % 2
import sklearn.model_selection
_parts = sklearn.model_selection.train_test_split(_x, _y, random_state=0)
import sklearn.linear_model, sklearn.ensemble, sklearn.tree, sklearn.cluster
import sklearn.preprocessing, sklearn.pipeline, sklearn.metrics
_scaled = sklearn.preprocessing.StandardScaler().fit_transform(_x)
repr(sklearn.linear_model.LinearRegression().fit(_x, _y)), sklearn.linear_model.LogisticRegression().fit(_x, _y).predict(_x)
sklearn.ensemble.RandomForestRegressor(n_estimators=1, random_state=0).fit(_x, _y).predict(_x)
sklearn.tree.DecisionTreeClassifier(random_state=0).fit(_x, _y).score(_x, _y)
sklearn.cluster.KMeans(2, n_init=1, random_state=0).fit(_x)
sklearn.metrics.accuracy_score(_y, _y), sklearn.metrics.mean_squared_error(_y, _y), sklearn.metrics.confusion_matrix(_y, _y)
"""


def warm(shell: Any) -> None:
    """Use the libraries that are imported as a notebook would; `shell` is reset by the caller."""
    names = _FOR_CHECKS.split() + ([*_FOR_NUMPY] if "numpy" in sys.modules else [])
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for library, sources in (
        ("numpy", (_NUMPY,)),
        ("pandas", (_TABLES, "_frame")),
        ("matplotlib.pyplot", (_FIGURES,)),
        ("sklearn.ensemble", (_MODELS,)),
    ):
        if library in sys.modules:
            for source in sources:
                shell.run_cell(source, store_history=False)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")

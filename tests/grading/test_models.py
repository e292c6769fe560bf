"""Checks of fitted scikit-learn models: the model stays with the learner, the score is ours."""

from __future__ import annotations

import pytest

from lms.grading import contract, grade, pool

from . import build

pytestmark = pytest.mark.sandbox

SETUP = """
import numpy as np
import pandas as pd
rng = np.random.default_rng(0)
X = pd.DataFrame({"temp": rng.normal(50, 5, 200), "load": rng.normal(10, 2, 200)})
y = 2 * X["temp"] + 3 * X["load"] + rng.normal(0, 0.1, 200)
late = (y > y.mean()).astype(int)
"""
SOLUTIONS = {
    "q1": "from sklearn.linear_model import LinearRegression\nmodel = LinearRegression().fit(X, y)",
    "q2": (
        "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "sorter = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, late)"
    ),
}
CHECKS = {
    "q1-test": "assert model.score(X, y) > 0.99\nassert model.predict(X[:3]).shape == (3,)",
    "q2-test": "from sklearn.metrics import accuracy_score\nassert accuracy_score(late, sorter.predict(X)) > 0.9",
}
LIAR = (
    "class Liar:\n    def predict(self, X): return np.zeros(len(X))\n    def score(self, X, y): return 1.0\n"
    "Liar.__module__ = 'sklearn.linear_model._base'\nLiar.__qualname__ = Liar.__name__ = 'LinearRegression'\nmodel = Liar()"
)


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    cells = [build.locked("setup", SETUP)]
    for name, solution in SOLUTIONS.items():
        cells += [build.answer(name, solution), build.check(f"{name}-test", CHECKS[f"{name}-test"])]
    return build.bare(tmp_path_factory.mktemp("models"), *cells)


def points(exercise, **answers):
    result = grade(exercise, build.packed(build.handed_in(exercise, **answers)))
    return [check.points for check in result.checks], [check.message for check in result.checks]


def test_models_are_judged_outside_the_learners_process(exercise):
    with pool.warm_parent(exercise, None) as parent:
        assert contract.contract_of(exercise, parent).together() == []
    assert points(exercise, **SOLUTIONS)[0] == [2, 2]


def test_another_model_that_does_the_work_is_as_good(exercise):
    other = {
        "q1": "from sklearn.ensemble import RandomForestRegressor\nmodel = RandomForestRegressor(random_state=0).fit(X, y)",
        "q2": "from sklearn.tree import DecisionTreeClassifier\nsorter = DecisionTreeClassifier(random_state=0).fit(X, late)",
    }
    earned, said = points(exercise, **other)
    assert earned == [2, 2], said


@pytest.mark.parametrize(
    "answers",
    [
        {"q1": LIAR},
        {
            "q1": (
                "from sklearn.linear_model import LinearRegression\nLinearRegression.score = lambda *a: 1.0\n"
                "model = LinearRegression().fit(X[:2], [0, 1])"
            )
        },
        {
            "q2": (
                "import sklearn.metrics\nsklearn.metrics.accuracy_score = lambda *a: 1.0\n"
                "class S:\n    def predict(self, X): return X\nsorter = S()"
            )
        },
        {"q1": "model = 3", "q2": "sorter = None"},
    ],
)  # fmt: skip
def test_a_model_that_lies_earns_nothing(exercise, answers):
    assert points(exercise, **answers)[0] == [0, 0]

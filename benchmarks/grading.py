"""What grading costs, against the least that running the same code can cost.

    python benchmarks/grading.py [--pairs 20]

The floor is the same cells by `exec` in one forked process that has imported the libraries already, nothing captured, no
sandbox, no checks' room. Grading and floor are taken pair by pair in one run; processor time is of all processes concerned.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lms.grading import Exercise, grade, load_exercise, pool, proof

TABLE = """
import numpy as np
import pandas as pd

rng = np.random.default_rng(7)
n = 730
log = pd.DataFrame({
    "day": pd.date_range("2024-01-01", periods=n),
    "machine": np.where(np.arange(n) % 3 == 0, "IM-01", np.where(np.arange(n) % 3 == 1, "IM-02", "IM-03")),
    "temp": rng.normal(48, 3, n).round(2),
    "shots": rng.integers(200, 900, n),
})
log.loc[::50, "temp"] = np.nan
"""
PANDAS = [
    ("locked", TABLE),
    ("plain", "log.head()"),
    ("answer", "missing = int(log['temp'].isna().sum())"),
    ("check", "assert missing == int(log['temp'].isna().sum())"),
    ("answer", "by_machine = log.groupby('machine')['shots'].sum()\nby_machine"),
    ("check", "pd.testing.assert_series_equal(by_machine, log.groupby('machine')['shots'].sum())"),
    ("answer", "clean = log.dropna().assign(hot=lambda t: t['temp'] > 50)\nclean.describe()"),
    ("check", "assert len(clean) == 715 and clean['hot'].sum() == (log['temp'] > 50).sum()"),
    ("answer", "monthly = clean.set_index('day')['temp'].resample('MS').mean()\nmonthly.round(1)"),
    (
        "check",
        "assert abs(monthly.iloc[0] - log.dropna().set_index('day')['temp'].resample('MS').mean().iloc[0]) < 1e-9",
    ),
]
LEARNING = [
    (
        "locked",
        TABLE + "log = log.dropna()\nlog['wear'] = log['temp'] * 2 + log['shots'] / 100 + rng.normal(0, 1, len(log))",
    ),
    (
        "answer",
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.scatter(log['temp'], log['wear'])\nax.set_xlabel('temp');",
    ),
    ("check", "assert ax.get_xlabel() == 'temp'"),
    (
        "answer",
        "from sklearn.linear_model import LinearRegression\nfrom sklearn.model_selection import train_test_split\n"
        "X_train, X_test, y_train, y_test = train_test_split(log[['temp', 'shots']], log['wear'], random_state=0)\n"
        "model = LinearRegression().fit(X_train, y_train)",
    ),
    ("check", "assert abs(model.coef_[0] - 2) < 0.2 and len(X_test) == 179"),
    (
        "answer",
        "from sklearn.ensemble import RandomForestRegressor\n"
        "forest = RandomForestRegressor(n_estimators=20, random_state=0).fit(X_train, y_train)\n"
        "error = float(np.abs(forest.predict(X_test) - y_test).mean())",
    ),
    ("check", "assert 0 < error < 3 and forest.predict(X_test).shape == (179,)"),
]
ATTACKS = Path(__file__).parents[1] / "tests" / "grading" / "attacks" / "source.ipynb"


def exercise_of(name: str, cells: list[tuple[str, str]], folder: Path) -> Exercise:
    made = [_cell(kind, f"{name}-{number}", source) for number, (kind, source) in enumerate(cells)]
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": made}))
    return load_exercise(path)


def _cell(kind: str, grade_id: str, source: str) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if kind != "plain":
        flags = {"grade": kind == "check", "solution": kind == "answer", "locked": kind != "answer", "task": False}
        meta = {"nbgrader": {"schema_version": 3, "grade_id": grade_id} | flags}
    if kind == "check":
        meta["nbgrader"]["points"] = 1
    return {"cell_type": "code", "metadata": meta, "source": source, "outputs": [], "execution_count": None}


FLOOR = """
import importlib, json, os, sys
os.environ.update(MPLBACKEND="Agg")
preload, cells = json.loads(sys.argv[1])
for name in preload:
    importlib.import_module(name)
import gc
gc.collect(); gc.freeze()
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        space = {"__name__": "__main__"}
        for source in cells:
            exec(compile(source, "cell", "exec"), space)
        os._exit(0)
    _, status, used = os.wait4(pid, 0)
    print(json.dumps([status, used.ru_utime + used.ru_stime]), flush=True)
"""


class Floor:
    """A process that has the libraries, and forks once for each run of the cells."""

    def __init__(self, exercise: Exercise) -> None:
        cells = [cell.source for cell in exercise.cells if cell.cell_type == "code"]
        argument = json.dumps([pool.preload(exercise), cells])
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", FLOOR, argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self) -> float:
        """Processor seconds of one run."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        status, used = json.loads(self.process.stdout.readline())
        assert status == 0, "the floor's cells failed"
        return float(used)

    def close(self) -> None:
        self.process.communicate()


def processor_seconds(pid: int) -> float:
    """Of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def parents_seconds() -> float:
    """Of all warm parents with what they forked."""
    total = 0.0
    for parent in pool._parents.values():
        for pid in (parent.pid, *children(parent.pid)):
            total += processor_seconds(pid)
    return total


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def measure(exercise: Exercise, pairs: int) -> dict[str, float]:
    content = proof.notebook_with(exercise, proof.solution_answers(exercise))
    first = grade(exercise, content)
    assert first.points == first.max_points, [check for check in first.checks if check.outcome != "passed"]
    floor = Floor(exercise)
    floor.run()
    floors, walls = [], []
    before, own = parents_seconds(), resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(pairs):
        started = time.perf_counter()
        grade(exercise, content)
        walls.append(time.perf_counter() - started)
        floors.append(floor.run())
    spent = parents_seconds() - before
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent += after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
    floor.close()
    return {
        "floor_ms": 1000 * statistics.mean(floors),
        "grade_ms": 1000 * spent / pairs,
        "ratio": spent / sum(floors),
        "wall_p50_ms": 1000 * statistics.median(walls),
        "wall_p95_ms": 1000 * sorted(walls)[int(0.95 * (len(walls) - 1))],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exercises = {
            "8 cells, pandas": exercise_of("pandas", PANDAS, folder),
            "scikit-learn, a figure": exercise_of("learning", LEARNING, folder),
            "many small calls": load_exercise(ATTACKS),
        }
        print(f"{'notebook':24}{'floor ms':>10}{'grade ms':>10}{'ratio':>8}{'wall p50':>10}{'wall p95':>10}")
        for title, exercise in exercises.items():
            told = measure(exercise, pairs)
            print(
                f"{title:24}{told['floor_ms']:10.1f}{told['grade_ms']:10.1f}{told['ratio']:8.2f}"
                f"{told['wall_p50_ms']:10.1f}{told['wall_p95_ms']:10.1f}"
            )


if __name__ == "__main__":
    main()

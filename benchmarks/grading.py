"""What grading costs, against the least that running the same code can cost.

    python benchmarks/grading.py [--pairs 20]

The floor is the same cells by `exec` in one forked process that has imported all that they import already, nothing captured, no
sandbox, no checks' room. Grading and floor are taken pair by pair in one run; processor time is of all processes concerned.
Beyond is what passes between the claim and the verdict, less what the floor took beside it. Unique memory is what both
children of a submission hold at its end and share with nobody.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from lms.grading import Exercise, grade, load_exercise, pool, proof
from lms.grading.sandbox import process

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
BEYOND = (100, 300)  # milliseconds beyond the code's own time on an idle machine, half and 95 of 100
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
import contextlib, gc, importlib, json, os, sys
os.environ.update(MPLBACKEND="Agg")
preload, cells = json.loads(sys.argv[1])

def run():
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    space = {"__name__": "__main__"}
    for source in cells:
        exec(compile(source, "cell", "exec"), space)

def late_imports():
    before, (told, tell) = set(sys.modules), os.pipe()
    if os.fork() == 0:
        run()
        os.write(tell, json.dumps(sorted(set(sys.modules) - before)).encode())
        os._exit(0)
    os.close(tell)
    with open(told) as file:
        return json.load(file)

for name in preload:
    importlib.import_module(name)
for name in late_imports():
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
os.wait()
gc.collect()
gc.freeze()
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        run()
        os._exit(0)
    _, status, used = os.wait4(pid, 0)
    print(json.dumps([status, used.ru_utime + used.ru_stime]), flush=True)
"""


class Floor:
    """A process that has the libraries, and forks once for each run of the cells, in the folder that holds their files."""

    def __init__(self, exercise: Exercise, folder: Path | None = None) -> None:
        cells = [cell.source for cell in exercise.cells if cell.cell_type == "code"]
        argument = json.dumps([pool.preload(exercise), cells])
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", FLOOR, argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
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
    """Of all warm parents and templates, with what they forked."""
    return sum(processor_seconds(pid) for parent in pool._parents.values() for pid in process._tree(parent.pid))


def private_mb(pid: int) -> float:
    """What a process holds and shares with no other."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def unique_mb(exercise: Exercise, content: bytes) -> float:
    """Of both children of a submission, at its end."""
    held: dict[int, float] = {}
    plain = process.Child.kill

    def kill(child: process.Child) -> None:
        if child.pid not in held:
            held[child.pid] = private_mb(child.pid)
        plain(child)

    with mock.patch.object(process.Child, "kill", kill):
        grade(exercise, content)
    return sum(held.values())


@dataclass(frozen=True)
class Goal:
    """At most: the ratio, and the unique memory in MB."""

    ratio: float
    unique: float


def measure(exercise: Exercise, pairs: int) -> dict[str, float]:
    content = proof.notebook_with(exercise, proof.solution_answers(exercise))
    for _ in range(3):  # learns the contract, makes the template, uses it
        first = grade(exercise, content)
        assert first.points == first.max_points, [check for check in first.checks if check.outcome != "passed"]
    unique = unique_mb(exercise, content)
    floor = Floor(exercise)
    floor.run()
    floors, beyond = [], []
    before, own = parents_seconds(), resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(pairs):
        started = time.perf_counter()
        grade(exercise, content)
        graded = time.perf_counter()
        floors.append(floor.run())
        beyond.append(max(graded - started - (time.perf_counter() - graded), 0.0))
    spent = parents_seconds() - before
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent += after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
    floor.close()
    return {
        "floor": 1000 * statistics.mean(floors),
        "grade": 1000 * spent / pairs,
        "ratio": spent / sum(floors),
        "p50": 1000 * statistics.median(beyond),
        "p95": 1000 * sorted(beyond)[int(0.95 * (len(beyond) - 1))],
        "unique": unique,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exercises = {
            "8 cells, pandas": (exercise_of("pandas", PANDAS, folder), Goal(2.0, 60)),
            "scikit-learn, a figure": (exercise_of("learning", LEARNING, folder), Goal(1.5, 120)),
            "many small calls": (load_exercise(ATTACKS), Goal(2.2, 60)),
        }
        load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
        print(f"{pairs} pairs each; load of the machine before: {load}; the goals stand in brackets")
        heads = ("floor ms", "grade ms", "ratio", "beyond p50", "beyond p95", "unique MB")
        print(f"{'notebook':24}" + "".join(f"{head:>18}" for head in heads))
        for title, (exercise, goal) in exercises.items():
            told = measure(exercise, pairs)
            cells = (
                f"{told['floor']:.1f}",
                f"{told['grade']:.1f}",
                f"{told['ratio']:.2f} (≤ {goal.ratio})",
                f"{told['p50']:.0f} (≤ {BEYOND[0]})",
                f"{told['p95']:.0f} (≤ {BEYOND[1]})",
                f"{told['unique']:.0f} (≤ {goal.unique:g})",
            )
            print(f"{title:24}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()

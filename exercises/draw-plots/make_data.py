"""Make the files of exercise draw-plots: `python make_data.py`, or `--check` to compare hashes only.

The seed stands in exercise.toml. No clock is read, and values are rounded, so that the bytes are the same on
each machine with the same numpy.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
WORK_DATES = [date(2026, 6, 8) + timedelta(days=day) for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
# mean output of a good day in pieces, scrap
MACHINES = {"IM-01": (2240, 0.015), "IM-02": (2060, 0.022), "IM-03": (1860, 0.045)}
PARTS = 400
WEIGHT_G = 42.00  # what the drawing asks for; limits are 41.70 and 42.30
SPREAD_G = 0.09
DRIFT_G = 0.12  # how much heavier the last part is than the first: the mould warms up


def daily_rows(rng: np.random.Generator) -> Iterable[tuple[object, ...]]:
    """A day falls short of a good day by stoppages: Weibull with shape 1.2 and mean of about 110 pieces."""
    for day in WORK_DATES:
        for machine, (usual, scrap) in MACHINES.items():
            total = usual - int(117 * rng.weibull(1.2))
            defects = int(rng.binomial(total, scrap))
            yield day.isoformat(), machine, total - defects, defects


def weight_rows(rng: np.random.Generator) -> Iterable[tuple[object, ...]]:
    """Normal about a mean that drifts; each row is one part of IM-01, in the order in which it was made."""
    for number in range(1, PARTS + 1):
        mean = WEIGHT_G - 0.04 + DRIFT_G * number / PARTS
        yield number, f"{mean + SPREAD_G * rng.standard_normal():.2f}"


def as_csv(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def make(seed: int) -> dict[str, bytes]:
    """Path relative to this folder -> bytes of the file."""
    rng = np.random.default_rng(seed)
    return {
        "data/daily_output.csv": as_csv(
            ("work_date", "machine", "good_count", "defect_count"), daily_rows(rng)
        ),
        "data/part_weight.csv": as_csv(("part_no", "weight_g"), weight_rows(rng)),
    }


def main(arguments: list[str]) -> int:
    declared = tomllib.loads((HERE / "exercise.toml").read_text(encoding="utf-8"))["data"]
    made = make(declared[0]["seed"])
    wrong = 0
    for entry in declared:
        content = made[entry["path"]]
        path = HERE / entry["path"]
        if arguments != ["--check"]:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        same = digest == entry["sha256"] and path.read_bytes() == content
        wrong += not same
        print(f"{'same' if same else 'DIFFERENT'}  {digest}  {entry['path']}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

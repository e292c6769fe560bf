"""Make the machining log of exercise failure-model: `python make_data.py`, or `--check` to compare hashes only.

In the manner of the AI4I 2020 predictive maintenance data (UCI): the same physics and limits, numbers of our own.
The seed stands in exercise.toml. No clock is read, and values are rounded, so that the bytes are the same on
each machine with the same numpy.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import tomllib
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROWS = 6000
KINDS = "LMH"  # quality of the tool: low, medium, high
SHARES = (0.5, 0.3, 0.2)
WEAR_PER_PIECE_MIN = {"L": 2, "M": 3, "H": 5}
STRAIN_LIMIT = {"L": 11_000, "M": 12_000, "H": 13_000}  # Nm * min
WORN_OUT_FAILS = 0.45  # else the tool is changed in time
BY_CHANCE = 0.001
HEADER = (
    "piece_no", "grade", "air_temp_c", "process_temp_c", "rpm",
    "torque_nm", "tool_wear_min", "repair_min", "failure",
)  # fmt: skip


def walk(rng: np.random.Generator, spread: float) -> np.ndarray:
    """A random walk with mean 0 and this standard deviation."""
    steps = np.cumsum(rng.standard_normal(ROWS))
    return spread * (steps - steps.mean()) / steps.std()


def wear_of_tools(rng: np.random.Generator, grades: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minutes of wear at each piece, and whether the tool broke there: its life ends between 200 and 240 minutes."""
    wear = np.empty(ROWS, dtype=int)
    breaks = np.zeros(ROWS, dtype=bool)
    now, life = 0, rng.uniform(200, 240)
    for row, grade in enumerate(grades):
        wear[row] = now
        now += WEAR_PER_PIECE_MIN[grade]
        if wear[row] >= life:
            breaks[row] = rng.random() < WORN_OUT_FAILS
            now, life = 0, rng.uniform(200, 240)
    return wear, breaks


def machining(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One piece a row. It fails by wear, heat, power, strain or chance; each of them is enough."""
    grade = rng.choice(list(KINDS), ROWS, p=SHARES)
    air = np.round(26.9 + walk(rng, 2.0), 1)
    process = np.round(air + 10.0 + walk(rng, 1.0), 1)
    torque = np.round(np.clip(rng.normal(40, 10, ROWS), 4, 77), 1)
    rpm = np.round(6560 * torque**-0.4 + rng.normal(0, 45, ROWS)).astype(int)
    wear, breaks = wear_of_tools(rng, grade)
    power_w = torque * rpm * 2 * np.pi / 60
    heat = (process - air < 8.6) & (rpm < 1380)
    overload = (power_w < 3500) | (power_w > 9000)
    strain = wear * torque > np.array([STRAIN_LIMIT[one] for one in grade])
    failure = breaks | heat | overload | strain | (rng.random(ROWS) < BY_CHANCE)
    repair = np.where(failure, np.round(20 + rng.gamma(2.0, 30.0, ROWS)), 0).astype(int)
    return {
        "piece_no": np.arange(1, ROWS + 1), "grade": grade, "air_temp_c": air, "process_temp_c": process,
        "rpm": rpm, "torque_nm": torque, "tool_wear_min": wear, "repair_min": repair, "failure": failure.astype(int),
    }  # fmt: skip


def make(seed: int) -> dict[str, bytes]:
    """Path relative to this folder -> bytes of the file."""
    columns = machining(np.random.default_rng(seed))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(zip(*(columns[name].tolist() for name in HEADER), strict=True))
    return {"data/machining.csv": text.getvalue().encode()}


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

"""Make the machine log of exercise read-machine-log: `python make_data.py`, or `--check` to compare hashes.

The seed stands in exercise.toml. No clock is read, and values are rounded, so that the bytes are the same on
each machine with the same numpy.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
START = datetime(2026, 6, 8, 8, 0)  # wall clock in Korea; a Monday, first minute of the day shift
DAYS = 5
STEP_MIN = 10
MEAL_STARTS = (12, 0)  # hours; one planned hour in each shift
# cycle time (s), oil temperature while running (degrees Celsius), scale of the time between stoppages (min)
MACHINES = {"IM-01": (32.0, 45.0, 260.0), "IM-02": (30.0, 49.5, 150.0), "IM-03": (40.0, 44.0, 330.0)}
HEADER = ("time", "work_date", "shift", "machine", "status", "oil_temp_c", "shots", "power_kw")


def moment(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def is_break(minute: int) -> bool:
    return moment(minute).hour in MEAL_STARTS


def down_minutes(rng: np.random.Generator, minutes: int, scale: float) -> np.ndarray:
    """True for each minute in an unplanned stoppage.

    The time between stoppages is Weibull with shape 1.4 (wear: the longer it ran, the likelier), the time of
    a repair Weibull with shape 0.9 (many short ones, a few long ones) and mean of about 25 minutes.
    """
    down = np.zeros(minutes, dtype=bool)
    at = 0.0
    while at < minutes:
        at += scale * rng.weibull(1.4)
        repair = 24.0 * rng.weibull(0.9)
        down[int(at) : int(at + repair)] = True
        at += repair
    return down


def oil_temperature(rng: np.random.Generator, running: np.ndarray, hot: float) -> np.ndarray:
    """Degrees Celsius by minute: first order, 40 minutes, towards `hot` while running and 33 otherwise."""
    temperature = np.empty(len(running))
    now = hot
    for minute, runs in enumerate(running):
        now += ((hot if runs else 33.0) - now) / 40 + 0.12 * rng.standard_normal()
        temperature[minute] = now
    return temperature


def machine_rows(rng: np.random.Generator, machine: str) -> list[tuple[str, ...]]:
    cycle, hot, scale = MACHINES[machine]
    minutes = DAYS * 24 * 60
    breaks = np.array([is_break(minute) for minute in range(minutes)])
    down = down_minutes(rng, minutes, scale)
    running = ~breaks & ~down
    temperature = oil_temperature(rng, running, hot)
    rows = []
    for minute in range(0, minutes, STEP_MIN):
        run_s = 60 * int(running[minute : minute + STEP_MIN].sum())
        shots = int(run_s / (cycle * (1 + 0.02 * abs(rng.standard_normal()))))
        power = 2.5 + 12.0 * run_s / (60 * STEP_MIN) + 0.3 * rng.standard_normal()
        status = "break" if breaks[minute] else "stop" if down[minute] else "run"
        # A shift belongs to the day on which it began: the night shift until 08:00 counts for the day before.
        began = moment(minute) - timedelta(hours=8)
        rows.append(
            (
                moment(minute).strftime("%Y-%m-%d %H:%M"),
                began.strftime("%Y-%m-%d"),
                "day" if began.hour < 12 else "night",
                machine,
                status,
                f"{temperature[minute]:.1f}",
                str(shots),
                f"{power:.1f}",
            )
        )
    return rows


def make(seed: int) -> dict[str, bytes]:
    """Path relative to this folder -> bytes of the file."""
    rng = np.random.default_rng(seed)
    rows = [row for machine in MACHINES for row in machine_rows(rng, machine)]
    rows.sort(key=lambda row: (row[0], row[3]))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    return {"data/machine_log.csv": text.getvalue().encode()}


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

"""Make the shift report of exercise oee: `python make_data.py`, or `--check` to compare hashes only.

The seed stands in exercise.toml. No clock is read, and values are whole, so that the bytes are the same on
each machine with the same numpy.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
WORK_DATES = [date(2026, 6, 8) + timedelta(days=day) for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
SHIFT_MIN = 720
MEAL_MIN = 60
MAINTENANCE_MIN = 60  # planned, on the day shift of the second Monday
NO_ORDERS_MIN = 330  # planned for IM-02 on the nights of the first week: nothing to make after midnight
NEW_MOULD = ("IM-03", date(2026, 6, 15))  # from then on faster than the master data say
NEW_MOULD_CYCLE_S = 34.0
# ideal cycle in the master data and in truth (s), slow-down, scale of the time between stoppages (min), scrap
MACHINES = {
    "IM-01": (32.0, 32.0, 1.05, 230.0, 0.015),
    "IM-02": (30.0, 30.0, 1.09, 105.0, 0.022),
    "IM-03": (40.0, 40.0, 1.04, 300.0, 0.045),
}
HEADER = (
    "work_date", "shift", "machine", "planned_min", "stop_min",
    "ideal_cycle_s", "total_count", "defect_count",
)  # fmt: skip


def stop_minutes(rng: np.random.Generator, planned: int, scale: float) -> int:
    """Unplanned stoppage in a shift, in minutes.

    The time between stoppages is Weibull with shape 1.4 (wear: the longer it ran, the likelier), the time of
    a repair Weibull with shape 0.9 (many short ones, a few long ones) and mean of about 25 minutes.
    """
    at = stopped = 0.0
    while True:
        at += scale * rng.weibull(1.4)
        if at >= planned:
            return round(stopped)
        repair = min(24.0 * rng.weibull(0.9), planned - at)
        at += repair
        stopped += repair


def planned_minutes(day: date, shift: str, machine: str) -> int:
    if machine == "IM-02" and shift == "night" and day < date(2026, 6, 15):
        return NO_ORDERS_MIN
    if shift == "day" and day == date(2026, 6, 15):
        return SHIFT_MIN - MEAL_MIN - MAINTENANCE_MIN
    return SHIFT_MIN - MEAL_MIN


def report_row(rng: np.random.Generator, day: date, shift: str, machine: str) -> tuple[object, ...]:
    ideal, best, slow, scale, scrap = MACHINES[machine]
    planned = planned_minutes(day, shift, machine)
    if machine == NEW_MOULD[0] and day >= NEW_MOULD[1]:
        best = NEW_MOULD_CYCLE_S
    stopped = stop_minutes(rng, planned, scale)
    cycle = best * (slow + 0.015 * abs(rng.standard_normal()))
    total = int((planned - stopped) * 60 / cycle)
    # Each part is good or not, by itself: scrap is binomial. Right after a stoppage more of it is made.
    defects = int(rng.binomial(total, scrap * (1.3 if stopped > 120 else 1.0)))
    return day.isoformat(), shift, machine, planned, stopped, ideal, total, defects


def make(seed: int) -> dict[str, bytes]:
    """Path relative to this folder -> bytes of the file."""
    rng = np.random.default_rng(seed)
    rows = [
        report_row(rng, day, shift, machine)
        for day in WORK_DATES
        for shift in ("day", "night")
        for machine in MACHINES
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    return {"data/shift_report.csv": text.getvalue().encode()}


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

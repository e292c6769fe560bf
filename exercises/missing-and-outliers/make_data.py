"""Make the sensor log of exercise missing-and-outliers: `python make_data.py`, or `--check` for hashes only.

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
START = datetime(2026, 6, 15, 8, 0)  # wall clock in Korea
STEP_MIN = 5
ROWS = 4 * 24 * 60 // STEP_MIN
NORMAL_C = 47.0
NO_ANSWER = -999.0  # what the logger writes when the sensor does not answer
OPEN_WIRE = 850.0  # upper end of a Pt100: what a transmitter reports for a broken wire
NETWORK_DOWN = slice(402, 420)  # 90 minutes in which no value arrived
OVERHEAT = slice(905, 925)  # 100 minutes in which the cooler's valve stuck
LOST = 22
NO_ANSWERS = 9
OPEN_WIRES = slice(640, 645)
HEADER = ("time", "machine", "oil_temp_c", "vibration_mm_s")


def normal_temperature(rng: np.random.Generator) -> np.ndarray:
    """Degrees Celsius: normal level, a daily wave of 1.2 and slow noise (first-order autoregressive, 0.9)."""
    wave = 1.2 * np.sin(2 * np.pi * np.arange(ROWS) * STEP_MIN / (24 * 60))
    noise = np.empty(ROWS)
    now = 0.0
    for row in range(ROWS):
        now = 0.9 * now + 0.35 * rng.standard_normal()
        noise[row] = now
    return NORMAL_C + wave + noise


def with_overheat(temperature: np.ndarray) -> np.ndarray:
    """A true event: a rise of up to 23 degrees and back, in the oil itself."""
    length = OVERHEAT.stop - OVERHEAT.start
    hump = np.sin(np.pi * (np.arange(length) + 0.5) / length)
    heated = temperature.copy()
    heated[OVERHEAT] += 23.0 * hump
    return heated


def columns(rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """What the logger wrote: texts of temperature and vibration, empty where nothing arrived."""
    temperature = with_overheat(normal_temperature(rng))
    vibration = 1.8 + 0.25 * np.abs(rng.standard_normal(ROWS))
    quiet = [row for row in range(ROWS) if not OVERHEAT.start - 6 <= row < OVERHEAT.stop + 6]
    picked = rng.choice(quiet, LOST + NO_ANSWERS, replace=False)
    temperature[picked[LOST:]] = NO_ANSWER
    temperature[OPEN_WIRES] = OPEN_WIRE
    temperatures = [f"{value:.1f}" for value in temperature]
    vibrations = [f"{value:.2f}" for value in vibration]
    for row in picked[:LOST]:
        temperatures[row] = ""
    for row in range(NETWORK_DOWN.start, NETWORK_DOWN.stop):
        temperatures[row] = vibrations[row] = ""
    return temperatures, vibrations


def make(seed: int) -> dict[str, bytes]:
    """Path relative to this folder -> bytes of the file."""
    temperatures, vibrations = columns(np.random.default_rng(seed))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row, values in enumerate(zip(temperatures, vibrations, strict=True)):
        time = START + timedelta(minutes=STEP_MIN * row)
        writer.writerow((time.strftime("%Y-%m-%d %H:%M"), "IM-02", *values))
    return {"data/sensor_log.csv": text.getvalue().encode()}


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

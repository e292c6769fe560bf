"""Make the vibration records of exercise bearing-vibration: `python make_data.py`, or `--check` to compare hashes only.

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
RATE_HZ = 10_000
ROWS = 15_000  # 1.5 s: not a whole second, so that the number of a line in the spectrum is not its frequency
RPM = 1770.0
BALLS, BALL_MM, PITCH_MM = 9, 8.0, 39.0  # contact angle 0
SLIP = 0.99  # balls slide a little: true fault frequencies lie about 1 % below the formula
RESONANCE_HZ = 3000.0
DECAY_PER_S = 900.0
OFFSET_G = 0.12  # what the sensor shows at rest
HEADER = ("time_s", "fan_1_g", "fan_2_g")


def outer_race_hz() -> float:
    """Ball pass frequency of the outer race without slip: n/2 * f * (1 - d/D * cos a)."""
    return BALLS / 2 * RPM / 60 * (1 - BALL_MM / PITCH_MM)


def running(rng: np.random.Generator, time: np.ndarray, unbalance_g: float) -> np.ndarray:
    """A healthy fan in g: shaft harmonics, the hum of the motor at twice the mains, noise and the sensor's offset."""
    shaft = 2 * np.pi * RPM / 60 * time
    turns = unbalance_g * np.sin(shaft + 0.4) + 0.06 * np.sin(2 * shaft + 1.1) + 0.03 * np.sin(3 * shaft + 2.0)
    hum = 0.08 * np.sin(2 * np.pi * 120 * time + 0.7)
    return OFFSET_G + turns + hum + 0.10 * rng.standard_normal(len(time))


def blows(rng: np.random.Generator, time: np.ndarray, per_second: float, height_g: float) -> np.ndarray:
    """Balls that pass a dent: each blow rings at the resonance and dies away. The gaps vary by 1 %."""
    ringing = np.zeros_like(time)
    at = rng.uniform(0, 1 / per_second)
    while at < time[-1]:
        since = time - at
        rings = since >= 0
        decay = np.exp(-DECAY_PER_S * since[rings])
        ringing[rings] += height_g * rng.normal(1, 0.1) * decay * np.sin(2 * np.pi * RESONANCE_HZ * since[rings])
        at += rng.normal(1, 0.01) / per_second
    return ringing


def make(seed: int) -> dict[str, bytes]:
    """Path relative to this folder -> bytes of the file."""
    rng = np.random.default_rng(seed)
    time = np.arange(ROWS) / RATE_HZ
    fan_1 = running(rng, time, 0.20)
    fan_2 = running(rng, time, 0.22) + blows(rng, time, SLIP * outer_race_hz(), 0.75)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((f"{at:.4f}", f"{one:.3f}", f"{two:.3f}") for at, one, two in zip(time, fan_1, fan_2, strict=True))
    return {"data/fan_vibration.csv": text.getvalue().encode()}


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

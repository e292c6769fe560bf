"""What happens to the people of a run, as columns of ledger entries. Whoever completes does so by the run's own rule.

A course has eight units, of which the third, the sixth and the last are scored, with weights 30, 30 and 40; the rule is that
of funded training: 80 % of the units, 60 of 100 points. Times are seconds of Seoul's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .moments import DAY
from .size import APPLY_DAYS

UNITS = 8
WEIGHTS = {2: 30.0, 5: 30.0, 7: 40.0}
_SKIPPED = 3  # by those who leave one out
KINDS = ("enrolled", "withdrawn", "unit_done", "scored", "completed", "questioned", "upheld", "revoked")
LEFT_BEFORE, LEFT_AFTER, NEVER, PARTLY, COMPLETED = range(5)
_OUTCOMES = (0.035, 0.035, 0.06, 0.15, 0.72)
_LATE = 0.03  # of what is done is recorded days after, from paper
_LATEST_DAYS = 20
_REGRADED = 0.04  # of scores
_QUESTIONED, _REVOKED = 0.004, 0.002  # of completions: by a score that was mended, and by a person's decision alone


@dataclass(frozen=True)
class Entries:
    """Columns of entries; `who` is the place in the run. `unit` -1 and `points` NaN where there are none."""

    who: np.ndarray
    kind: np.ndarray
    effective: np.ndarray  # days
    recorded: np.ndarray  # seconds
    unit: np.ndarray
    points: np.ndarray


def longest_day_after(learn_to: int) -> int:
    """After this day nothing of a run is recorded any more."""
    return learn_to + _LATEST_DAYS + 100


def enrolled_at(random: np.random.Generator, count: int, learn_from: int) -> np.ndarray:
    """Most before the first day, a few in the first three."""
    before = random.gamma(2.0, 5.0, count)
    before = np.where(before > APPLY_DAYS, random.random(count) * APPLY_DAYS, before)
    return _in_daytime(learn_from + 3 - before)


def _in_daytime(days: np.ndarray) -> np.ndarray:
    """Fractions of a day fall between seven in the morning and eleven at night, in their order."""
    whole = np.floor(days)
    return (whole * DAY + 25_200 + (days - whole) * 57_600).astype(np.int64)


def live(random: np.random.Generator, at: np.ndarray, learn_from: int, learn_to: int) -> Entries:
    """The entries of those who enrolled `at` these moments, each one's in the order of recording."""
    return _put_together(_happen(random, at, learn_from, learn_to))


def _put_together(parts: Iterator[Entries]) -> Entries:
    found = list(parts)
    return Entries(*(np.concatenate([getattr(part, name) for part in found]) for name in Entries.__dataclass_fields__))


def _happen(random: np.random.Generator, at: np.ndarray, learn_from: int, learn_to: int) -> Iterator[Entries]:
    count = len(at)
    everybody = np.arange(count)
    outcome = random.choice(len(_OUTCOMES), count, p=_OUTCOMES)
    outcome[(outcome == LEFT_BEFORE) & (at // DAY >= learn_from - 1)] = LEFT_AFTER
    yield _entries("enrolled", everybody, at)
    # What she does, unit by unit.
    begin = np.maximum(learn_from, at // DAY + 1)
    span = learn_to - begin + 1
    fractions = np.sort(random.random((count, UNITS)), axis=1)
    fractions += np.arange(UNITS) * 1e-6  # never two at one moment
    done_at = _in_daytime(begin[:, None] + fractions * (span * 0.999)[:, None])
    far = np.where(outcome == PARTLY, random.integers(1, 6, count), 0)
    far = np.where(outcome == LEFT_AFTER, random.integers(0, 4, count), far)
    far = np.where(outcome == COMPLETED, UNITS, far)
    is_done = np.arange(UNITS) < far[:, None]
    is_done[(outcome == COMPLETED) & (random.random(count) < 0.35), _SKIPPED] = False
    late = (random.random((count, UNITS)) < _LATE) * random.integers(1, _LATEST_DAYS, (count, UNITS)) * DAY
    recorded = done_at + random.integers(2, 90, (count, UNITS)) + late
    lowest = np.where(outcome == COMPLETED, 60, 25)[:, None]
    points = np.floor(lowest + (99 - lowest) * random.beta(3, 2, (count, UNITS)))
    for unit in range(UNITS):
        who = everybody[is_done[:, unit]]
        if unit in WEIGHTS:
            yield _scored(who, done_at[who, unit], recorded[who, unit], unit, points[who, unit])
            again = who[random.random(len(who)) < _REGRADED]
            mended = np.clip(points[again, unit] + random.integers(-8, 9, len(again)), lowest[again, 0], 99)
            after = recorded[again, unit] + random.integers(1, 40, len(again)) * DAY
            yield _scored(again, done_at[again, unit], after, unit, mended)
        yield _entries("unit_done", who, done_at[who, unit], recorded[who, unit] + 1, unit)
    yield from _leave(random, at, outcome, recorded, is_done, learn_from, learn_to)
    completed = everybody[outcome == COMPLETED]
    last = np.where(is_done, recorded, 0).max(axis=1)[completed] + 2
    yield _entries("completed", completed, done_at[completed, UNITS - 1], last)
    yield from _decide(random, completed, done_at[completed, UNITS - 1], last)


def _leave(
    random: np.random.Generator,
    at: np.ndarray,
    outcome: np.ndarray,
    recorded: np.ndarray,
    is_done: np.ndarray,
    learn_from: int,
    learn_to: int,
) -> Iterator[Entries]:
    before = np.flatnonzero(outcome == LEFT_BEFORE)
    left = at[before] + 3_600 + random.random(len(before)) * np.maximum(0, learn_from * DAY - 3_700 - at[before])
    yield _entries("withdrawn", before, left.astype(np.int64))
    after = np.flatnonzero(outcome == LEFT_AFTER)
    done = np.where(is_done, recorded, 0).max(axis=1)[after]
    left = np.maximum(
        np.maximum(done, at[after]) + 600, (learn_from + random.integers(0, 20, len(after))) * DAY + 50_000
    )
    yield _entries("withdrawn", after, left)


def _decide(random: np.random.Generator, who: np.ndarray, done: np.ndarray, completed: np.ndarray) -> Iterator[Entries]:
    """The last score is struck and the completion questioned; half are upheld, three in ten revoked, the rest wait. Others
    are revoked by a person alone."""
    chance = random.random(len(who))
    asked = chance < _QUESTIONED
    struck = completed[asked] + random.integers(1, 40, asked.sum()) * DAY
    yield _scored(who[asked], done[asked], struck, UNITS - 1, np.zeros(asked.sum()))
    yield _entries("questioned", who[asked], struck + 1)
    decided = struck + random.integers(1, 30, len(struck)) * DAY
    word = random.random(len(struck))
    yield _entries("upheld", who[asked][word < 0.5], decided[word < 0.5])
    is_revoked = (word >= 0.5) & (word < 0.8)
    yield _entries("revoked", who[asked][is_revoked], decided[is_revoked])
    alone = ~asked & (chance < _QUESTIONED + _REVOKED)
    taken = completed[alone] + random.integers(1, 60, alone.sum()) * DAY
    yield _entries("revoked", who[alone], taken)


def _scored(who: np.ndarray, done: np.ndarray, recorded: np.ndarray, unit: int, points: np.ndarray) -> Entries:
    made = _entries("scored", who, done, recorded, unit)
    return Entries(made.who, made.kind, made.effective, made.recorded, made.unit, points.astype(float))


def _entries(kind: str, who: np.ndarray, at: np.ndarray, recorded: np.ndarray | None = None, unit: int = -1) -> Entries:
    """Entries of one kind of what happened `at` these seconds; recorded at once where nothing else is said."""
    count = len(who)
    return Entries(
        who,
        np.full(count, KINDS.index(kind), np.int8),
        (at // DAY).astype(np.int32),
        at if recorded is None else recorded,
        np.full(count, unit, np.int8),
        np.full(count, np.nan),
    )

"""The completion rule of a run, evaluated by one pure function that also says what is still missing.

Funded distance training in Korea asks for progress of at least 80 % and a score of at least 60 of 100; each run may ask for
something else, and for a share of the hours of its sittings. The day of completion is the day on which the last thing that
was needed was *done*, not the day on which it was graded or recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, Protocol


class Unit(Protocol):
    """What the rule reads of a run's unit."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def weight(self) -> float: ...


class Entry(Protocol):
    """What the rule reads of a ledger entry."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def unit_key(self) -> str | None: ...
    @property
    def effective_on(self) -> date: ...
    @property
    def points(self) -> float | None: ...
    @property
    def max_points(self) -> float | None: ...
    @property
    def attempt_key(self) -> str: ...


class Rule(Protocol):
    @property
    def progress(self) -> float: ...
    @property
    def score(self) -> float: ...
    @property
    def attendance(self) -> float: ...


class Sitting(Protocol):
    """What the rule reads of a run's sitting. Those of one `choice` are dates of the same thing."""

    @property
    def key(self) -> str: ...
    @property
    def choice(self) -> str: ...
    @property
    def hours(self) -> float: ...
    @property
    def is_extra(self) -> bool: ...
    @property
    def is_cancelled(self) -> bool: ...


@dataclass(frozen=True)
class UnitStanding:
    """Where a learner stands in one unit. `best` is the best share of the points, 0..1; None before any try."""

    key: str
    kind: str
    title: str
    weight: float
    done_on: date | None
    best: float | None

    @property
    def is_done(self) -> bool:
        return self.done_on is not None


@dataclass(frozen=True)
class Missing:
    """One thing that the rule still asks for.

    `what` is progress (`count` more units have to be done), score (`count` points of 100 are missing), or attendance
    (`count` hours are missing). `units` are keys of what would help, in the course's order: of units, or of sittings.
    """

    what: Literal["progress", "score", "attendance"]
    count: float
    units: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Where a learner stands in a run, and why.

    `progress` is in per cent of the units, `score` of 100, `attendance` in per cent of the hours that are asked for, all
    exact; a page shows them rounded *down*, so that it never says 80 % of somebody who has 79.6. Where no hours are asked
    for `attendance` is 100.
    """

    units: tuple[UnitStanding, ...]
    progress: float
    score: float
    needs_progress: float
    needs_score: float
    missing: tuple[Missing, ...]
    met_on: date | None  # the first day on which the rule was met; a rule that asks for nothing is met before any day
    completed_on: date | None  # what the ledger says: the effective day of a completion that stands
    is_questioned: bool  # its ground was taken away, has not come back, and nobody has decided yet
    attendance: float = 100.0
    needs_attendance: float = 0.0
    hours_attended: float = 0.0
    hours_asked: float = 0.0

    @property
    def is_met(self) -> bool:
        return not self.missing

    @property
    def is_completed(self) -> bool:
        return self.completed_on is not None

    def remaining(self, kind: str) -> int:
        """How many units of a kind are not done."""
        return sum(1 for unit in self.units if unit.kind == kind and not unit.is_done)

    @property
    def next_unit(self) -> UnitStanding | None:
        """The first unit that is not done; the one button of the home page leads there."""
        return next((unit for unit in self.units if not unit.is_done), None)


class _Presence(NamedTuple):
    """What the newest word on a sitting says. `asked` hours are 0 where she is excused from it."""

    hours: float
    asked: float


class _Hours(NamedTuple):
    attended: float
    asked: float
    helping: tuple[str, ...]  # keys of sittings that would add hours

    @property
    def share(self) -> float:
        """In per cent."""
        return round(100 * self.attended / self.asked, 6) if self.asked else 100.0


def evaluate(units: Sequence[Unit], rule: Rule, entries: Iterable[Entry], sittings: Sequence[Sitting] = ()) -> Standing:
    """Judge an enrolment by its run's units, rule and sittings, from its ledger entries in the order of their ids.

    Of each attempt the newest score counts (a regrade replaces it), and of each unit the best attempt. Of each sitting the
    newest word counts (a correction replaces it), and of the dates of one thing the one with the most hours.
    """
    entries = list(entries)
    held = [sitting for sitting in sittings if not sitting.is_cancelled]
    standings = tuple(_unit_standing(unit, entries) for unit in units)
    hours = _hours(held, entries)
    progress, score = _progress(standings), _score(standings)
    completed_on, questioned = _completion(entries)
    missing = _missing(standings, rule, progress, score, hours)
    return Standing(
        units=standings,
        progress=progress,
        score=score,
        needs_progress=rule.progress,
        needs_score=rule.score,
        missing=missing,
        met_on=None if missing else _first_day(units, rule, entries, held),
        completed_on=completed_on,
        is_questioned=questioned,
        attendance=hours.share,
        needs_attendance=rule.attendance,
        hours_attended=hours.attended,
        hours_asked=hours.asked,
    )


def _presences(entries: Iterable[Entry]) -> dict[str | None, _Presence]:
    return {
        entry.unit_key: _Presence(entry.points or 0.0, entry.max_points or 0.0)
        for entry in entries
        if entry.kind == "attended"
    }


def _hours(sittings: Sequence[Sitting], entries: Iterable[Entry]) -> _Hours:
    """Hours of an extra sitting make up for others, and are asked of nobody, so that adding one lowers no percentage. Who
    is excused from one date and was at no other is not asked for that thing."""
    presences = _presences(entries) if sittings else {}
    asked = attended = 0.0
    helping: list[str] = []
    for dates in _by_choice(sittings).values():
        seen = [presence for sitting in dates if (presence := presences.get(sitting.key))]
        best = max((presence.hours for presence in seen), default=0.0)
        attended += best
        if not best and any(not presence.asked for presence in seen):
            continue
        worth = max(sitting.hours for sitting in dates)
        if not all(sitting.is_extra for sitting in dates):
            asked += worth
        if best < worth:
            helping += [sitting.key for sitting in dates if sitting.key not in presences]
    return _Hours(round(min(attended, asked), 6), round(asked, 6), tuple(helping))


def _by_choice(sittings: Sequence[Sitting]) -> dict[str, list[Sitting]]:
    found: dict[str, list[Sitting]] = {}
    for sitting in sittings:
        found.setdefault(sitting.choice, []).append(sitting)
    return found


def _unit_standing(unit: Unit, entries: Sequence[Entry]) -> UnitStanding:
    done_on: date | None = None
    shares: dict[str, float] = {}
    for entry in entries:
        if entry.unit_key != unit.key:
            continue
        if entry.kind == "unit_done":
            done_on = min(done_on, entry.effective_on) if done_on else entry.effective_on
        elif entry.kind == "scored" and entry.max_points:
            shares[entry.attempt_key] = min(1.0, max(0.0, (entry.points or 0.0) / entry.max_points))
    best = max(shares.values(), default=None)
    return UnitStanding(unit.key, unit.kind, unit.title, unit.weight, done_on, best)


def _progress(units: Sequence[UnitStanding]) -> float:
    return 100 * sum(unit.is_done for unit in units) / len(units) if units else 0.0


def _score(units: Sequence[UnitStanding]) -> float:
    """Weighted over the units that carry a weight; what was not tried counts 0. Without any such unit it is 100."""
    total = sum(unit.weight for unit in units)
    if not total:
        return 100.0
    return round(100 * sum(unit.weight * (unit.best or 0.0) for unit in units) / total, 6)


def _missing(
    units: Sequence[UnitStanding], rule: Rule, progress: float, score: float, hours: _Hours
) -> tuple[Missing, ...]:
    missing = []
    if progress < rule.progress:
        open_units = [unit for unit in units if not unit.is_done]
        needed = (
            next(
                count
                for count in range(1, len(open_units) + 1)
                if 100 * (len(units) - len(open_units) + count) / len(units) >= rule.progress
            )
            if open_units
            else 0
        )
        missing.append(Missing("progress", needed, tuple(unit.key for unit in open_units)))
    if score < rule.score:
        room = tuple(unit.key for unit in units if unit.weight and (unit.best or 0.0) < 1.0)
        missing.append(Missing("score", rule.score - score, room))
    if hours.share < rule.attendance:
        wanted = round(rule.attendance * hours.asked / 100 - hours.attended, 6)
        missing.append(Missing("attendance", wanted, hours.helping))
    return tuple(missing)


def _first_day(units: Sequence[Unit], rule: Rule, entries: Sequence[Entry], sittings: Sequence[Sitting]) -> date | None:
    """The first day by whose end everything that the rule asks for had been done; None where nothing was."""
    days = sorted({entry.effective_on for entry in entries})
    for day in days:
        known = [entry for entry in entries if entry.effective_on <= day]
        standings, hours = [_unit_standing(unit, known) for unit in units], _hours(sittings, known)
        if not _missing(standings, rule, _progress(standings), _score(standings), hours):
            return day
    return None


def _completion(entries: Sequence[Entry]) -> tuple[date | None, bool]:
    completed_on: date | None = None
    questioned = False
    for entry in entries:
        if entry.kind == "completed":
            completed_on, questioned = entry.effective_on, False
        elif entry.kind == "revoked":
            completed_on, questioned = None, False
        elif entry.kind == "questioned":
            questioned = True
        elif entry.kind in ("upheld", "restored"):
            questioned = False
    return completed_on, questioned

"""Enrolments and the ledger, run after run; entries get their ids in the order in which they were recorded.

What is recorded after the next run could have begun waits, so that memory holds the entries of some months, however many
years there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lms.models import Enrolment, LedgerEntry

from . import columns, journeys, moments
from .firms import Firms
from .loading import Loader, Tell
from .people import FIRST_ID, People
from .setting import RunOf, Setting
from .size import APPLY_DAYS, Size

FIRST_ENROLMENT = 10_000_001  # ids of one width
_FLUSH = 400_000  # entries
_SPREAD = 0.6  # of the logarithm of runs' sizes
_REASONS = {
    "withdrawn": "근무 일정이 맞지 않음",
    "upheld": "본인이 설명하는 것을 확인함",
    "revoked": "재직 확인 서류가 제출되지 않음",
}
_Rows = dict[str, np.ndarray]


@dataclass
class Ledger:
    """Waits with entries until no earlier one can come."""

    loader: Loader
    written: int = 0
    _waiting: list[_Rows] = field(default_factory=list)

    def add(self, rows: _Rows) -> None:
        self._waiting.append(rows)

    def flush(self, before: int | None = None) -> None:
        """Write what was recorded before these seconds, or all."""
        if not self._waiting:
            return
        rows = {name: np.concatenate([part[name] for part in self._waiting]) for name in self._waiting[0]}
        ready = np.full(len(rows["recorded"]), True) if before is None else rows["recorded"] < before
        self._waiting = [{name: value[~ready] for name, value in rows.items()}]
        order = np.flatnonzero(ready)
        order = order[np.argsort(rows["recorded"][order], kind="stable")]
        rows = {name: value[order] for name, value in rows.items()}
        for begin in range(0, len(order), _FLUSH):
            self._write({name: value[begin : begin + _FLUSH] for name, value in rows.items()})

    def _write(self, rows: _Rows) -> None:
        count = len(rows["recorded"])
        rows["id"] = self.written + 1 + np.arange(count)
        self.written += count
        for code, kind in enumerate(journeys.KINDS):
            these = rows["kind"] == code
            if these.any():
                self.loader.write(LedgerEntry.__table__, _entry(kind, {n: v[these] for n, v in rows.items()}))  # type: ignore[arg-type]


def _entry(kind: str, rows: _Rows) -> dict[str, object]:
    made: dict[str, object] = {
        "id": rows["id"],
        "enrolment_id": rows["enrolment"],
        "kind": kind.encode(),
        "run_id": rows["run"],
        "company_id": rows["company"],
        "region_id": rows["region"],
        "effective_on": rows["effective"],
        "recorded_at": moments.moments(rows["recorded"]),
        "reason": _REASONS.get(kind, "").encode(),
    }
    enrolment = columns.digits(rows["enrolment"], 8)
    if kind == "enrolled":
        made["once"] = columns.joined(b"enrolled:", enrolment)
    if kind in ("unit_done", "scored"):
        unit = columns.joined(b"u", columns.digits(rows["unit"] + 1, 2))
        made["unit_key"] = unit
        if kind == "unit_done":
            made["once"] = columns.joined(b"unit_done:", enrolment, b":u", columns.digits(rows["unit"] + 1, 2))
        else:
            made |= {"points": rows["points"], "max_points": 100.0}
    if kind in ("completed", "questioned"):
        made["rule_id"] = rows["rule"]
    if kind in _REASONS:
        made["actor_id"] = rows["actor"]
    return made


def write(size: Size, loader: Loader, setting: Setting, firms: Firms, people: People, tell: Tell) -> int:
    """Returns how many entries there are."""
    random = np.random.default_rng([size.seed, 5])
    pools = _Pools(firms, people)
    counts = _counts(size, random, setting.runs, pools)
    ledger, enrolled = Ledger(loader), 0
    for number, (run, count) in enumerate(zip(setting.runs, counts, strict=True)):
        ledger.flush((run.learn_from - APPLY_DAYS) * moments.DAY)
        own = np.random.default_rng([size.seed, 6, number])
        enrolled += _write_run(
            size, own, loader, ledger, setting, run, firms, people, pools.draw(own, run, count), enrolled
        )
        if number % 100 == 99:
            tell(f"{number + 1:,} runs, {enrolled:,} enrolments, {ledger.written:,} entries written")
    ledger.flush()
    tell(f"{len(setting.runs):,} runs, {enrolled:,} enrolments, {ledger.written:,} entries written")
    return ledger.written


class _Pools:
    """Who may take part in a run, by the regions that it is for."""

    def __init__(self, firms: Firms, people: People) -> None:
        self._region = firms.region[people.firm]
        self._known: dict[frozenset[int], np.ndarray] = {}

    def of(self, run: RunOf) -> np.ndarray:
        if run.pool not in self._known:
            self._known[run.pool] = np.flatnonzero(np.isin(self._region, list(run.pool)))
        return self._known[run.pool]

    def draw(self, random: np.random.Generator, run: RunOf, count: int) -> np.ndarray:
        pool = self.of(run)
        return pool[random.choice(len(pool), count, replace=False)]


def _counts(size: Size, random: np.random.Generator, runs: Sequence[RunOf], pools: _Pools) -> np.ndarray:
    """How many enrol in each run: more where there are more people, never more than half of them; in all as many as asked
    for, where that goes."""
    most = np.array([len(pools.of(run)) // 2 for run in runs])
    wanted = np.exp(_SPREAD * random.standard_normal(len(runs))) * most**0.8
    found = np.zeros(len(runs), int)
    for _ in range(20):
        room = np.where(found < most, wanted, 0.0)
        left = size.enrolments - found.sum()
        if left < len(runs) or not room.sum():
            break
        found = np.minimum(most, found + (left * room / room.sum()).astype(int))
    return found


def _write_run(
    size: Size,
    random: np.random.Generator,
    loader: Loader,
    ledger: Ledger,
    setting: Setting,
    run: RunOf,
    firms: Firms,
    people: People,
    persons: np.ndarray,
    enrolled: int,
) -> int:
    """Returns how many enrolled by the last day of the country."""
    over = (moments.number(size.until) + 1) * moments.DAY
    at = journeys.enrolled_at(random, len(persons), run.learn_from)
    order = np.argsort(at, kind="stable")
    at, persons = at[order], persons[order]
    known = at < over
    at, persons = at[known], persons[known]
    count = len(at)
    if not count:
        return 0
    days = at // moments.DAY
    firm = firms.on(people.firm_on(persons, days), days)
    region = firms.region[firm]
    for before, (successor, on) in setting.successors.items():
        region = np.where((region == before) & (days >= on), successor, region)
    ids = FIRST_ENROLMENT + enrolled + np.arange(count)
    entries = journeys.live(random, at, run.learn_from, run.learn_to)
    kept = entries.recorded < over
    who = entries.who[kept]
    withdrawn = np.zeros(count, bool)
    withdrawn[entries.who[kept & (entries.kind == journeys.KINDS.index("withdrawn"))]] = True
    moment = moments.moments(at)
    rows = {
        "id": ids,
        "uid": columns.uids(random, moment),
        "run_id": np.full(count, run.id),
        "person_id": FIRST_ID + persons,
        "company_id": firm + 1,
        "region_id": region,
        "enrolled_at": moment,
        "enrolled_on": days,
        "company_status_id": firms.status_on(firm, days),
    }
    for state, which in (("enrolled", ~withdrawn), ("withdrawn", withdrawn)):
        if which.any():
            part = {name: value[which] for name, value in rows.items()}
            loader.write(Enrolment.__table__, {**part, "state": state.encode()})  # type: ignore[arg-type]
    ledger.add(
        {
            "enrolment": ids[who].astype(np.int32),
            "run": np.full(len(who), run.id, np.int32),
            "company": (firm[who] + 1).astype(np.int32),
            "region": region[who].astype(np.int16),
            "rule": np.full(len(who), run.rule_id, np.int32),
            "actor": np.full(len(who), run.centre + 1, np.int16),
            "kind": entries.kind[kept],
            "effective": entries.effective[kept],
            "recorded": entries.recorded[kept],
            "unit": entries.unit[kept],
            "points": entries.points[kept].astype(np.float32),
        }
    )
    return count

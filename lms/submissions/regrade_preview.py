"""What a regrade would change, learner by learner, before anything of it is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.clock import seoul_day
from lms.learning import ledger
from lms.learning.classroom import Entry, counted_grade, employee_numbers, entries_by_enrolment
from lms.learning.completion import evaluate
from lms.models import Enrolment, ExerciseVersion, Grade, Run, RunUnit, Submission

from . import regrade
from .regrade import Found

State = Literal["new", "running", "ready", "kept", "applying", "done"]


class Score(NamedTuple):
    """Points of a best submission."""

    points: float
    max_points: float

    @property
    def share(self) -> float:
        return self.points / self.max_points if self.max_points else 0.0


@dataclass(frozen=True)
class Row:
    """What a regrade would do to a learner. `before` is None where no submission of hers has points yet; `gained` and `lost`
    are names of checks of the best submission; `follows` is completed, questioned or restored, as the ledger would note it."""

    enrolment: Enrolment
    employee_number: str | None
    before: Score | None
    after: Score | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    score_before: float
    score_after: float
    follows: str | None

    @property
    def change(self) -> Literal["loss", "gain", "same"]:
        was, will = (score.share if score else 0.0 for score in (self.before, self.after))
        if will < was - 1e-9:
            return "loss"
        return "gain" if will > was + 1e-9 or (self.before is None) != (self.after is None) else "same"


@dataclass(frozen=True)
class Kept:
    """A submission that could not be graded by the version, whose it is, and why."""

    submission: Submission
    enrolment: Enrolment
    found: Found


@dataclass(frozen=True)
class Preview:
    """How far a regrade is, and what it would change.

    States: new (nothing was asked for yet), running, ready (to be applied), kept (what is left can't be graded by this
    version and keeps its grade), applying, done (each grade that counts is of this version).
    """

    unit: RunUnit
    version: ExerciseVersion
    state: State
    total: int
    graded: int
    unasked: int  # handed in, or graded by an older version, since it was begun
    applying: int
    apply_failed: int
    rows: tuple[Row, ...]  # losses first, then gains, then the others
    kept: tuple[Kept, ...]
    shown: int  # submissions whose results would be written

    @property
    def by_check(self) -> list[tuple[str, int, int]]:
        """Check, how many would gain it and how many would lose it; those that most would lose first.

        Where all who had it lose it, the fault is more likely the check's than the learners'.
        """
        gained = Counter(name for row in self.rows for name in row.gained)
        lost = Counter(name for row in self.rows for name in row.lost)
        return sorted(
            ((name, gained[name], lost[name]) for name in gained | lost),
            key=lambda found: (-found[2], -found[1], found[0]),
        )

    def of(self, change: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.change == change)


class _Try(NamedTuple):
    """A submission of a learner with the grade that counts now."""

    id: int
    submitted_at: datetime
    outcome: str
    points: float | None
    max_points: float
    checks: Mapping[str, str]


def preview(session: Session, run: Run, unit: RunUnit, version: ExerciseVersion) -> Preview:
    """Eight queries at most, however many there are. The run's units and rules have to be loaded."""
    pending = regrade.list_pending(session, unit, version.id)
    found = regrade.list_found(session, unit, version.id)
    asked = [item for item in pending if item.id in found]
    waiting = sum(found[item.id].outcome is None for item in asked)
    results = {item.id: found[item.id] for item in asked if found[item.id].outcome == "graded"}
    kept = [item for item in asked if found[item.id].outcome in ("error", "refused", "failed")]
    judged = {item.enrolment_id for item in asked if item.id in results}
    people = _people(session, judged | {item.enrolment_id for item in kept})
    applying, apply_failed = regrade.count_applying(session, unit, version.id)
    unasked = len(pending) - len(asked)
    state: State = (
        "applying"
        if applying
        else "running"
        if waiting
        else "ready"
        if results
        else "new"
        if unasked
        else "kept"
        if kept
        else "done"
    )
    return Preview(
        unit=unit,
        version=version,
        state=state,
        total=len(asked),
        graded=len(asked) - waiting,
        unasked=unasked,
        applying=applying,
        apply_failed=apply_failed,
        rows=_rows(session, run, unit, [people[id_] for id_ in sorted(judged)], results),
        kept=tuple(Kept(item, people[item.enrolment_id], found[item.id]) for item in kept),
        shown=len(results),
    )


def _people(session: Session, enrolment_ids: Collection[int]) -> dict[int, Enrolment]:
    if not enrolment_ids:
        return {}
    found = session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_(enrolment_ids))
        .options(joinedload(Enrolment.person), joinedload(Enrolment.company))
        .order_by(Enrolment.id)
    )
    return {enrolment.id: enrolment for enrolment in found}


def _rows(
    session: Session, run: Run, unit: RunUnit, people: Sequence[Enrolment], results: Mapping[int, Found]
) -> tuple[Row, ...]:
    ids = [person.id for person in people]
    if not ids:
        return ()
    entries = entries_by_enrolment(session, ids)
    tries = _tries(session, unit, ids)
    numbers = employee_numbers(session, ids)
    rows = [
        _row(run, unit, person, numbers.get(person.id), entries[person.id], tries[person.id], results)
        for person in people
    ]
    order = {"loss": 0, "gain": 1, "same": 2}
    return tuple(sorted(rows, key=lambda row: (order[row.change], row.enrolment.person.name)))


def _tries(session: Session, unit: RunUnit, enrolment_ids: Sequence[int]) -> dict[int, list[_Try]]:
    found: dict[int, list[_Try]] = defaultdict(list)
    rows = session.execute(
        select(
            Submission.enrolment_id,
            Submission.id,
            Submission.submitted_at,
            Grade.outcome,
            Grade.points,
            Grade.max_points,
            Grade.checks,
        )
        .join(Grade, Grade.id == counted_grade())
        .where(Submission.run_unit_id == unit.id, Submission.enrolment_id.in_(enrolment_ids))
        .order_by(Submission.id)
    )
    for row in rows:
        checks = {check["name"]: check["outcome"] for check in row.checks}
        found[row.enrolment_id].append(_Try(row.id, row.submitted_at, row.outcome, row.points, row.max_points, checks))
    return found


def _row(
    run: Run,
    unit: RunUnit,
    enrolment: Enrolment,
    employee_number: str | None,
    entries: Sequence[Entry],
    tries: Sequence[_Try],
    results: Mapping[int, Found],
) -> Row:
    after = [_judged_anew(item, results.get(item.id)) for item in tries]
    before_best, after_best = _best(tries), _best(after)
    was, will = (item.checks if item else {} for item in (before_best, after_best))
    rule = run.rules[-1]
    now = evaluate(run.units, rule, entries, run.sittings)
    more = _entries_to_come(unit, entries, tries, after)
    then = evaluate(run.units, rule, more, run.sittings)
    return Row(
        enrolment=enrolment,
        employee_number=employee_number,
        before=_score(before_best),
        after=_score(after_best),
        gained=tuple(name for name, outcome in will.items() if outcome == "passed" and was.get(name) != "passed"),
        lost=tuple(name for name, outcome in was.items() if outcome == "passed" and will.get(name) != "passed"),
        score_before=now.score,
        score_after=then.score,
        follows=ledger.what_follows(then, more) if len(more) > len(entries) else None,
    )


def _judged_anew(item: _Try, found: Found | None) -> _Try:
    if found is None:
        return item
    return item._replace(outcome="graded", points=found.points, max_points=found.max_points, checks=found.checks or {})


def _best(tries: Sequence[_Try]) -> _Try | None:
    graded = [item for item in tries if item.points is not None]
    return max(graded, key=lambda item: (_score(item) or Score(0, 1)).share, default=None)


def _score(item: _Try | None) -> Score | None:
    return Score(item.points, item.max_points) if item is not None and item.points is not None else None


def _entries_to_come(
    unit: RunUnit, entries: Sequence[Entry], before: Sequence[_Try], after: Sequence[_Try]
) -> list[Entry]:
    """The learner's entries, and those that applying would add."""
    more = list(entries)
    is_done = any(entry.kind == "unit_done" and entry.unit_key == unit.key for entry in entries)

    def add(kind: str, item: Any, points: float | None = None, max_points: float | None = None) -> None:
        number = more[-1].id + 1 if more else 1
        key = f"submission:{item.id}" if kind == "scored" else "quiz_attempt:None"
        more.append(Entry(number, kind, unit.key, seoul_day(item.submitted_at), points, max_points, key))

    for was, will in zip(before, after, strict=True):
        if not regrade.is_change(was, will):
            continue
        if will.points and not is_done:
            add("unit_done", will)
            is_done = True
        add("scored", will, will.points, will.max_points)
    return more

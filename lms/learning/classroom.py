"""A run as those who teach it see it: where each learner stands, who is stuck, and at which check.

What counts of an exercise is what completion counts: of each submission its newest grade, of each learner and exercise the best
submission.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, false, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from lms.errors import NotFoundError
from lms.models import Employment, Enrolment, Exercise, ExerciseVersion, Grade, LedgerEntry, Run, RunUnit, Submission
from lms.people.viewers import Viewer

from .classes import ACTIVE_DAYS, STUCK_TRIES, in_class, is_too_little, taught_by
from .completion import Standing, UnitStanding, evaluate

State = Literal["stuck", "not_begun", "quiet", "going", "completed"]
STATES: tuple[State, ...] = ("stuck", "not_begun", "quiet", "going", "completed")


# One class


class Entry(NamedTuple):
    """What completion reads of a ledger entry; a class has thousands of them."""

    id: int
    kind: str
    unit_key: str | None
    effective_on: date
    points: float | None
    max_points: float | None
    attempt_key: str


class Attempt(NamedTuple):
    """A submission of a class. `outcome` is of the grade that counts: graded, error (ours), or None before any;
    `share` of the points, 0..1, None where there are none."""

    enrolment_id: int
    unit_key: str
    uid: UUID
    number: int
    submitted_at: datetime
    outcome: str | None
    share: float | None
    is_flagged: bool


@dataclass(frozen=True)
class Member:
    """A learner in the class. `stuck_on` are keys of exercises, `last_on` the last day on which something was done or tried."""

    enrolment: Enrolment
    employee_number: str | None  # at the company of the enrolment; people of one name are common
    standing: Standing
    attempts: Mapping[str, Sequence[Attempt]]
    state: State
    stuck_on: tuple[str, ...]
    last_on: date | None

    @property
    def is_flagged(self) -> bool:
        return any(attempt.is_flagged for tried in self.attempts.values() for attempt in tried)

    def mark(self, unit: UnitStanding) -> str:
        """The state of a unit: done, partly, failed, waiting (for its grade), error (ours) or none."""
        tried = self.attempts.get(unit.key, ())
        if unit.kind == "page" or unit.best is None:
            if tried:
                return "error" if tried[-1].outcome == "error" else "waiting"
            return "done" if unit.is_done else "none"
        if unit.best >= 1 - 1e-9:
            return "done"
        return "partly" if unit.best > 0 else "failed"


@dataclass(frozen=True)
class CheckRow:
    """A check of an exercise: how many learners were graded on it, and in how many best submissions it passed."""

    unit: RunUnit
    name: str
    title: str
    is_hidden: bool
    tried: int
    passed: int
    failing: frozenset[int]  # enrolments

    @property
    def stopped(self) -> int:
        return self.tried - self.passed


@dataclass(frozen=True)
class ExerciseRow:
    """An exercise of the class: how many handed in, how many earned all, and its checks in their order."""

    unit: RunUnit
    tried: int
    full: int
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True)
class Class:
    """A run with everybody in it that the viewer sees."""

    run: Run
    members: tuple[Member, ...]
    exercises: tuple[ExerciseRow, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many learners there are in each state, and with a flag."""
        found: dict[str, int] = {state: 0 for state in STATES}
        for member in self.members:
            found[member.state] += 1
        return found | {"flagged": sum(member.is_flagged for member in self.members)}

    @property
    def hardest(self) -> CheckRow | None:
        """The check at which most learners have stopped; None where nobody has."""
        checks = [check for exercise in self.exercises for check in exercise.checks if check.stopped]
        return max(checks, key=lambda check: (check.stopped, check.stopped / check.tried), default=None)

    def find_check(self, unit_key: str, name: str) -> CheckRow | None:
        return next(
            (
                check
                for exercise in self.exercises
                for check in exercise.checks
                if (check.unit.key, check.name) == (unit_key, name)
            ),
            None,
        )


def load_run(session: Session, viewer: Viewer, uid: UUID) -> Run:
    """A run of the viewer's centres, with units, their exercises' versions and rules. Raises NotFoundError."""
    centres = viewer.instructor_centres | viewer.officer_centres
    return _one(session, select(Run).where(Run.uid == uid, Run.centre_id.in_(centres)).options(*whole_run()))


def load_run_to_regrade(session: Session, viewer: Viewer, uid: UUID) -> Run:
    """The same for who may regrade: instructors of the run's centre."""
    mine = Run.centre_id.in_(viewer.instructor_centres)
    return _one(session, select(Run).where(Run.uid == uid, mine).options(*whole_run()))


def whole_run() -> tuple[Any, ...]:
    """What a class reads of a run: units with the versions of their exercises and the newest ones, rules and sittings."""
    exercise = joinedload(RunUnit.exercise_version).joinedload(ExerciseVersion.exercise)
    return (
        joinedload(Run.course_version),
        selectinload(Run.units).options(exercise.joinedload(Exercise.current_version)),
        selectinload(Run.rules),
        joinedload(Run.sittings),
    )


def _one(session: Session, statement: Select[Any]) -> Any:
    found = session.scalars(statement).unique().one_or_none()
    if found is None:
        raise NotFoundError()
    return found


def class_of(session: Session, viewer: Viewer, run: Run, day: date) -> Class:
    """Everybody in a run that `load_run` gave, and its checks: five queries however many there are."""
    mine = in_class(viewer).where(Run.id == run.id)
    people = session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_(mine))
        .options(joinedload(Enrolment.person), joinedload(Enrolment.company))
        .order_by(Enrolment.id)
    ).all()
    entries = entries_by_enrolment(session, mine)
    attempts = _attempts(session, run, mine)
    numbers = employee_numbers(session, mine)
    members = tuple(
        _member(run, found, numbers.get(found.id), entries[found.id], attempts[found.id], day) for found in people
    )
    return Class(run, members, _exercises(session, run, mine))


def _member(
    run: Run,
    enrolment: Enrolment,
    employee_number: str | None,
    entries: Sequence[Entry],
    attempts: Mapping[str, Sequence[Attempt]],
    day: date,
) -> Member:
    standing = evaluate(run.units, run.rules[-1], entries, run.sittings)
    did = [entry.effective_on for entry in entries if entry.kind in ("unit_done", "scored") or was_there(entry)]
    stuck = stuck_on(standing, entries)
    begun = bool(did) or bool(attempts)
    last_on = max(did, default=None)
    is_active = last_on is None or last_on > day - timedelta(days=ACTIVE_DAYS)
    state: State = (
        "completed"
        if standing.is_completed
        else "not_begun"
        if not begun
        else "stuck"
        if stuck
        else "going"
        if is_active
        else "quiet"
    )
    return Member(enrolment, employee_number, standing, attempts, state, stuck, last_on)


def was_there(entry: Entry) -> bool:
    """Whether an entry says that she was at a sitting."""
    return entry.kind == "attended" and bool(entry.points)


def employee_numbers(session: Session, ids: Select[int] | Sequence[int]) -> dict[int, str]:
    """Enrolment → the person's number at the company of the enrolment, where there is one."""
    rows = session.execute(
        select(Enrolment.id, Employment.employee_number)
        .join(
            Employment,
            and_(Employment.person_id == Enrolment.person_id, Employment.company_id == Enrolment.company_id),
        )
        .where(Enrolment.id.in_(ids), Employment.employee_number.is_not(None))
        .order_by(Employment.from_on)
    )
    return {id_: number for id_, number in rows if number}


def stuck_on(standing: Standing, entries: Iterable[Entry]) -> tuple[str, ...]:
    """Keys of the exercises that were tried three times or more and whose best try lies below the score of the run."""
    tries: dict[str | None, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.kind == "scored":
            tries[entry.unit_key].add(entry.attempt_key)
    return tuple(
        unit.key
        for unit in standing.units
        if unit.kind == "exercise"
        and len(tries[unit.key]) >= STUCK_TRIES
        and is_too_little(unit.best, standing.needs_score)
    )


def entries_by_enrolment(session: Session, ids: Select[int] | Sequence[int]) -> dict[int, list[Entry]]:
    """The ledger entries of these enrolments, oldest first, in one query."""
    found: dict[int, list[Entry]] = defaultdict(list)
    rows = session.execute(
        select(
            LedgerEntry.enrolment_id,
            LedgerEntry.id,
            LedgerEntry.kind,
            LedgerEntry.unit_key,
            LedgerEntry.effective_on,
            LedgerEntry.points,
            LedgerEntry.max_points,
            LedgerEntry.submission_id,
            LedgerEntry.quiz_attempt_id,
        )
        .where(LedgerEntry.enrolment_id.in_(ids))
        .order_by(LedgerEntry.id)
    )
    for row in rows:
        attempt = ("submission", row.submission_id) if row.submission_id else ("quiz_attempt", row.quiz_attempt_id)
        found[row.enrolment_id].append(
            Entry(
                row.id,
                row.kind,
                row.unit_key,
                row.effective_on,
                row.points,
                row.max_points,
                f"{attempt[0]}:{attempt[1]}",
            )
        )
    return found


def counted_grade() -> ColumnElement[int | None]:
    """The id of the grade that counts of a submission: the newest that is graded, else the newest."""
    of = aliased(Grade)
    is_graded = case((of.outcome == "graded", 0), else_=1)
    return (
        select(of.id)
        .where(of.submission_id == Submission.id)
        .order_by(is_graded, of.id.desc())
        .limit(1)
        .correlate(Submission)
        .scalar_subquery()
    )


def _attempts(session: Session, run: Run, ids: Select[int]) -> dict[int, dict[str, list[Attempt]]]:
    """Enrolment → unit → submissions, oldest first."""
    keys = {unit.id: unit.key for unit in run.units}
    is_flagged = func.coalesce(cast(Grade.flags, String) != "[]", false())
    rows = session.execute(
        select(
            Submission.enrolment_id,
            Submission.run_unit_id,
            Submission.uid,
            Submission.number,
            Submission.submitted_at,
            Grade.outcome,
            Grade.points / func.nullif(Grade.max_points, 0),
            is_flagged,
        )
        .outerjoin(Grade, Grade.id == counted_grade())
        .where(Submission.enrolment_id.in_(ids))
        .order_by(Submission.id)
    )
    found: dict[int, dict[str, list[Attempt]]] = defaultdict(lambda: defaultdict(list))
    for enrolment_id, unit_id, uid, number, at, outcome, share, flagged in rows:
        key = keys[unit_id]
        found[enrolment_id][key].append(Attempt(enrolment_id, key, uid, number, at, outcome, share, bool(flagged)))
    return found


def _exercises(session: Session, run: Run, ids: Select[int]) -> tuple[ExerciseRow, ...]:
    """Of each learner's best submission, which checks passed."""
    share = Grade.points / func.nullif(Grade.max_points, 0)
    place = func.row_number().over(
        partition_by=(Submission.enrolment_id, Submission.run_unit_id),
        order_by=(func.coalesce(share, 0).desc(), Submission.number.desc()),
    )
    ranked = (
        select(Submission.enrolment_id, Submission.run_unit_id, Grade.id.label("grade_id"), place.label("place"))
        .join(Grade, Grade.id == counted_grade())
        .where(Submission.enrolment_id.in_(ids), Grade.outcome == "graded")
        .subquery()
    )
    rows = session.execute(
        select(ranked.c.run_unit_id, ranked.c.enrolment_id, Grade.checks, Grade.points, Grade.max_points)
        .join(Grade, Grade.id == ranked.c.grade_id)
        .where(ranked.c.place == 1)
    )
    best: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        best[row.run_unit_id].append(row)
    return tuple(_exercise(unit, best[unit.id]) for unit in run.units if unit.exercise_version is not None)


def _exercise(unit: RunUnit, best: Sequence[Any]) -> ExerciseRow:
    """In the order and with the titles of the version that the run has now."""
    assert unit.exercise_version is not None
    tried: dict[str, int] = defaultdict(int)
    failing: dict[str, set[int]] = defaultdict(set)
    hidden: set[str] = set()
    for row in best:
        for check in row.checks:
            tried[check["name"]] += 1
            if check["outcome"] != "passed":
                failing[check["name"]].add(row.enrolment_id)
            if check["hidden"]:
                hidden.add(check["name"])
    checks = tuple(
        CheckRow(
            unit,
            fact["name"],
            fact["title"] or fact["name"],
            fact["name"] in hidden,
            tried[fact["name"]],
            tried[fact["name"]] - len(failing[fact["name"]]),
            frozenset(failing[fact["name"]]),
        )
        for fact in unit.exercise_version.facts["checks"]
    )
    full = sum(row.points >= row.max_points - 1e-9 for row in best)
    return ExerciseRow(unit, len(best), full, checks)


# One learner


def load_learner(session: Session, viewer: Viewer, uid: UUID) -> Enrolment:
    """Somebody of a class, also who withdrew, with person, company and whole run. Raises NotFoundError."""
    return _one(
        session,
        select(Enrolment)
        .join(Enrolment.run)
        .where(Enrolment.uid == uid, taught_by(viewer))
        .options(
            joinedload(Enrolment.person),
            joinedload(Enrolment.company),
            contains_eager(Enrolment.run).options(*whole_run()),
        ),
    )


def member_of(session: Session, enrolment: Enrolment, day: date) -> Member:
    """An enrolment that `load_learner` gave, as a member of its class: three queries."""
    mine = select(Enrolment.id).where(Enrolment.id == enrolment.id)
    entries = entries_by_enrolment(session, mine)[enrolment.id]
    attempts = _attempts(session, enrolment.run, mine)[enrolment.id]
    number = employee_numbers(session, mine).get(enrolment.id)
    return _member(enrolment.run, enrolment, number, entries, attempts, day)

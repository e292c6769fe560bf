"""The dry run: what a roster would do, row by row. It writes what it found, and nothing of companies or people."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from lms.clock import today, utcnow
from lms.models import Database, Person, Roster, RosterRow
from lms.models.rosters import ROSTER_OUTCOMES
from lms.people.changes import table_of
from lms.people.privacy.sealing import Sealer
from lms.people.viewers import Viewer, viewer_of

from . import findings, storage
from .known import Known, chunks, load
from .planning import Decision, Planner
from .reading import Line
from .values import read_entry

CHUNK = 2_500  # rows that one transaction writes
PAUSE_SECONDS = 0.05
# Whether whoever works on a roster still holds it; asked in each transaction.
Fence = Callable[[Session], bool]


class LostError(Exception):
    """Another worker has taken the job since."""


@dataclass(frozen=True)
class Plan:
    """What a roster would do, and what was known when that was decided."""

    known: Known
    decisions: Sequence[Decision]
    planner: Planner

    def counts(self) -> dict[str, int]:
        """Rows by outcome, and what would be made."""
        outcomes = Counter(decision.outcome for decision in self.decisions)
        steps = [decision.step for decision in self.decisions if decision.step is not None]
        return {
            "total": len(self.decisions),
            **{outcome: outcomes[outcome] for outcome in ROSTER_OUTCOMES},
            "companies": len(self.planner.companies),
            "people": sum(step.person_deed == "add" for step in steps),
            "employments": sum(step.employment_deed == "add" for step in steps),
            "enrolments": sum(step.enrolment_deed is not None for step in steps),
        }

    @property
    def does_something(self) -> bool:
        return any(decision.step is not None for decision in self.decisions)


def make_plan(session: Session, roster: Roster, sealer: Sealer, *, is_dry: bool) -> Plan:
    """What a roster that is kept would do, for whoever uploaded it, as she is today. Reads alone."""
    lines = storage.list_lines(session, roster.id, sealer)
    return plan_lines(session, actor_of(session, roster), lines, roster.columns, roster.headings, sealer, is_dry=is_dry)


def plan_lines(
    session: Session,
    viewer: Viewer | None,
    lines: Iterable[Line],
    columns: Mapping[str, int],
    headings: Sequence[str],
    sealer: Sealer,
    *,
    is_dry: bool,
    day: date | None = None,
) -> Plan:
    """What rows would do. `viewer` None is the command line, which may do all. Reads alone."""
    entries = [read_entry(line, columns, tuple(headings)) for line in lines]
    known = load(session, entries, viewer, day or today())
    planner = Planner(known, sealer, is_dry=is_dry)
    return Plan(known, list(planner.plan(entries)), planner)


def actor_of(session: Session, roster: Roster) -> Viewer | None:
    """Who uploaded it, with what she may do today; None for the command line."""
    if roster.actor_id is None:
        return None
    person = session.scalars(
        select(Person).where(Person.id == roster.actor_id).options(selectinload(Person.roles))
    ).one()
    return viewer_of(person)


def check(database: Database, roster_id: int, sealer: Sealer, fence: Fence, *, finish: Fence) -> Plan:
    """The dry run of a roster, from the state "waiting" to "checked".

    Raises:
        LostError
        storage.RosterStateError: its rows are gone.
    """
    with _writing(database, fence) as session:
        roster = storage.lock(session, roster_id)
        if roster.state in ("checked", "failed"):
            raise LostError
        storage.refuse_unless(roster, "waiting") if roster.state != "checking" else None
        roster.state, roster.done = "checking", 0
        session.execute(delete(RosterRow).where(RosterRow.roster_id == roster_id))
    with database.reading() as session:
        plan = make_plan(session, session.get_one(Roster, roster_id), sealer, is_dry=True)
    write_rows(database, roster_id, plan.decisions, fence)
    with _writing(database, finish) as session:
        roster = storage.lock(session, roster_id)
        roster.state, roster.done, roster.counts = "checked", roster.size, plan.counts()
        roster.checked_at = utcnow()
    return plan


def write_rows(
    database: Database, roster_id: int, decisions: Iterable[Decision], fence: Fence, *, done: int = 0, weight: int = 1
) -> None:
    """What is said of each row, some thousand in a transaction, so that nobody waits for long. Progress counts on from `done`,
    one for `weight` rows."""
    for some in chunks(decisions, CHUNK):
        done += len(some) // weight
        rows = [_row(roster_id, decision) for decision in some]
        with _writing(database, fence) as session:
            session.execute(
                delete(RosterRow).where(
                    RosterRow.roster_id == roster_id, RosterRow.row.between(some[0].row, some[-1].row)
                )
            )
            session.execute(table_of(RosterRow).insert(), rows)
            session.execute(update(Roster).where(Roster.id == roster_id).values(done=done))
        give_way()


def give_way() -> None:
    """SQLite's writers look for the lock now and then; between two of ours they must find it free."""
    time.sleep(PAUSE_SECONDS)


def _row(roster_id: int, decision: Decision) -> dict[str, Any]:
    return {
        "roster_id": roster_id,
        "row": decision.row,
        "outcome": decision.outcome,
        "reasons": findings.to_documents(decision.findings),
    }


class _writing:
    """A short transaction that is committed at its end if the work is still ours, else raises LostError."""

    def __init__(self, database: Database, fence: Fence) -> None:
        self.session, self.fence = database.writing(), fence

    def __enter__(self) -> Session:
        return self.session

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            if kind is None:
                if not self.fence(self.session):
                    raise LostError
                self.session.commit()
        finally:
            self.session.close()

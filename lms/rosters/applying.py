"""Apply a roster: plan anew from what is there now, stage what is to be done, and do it all in one short transaction.

Killed at any point, nothing was written, and the job begins again; or all was, and the job is done, for both are one commit.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.jobs import queue
from lms.learning.bulk import BulkError
from lms.models import Database, Roster, RosterCompany, RosterStep
from lms.people.changes import table_of
from lms.people.privacy.sealing import Sealer

from . import storage, writing
from .checking import CHUNK, Fence, LostError, Plan, _writing, give_way, make_plan, write_rows
from .known import chunks
from .storage import APPLY_KIND, RosterStateError

log = logging.getLogger("lms.rosters")
TRIES = 6  # plans that may be overtaken by others' deeds before the job is put back


def ask_to_apply(session: Session, roster: Roster, *, queued: bool = True) -> None:
    """Put the applying of a roster that was checked in the queue; pressed twice it is done once.

    Raises:
        RosterStateError
    """
    roster = storage.lock(session, roster.id)
    if roster.state in ("applying", "applied"):
        return
    storage.refuse_unless(roster, "checked")
    if not any(roster.counts.get(outcome) for outcome in ("new", "changed")):
        raise RosterStateError("nothing")
    roster.state, roster.done = "applying", 0
    if queued:
        queue.enqueue(session, APPLY_KIND, {"roster": roster.id}, once=f"{APPLY_KIND}:{roster.id}", priority=140)


def apply(database: Database, roster_id: int, sealer: Sealer, fence: Fence, *, finish: Fence) -> Plan:
    """From the state "applying" to "applied".

    Raises:
        LostError: another has taken the work since.
        queue.NotNowError: others were quicker each time.
        RosterStateError
    """
    for _ in range(TRIES):
        with database.reading() as session:
            roster = session.get_one(Roster, roster_id)
            if roster.state != "applying":
                raise LostError
            plan = make_plan(session, roster, sealer, is_dry=False)
        stage(database, roster_id, plan, fence)
        try:
            _do(database, roster_id, plan, finish)
        except (writing.OvertakenError, IntegrityError, BulkError) as error:
            log.info("roster %d was overtaken (%s); it is planned anew", roster_id, type(error).__name__)
            continue
        finally:
            unstage(database, roster_id)
        return plan
    raise queue.NotNowError("companies and people were changed by others all the while")


def stage(database: Database, roster_id: int, plan: Plan, fence: Fence) -> None:
    """Lay the plan into tables of its own, some thousand rows at a time."""
    unstage(database, roster_id)
    companies = [
        {
            "roster_id": roster_id,
            "business_number": company.business_number,
            "uid": company.uid,
            "name": company.name,
            "search_key": company.search_key,
            "region_id": company.region_id,
        }
        for company in plan.planner.companies
    ]
    for some in chunks(companies, CHUNK):
        with _writing(database, fence) as session:
            session.execute(insert(RosterCompany), some)
    steps = ((number, decision.step) for number, decision in enumerate(plan.decisions) if decision.step is not None)
    for some_steps in chunks(steps, CHUNK):
        rows: list[dict[str, Any]] = [
            {"roster_id": roster_id, "number": number, **vars(step)} for number, step in some_steps
        ]
        with _writing(database, fence) as session:
            session.execute(table_of(RosterStep).insert(), rows)
            session.execute(update(Roster).where(Roster.id == roster_id).values(done=some_steps[-1][0] // 2))
        give_way()
    write_rows(database, roster_id, plan.decisions, fence, done=len(plan.decisions) // 2, weight=2)
    if database.engine.dialect.name == "postgresql":
        with database.writing() as session:  # it knows nothing of rows that came a second ago, and would plan badly
            session.execute(text("ANALYZE lms_roster_step, lms_roster_company"))
            session.commit()


def unstage(database: Database, roster_id: int) -> None:
    with database.writing() as session:
        for table in (RosterStep, RosterCompany):
            session.execute(delete(table).where(table.roster_id == roster_id))
        session.commit()


def _do(database: Database, roster_id: int, plan: Plan, finish: Fence) -> None:
    now = utcnow()
    with _writing(database, finish) as session:
        roster = storage.lock(session, roster_id)
        writing.shut_others_out(session, plan.known.version)
        _finish(session, roster, plan, now)


def _finish(session: Session, roster: Roster, plan: Plan, now: datetime) -> None:
    roster.state, roster.done, roster.result = "applied", roster.size, plan.counts()
    roster.applied_at = now
    if plan.does_something:
        record = writing.write(session, roster, now=now)
        roster.change_set_id = record.set.id
    session.flush()

"""One message a week for those who answer for others: who of their people needs time, what is due, what was completed.

It holds numbers by run and no names: whose page is opened is noted, whose mail is read is not. Who has nothing to hear gets
none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.clock import SEOUL, seoul_day, utcnow
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.jobs.queue import Claim
from lms.learning import pace
from lms.learning.applications.extensions import last_day
from lms.learning.classroom import entries_by_enrolment
from lms.learning.completion import evaluate
from lms.messages import send_many
from lms.messages.quiet import quiet_until
from lms.models import Company, Database, Enrolment, LedgerEntry, Message, Person, Role, Run

from .finding import has_begun, has_completed

JOB = "send_digests"
AT_ONCE = 50  # managers or officers in a transaction
MOST_RUNS = 12  # of a digest; the page has all
SOON = 7
_LEFT = ("need", "due", "completed")  # without any of these there is nothing to tell


@dataclass(frozen=True)
class Addressee:
    """Somebody with what she answers for: companies, or centres."""

    person_id: int
    kind: str
    of: frozenset[int]


def week_of(day: date) -> str:
    """2026-W48, as ISO 8601 counts."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def is_the_hour(now: datetime) -> bool:
    """Mondays and, where the machine was down, Tuesdays by day."""
    return now.astimezone(SEOUL).weekday() in (0, 1) and quiet_until(now) is None


CHORE = Chore(JOB, timedelta(hours=4), lambda session: is_the_hour(utcnow()))


def handle(database: Database, claim: Claim) -> str | None:
    """The handler of JOB."""
    now = utcnow()
    if is_the_hour(now):
        send_all(database, now)
    with database.writing() as session:
        if queue.finish(session, claim):
            session.commit()
    return None


def send_all(database: Database, now: datetime) -> int:
    """Write each addressee's digest of this week who has none. Returns how many were written."""
    day, sent, last = seoul_day(now), 0, 0
    while True:
        with database.reading() as session:
            some, last = _some_addressees(session, day, after=last)
            made = _digests(session, some, day)
        if made:
            with database.writing() as session:
                for kind, rows in made.items():
                    sent += send_many(session, kind, rows, now=now)
                session.commit()
        if not some:
            return sent


def _once(kind: str, person_id: int, day: date) -> str:
    return f"{kind}:{person_id}:{week_of(day)}"


def _some_addressees(session: Session, day: date, *, after: int) -> tuple[list[Addressee], int]:
    """The next of those with a role today and no digest this week, by their id, and the last id that was looked at."""
    kinds = case((Role.kind == "officer", "digest_officer"), else_="digest_company")
    once = kinds.concat(":").concat(cast(Role.person_id, String)).concat(literal(f":{week_of(day)}"))
    told = select(Message.id).where(Message.once == once).correlate(Role).exists()
    waiting = and_(
        Role.kind.in_(("company_manager", "officer")),
        Role.from_on <= day,
        or_(Role.to_on.is_(None), Role.to_on >= day),
        Person.is_active,
        ~told,
    )
    next_ids = (
        select(Role.person_id)
        .join(Person, Person.id == Role.person_id)
        .where(waiting, Role.person_id > after)
        .distinct()
        .order_by(Role.person_id)
        .limit(AT_ONCE)
    )
    ids = list(session.scalars(next_ids))
    rows = session.execute(
        select(Role.person_id, kinds, func.coalesce(Role.company_id, Role.centre_id))
        .join(Person, Person.id == Role.person_id)
        .where(waiting, Role.person_id.in_(ids))
    )
    scopes: dict[tuple[int, str], set[int]] = defaultdict(set)
    for person, kind, scope in rows:
        scopes[person, kind].add(scope)
    found = [Addressee(person, kind, frozenset(of)) for (person, kind), of in sorted(scopes.items())]
    return found, max(ids, default=after)


Recipients = list[tuple[int, Mapping[str, Any], str | None]]


def _digests(session: Session, some: Sequence[Addressee], day: date) -> dict[str, Recipients]:
    """Those with anything to tell, by kind."""
    companies = frozenset().union(*(one.of for one in some if one.kind == "digest_company"))
    centres = frozenset().union(*(one.of for one in some if one.kind == "digest_officer"))
    by_kind = {
        "digest_company": _of_companies(session, companies, day),
        "digest_officer": _of_centres(session, centres, day),
    }
    made: dict[str, Recipients] = defaultdict(list)
    for one in some:
        rows = _added(row for scope in one.of for row in by_kind[one.kind].get(scope, ()))
        if any(row[word] for row in rows for word in _LEFT):
            facts = {"runs": rows[:MOST_RUNS], "more": max(0, len(rows) - MOST_RUNS), "week": week_of(day)}
            made[one.kind].append((one.person_id, facts, _once(one.kind, one.person_id, day)))
    return made


def _added(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one run added up, those first whose people need time, then those that end first."""
    by_run: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = by_run.setdefault(row["run"], {**row, **dict.fromkeys(("people", *_LEFT), 0)})
        for word in ("people", *_LEFT):
            known[word] += row[word]
    return sorted(by_run.values(), key=lambda row: (-row["need"], row["ends"], row["course"], row["number"]))


def _row(run: Run, people: int, need: int, due: int, completed: int) -> dict[str, Any]:
    """`need` time, have their last day within a week, and completed in the last seven days."""
    return {
        "run": str(run.uid),
        "course": run.course_version.title,
        "number": run.number,
        "ends": run.learn_to.isoformat(),
        "people": people,
        "need": need,
        "due": due,
        "completed": completed,
    }


def _of_companies(session: Session, companies: Collection[int], day: date) -> dict[int, list[dict[str, Any]]]:
    """Company → its people by run, judged as on the manager's page: the ledger of a company is small."""
    enrolments = (
        session.scalars(
            select(Enrolment)
            .join(Enrolment.run)
            .join(Company, Company.id == Enrolment.company_id)
            .where(
                Enrolment.state == "enrolled",
                func.coalesce(Company.merged_into_id, Company.id).in_(companies),
                *_current(day),
            )
            .options(
                joinedload(Enrolment.company),
                joinedload(Enrolment.run).options(
                    joinedload(Run.course_version),
                    selectinload(Run.units),
                    selectinload(Run.rules),
                    selectinload(Run.sittings),
                ),
            )
        )
        .unique()
        .all()
    )
    entries = entries_by_enrolment(session, [enrolment.id for enrolment in enrolments])
    counts: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    runs = {}
    for enrolment in enrolments:
        run, company = enrolment.run, enrolment.company
        runs[run.id] = run
        standing = evaluate(run.units, run.rules[-1], entries[enrolment.id], run.sittings)
        last = enrolment.last_day
        done_on = standing.completed_on
        found = counts[company.merged_into_id or company.id, run.id]
        found[0] += 1
        found[1] += pace.judge(standing, run.learn_from, last, day).needs_time
        found[2] += done_on is None and day <= last <= day + timedelta(days=SOON)
        found[3] += done_on is not None and done_on > day - timedelta(days=7)
    made: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for (company_id, run_id), numbers in counts.items():
        made[company_id].append(_row(runs[run_id], *numbers))
    return made


def _current(day: date) -> tuple[Any, ...]:
    """Runs in which learners may work, or could within the last week."""
    return (
        Run.opened_at.is_not(None),
        Run.closed_at.is_(None),
        Run.learn_from <= day,
        last_day() >= day - timedelta(days=7),
    )


def _of_centres(session: Session, centres: Collection[int], day: date) -> dict[int, list[dict[str, Any]]]:
    """Centre → its runs, counted in the database: a centre has tens of thousands of people, whose pace isn't judged here.
    Who needs time is who has not begun though the run has, by a tenth of its days at least."""
    days = 7
    week = select(LedgerEntry.id).where(
        LedgerEntry.enrolment_id == Enrolment.id,
        LedgerEntry.kind == "completed",
        LedgerEntry.effective_on > day - timedelta(days=days),
    )
    open_ = ~has_completed()
    rows = session.execute(
        select(
            Run.id,
            func.count(),
            func.sum(case((and_(open_, ~has_begun(), last_day() >= day), 1), else_=0)),
            func.sum(case((and_(open_, last_day().between(day, day + timedelta(days=SOON))), 1), else_=0)),
            func.sum(case((and_(has_completed(), week.correlate(Enrolment).exists()), 1), else_=0)),
        )
        .join(Enrolment, Enrolment.run_id == Run.id)
        .where(Run.centre_id.in_(centres), Enrolment.state == "enrolled", *_current(day))
        .group_by(Run.id)
    ).all()
    runs = {
        run.id: run
        for run in session.scalars(
            select(Run).where(Run.id.in_([row[0] for row in rows])).options(joinedload(Run.course_version))
        )
    }
    made: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for run_id, people, need, due, completed in rows:
        run = runs[run_id]
        has_time_passed = 10 * (day - run.learn_from).days >= (run.learn_to - run.learn_from).days
        made[run.centre_id].append(_row(run, people, need if has_time_passed else 0, due, completed))
    return made


# When the mail leaves


def still_answers(session: Session, message: Message, now: datetime) -> Mapping[str, Any] | None:
    """None for who has no such role any more."""
    kind = "officer" if message.kind == "digest_officer" else "company_manager"
    day = seoul_day(now)
    holds = select(Role.id).where(
        Role.person_id == message.person_id, Role.kind == kind, or_(Role.to_on.is_(None), Role.to_on >= day)
    )
    return {} if session.scalar(holds.limit(1)) is not None else None


PREPARE = dict.fromkeys(("digest_company", "digest_officer"), still_answers)

"""Whom a message to "those who …" is for: of a run or of a company, chosen by where they stand today."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.errors import NotFoundError
from lms.learning import pace
from lms.learning.classes import in_class
from lms.learning.classroom import entries_by_enrolment, load_run, stuck_on
from lms.learning.completion import Standing, evaluate
from lms.learning.enrolments import visible_to
from lms.models import Company, Enrolment, Person, Run
from lms.people.viewers import Viewer

# In the order in which they are offered: whom one can still help comes first.
WHO = ("unfinished", "not_begun", "behind", "deadline", "stuck", "absent", "all")
SOON = 7  # days to one's last one


@dataclass(frozen=True)
class Scope:
    """What the people are of: a run, or a company with all of its runs that are not over."""

    run: Run | None = None
    company: Company | None = None


@dataclass(frozen=True)
class Recipient:
    """Somebody with the enrolment that the message is about."""

    enrolment: Enrolment
    standing: Standing
    kinds: frozenset[str]

    @property
    def person(self) -> Person:
        return self.enrolment.person


def load_scope(session: Session, viewer: Viewer, run: UUID | None, company: UUID | None) -> Scope:
    """A run of the viewer's classes, or a company that she manages. Raises NotFoundError."""
    if run is not None:
        return Scope(run=load_run(session, viewer, run))
    found = session.scalar(select(Company).where(Company.uid == company, Company.id.in_(viewer.managed_companies)))
    if found is None:
        raise NotFoundError()
    return Scope(company=found)


def list_people(session: Session, viewer: Viewer, scope: Scope, day: date) -> list[Recipient]:
    """Everybody of the scope whom the viewer sees and who can still be told something; each person once, with the enrolment
    that ends first. A handful of queries however many they are."""
    enrolments = (
        session.scalars(
            select(Enrolment)
            .join(Enrolment.run)
            .join(Enrolment.person)
            .where(
                Enrolment.state == "enrolled",
                Person.is_active,
                Run.opened_at.is_not(None),
                Run.closed_at.is_(None),
                *_of(viewer, scope, day),
            )
            .options(
                joinedload(Enrolment.person),
                joinedload(Enrolment.run).options(
                    joinedload(Run.course_version),
                    selectinload(Run.units),
                    selectinload(Run.rules),
                    selectinload(Run.sittings),
                ),
            )
            .order_by(Enrolment.id)
        )
        .unique()
        .all()
    )
    entries = entries_by_enrolment(session, [enrolment.id for enrolment in enrolments])
    first: dict[int, Enrolment] = {}
    for enrolment in sorted(enrolments, key=lambda one: (one.last_day < day, one.last_day)):
        first.setdefault(enrolment.person_id, enrolment)
    made = [_recipient(enrolment, entries[enrolment.id], day) for enrolment in first.values()]
    return sorted(made, key=lambda one: (one.person.name, one.person.id))


def _of(viewer: Viewer, scope: Scope, day: date) -> Sequence[ColumnElement[bool]]:
    if scope.run is not None:
        return (Enrolment.id.in_(in_class(viewer).where(Run.id == scope.run.id)),)
    assert scope.company is not None
    merged = select(Company.id).where(Company.merged_into_id == scope.company.id)
    return (
        or_(Enrolment.company_id == scope.company.id, Enrolment.company_id.in_(merged)),
        visible_to(viewer),
        Run.learn_to >= day - timedelta(days=366),
    )


def _recipient(enrolment: Enrolment, entries: Sequence[Any], day: date) -> Recipient:
    run = enrolment.run
    standing = evaluate(run.units, run.rules[-1], entries, run.sittings)
    return Recipient(enrolment, standing, frozenset(_kinds(enrolment, standing, entries, day)))


def _kinds(enrolment: Enrolment, standing: Standing, entries: Sequence[Any], day: date) -> Iterable[str]:
    yield "all"
    if standing.is_completed:
        return
    yield "unfinished"
    run, last = enrolment.run, enrolment.last_day
    if not any(entry.kind in ("unit_done", "scored", "attended") for entry in entries) and run.learn_from <= day:
        yield "not_begun"
    if pace.judge(standing, run.learn_from, last, day).needs_time:
        yield "behind"
    if run.learn_from <= day <= last <= day + timedelta(days=SOON):
        yield "deadline"
    if stuck_on(standing, entries):
        yield "stuck"
    if any(missing.what == "attendance" for missing in standing.missing) and _missed(enrolment, entries, day):
        yield "absent"


def _missed(enrolment: Enrolment, entries: Sequence[Any], day: date) -> bool:
    """Whether a sitting at which all were expected is over and no hours of it were recognised."""
    hours = {entry.unit_key: entry.points for entry in entries if entry.kind == "attended"}
    held: dict[str, list[Any]] = defaultdict(list)
    for sitting in enrolment.run.sittings:
        if not sitting.is_cancelled and not sitting.is_extra:
            held[sitting.choice].append(sitting)
    return any(all(sitting.day < day and not hours.get(sitting.key) for sitting in choice) for choice in held.values())


def choose(people: Iterable[Recipient], who: str) -> list[Recipient]:
    return [one for one in people if who in one.kinds]


def counts_of(people: Iterable[Recipient]) -> Mapping[str, int]:
    """How many of each kind there are."""
    return Counter(kind for one in people for kind in one.kinds)

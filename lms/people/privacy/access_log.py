"""접속기록: who looked at whose data, from where. Kept for a year, two from 50,000 people on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from lms.clock import end_of_day, utcnow
from lms.models import AccessEntry, Company, Employment, Enrolment, Person, Run

# People from whom on the log is kept for two years (Personal Information Protection Commission, standard of safety measures).
MANY_PEOPLE = 50_000
DAYS, DAYS_OF_MANY = 365, 730
SUBJECT_COMPANY, SUBJECT_RUN = "company", "run"


def note(
    session: Session,
    action: str,
    *,
    actor_id: int | None,
    person_id: int | None = None,
    subject: str = "",
    count: int = 1,
    words: dict[str, Any] | None = None,
    reason: str = "",
    address: str = "",
    now: datetime | None = None,
) -> AccessEntry:
    """Note a look at one person, or at a list of so many.

    Args:
        subject: of a list, what it was of: company:uid, run:uid, or empty.
        words: of a list, the words of its question.
    """
    made = AccessEntry(
        at=now or utcnow(),
        actor_id=actor_id,
        address=address[:45],
        action=action,
        person_id=person_id,
        subject=subject[:80],
        count=count,
        words=words,
        reason=reason[:400],
    )
    session.add(made)
    return made


@dataclass(frozen=True)
class Look:
    """An entry with the name of who looked, and of whom, where these still have a row."""

    entry: AccessEntry
    actor: str | None
    person: str | None


def list_looks_at(session: Session, person_id: int, *, limit: int, offset: int = 0) -> Sequence[Look]:
    """Newest first: looks at her alone, and at lists of companies and runs that she is or was in. Not her own."""
    return _looks(session, _of_person(session, person_id), limit, offset)


def count_looks_at(session: Session, person_id: int) -> int:
    return session.scalar(select(func.count()).select_from(AccessEntry).where(_of_person(session, person_id))) or 0


def list_looks(
    session: Session,
    *,
    actor_ids: Collection[int] | None = None,
    person_ids: Collection[int] | None = None,
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    offset: int = 0,
) -> Sequence[Look]:
    """Newest first, for operators."""
    wanted = [
        condition
        for condition in (
            AccessEntry.actor_id.in_(actor_ids) if actor_ids is not None else None,
            AccessEntry.person_id.in_(person_ids) if person_ids is not None else None,
            AccessEntry.action == action if action else None,
            AccessEntry.at >= since if since else None,
            AccessEntry.at < until if until else None,
        )
        if condition is not None
    ]
    return _looks(session, and_(true(), *wanted), limit, offset)


def keeping_days(session: Session) -> int:
    """How long entries have to be kept, by how many people there are."""
    people = select(Person.id).limit(MANY_PEOPLE).subquery()
    many = (session.scalar(select(func.count()).select_from(people)) or 0) >= MANY_PEOPLE
    return DAYS_OF_MANY if many else DAYS


def _of_person(session: Session, person_id: int) -> ColumnElement[bool]:
    """Of lists those of a company or run since she came to it; what was of people who had left may still name her."""
    companies = session.execute(
        select(Company.uid, Employment.from_on)
        .join(Employment, Employment.company_id == Company.id)
        .where(Employment.person_id == person_id)
    ).all()
    runs = session.execute(
        select(Run.uid, Enrolment.enrolled_at)
        .join(Enrolment, Enrolment.run_id == Run.id)
        .where(Enrolment.person_id == person_id)
    ).all()
    lists = [
        and_(
            AccessEntry.subject == f"{SUBJECT_COMPANY}:{uid}", AccessEntry.at >= end_of_day(from_on - timedelta(days=1))
        )
        for uid, from_on in companies
    ]
    lists += [
        and_(AccessEntry.subject == f"{SUBJECT_RUN}:{uid}", AccessEntry.at >= enrolled_at) for uid, enrolled_at in runs
    ]
    at_her = AccessEntry.person_id == person_id
    return and_(or_(at_her, *lists), or_(AccessEntry.actor_id.is_(None), AccessEntry.actor_id != person_id))


def _looks(session: Session, condition: Any, limit: int, offset: int) -> list[Look]:
    entries = session.scalars(_newest(select(AccessEntry).where(condition)).limit(limit).offset(offset)).all()
    ids = {entry.actor_id for entry in entries} | {entry.person_id for entry in entries}
    known = select(Person.id, Person.name).where(Person.id.in_(ids - {None}))
    names: dict[int | None, str] = {id_: name for id_, name in session.execute(known)}
    return [Look(entry, names.get(entry.actor_id), names.get(entry.person_id)) for entry in entries]


def _newest(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(AccessEntry.at.desc(), AccessEntry.id.desc())

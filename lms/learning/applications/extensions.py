"""A later last day for a learner, or for a company's people in a run. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError
from lms.messages import send_many
from lms.models import Company, Enrolment, Extension, Person, Run

from . import telling

MOST = timedelta(days=366)  # beyond the run's own last day


class ExtensionError(LMSError):
    """`reason`: reason_missing, day (neither the run's own last day nor a later one, or in the past), too_long, nobody (none
    of these learners or companies is in the run), closed. `run_ends` is the run's last day."""

    sentence = "The period was not made longer: {reason}."


def last_day(known_at: datetime | None = None) -> ColumnElement[Any]:
    """The last day of an enrolment (see `Enrolment.last_day`), over Enrolment joined with Run; by what was known before a
    moment, where one is given."""
    known = true() if known_at is None else Extension.at < known_at
    newest = select(Extension.learn_to).where(known).order_by(Extension.id.desc()).limit(1)
    own = newest.where(Extension.enrolment_id == Enrolment.id)
    company = newest.where(Extension.run_id == Enrolment.run_id, Extension.company_id == Enrolment.company_id)
    day: Any = Run.learn_to
    for other in (own, company):
        later = other.correlate(Enrolment).scalar_subquery()
        day = case((later > day, later), else_=day)
    return day


def extend(
    session: Session,
    run: Run,
    learn_to: date,
    *,
    enrolment_ids: Collection[int] = (),
    company_ids: Collection[int] = (),
    reason: str,
    actor_id: int | None,
    now: datetime | None = None,
) -> int:
    """Give these learners of a run, or all of these companies in it, until a day. Those of them who are told are counted.

    The run's own last day takes an extension back.

    Raises:
        ExtensionError
    """
    now, reason = now or utcnow(), " ".join(reason.split())
    _refuse(run, learn_to, reason, seoul_day(now))
    mine = (Enrolment.run_id == run.id, Enrolment.state == "enrolled")
    learners = list(session.scalars(select(Enrolment.id).where(*mine, Enrolment.id.in_(enrolment_ids))))
    companies = _companies(session, run, company_ids)
    if not learners and not companies:
        raise ExtensionError("nobody", run_ends=run.learn_to)
    common = {"run_id": run.id, "learn_to": learn_to, "reason": reason[:400], "actor_id": actor_id, "at": now}
    session.add_all(Extension(enrolment_id=id_, **common) for id_ in learners)
    session.add_all(Extension(company_id=id_, **common) for id_ in companies)
    session.flush()
    session.expire_all()
    audit.record(
        session,
        "period_extended",
        actor_id=actor_id,
        subject=f"run:{run.id}",
        reason=reason,
        detail={"learn_to": learn_to.isoformat(), "learners": len(learners), "companies": len(companies)},
    )
    told = session.scalars(
        select(Enrolment.person_id).where(*mine, or_(Enrolment.id.in_(learners), Enrolment.company_id.in_(companies)))
    ).all()
    facts = telling.of_run(session, run) | {"last_day": learn_to.isoformat(), "reason": reason[:400]}
    send_many(session, "extended", [(person, facts, None) for person in told], now=now)
    return len(told)


def _refuse(run: Run, learn_to: date, reason: str, day: date) -> None:
    if not reason:
        raise ExtensionError("reason_missing", run_ends=run.learn_to)
    if run.closed_at is not None:
        raise ExtensionError("closed", run_ends=run.learn_to)
    if learn_to < run.learn_to or (learn_to > run.learn_to and learn_to < day):
        raise ExtensionError("day", run_ends=run.learn_to)
    if learn_to > run.learn_to + MOST:
        raise ExtensionError("too_long", run_ends=run.learn_to)


def _companies(session: Session, run: Run, ids: Collection[int]) -> Sequence[int]:
    """As enrolments of the run name them: also by entries that were merged into them."""
    if not ids:
        return []
    return session.scalars(
        select(Company.id)
        .where(
            or_(Company.id.in_(ids), Company.merged_into_id.in_(ids)),
            select(Enrolment.id)
            .where(Enrolment.run_id == run.id, Enrolment.company_id == Company.id, Enrolment.state == "enrolled")
            .exists(),
        )
        .order_by(Company.id)
    ).all()


@dataclass(frozen=True)
class Given:
    """An extension as it is told: whose, by whom. `is_current`: the newest for her or the company."""

    extension: Extension
    whom: str
    actor: str | None
    is_current: bool


def list_given(session: Session, run: Run) -> list[Given]:
    """Those of a run, the newest first. One query."""
    actor = aliased(Person)
    rows = session.execute(
        select(Extension, func.coalesce(Person.name, Company.name), actor.name)
        .outerjoin(Enrolment, Enrolment.id == Extension.enrolment_id)
        .outerjoin(Person, Person.id == Enrolment.person_id)
        .outerjoin(Company, Company.id == Extension.company_id)
        .outerjoin(actor, actor.id == Extension.actor_id)
        .where(Extension.run_id == run.id)
        .order_by(Extension.id.desc())
    ).all()
    seen: set[tuple[int | None, int | None]] = set()
    found = []
    for row, whom, name in rows:
        key = (row.enrolment_id, row.company_id)
        found.append(Given(row, whom, name, key not in seen))
        seen.add(key)
    return found

"""Links that lead to a run. Whoever follows one is signed in, and is told nothing of a link that isn't for her."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError, NotFoundError
from lms.models import Company, Run, RunLink

from . import deciding, seats
from .seats import Admitted

MOST_USES = 10_000


class LinkError(LMSError):
    """`reason`: day (in the past, or after the run's last), uses (not from 1 to 10,000), closed."""

    sentence = "The link was not made: {reason}."


def make(
    session: Session,
    run: Run,
    *,
    last_day: date,
    most_uses: int,
    company: Company | None = None,
    is_direct: bool = False,
    actor_id: int,
    now: datetime | None = None,
) -> RunLink:
    """Raises LinkError."""
    now = now or utcnow()
    if run.closed_at is not None:
        raise LinkError("closed")
    if not seoul_day(now) <= last_day <= run.learn_to:
        raise LinkError("day", run_ends=run.learn_to)
    if not 1 <= most_uses <= MOST_USES:
        raise LinkError("uses")
    made = RunLink(
        run_id=run.id,
        company_id=company.id if company else None,
        is_direct=is_direct,
        most_uses=most_uses,
        last_day=last_day,
        made_by=actor_id,
        made_at=now,
    )
    session.add(made)
    session.flush()
    audit.record(session, "run_link_made", actor_id=actor_id, subject=f"run:{run.id}", detail={"link": made.id})
    return made


def revoke(session: Session, run: Run, uid: UUID, *, actor_id: int, now: datetime | None = None) -> None:
    """It leads nowhere any more. Again changes nothing. Raises NotFoundError."""
    found = session.scalar(select(RunLink).where(RunLink.uid == uid, RunLink.run_id == run.id))
    if found is None:
        raise NotFoundError()
    if found.revoked_at is None:
        found.revoked_at = now or utcnow()
        audit.record(session, "run_link_revoked", actor_id=actor_id, subject=f"run:{run.id}", detail={"link": found.id})


def list_links(session: Session, run: Run) -> Sequence[RunLink]:
    """Those of a run with their companies, the newest first."""
    return session.scalars(
        select(RunLink).where(RunLink.run_id == run.id).options(joinedload(RunLink.company)).order_by(RunLink.id.desc())
    ).all()


def is_open(link: RunLink, day: date) -> bool:
    return link.revoked_at is None and day <= link.last_day and link.uses < link.most_uses


def load(session: Session, person_id: int, uid: UUID, *, now: datetime | None = None) -> tuple[RunLink, Run]:
    """A link that is open, is for this person, and leads to a run that takes people; with that run.

    Raises:
        NotFoundError: for whatever is wrong with it, so that nothing can be learnt by trying.
    """
    now = now or utcnow()
    row = session.execute(
        select(RunLink, Run)
        .join(Run, Run.id == RunLink.run_id)
        .where(RunLink.uid == uid)
        .options(joinedload(Run.course_version))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or not is_open(row[0], seoul_day(now)) or seats.problem_of_run(row[1], seoul_day(now)):
        raise NotFoundError()
    if row[0].company_id is not None and not _is_of(session, row[0].company_id, person_id, now):
        raise NotFoundError()
    return row[0], row[1]


def _is_of(session: Session, company_id: int, person_id: int, now: datetime) -> bool:
    company = session.scalar(select(func.coalesce(Company.merged_into_id, Company.id)).where(Company.id == company_id))
    return seats.origins_on(session, [person_id], seoul_day(now))[person_id].company_id == company


def follow(session: Session, person_id: int, uid: UUID, *, now: datetime | None = None) -> Admitted:
    """Apply by a link, or come in by one that is direct. Who has applied already doesn't use it up.

    Raises:
        NotFoundError; deciding.ApplicationError
    """
    now = now or utcnow()
    run_id = session.scalar(select(RunLink.run_id).where(RunLink.uid == uid))
    if run_id is None:
        raise NotFoundError()
    run = seats.lock(session, run_id)
    link, run = load(session, person_id, uid, now=now)
    before = deciding.live_of(session, run.id, person_id)
    admitted = deciding.put_in(session, run, person_id, way="link", link_id=link.id, is_direct=link.is_direct, now=now)
    if before is None:
        link.uses += 1
    session.flush()
    return admitted

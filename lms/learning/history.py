"""One learner in one run, for those who answer for her: who she is, what was recorded of her, and where she stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from lms.clock import seoul_day
from lms.models import (
    Centre,
    Employment,
    Enrolment,
    LedgerEntry,
    Person,
    QuizAttempt,
    Region,
    Run,
    RunUnit,
    Submission,
)
from lms.people.viewers import Viewer

from .completion import Standing, evaluate
from .enrolments import decided_by, load_enrolment


@dataclass(frozen=True)
class Event:
    """An entry of the ledger with what names it. `number` is the attempt's; `is_again` marks a score that replaces one."""

    kind: str
    effective_on: date
    recorded_at: datetime
    unit_title: str | None
    points: float | None
    max_points: float | None
    number: int | None
    submission: UUID | None
    is_again: bool
    actor: str | None
    reason: str

    @property
    def was_there(self) -> bool:
        """Whether it says that she was at a sitting."""
        return self.kind == "attended" and bool(self.points)

    @property
    def was_late(self) -> bool:
        """Recorded on a later day than it happened on."""
        return seoul_day(self.recorded_at) > self.effective_on


@dataclass(frozen=True)
class LearnerInRun:
    """`events` are the newest first; `may_decide` as the viewer may uphold or revoke the completion."""

    enrolment: Enrolment
    person: Person
    company: str
    company_uid: UUID
    region: str
    centre: str
    employee_number: str | None
    standing: Standing
    events: tuple[Event, ...]
    submissions: Sequence[Submission]
    may_decide: bool

    @property
    def last_active(self) -> date | None:
        """The last day on which something was done."""
        did = (event for event in self.events if event.kind in ("unit_done", "scored") or event.was_there)
        return max((event.effective_on for event in did), default=None)


def load_learner(session: Session, viewer: Viewer, uid: UUID) -> LearnerInRun:
    """An enrolment that the viewer may see, with all that its page tells: seven queries however much there is.

    Raises:
        NotFoundError
    """
    enrolment = load_enrolment(session, viewer, uid)
    person, company, region, centre, may_decide = _around(session, viewer, enrolment)
    entries, events = _entries(session, enrolment)
    return LearnerInRun(
        enrolment=enrolment,
        person=person,
        company=company.name,
        company_uid=company.uid,
        region=region,
        centre=centre,
        employee_number=_employee_number(session, enrolment),
        standing=evaluate(enrolment.run.units, enrolment.run.rules[-1], entries, enrolment.run.sittings),
        events=tuple(reversed(events)),
        submissions=_submissions(session, enrolment),
        may_decide=may_decide,
    )


def _around(session: Session, viewer: Viewer, enrolment: Enrolment) -> tuple:
    row = session.execute(
        select(Enrolment, Region.name_ko, Centre.name_ko, decided_by(viewer))
        .join(Region, Region.id == Enrolment.region_id)
        .join(Run, Run.id == Enrolment.run_id)
        .join(Centre, Centre.id == Run.centre_id)
        .where(Enrolment.id == enrolment.id)
        .options(joinedload(Enrolment.person), joinedload(Enrolment.company))
    ).one()
    return enrolment.person, enrolment.company, row[1], row[2], bool(row[3])


def _entries(session: Session, enrolment: Enrolment) -> tuple[list[LedgerEntry], list[Event]]:
    """The ledger's entries, oldest first, as the rule reads them and as a page tells them."""
    actor = aliased(Person)
    rows = session.execute(
        select(LedgerEntry, actor.name, Submission.uid, Submission.number, QuizAttempt.number)
        .outerjoin(actor, actor.id == LedgerEntry.actor_id)
        .outerjoin(Submission, Submission.id == LedgerEntry.submission_id)
        .outerjoin(QuizAttempt, QuizAttempt.id == LedgerEntry.quiz_attempt_id)
        .where(LedgerEntry.enrolment_id == enrolment.id)
        .order_by(LedgerEntry.id)
    ).all()
    run = enrolment.run
    titles = {unit.key: unit.title for unit in run.units} | {sitting.key: sitting.title for sitting in run.sittings}
    known: set[str] = set()
    events = []
    for entry, actor_name, submission, number, quiz_number in rows:
        scored = entry.kind == "scored"
        events.append(
            Event(
                kind=entry.kind,
                effective_on=entry.effective_on,
                recorded_at=entry.recorded_at,
                unit_title=titles.get(entry.unit_key or "", entry.unit_key),
                points=entry.points,
                max_points=entry.max_points,
                number=number or quiz_number,
                submission=submission,
                is_again=scored and entry.attempt_key in known,
                actor=actor_name,
                reason=entry.reason,
            )
        )
        if scored:
            known.add(entry.attempt_key)
    return [row[0] for row in rows], events


def _employee_number(session: Session, enrolment: Enrolment) -> str | None:
    """The one that she had at the enrolment's company on the day of the enrolment."""
    day = seoul_day(enrolment.enrolled_at)
    return session.scalar(
        select(Employment.employee_number)
        .where(
            Employment.person_id == enrolment.person_id,
            Employment.company_id == enrolment.company_id,
            Employment.from_on <= day,
            or_(Employment.to_on.is_(None), Employment.to_on >= day),
        )
        .order_by(Employment.from_on.desc())
        .limit(1)
    )


def _submissions(session: Session, enrolment: Enrolment) -> Sequence[Submission]:
    return session.scalars(
        select(Submission)
        .join(RunUnit, RunUnit.id == Submission.run_unit_id)
        .where(Submission.enrolment_id == enrolment.id)
        .options(joinedload(Submission.run_unit), selectinload(Submission.grades))
        .order_by(RunUnit.position, Submission.number)
    ).all()

"""A later run that takes applications: some are decided, some wait for a word or a seat; and a learner with more time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.clock import today, utcnow
from lms.learning import enrolments, runs
from lms.learning.applications import admission, deciding, extensions, links, seats, transfers
from lms.models import Company, Course, Employment, Enrolment, Person, Role, Run
from lms.people import accounts
from lms.people.viewers import Viewer, viewer_of

from .days import at
from .marks import mark, marked

# Name, department; the first is transferred from the run of the cast.
_WORKERS = (
    ("문가영", "용접"),
    ("서지원", "용접"),
    ("임도현", "도금"),
    ("황보라", "품질"),
    ("백승우", "품질"),
    ("노은채", "용접"),
)
SEATS = 2


def take_applications(session: Session, run: Run, company: Company, day: date) -> None:
    """`run` is that of the cast, `company` its company."""
    now = utcnow() if day == today() else at(day, 10 * 60)
    officer, manager = _first(session, "officer", centre_id=run.centre_id), _first(session, "company_manager")
    workers = [_worker(session, company, number, *facts, day=day) for number, facts in enumerate(_WORKERS, 1)]
    first = enrolments.enrol(session, run, workers[0].id, now=now)
    later = _later_run(session, run, day)
    admission.change(session, later, approval="both", moves_up_days=7, actor_id=officer)
    transfers.transfer(session, first, later, reason="교대 근무 변경", actor_id=officer, now=now)
    asked = [_apply(session, later, worker, now) for worker in workers[1:]]
    deciding.approve(session, _viewer(session, manager), later.id, asked[:4], now=now)
    deciding.accept(session, later.id, asked[:3], actor_id=officer, now=now)
    _apply(session, later, session.scalars(select(Person).where(Person.email == "hana@hanbit.example")).one(), now)
    links.make(session, later, last_day=later.learn_from, most_uses=20, company=company, actor_id=officer, now=now)
    extended = session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run.id, Enrolment.state == "enrolled")
        .order_by(Enrolment.id.desc())
        .limit(1)
    ).one()
    extensions.extend(
        session,
        run,
        run.learn_to + timedelta(days=14),
        enrolment_ids=[extended.id],
        reason="설비 이전 기간 야간 근무",
        actor_id=officer,
        now=now,
    )


def _worker(session: Session, company: Company, number: int, name: str, department: str, *, day: date) -> Person:
    """She has no account that she could sign in with."""
    person = accounts.create_person(session, name=name, language="ko")
    mark(session, person)
    session.add(
        Employment(
            person_id=person.id,
            company_id=company.id,
            employee_number=f"HB-2{number:03d}",
            department=department,
            from_on=day - timedelta(days=200),
        )
    )
    session.flush()
    return person


def _later_run(session: Session, run: Run, day: date) -> Run:
    """It begins when the cast's run, and what time was given in it, is over."""
    made = runs.open_run(
        session,
        session.get_one(Course, run.course_id),
        centre_id=run.centre_id,
        programme_id=run.programme_id,
        learn_from=run.learn_to + timedelta(days=21),
        learn_to=run.learn_to + timedelta(days=60),
        seats=SEATS,
    )
    made.apply_from, made.apply_to = day - timedelta(days=3), run.learn_to + timedelta(days=14)
    mark(session, made)
    return made


def _apply(session: Session, run: Run, person: Person, now: datetime) -> UUID:
    made = deciding.put_in(session, seats.lock(session, run.id), person.id, way="self", now=now).application
    assert made is not None
    return made.uid


def _first(session: Session, role: str, centre_id: int | None = None) -> int:
    centre = [] if centre_id is None else [Role.centre_id == centre_id]
    return session.scalars(
        select(Role.person_id)
        .where(Role.kind == role, *centre, Role.person_id.in_(marked(Person)))
        .order_by(Role.id)
        .limit(1)
    ).one()


def _viewer(session: Session, person_id: int) -> Viewer:
    return viewer_of(
        session.scalars(select(Person).where(Person.id == person_id).options(joinedload(Person.roles))).unique().one()
    )

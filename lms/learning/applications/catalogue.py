"""What a learner may apply for, and what became of what she applied for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.clock import seoul_day, utcnow
from lms.errors import NotFoundError
from lms.learning.sittings.planning import Announced, list_announced
from lms.models import Admission, Application, Centre, CentreRegion, CourseVersion, Enrolment, Person, Role, Run
from lms.models.applications import LIVE_STATES
from lms.people.organisations.places import covers
from lms.people.viewers import Viewer

from . import admission, seats
from .seats import Book, Origin

REMEMBERED = timedelta(days=180)  # how long the page tells of what was decided

Standing = Literal["may_apply", "may_wait", "soon", "full", "overlaps", "applied", "approved", "waiting", "enrolled"]


@dataclass(frozen=True)
class Offer:
    """A run that a learner may apply for today or soon. `left` are the seats for somebody of her company, None: uncounted;
    `sittings` what she would have to come to."""

    run: Run
    course: CourseVersion
    centre: Centre
    standing: Standing
    left: int | None
    sittings: Announced


@dataclass(frozen=True)
class Own:
    """One's own application with its run. `place` is that on the waiting list, `moves_up_to` the last day on which a seat may
    come; `may_leave` a seat that one may give back by oneself. `decider` is the name of whoever decided, and `decided_at`
    where she did, "" for both where nobody has."""

    application: Application
    run: Run
    course: CourseVersion
    enrolment: Enrolment | None
    place: int | None
    moves_up_to: date
    may_leave: bool
    decider: str
    decided_at: str


@dataclass(frozen=True)
class Catalogue:
    """`problem`: why nothing is offered: no_employment, or no_region (see `seats.Origin`)."""

    offers: tuple[Offer, ...]
    own: tuple[Own, ...]
    leaving: tuple[Enrolment, ...]
    problem: str


def load(session: Session, viewer: Viewer, *, now: datetime | None = None) -> Catalogue:
    """Eight queries however many runs, and one for each place on a waiting list."""
    now = now or utcnow()
    day = seoul_day(now)
    origin = seats.origins_on(session, [viewer.id], day)[viewer.id]
    rows = _rows(session, viewer, origin, day, now)
    offered = {run.id: run for run, *_rest, is_offered in rows if is_offered}
    books = seats.books_of(session, list(offered.values())) if offered else {}
    announced = list_announced(session, offered) if offered else {}
    elsewhere = _enrolled_in(session, viewer)
    offers, own = [], []
    seen: set[int] = set()  # of a run that she applied for again the newest application alone is told
    for run, course, centre, application, enrolment, settings, decider, of_centre, is_offered in rows:
        if run.id in seen:
            continue
        seen.add(run.id)
        moves_up_to = admission.last_day_of(settings, run)
        if application is not None and (application.is_live or (application.decided_at or now) > now - REMEMBERED):
            place = seats.place_of(session, application) if application.state == "waiting" else None
            own.append(
                Own(
                    application,
                    run,
                    course,
                    enrolment,
                    place,
                    moves_up_to,
                    _may_leave(application, enrolment, run, day),
                    decider or "",
                    ("centre" if of_centre else "company") if decider else "",
                )
            )
        if is_offered:
            standing = _standing(run, application, enrolment, origin, books[run.id], elsewhere, day, moves_up_to)
            left = books[run.id].left_for(origin.company_id, origin.region_id)
            offers.append(Offer(run, course, centre, standing, left, announced.get(run.id, ())))
    shown = {one.enrolment.id for one in own if one.enrolment is not None}
    leaving = tuple(row for row in elsewhere if row.id not in shown and day < row.run.learn_from)
    own.sort(key=lambda one: one.application.id, reverse=True)
    return Catalogue(tuple(offers), tuple(own), leaving, origin.problem)


def load_run(session: Session, viewer: Viewer, uid: UUID, *, now: datetime | None = None) -> Run:
    """A run that takes or took applications of learners of the viewer's region: whoever comes too late is told so. Raises
    NotFoundError."""
    day = seoul_day(now or utcnow())
    origin = seats.origins_on(session, [viewer.id], day)[viewer.id]
    found = session.scalar(
        select(Run).where(
            Run.uid == uid, Run.opened_at.is_not(None), Run.apply_to.is_not(None), _serves(origin.region_id, day)
        )
    )
    if found is None:
        raise NotFoundError()
    return found


def offered(region_id: int, day: date, *, from_soon: bool = True) -> list:
    """The conditions on runs that learners of a region may apply for on a day, or later (`from_soon`): those of the centres
    that serve it."""
    found = [
        Run.opened_at.is_not(None),
        Run.closed_at.is_(None),
        Run.apply_to >= day,
        Run.learn_to >= day,
        _serves(region_id, day),
    ]
    return found if from_soon else [*found, Run.apply_from <= day]


def _serves(region_id: int, day: date) -> ColumnElement[bool]:
    """The condition on runs of the centres that serve a region on a day."""
    return (
        select(CentreRegion.id)
        .where(
            CentreRegion.centre_id == Run.centre_id,
            CentreRegion.region_id == region_id,
            covers(CentreRegion.from_on, CentreRegion.to_on, day),
        )
        .exists()
    )


def _rows(session: Session, viewer: Viewer, origin: Origin, day: date, now: datetime) -> list:
    is_offered = and_(*offered(origin.region_id, day))
    rows = session.execute(
        select(
            Run, CourseVersion, Centre, Application, Enrolment, Admission, Person.name, _decided_by_centre(), is_offered
        )
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .join(Centre, Centre.id == Run.centre_id)
        .outerjoin(Admission, Admission.run_id == Run.id)
        .outerjoin(Application, and_(Application.run_id == Run.id, Application.person_id == viewer.id))
        .outerjoin(Enrolment, and_(Enrolment.run_id == Run.id, Enrolment.person_id == viewer.id))
        .outerjoin(Person, Person.id == Application.decided_by)
        .where(
            or_(
                is_offered,
                Application.state.in_(LIVE_STATES),
                Application.decided_at > now - REMEMBERED,
            )
        )
        .order_by(Run.apply_from, Run.learn_from, Run.id, Application.id.desc())
    ).all()
    return [tuple(row) for row in rows]


def _decided_by_centre() -> ColumnElement[bool]:
    """Whether who decided is or was an officer of the run's centre; a company's manager decides otherwise."""
    return (
        select(Role.id)
        .where(Role.person_id == Application.decided_by, Role.kind == "officer", Role.centre_id == Run.centre_id)
        .exists()
    )


def _enrolled_in(session: Session, viewer: Viewer) -> list[Enrolment]:
    """Those in runs that are not closed."""
    return list(
        session.scalars(
            select(Enrolment)
            .join(Enrolment.run)
            .where(Enrolment.person_id == viewer.id, Enrolment.state == "enrolled", Run.closed_at.is_(None))
            .options(joinedload(Enrolment.run).joinedload(Run.course_version))
            .order_by(Run.learn_from, Run.id)
        )
    )


def _standing(
    run: Run,
    application: Application | None,
    enrolment: Enrolment | None,
    origin: Origin,
    book: Book,
    elsewhere: list[Enrolment],
    day: date,
    moves_up_to: date,
) -> Standing:
    if enrolment is not None and enrolment.state == "enrolled":
        return "enrolled"
    if application is not None and application.is_live:
        return application.state  # type: ignore[return-value]
    if any(_overlaps(other, run) for other in elsewhere):
        return "overlaps"
    if run.apply_from is not None and day < run.apply_from:
        return "soon"
    if book.has_seats(origin.company_id, origin.region_id):
        return "may_apply"
    return "may_wait" if day <= moves_up_to else "full"


def _overlaps(other: Enrolment, run: Run) -> bool:
    """The rule of `seats.elsewhere`, for rows that are there."""
    if other.run.course_id != run.course_id or other.run_id == run.id:
        return False
    return other.run.learn_from <= run.learn_to and other.last_day >= run.learn_from


def _may_leave(application: Application, enrolment: Enrolment | None, run: Run, day: date) -> bool:
    if enrolment is None or enrolment.state != "enrolled" or application.state != "accepted":
        return False
    return day < run.learn_from and run.closed_at is None

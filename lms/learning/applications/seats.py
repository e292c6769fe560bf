"""Seats of a run. One function gives them, whichever way somebody comes, and under the run's lock.

A run has so many seats in all, and a company or the companies of a region may have at most so many of them (`RunQuota`);
each of these has to have one left for whoever comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from lms.clock import seoul_day, utcnow
from lms.models import Application, Company, CompanyStatus, Employment, Enrolment, Run, RunQuota
from lms.models.applications import LIVE_STATES
from lms.people.organisations import places
from lms.people.organisations.places import covers

from .. import ledger
from . import admission, extensions

Outcome = Literal["enrolled", "waiting", "refused"]


# The seats


@dataclass
class Book:
    """How many seats of a run are left. `seats` None: they are not counted. `companies` and `regions` are what each of those
    that have a limit has left of it."""

    seats: int | None
    companies: dict[int, int] = field(default_factory=dict)
    regions: dict[int, int] = field(default_factory=dict)
    taken: int = 0

    def left_for(self, company_id: int, region_id: int) -> int | None:
        """How many there are for people of a company and region; None: any number."""
        left = [None if self.seats is None else self.seats - self.taken]
        left += [self.companies.get(company_id), self.regions.get(region_id)]
        counted = [number for number in left if number is not None]
        return max(0, min(counted)) if counted else None

    def has_seats(self, company_id: int, region_id: int, number: int = 1) -> bool:
        """Whether there are so many for people of a company and region."""
        left = self.left_for(company_id, region_id)
        return left is None or number <= left

    def take(self, company_id: int, region_id: int, number: int = 1) -> None:
        """Seats are taken, whether or not there are any."""
        self.taken += number
        for limits, key in ((self.companies, company_id), (self.regions, region_id)):
            if key in limits:
                limits[key] -= number

    @property
    def left(self) -> int | None:
        """Seats that nobody has."""
        return None if self.seats is None else max(0, self.seats - self.taken)


def lock(session: Session, run_id: int) -> Run:
    """The run, as it is now, locked until the transaction ends. SQLite has one writer anyway."""
    return session.scalars(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def book_of(session: Session, run: Run) -> Book:
    """Two queries."""
    return books_of(session, [run])[run.id]


def books_of(session: Session, runs: Collection[Run], *, without: Select | None = None) -> dict[int, Book]:
    """Two queries, however many runs; as if the enrolments that `without` selects were not there."""
    limits: dict[int, tuple[dict[int, int], dict[int, int]]] = {run.id: ({}, {}) for run in runs}
    company = func.coalesce(Company.merged_into_id, RunQuota.company_id)
    for run_id, company_id, region_id, seats in session.execute(
        select(RunQuota.run_id, company, RunQuota.region_id, RunQuota.seats)
        .outerjoin(Company, Company.id == RunQuota.company_id)
        .where(RunQuota.run_id.in_(list(limits)))
    ):
        of, key = (limits[run_id][1], region_id) if company_id is None else (limits[run_id][0], company_id)
        of[key] = of.get(key, 0) + seats
    books = {run.id: Book(run.seats, *limits[run.id]) for run in runs}
    others = None if without is None else Enrolment.id.not_in(without)
    for run_id, origin, number in count_by_origin(session, runs, others):
        books[run_id].take(*origin, number)
    return books


def count_by_origin(
    session: Session, runs: Collection[Run], which: ColumnElement[bool] | None = None
) -> list[tuple[int, tuple[int, int], int]]:
    """How many (of these) are in each run, by company and region. They count for the company that an entry of it
    was merged into since."""
    company = func.coalesce(Company.merged_into_id, Company.id)
    rows = session.execute(
        select(Enrolment.run_id, company, Enrolment.region_id, func.count())
        .join(Company, Company.id == Enrolment.company_id)
        .where(
            Enrolment.run_id.in_([run.id for run in runs]),
            Enrolment.state == "enrolled",
            true() if which is None else which,
        )
        .group_by(Enrolment.run_id, company, Enrolment.region_id)
        .order_by(Enrolment.run_id, company, Enrolment.region_id)
    )
    return [(run_id, (company_id, region_id), number) for run_id, company_id, region_id, number in rows]


# Who somebody is on a day


@dataclass(frozen=True)
class Origin:
    """The company of a person on a day, its declaration and its region by then. `problem`: no_employment, or no_region."""

    company_id: int = 0
    region_id: int = 0
    status_id: int | None = None
    problem: str = ""


def origins_on(session: Session, people: Collection[int], day: date) -> dict[int, Origin]:
    """Where these people work on that day, the newest employment first. A few queries, however many."""
    works: dict[int, int] = {
        person_id: company_id
        for person_id, company_id in session.execute(
            select(Employment.person_id, Employment.company_id)
            .where(Employment.person_id.in_(people), covers(Employment.from_on, Employment.to_on, day))
            .order_by(Employment.from_on, Employment.id)
        )
    }
    statuses = {
        status.company_id: status
        for status in session.scalars(
            select(CompanyStatus)
            .where(CompanyStatus.company_id.in_(set(works.values())), CompanyStatus.from_on <= day)
            .order_by(CompanyStatus.from_on, CompanyStatus.id)
        )
    }
    regions = {
        region: places.region_on(session, region, day) for region in {status.region_id for status in statuses.values()}
    }
    return {person: _origin(works.get(person), statuses, regions) for person in people}


def _origin(company_id: int | None, statuses: Mapping[int, CompanyStatus], regions: Mapping[int, int]) -> Origin:
    if company_id is None:
        return Origin(problem="no_employment")
    status = statuses.get(company_id)
    if status is None:
        return Origin(problem="no_region")
    return Origin(company_id, regions[status.region_id], status.id)


# Give them


@dataclass(frozen=True)
class Admitted:
    """What came of one person. `place` is hers on the waiting list.

    `reason` of a refusal: draft, closed, over (the run is), already, no_employment, no_region, overlaps (she is in another run
    of the course at the time), full.
    """

    person_id: int
    outcome: Outcome
    enrolment: Enrolment | None = None
    application: Application | None = None
    place: int | None = None
    reason: str = ""


def admit(
    session: Session,
    run_id: int,
    people: Sequence[int],
    *,
    way: str,
    actor_id: int | None = None,
    reason: str = "",
    waits: bool = True,
    is_noted: bool = True,
    is_program: bool = False,
    now: datetime | None = None,
) -> list[Admitted]:
    """Give people seats in a run, in their order, or a place on its waiting list where there are none left (`waits`).

    The run is locked until the transaction ends. `is_noted` writes how somebody came to it as an application; one of hers
    that is alive is decided thereby anyway. `is_program`: also who is in another run of the course
    at the time, and after the run's last day.
    """
    now = now or utcnow()
    desk = Desk(session, lock(session, run_id), people, now, is_program=is_program)
    wanted = [(person, way) for person in dict.fromkeys(people)]
    return desk.admit_all(wanted, actor_id=actor_id, reason=reason, waits=waits, is_noted=is_noted)


def problem_of_run(run: Run, day: date) -> str:
    """Why nobody comes into a run any more, or yet: draft, closed, over, or nothing."""
    if run.opened_at is None:
        return "draft"
    if run.closed_at is not None:
        return "closed"
    return "over" if day > run.learn_to else ""


class Desk:
    """Where the seats of one locked run are given. It knows of the people that it was made for."""

    def __init__(
        self, session: Session, run: Run, people: Sequence[int], now: datetime, *, is_program: bool = False
    ) -> None:
        self.session = session
        self.run = run
        self.now = now
        self.day = seoul_day(now)
        self.book = book_of(session, run)
        self._is_program = is_program
        self.origins = origins_on(session, people, self.day)
        self._elsewhere = frozenset() if is_program else elsewhere(session, run, people)
        self._enrolments = {
            row.person_id: row
            for row in session.scalars(
                select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.person_id.in_(people))
            )
        }
        self._applications = {
            row.person_id: row
            for row in session.scalars(
                select(Application).where(
                    Application.run_id == run.id,
                    Application.person_id.in_(people),
                    Application.state.in_(LIVE_STATES),
                )
            )
        }
        self._new: set[int] = set()  # whose enrolment was made here and has no entry yet
        self.may_wait = self.day <= admission.last_day_to_move_up(session, run)

    def refusal(self, person: int) -> str:
        """Why she gets no seat, whether or not one is free; empty where nothing is in the way."""
        there = self._enrolments.get(person)
        if there is not None and there.state == "enrolled":
            return "already"
        problem = problem_of_run(self.run, self.day)
        if problem and not (problem == "over" and self._is_program):
            return problem
        if self.origins[person].problem:
            return self.origins[person].problem
        return "overlaps" if person in self._elsewhere else ""

    def has_seat(self, person: int) -> bool:
        origin = self.origins[person]
        return self.book.has_seats(origin.company_id, origin.region_id)

    def admit(self, person: int, *, way: str, actor_id: int | None) -> Admitted:
        return self.admit_all([(person, way)], actor_id=actor_id)[0]

    def admit_all(
        self,
        wanted: Iterable[tuple[int, str]],
        *,
        actor_id: int | None,
        reason: str = "",
        waits: bool = True,
        is_noted: bool = True,
    ) -> list[Admitted]:
        """People, and by which way each comes, in this order. A few statements, however many they are."""
        given = [self._give(person, way, actor_id, waits=waits, is_noted=is_noted) for person, way in wanted]
        self.session.flush()
        self._enter([one for one in given if one.outcome == "enrolled"], actor_id, reason)
        return self._with_places(given)

    def _give(self, person: int, way: str, actor_id: int | None, *, waits: bool, is_noted: bool) -> Admitted:
        """A seat, a place or a refusal, kept in rows that are not written yet."""
        refused = self.refusal(person)
        if not refused and not self.has_seat(person) and not (waits and self.may_wait):
            refused = "full"
        if refused:
            return Admitted(person, "refused", reason=refused)
        application = self._applications.get(person)
        if application is None and (is_noted or not self.has_seat(person)):
            application = self._apply(person, way)
        if not self.has_seat(person):
            assert application is not None
            self._wait(application, actor_id)
            return Admitted(person, "waiting", application=application)
        return Admitted(person, "enrolled", enrolment=self._seat(person), application=application)

    def _apply(self, person: int, way: str) -> Application:
        origin = self.origins[person]
        made = Application(
            run_id=self.run.id,
            person_id=person,
            company_id=origin.company_id,
            region_id=origin.region_id,
            state="applied",
            way=way,
            applied_at=self.now,
        )
        self.session.add(made)
        self._applications[person] = made
        return made

    def _wait(self, application: Application, actor_id: int | None) -> None:
        if application.state != "waiting":
            application.state, application.waiting_at = "waiting", self.now
            if application.approved_at is None and actor_id is not None:
                application.approved_at, application.approved_by = self.now, actor_id

    def _seat(self, person: int) -> Enrolment:
        """Who comes again keeps the company and region that she first came with."""
        enrolment = self._enrolments.get(person)
        if enrolment is None:
            origin = self.origins[person]
            enrolment = Enrolment(
                run_id=self.run.id,
                person_id=person,
                company_id=origin.company_id,
                region_id=origin.region_id,
                company_status_id=origin.status_id,
                enrolled_at=self.now,
                enrolled_on=self.day,
            )
            self.session.add(enrolment)
            self._enrolments[person] = enrolment
            self._new.add(person)
        enrolment.state = "enrolled"
        self.book.take(enrolment.company_id, enrolment.region_id)
        return enrolment

    def _enter(self, enrolled: Sequence[Admitted], actor_id: int | None, reason: str) -> None:
        """The ledger's entries of those who came, and what became of their applications."""
        entries = []
        for one in enrolled:
            assert one.enrolment is not None
            entries.append(
                ledger.entry_of(
                    one.enrolment,
                    "enrolled",
                    effective_on=self.day,
                    recorded_at=self.now,
                    actor_id=actor_id,
                    reason=reason[:400],
                    once=f"enrolled:{one.enrolment.id}" if one.person_id in self._new else None,
                )
            )
            if one.application is not None:
                one.application.state, one.application.enrolment_id = "accepted", one.enrolment.id
                one.application.decided_at, one.application.decided_by = self.now, actor_id
            self._new.discard(one.person_id)
        ledger.append_all(self.session, entries)

    def _with_places(self, given: list[Admitted]) -> list[Admitted]:
        """With the place of each who waits. Two or more are counted by one query."""
        waiting = [one.application for one in given if one.outcome == "waiting" and one.application is not None]
        if not waiting:
            return given
        if len(waiting) == 1:
            places = {waiting[0].id: place_of(self.session, waiting[0])}
        else:
            places = places_of_run(self.session, self.run.id)
        return [
            replace(one, place=places[one.application.id])
            if one.outcome == "waiting" and one.application is not None
            else one
            for one in given
        ]


def places_of_run(session: Session, run_id: int) -> dict[int, int]:
    """Application → its place on the run's waiting list, from 1."""
    line = session.scalars(
        select(Application.id)
        .where(Application.run_id == run_id, Application.state == "waiting")
        .order_by(Application.waiting_at, Application.id)
    )
    return {id_: place for place, id_ in enumerate(line, start=1)}


def place_of(session: Session, application: Application) -> int:
    """Her place on the waiting list of a run, from 1. Others who come later never make it worse."""
    before = or_(
        Application.waiting_at < application.waiting_at,
        (Application.waiting_at == application.waiting_at) & (Application.id < application.id),
    )
    ahead = select(func.count()).where(Application.run_id == application.run_id, Application.state == "waiting", before)
    return (session.scalar(ahead) or 0) + 1


def elsewhere(session: Session, run: Run, people: Collection[int] | None = None) -> frozenset[int]:
    """Those (of these people) who are in another run of the same course on some of the run's days.

    A run that was closed is over for them.
    """
    return frozenset(
        session.scalars(
            select(Enrolment.person_id)
            .join(Run, Run.id == Enrolment.run_id)
            .where(
                true() if people is None else Enrolment.person_id.in_(people),
                Enrolment.state == "enrolled",
                Run.course_id == run.course_id,
                Run.id != run.id,
                Run.closed_at.is_(None),
                Run.learn_from <= run.learn_to,
                extensions.last_day() >= run.learn_from,
            )
        )
    )

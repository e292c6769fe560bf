"""What a site knows of the companies and people that a roster names, read in a few dozen queries however many rows it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.learning.applications import seats
from lms.models import (
    ChangeSet,
    Company,
    CompanyStatus,
    Course,
    CourseVersion,
    Employment,
    Enrolment,
    Person,
    Role,
    Run,
)
from lms.people.organisations import places
from lms.people.viewers import Viewer

from .columns import normalise
from .region_names import RegionNames
from .values import Entry

T = TypeVar("T")
_CHUNK = 1_000


@dataclass
class KnownPerson:
    """A person who is there, or whom an earlier row brings. `id` is None for the latter; `row` is the row that wrote her."""

    uid: UUID
    id: int | None
    name: str
    email: str | None
    birth_date_sealed: str | None
    birth_date_index: str | None
    phone_sealed: str | None
    row: int | None = None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass
class KnownEmployment:
    person: KnownPerson
    id: int | None
    employee_number: str | None
    department: str
    job: str
    is_current: bool
    given: dict[str, Any] = field(default_factory=dict)


@dataclass
class KnownCompany:
    """A company with its people. `id` is None for one that the roster brings; `region_id` None where none is declared."""

    id: int | None
    business_number: str
    name: str
    search_key: str
    region_id: int | None
    uid: UUID | None = None
    by_number: dict[str, KnownEmployment] = field(default_factory=dict)
    by_person: dict[UUID, KnownEmployment] = field(default_factory=dict)
    by_name: dict[str, list[KnownEmployment]] = field(default_factory=lambda: defaultdict(list))
    by_bare_number: dict[str, list[KnownEmployment]] = field(default_factory=lambda: defaultdict(list))

    def take_in(self, employment: KnownEmployment) -> None:
        """Of several employments of a person the current one counts, else the last."""
        before = self.by_person.get(employment.person.uid)
        if before is None or employment.is_current or not before.is_current:
            self.by_person[employment.person.uid] = employment
        self.by_name[employment.person.name].append(employment)
        if employment.employee_number:
            self.by_number[employment.employee_number] = employment
            if employment.employee_number.isdigit():
                self.by_bare_number[employment.employee_number.lstrip("0")].append(employment)


@dataclass
class KnownRun:
    """A run that the viewer may enrol into."""

    id: int
    number: int
    title: str
    is_open: bool
    seats: seats.Book


@dataclass
class Known:
    """`regions` are those that the viewer looks after, None for all. `companies` by the number that a row may give; a merged one
    leads to what it became. `elsewhere` are people who also work where the viewer has no say, `staff` those with a role.
    `overlapping` are by run the people who are in another run of its course at the time."""

    day: date
    version: tuple[int, int]
    regions: frozenset[int] | None
    names: RegionNames
    today_of: Callable[[int], int]
    companies: dict[str, KnownCompany]
    by_email: dict[str, KnownPerson]
    elsewhere: set[int]
    staff: set[int]
    runs: dict[str, dict[int, KnownRun]]
    enrolments: dict[tuple[int, int], tuple[int, str]]
    overlapping: dict[int, frozenset[int]]


def version_of(session: Session) -> tuple[int, int]:
    """Another as soon as anything of organisations and people was changed."""
    newest, count = session.execute(select(func.max(ChangeSet.id), func.count())).one()
    return newest or 0, count


def load(session: Session, entries: Collection[Entry], viewer: Viewer | None, day: date) -> Known:
    """All that is known of what the entries name. `viewer` None is the command line, which may do all."""
    version = version_of(session)
    regions = _scope(session, viewer, day)
    companies = _load_companies(session, {entry.business_number for entry in entries if entry.business_number}, day)
    by_id = {company.id: company for company in companies.values() if company.id is not None}
    people = _load_people(session, by_id, day)
    by_email = {person.email: person for person in people.values() if person.email}
    _load_by_email(session, {entry.email for entry in entries if entry.email} - by_email.keys(), people, by_email)
    runs, enrolments, overlapping = _load_runs(session, entries, viewer, day)
    return Known(
        day=day,
        version=version,
        regions=regions,
        names=RegionNames(session),
        today_of=_today_of(session, day),
        companies=companies,
        by_email=by_email,
        elsewhere=_elsewhere(session, people.keys(), regions, day) if regions is not None else set(),
        staff=set(session.scalars(select(Role.person_id).where(or_(Role.to_on.is_(None), Role.to_on >= day)))),
        runs=runs,
        enrolments=enrolments,
        overlapping=overlapping,
    )


def chunks(items: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _scope(session: Session, viewer: Viewer | None, day: date) -> frozenset[int] | None:
    if viewer is None or viewer.is_operator:
        return None
    return places.served_regions(session, viewer.officer_centres, day)


def _today_of(session: Session, day: date) -> Callable[[int], int]:
    seen: dict[int, int] = {}

    def find(region_id: int) -> int:
        if region_id not in seen:
            seen[region_id] = places.region_on(session, region_id, day)
        return seen[region_id]

    return find


def _load_companies(session: Session, numbers: Collection[str], day: date) -> dict[str, KnownCompany]:
    now = aliased(Company)
    ids: dict[str, int] = {}
    for chunk in chunks(sorted(numbers)):
        rows = select(Company.business_number, func.coalesce(now.id, Company.id)).outerjoin(
            now, now.id == Company.merged_into_id
        )
        ids.update((number, id_) for number, id_ in session.execute(rows.where(Company.business_number.in_(chunk))))
    found: dict[int, KnownCompany] = {}
    for some in chunks(sorted(set(ids.values()))):
        known = select(Company.id, Company.business_number, Company.name, Company.search_key).where(
            Company.id.in_(some)
        )
        for id_, number, name, key in session.execute(known):
            found[id_] = KnownCompany(id_, number, name, key, None)
        statuses = (
            select(CompanyStatus.company_id, CompanyStatus.region_id)
            .where(CompanyStatus.company_id.in_(some), CompanyStatus.from_on <= day)
            .order_by(CompanyStatus.from_on, CompanyStatus.id)
        )
        for id_, region_id in session.execute(statuses):
            found[id_].region_id = region_id
    return {number: found[id_] for number, id_ in ids.items()}


_OF_PERSON = (
    Person.uid, Person.id, Person.name, Person.email, Person.birth_date_sealed, Person.birth_date_index, Person.phone_sealed,
)  # fmt: skip


def _load_people(session: Session, companies: Mapping[int, KnownCompany], day: date) -> dict[int, KnownPerson]:
    """Everybody who works or worked at these companies, taken in there."""
    people: dict[int, KnownPerson] = {}
    for chunk in chunks(companies, 200):
        rows = session.execute(
            select(
                Employment.company_id, Employment.id, Employment.employee_number, Employment.department, Employment.job,
                Employment.to_on, *_OF_PERSON,
            )
            .join(Person, Person.id == Employment.person_id)
            .where(Employment.company_id.in_(chunk))
            .order_by(Employment.from_on, Employment.id)
        )  # fmt: skip
        for company_id, id_, number, department, job, to_on, *columns in rows:
            person = people.setdefault(columns[1], KnownPerson(*columns))
            is_current = to_on is None or to_on >= day
            companies[company_id].take_in(KnownEmployment(person, id_, number, department, job, is_current))
    return people


def _load_by_email(
    session: Session, emails: Collection[str], people: dict[int, KnownPerson], by_email: dict[str, KnownPerson]
) -> None:
    for chunk in chunks(sorted(emails)):
        for columns in session.execute(select(*_OF_PERSON).where(Person.email.in_(chunk))):
            person = people.setdefault(columns[1], KnownPerson(*columns))
            by_email[person.email or ""] = person


def _elsewhere(session: Session, ids: Collection[int], regions: frozenset[int], day: date) -> set[int]:
    """Of these people those who also work at a company outside the regions."""
    status, later = aliased(CompanyStatus), aliased(CompanyStatus)
    newer = select(later.id).where(
        later.company_id == status.company_id,
        later.from_on <= day,
        or_(later.from_on > status.from_on, (later.from_on == status.from_on) & (later.id > status.id)),
    )
    found: set[int] = set()
    for chunk in chunks(sorted(ids)):
        found.update(
            session.scalars(
                select(Employment.person_id)
                .join(status, status.company_id == Employment.company_id)
                .where(
                    Employment.person_id.in_(chunk),
                    or_(Employment.to_on.is_(None), Employment.to_on >= day),
                    status.from_on <= day,
                    ~newer.correlate(status).exists(),
                    status.region_id.not_in(regions),
                )
            )
        )
    return found


def _load_runs(
    session: Session, entries: Collection[Entry], viewer: Viewer | None, day: date
) -> tuple[dict[str, dict[int, KnownRun]], dict[tuple[int, int], tuple[int, str]], dict[int, frozenset[int]]]:
    """The runs that the viewer may enrol into by the course's title or slug; who is in those that the roster names; and who is in
    another of their course at the time."""
    wanted = {(normalise(entry.course), entry.run) for entry in entries if entry.course and entry.run is not None}
    if not wanted:
        return {}, {}, {}
    statement = (
        select(Run, CourseVersion.title, Course.slug)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .join(Course, Course.id == Run.course_id)
    )
    if viewer is not None and not viewer.is_operator:
        statement = statement.where(Run.centre_id.in_(viewer.officer_centres))
    runs: dict[str, dict[int, KnownRun]] = defaultdict(dict)
    named: set[int] = set()
    rows: dict[int, Run] = {}
    for run, title, slug in session.execute(statement.order_by(Run.id)):
        known = KnownRun(run.id, run.number, title, not seats.problem_of_run(run, day), seats.Book(run.seats))
        rows[run.id] = run
        for name in (normalise(title), normalise(slug)):
            runs[name].setdefault(run.number, known)
            if (name, run.number) in wanted:
                named.add(run.id)
    enrolments: dict[tuple[int, int], tuple[int, str]] = {}
    for run_id, person_id, id_, state in session.execute(
        select(Enrolment.run_id, Enrolment.person_id, Enrolment.id, Enrolment.state).where(Enrolment.run_id.in_(named))
    ):
        enrolments[run_id, person_id] = (id_, state)
    books = seats.books_of(session, [rows[run_id] for run_id in named])
    for known in {id(run): run for numbered in runs.values() for run in numbered.values()}.values():
        known.seats = books.get(known.id, known.seats)
    overlapping = {run_id: seats.elsewhere(session, rows[run_id]) for run_id in named}
    return runs, enrolments, overlapping

"""A country to count: all regions and centres, companies, people in runs. Each function does one thing to the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.learning import enrolments, ledger
from lms.models import (
    Centre,
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    CompletionRule,
    Course,
    CourseVersion,
    Employment,
    Enrolment,
    Industry,
    Person,
    Programme,
    Region,
    Run,
    RunUnit,
    reference_data,
)
from lms.people.viewers import Viewer
from tests.world import at

EARLY = date(2020, 1, 1)
UNITS = ("read", "try", "measure", "judge")


@dataclass
class Country:
    """Rows are found by the names that the tests give them."""

    session: Session
    companies: dict[str, Company] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    enrolments: dict[tuple[str, str], Enrolment] = field(default_factory=dict)
    _numbers: count = field(default_factory=lambda: count(1))

    def region(self, slug: str) -> int:
        return self.session.scalars(select(Region.id).where(Region.slug == slug)).one()

    def centre(self, slug: str) -> int:
        return self.session.scalars(select(Centre.id).where(Centre.slug == slug)).one()

    def officer(self, centre: str) -> Viewer:
        person = self._person(f"담당자 {centre}")
        return Viewer(person.id, person.uid, person.name, officer_centres=frozenset({self.centre(centre)}))

    def office(self) -> Viewer:
        person = self._person("운영기관")
        return Viewer(person.id, person.uid, person.name, is_programme_office=True)

    def manager(self, company: str) -> Viewer:
        person = self._person(f"{company} 담당자")
        managed = frozenset({self.companies[company].id})
        return Viewer(person.id, person.uid, person.name, managed_companies=managed)

    def company(
        self, name: str, region: str, *, called: str = "", known: str = "2020-01-01", size: str | None = None,
        level: str | None = None, industry: str | None = None,
    ) -> Company:  # fmt: skip
        number = f"{next(self._numbers):010d}"
        made = Company(business_number=number, name=called or name, created_at=at(known))
        self._add(made)
        self.companies[name] = made
        self.status(name, region, known, size=size, level=level, industry=industry)
        return made

    def status(
        self, company: str, region: str, day: str, *, recorded: str = "", size: str | None = None,
        level: str | None = None, industry: str | None = None,
    ) -> None:  # fmt: skip
        division = select(Industry.id).where(Industry.code == industry)
        self._add(
            CompanyStatus(
                company_id=self.companies[company].id,
                from_on=date.fromisoformat(day),
                region_id=self.region(region),
                size_class=size,
                factory_level=level,
                industry_id=self.session.scalar(division) if industry else None,
                recorded_at=at(recorded or day),
            )
        )

    def course(self, slug: str, title: str) -> Course:
        course = Course(slug=slug)
        self._add(course)
        version = CourseVersion(
            course_id=course.id, digest=slug, title=title, summary="", document={}, published_at=at("2020-01-01")
        )
        self._add(version)
        course.current_version_id = version.id
        return course

    def programme(self, year: int) -> Programme:
        made = Programme(
            slug=f"training-{year}",
            name=f"{year}년 인력양성",
            fiscal_year=year,
            from_on=date(year, 1, 1),
            to_on=date(year, 12, 31),
        )
        self._add(made)
        return made

    def run(
        self,
        name: str,
        course: Course,
        centre: str,
        learn_from: str,
        learn_to: str,
        *,
        programme: Programme | None = None,
    ) -> Run:
        assert course.current_version_id is not None
        number = 1 + sum(run.course_id == course.id for run in self.runs.values())
        made = Run(
            course_id=course.id,
            course_version_id=course.current_version_id,
            number=number,
            centre_id=self.centre(centre),
            programme_id=programme.id if programme else None,
            learn_from=date.fromisoformat(learn_from),
            learn_to=date.fromisoformat(learn_to),
            hours=8,
            created_at=at("2020-01-01"),
            opened_at=at("2020-01-01"),
        )
        made.units = [
            RunUnit(position=place, key=key, kind="page", title=key, minutes=10, weight=0)
            for place, key in enumerate(UNITS)
        ]
        made.rules = [CompletionRule(progress=75, score=0, recorded_at=at("2020-01-01"))]
        self._add(made)
        self.runs[name] = made
        return made

    def enrol(self, person: str, company: str, run: str, day: str) -> Enrolment:
        """Enrol somebody, who is employed there from that day if she was not."""
        if person not in self.people:
            self.people[person] = self._person(person)
            self.employ(person, company, "2020-01-01")
        made = enrolments.enrol(self.session, self.runs[run], self.people[person].id, now=at(day))
        self.enrolments[person, run] = made
        return made

    def employ(self, person: str, company: str, day: str) -> None:
        self._add(
            Employment(
                person_id=self.people[person].id,
                company_id=self.companies[company].id,
                employee_number=f"N-{next(self._numbers)}",
                from_on=date.fromisoformat(day),
            )
        )

    def do(self, person: str, run: str, *days: str) -> None:
        """One unit after another, each on its day; after three of the four she has completed."""
        made = self.enrolments[person, run]
        for unit, day in zip(UNITS, days, strict=False):
            ledger.record_unit_done(self.session, made, unit, effective_on=date.fromisoformat(day), now=at(day))
            ledger.settle(self.session, made, now=at(day))

    def do_next(self, person: str, run: str, unit: str, day: str, *, recorded: str = "") -> None:
        """One unit on a day, which may have been learnt later."""
        made, moment = self.enrolments[person, run], at(recorded or day)
        ledger.record_unit_done(self.session, made, unit, effective_on=date.fromisoformat(day), now=moment)
        ledger.settle(self.session, made, now=moment)

    def note(self, person: str, run: str, kind: str, day: str, *, recorded: str = "") -> None:
        ledger.append(
            self.session,
            self.enrolments[person, run],
            kind,
            effective_on=date.fromisoformat(day),
            recorded_at=at(recorded or day),
        )

    def revoke(self, person: str, run: str, day: str) -> None:
        actor = self._person("결정한 사람")
        ledger.revoke(self.session, self.enrolments[person, run], actor_id=actor.id, reason="확인", now=at(day))

    def cluster(self, slug: str, *companies: str, since: str = "2020-01-01", to: str | None = None) -> Cluster:
        made = Cluster(slug=slug, name=f"클러스터 {slug}", created_at=at(since))
        self._add(made)
        for company in companies:
            self.join(made, company, since, to)
        return made

    def join(self, cluster: Cluster, company: str, since: str, to: str | None = None, *, recorded: str = "") -> None:
        self._add(
            ClusterMember(
                cluster_id=cluster.id,
                company_id=self.companies[company].id,
                from_on=date.fromisoformat(since),
                to_on=date.fromisoformat(to) if to else None,
                recorded_at=at(recorded or since),
            )
        )

    def _person(self, name: str) -> Person:
        made = Person(name=name, created_at=at("2020-01-01"))
        self._add(made)
        return made

    def _add(self, row: object) -> None:
        self.session.add(row)
        self.session.flush()


def make_country(session: Session) -> Country:
    reference_data.load(session)
    return Country(session)

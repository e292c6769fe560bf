"""The people of the tests, where they work, and a run that one of them is in.

김하나 learns at 한빛정밀 in Busan, and 이준호 beside her; 박도윤 manages that company's training; 이서연 is the officer of
the Busan centre, 최민준 of the Gyeonggi centre; 정지훈 teaches in Busan; 윤수진 learns at 수원전자 in Gyeonggi. 한지민 is of the
programme office, 강민서 runs the machine. Whoever is meant to be nobody is `None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.clock import SEOUL
from lms.learning import enrolments
from lms.models import (
    Centre,
    CentreRegion,
    Company,
    CompanyStatus,
    CompletionRule,
    Course,
    CourseVersion,
    Database,
    Employment,
    Enrolment,
    Exercise,
    ExerciseVersion,
    Person,
    Region,
    Role,
    Run,
    RunUnit,
    Zone,
)
from lms.people import consents
from lms.people.passwords import hash_password
from lms.people.viewers import Viewer, viewer_of

from .databases import filled

PASSWORD = "낮에는-선반-밤에는-배움"
LONG_AGO = date(2020, 3, 2)
RUN_BEGINS = date(2026, 3, 2)
RUN_ENDS = date(2099, 12, 31)  # so that pages can be tried by today's clock
JOINED = datetime(2026, 3, 3, 9, 0, tzinfo=SEOUL).astimezone(UTC)

PAGES = ("what-is-data", "read-a-table", "outliers")
QUIZ = "quiz-basics"
EXERCISE = "oee"
UNIT_KEYS = (*PAGES, QUIZ, EXERCISE)


def at(day: str, time: str = "12:00") -> datetime:
    """A moment in Seoul, in UTC: `at("2026-03-10", "23:59")`."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=SEOUL).astimezone(UTC)


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass(frozen=True)
class World:
    """Rows that are in the database when the test begins; they are detached, with their columns loaded."""

    busan: Region
    gyeonggi: Region
    busan_centre: Centre
    gyeonggi_centre: Centre
    hanbit: Company
    suwon: Company
    hana: Person
    junho: Person
    doyun: Person
    seoyeon: Person
    minjun: Person
    jihun: Person
    sujin: Person
    jimin: Person
    minseo: Person
    course: Course
    exercise_version: ExerciseVersion
    run: Run

    def viewer(self, person: Person) -> Viewer:
        return viewer_of(person)

    @property
    def everybody(self) -> dict[str, Person]:
        """Each person under the role that the tests know her by."""
        return {
            "learner": self.hana,
            "colleague": self.junho,
            "company_manager": self.doyun,
            "officer": self.seoyeon,
            "other_officer": self.minjun,
            "instructor": self.jihun,
            "other_learner": self.sujin,
            "programme_office": self.jimin,
            "operator": self.minseo,
        }


@pytest.fixture
def world(database: Database) -> World:
    """The people, their companies and centres, and a run with three pages, a quiz and an exercise; nobody is enrolled."""
    given = filled(database)
    if given is not None and "world" in given.rows:
        return given.rows["world"]
    return commit_world(database)


def commit_world(database: Database) -> World:
    with database.writing() as session:
        made = build_world(session)
        session.commit()
    return made


def build_world(session: Session) -> World:
    busan, gyeonggi = _regions(session)
    busan_centre = _centre(session, "busan", "부산테크노파크", busan)
    gyeonggi_centre = _centre(session, "gyeonggi", "경기테크노파크", gyeonggi)
    hanbit = _company(session, "1248100998", "한빛정밀", busan)
    suwon = _company(session, "2208162517", "수원전자", gyeonggi)
    course, exercise_version, run = _course(session, busan_centre)
    made = World(
        busan=busan,
        gyeonggi=gyeonggi,
        busan_centre=busan_centre,
        gyeonggi_centre=gyeonggi_centre,
        hanbit=hanbit,
        suwon=suwon,
        hana=_worker(session, "김하나", "hana@hanbit.example", hanbit, "H-001"),
        junho=_worker(session, "이준호", None, hanbit, "H-002"),
        doyun=_staff(session, "박도윤", "doyun@hanbit.example", "company_manager", company_id=hanbit.id),
        seoyeon=_staff(session, "이서연", "seoyeon@busan.example", "officer", centre_id=busan_centre.id),
        minjun=_staff(session, "최민준", "minjun@gyeonggi.example", "officer", centre_id=gyeonggi_centre.id),
        jihun=_staff(session, "정지훈", "jihun@busan.example", "instructor", centre_id=busan_centre.id),
        sujin=_worker(session, "윤수진", "sujin@suwon.example", suwon, "S-001"),
        jimin=_staff(session, "한지민", "jimin@programme.example", "programme_office"),
        minseo=_staff(session, "강민서", "minseo@site.example", "operator"),
        course=course,
        exercise_version=exercise_version,
        run=run,
    )
    agree(session, *made.everybody.values())
    return made


def agree(session: Session, *people: Person) -> None:
    """Let people have agreed to what the site asks of learners."""
    consents.note_given(session, consents.load(Path("/nonexistent")), [person.id for person in people])


def _regions(session: Session) -> tuple[Region, Region]:
    zones = [
        Zone(slug="dongnam", name_ko="동남권", name_en="Southeast"),
        Zone(slug="sudogwon", name_ko="수도권", name_en="Capital"),
    ]
    session.add_all(zones)
    session.flush()
    busan = Region(
        slug="busan", zone_id=zones[0].id, name_ko="부산광역시", short_ko="부산", name_en="Busan", position=2
    )
    gyeonggi = Region(
        slug="gyeonggi", zone_id=zones[1].id, name_ko="경기도", short_ko="경기", name_en="Gyeonggi", position=9
    )
    session.add_all((busan, gyeonggi))
    session.flush()
    return busan, gyeonggi


def _centre(session: Session, slug: str, name: str, *regions: Region) -> Centre:
    centre = Centre(slug=slug, name_ko=name, name_en=f"{slug.title()} Technopark")
    session.add(centre)
    session.flush()
    session.add_all(CentreRegion(centre_id=centre.id, region_id=region.id) for region in regions)
    return centre


def _company(session: Session, number: str, name: str, region: Region) -> Company:
    company = Company(business_number=number, name=name, created_at=at("2020-03-02"))
    session.add(company)
    session.flush()
    session.add(
        CompanyStatus(
            company_id=company.id,
            from_on=LONG_AGO,
            region_id=region.id,
            size_class="small",
            recorded_at=at("2020-03-02"),
        )
    )
    return company


def _person(session: Session, name: str, email: str | None, roles: list[Role]) -> Person:
    person = Person(
        name=name, email=email, password_hash=_password_hash(), created_at=at("2026-01-02"), roles=roles, language="ko"
    )
    session.add(person)
    session.flush()
    return person


def _worker(session: Session, name: str, email: str | None, company: Company, number: str) -> Person:
    person = _person(session, name, email, [])
    employ(session, person, company, number)
    return person


def employ(session: Session, person: Person, company: Company, number: str, from_on: date = LONG_AGO) -> Employment:
    row = Employment(person_id=person.id, company_id=company.id, employee_number=number, from_on=from_on)
    session.add(row)
    session.flush()
    return row


def _staff(session: Session, name: str, email: str, role: str, **scope: int) -> Person:
    return _person(session, name, email, [Role(kind=role, from_on=LONG_AGO, **scope)])


def _course(session: Session, centre: Centre) -> tuple[Course, ExerciseVersion, Run]:
    published = at("2026-02-01")
    course, exercise = Course(slug="first-steps"), Exercise(slug=EXERCISE)
    session.add_all((course, exercise))
    session.flush()
    exercise_version = ExerciseVersion(
        exercise_id=exercise.id,
        digest="e" * 64,
        title="OEE",
        max_points=10,
        facts={"slug": EXERCISE, "checks": [{"name": "q1-test", "title": "가동률", "points": 10}]},
        starter="f" * 64,
        published_at=published,
    )
    version = CourseVersion(
        course_id=course.id,
        digest="c" * 64,
        title="제조데이터 첫걸음",
        summary="설비 로그에서 OEE까지",
        document={"units": []},
        published_at=published,
    )
    session.add_all((exercise_version, version))
    session.flush()
    exercise.current_version_id, course.current_version_id = exercise_version.id, version.id
    run = make_run(session, course, exercise_version, centre)
    return course, exercise_version, run


def make_run(
    session: Session,
    course: Course,
    exercise_version: ExerciseVersion,
    centre: Centre,
    *,
    number: int = 1,
    learn_from: date = RUN_BEGINS,
    learn_to: date = RUN_ENDS,
    seats: int | None = None,
) -> Run:
    """A run of three pages, a quiz of weight 40 and an exercise of weight 60, to be completed with 80 % and 60 of 100."""
    assert course.current_version_id is not None
    run = Run(
        course_id=course.id,
        course_version_id=course.current_version_id,
        number=number,
        centre_id=centre.id,
        learn_from=learn_from,
        learn_to=learn_to,
        seats=seats,
        hours=8,
        created_at=at("2026-02-02"),
        opened_at=at("2026-02-02"),
    )
    kinds = {**dict.fromkeys(PAGES, ("page", 0)), QUIZ: ("quiz", 40), EXERCISE: ("exercise", 60)}
    run.units = [
        RunUnit(
            position=position,
            key=key,
            kind=kind,
            title=key,
            minutes=10,
            weight=weight,
            exercise_version_id=exercise_version.id if kind == "exercise" else None,
        )
        for position, (key, (kind, weight)) in enumerate(kinds.items())
    ]
    run.rules = [CompletionRule(progress=80, score=60, recorded_at=at("2026-02-02"))]
    session.add(run)
    session.flush()
    return run


@pytest.fixture
def enrolment(database: Database, world: World) -> Enrolment:
    """김하나 in the run since 3 March 2026; run, units, rules and exercise are loaded."""
    with database.writing() as session:
        made = enrolments.enrol(session, world.run, world.hana.id, now=JOINED)
        session.commit()
    with database.reading() as session:
        return load(session, made.id)


def load(session: Session, enrolment_id: int) -> Enrolment:
    """An enrolment with what the rooms read of its run."""
    return session.scalars(
        select(Enrolment)
        .where(Enrolment.id == enrolment_id)
        .options(
            joinedload(Enrolment.run).options(
                joinedload(Run.course_version),
                selectinload(Run.units).joinedload(RunUnit.exercise_version),
                selectinload(Run.rules),
                selectinload(Run.sittings),
            )
        )
    ).one()


def unit(enrolment: Enrolment, key: str) -> RunUnit:
    return next(unit for unit in enrolment.run.units if unit.key == key)

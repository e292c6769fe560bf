"""The few rows beside the many: courses, programmes with targets, runs with units and rules, and who answers for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import (
    Centre,
    CentreRegion,
    CompletionRule,
    Course,
    CourseVersion,
    Industry,
    Person,
    Programme,
    Region,
    RegionSuccession,
    Role,
    Run,
    RunUnit,
    Target,
    reference_data,
)
from lms.people import passwords

from . import columns, journeys, moments
from .loading import Loader
from .size import APPLY_DAYS, RUN_DAYS, Size

PASSWORD = "a-country-that-is-not"
TITLES = (
    "제조데이터 첫걸음", "설비종합효율", "품질 관리도", "예지보전", "불량 예측", "에너지 데이터",
    "비전 검사", "공정 최적화", "로봇 데이터", "스마트공장 이해", "생산 계획", "안전 데이터",
)  # fmt: skip


@dataclass(frozen=True)
class RunOf:
    """A run, as numbers. `pool` are the ids of the regions whose people take part."""

    id: int
    rule_id: int
    centre: int  # its place among the centres
    pool: frozenset[int]
    learn_from: int
    learn_to: int


@dataclass(frozen=True)
class Setting:
    regions: dict[str, int]  # ids by slug, of those that there were when the country begins
    successors: dict[int, tuple[int, int]]  # region → its successor and the day
    industries: np.ndarray
    runs: Sequence[RunOf]
    centres: Sequence[tuple[int, str]]  # ids and slugs; the officer of the first has the id 1


def officer_email(centre: str) -> str:
    return f"officer@{centre}.example"


OFFICE_EMAIL, OPERATOR_EMAIL = "office@country.example", "operator@country.example"


def make(session: Session, size: Size) -> Setting:
    reference_data.load(session)
    session.flush()
    random = np.random.default_rng([size.seed, 3])
    regions = session.scalars(select(Region).order_by(Region.position)).all()
    begin = {region.slug: region.id for region in regions if region.from_on is None or region.from_on <= size.since}
    successions = session.scalars(select(RegionSuccession)).all()
    centres = session.execute(select(Centre.id, Centre.slug).order_by(Centre.id)).all()
    served: dict[int, set[int]] = {}
    for row in session.scalars(select(CentreRegion)):
        served.setdefault(row.centre_id, set()).add(row.region_id)
    programmes = _programmes(session, size, list(begin.values()))
    runs = _runs(session, size, random, _courses(session, size), programmes, [id_ for id_, _ in centres])
    everywhere = frozenset(begin.values())
    nationwide = random.random(len(runs)) < 0.12
    found = [
        RunOf(
            run.id,
            run.rules[0].id,
            place,
            everywhere if nationwide[number] else frozenset(served[run.centre_id]) & everywhere,
            moments.number(run.learn_from),
            moments.number(run.learn_to),
        )
        for number, (run, place) in enumerate(runs)
    ]
    return Setting(
        begin,
        {row.region_id: (row.successor_id, moments.number(row.on)) for row in successions},
        np.array(session.scalars(select(Industry.id).order_by(Industry.id)).all()),
        found,
        [(id_, slug) for id_, slug in centres],
    )


def _courses(session: Session, size: Size) -> list[tuple[int, int]]:
    """Ids of courses and their versions."""
    found = []
    moment = moments.moment_of(moments.number(size.since) - 60, 9)
    for number, title in enumerate(TITLES, start=1):
        course = Course(slug=f"country-{number}")
        session.add(course)
        session.flush()
        version = CourseVersion(
            course_id=course.id, digest=f"{number:064}", title=title, summary="", document={}, published_at=moment
        )
        session.add(version)
        session.flush()
        course.current_version_id = version.id
        found.append((course.id, version.id))
    return found


def _programmes(session: Session, size: Size, regions: Sequence[int]) -> dict[int, int]:
    """Ids by year, each with a target for every region."""
    found = {}
    each = size.enrolments / size.years / len(regions)
    for year in range(size.since.year, size.until.year + 1):
        programme = Programme(
            slug=f"country-{year}", name=f"{year}년 인력양성", fiscal_year=year,
            from_on=date(year, 1, 1), to_on=date(year, 12, 31),
        )  # fmt: skip
        session.add(programme)
        session.flush()
        for region in regions:
            session.add(
                Target(
                    programme_id=programme.id,
                    region_id=region,
                    completions=round(each / 2),
                    set_on=date(year, 1, 2),
                )
            )
        found[year] = programme.id
    return found


def _runs(
    session: Session,
    size: Size,
    random: np.random.Generator,
    courses: Sequence[tuple[int, int]],
    programmes: dict[int, int],
    centres: Sequence[int],
) -> list[tuple[Run, int]]:
    """In the order of their first days, with the places of their centres."""
    days = (size.until - size.since).days
    numbers: dict[int, int] = {}
    made = []
    for number in range(size.runs):
        learn_from = size.since + timedelta(days=1 + number * days // size.runs)
        learn_to = learn_from + timedelta(days=int(random.integers(*RUN_DAYS)))
        course, version = courses[int(random.integers(len(courses)))]
        place = int(random.integers(len(centres)))
        numbers[course] = numbers.get(course, 0) + 1
        run = _run(size, course, version, numbers[course], centres[place], learn_from, learn_to)
        run.programme_id = programmes.get(learn_from.year)
        session.add(run)
        made.append((run, place))
    session.flush()
    return made


def _run(size: Size, course: int, version: int, number: int, centre: int, learn_from: date, learn_to: date) -> Run:
    apply_from = learn_from - timedelta(days=APPLY_DAYS)
    created = moments.moment_of(moments.number(apply_from) - 5, 10)
    run = Run(
        course_id=course, course_version_id=version, number=number, centre_id=centre, hours=12, created_at=created,
        apply_from=apply_from, apply_to=learn_from - timedelta(days=1), learn_from=learn_from, learn_to=learn_to,
        review_to=learn_to + timedelta(days=30),
    )  # fmt: skip
    more: dict[str, Any] = {"opened_at": created}
    for name, value in more.items():
        if name in Run.__table__.c:
            setattr(run, name, value)
    over = journeys.longest_day_after(moments.number(learn_to))
    if over < moments.number(size.until):
        run.closed_at = moments.moment_of(over, 18)
    run.units = [
        RunUnit(
            position=unit, key=f"u{unit + 1:02}", kind="quiz" if unit in journeys.WEIGHTS else "page",
            title=f"{unit + 1}단원", minutes=45, weight=journeys.WEIGHTS.get(unit, 0.0),
        )
        for unit in range(journeys.UNITS)
    ]  # fmt: skip
    run.rules = [CompletionRule(progress=80, score=60, recorded_at=created)]
    return run


def write_staff(loader: Loader, size: Size, setting: Setting) -> None:
    """An officer for each centre, whose id is its place + 1, the programme's office, an operator. They sign in by PASSWORD."""
    hashed = passwords.hash_password(PASSWORD).encode()
    created = moments.moments(np.array([(moments.number(size.since) - 90) * moments.DAY]))
    random = np.random.default_rng([size.seed, 4])
    emails = [officer_email(slug) for _, slug in setting.centres] + [OFFICE_EMAIL, OPERATOR_EMAIL]
    for number, email in enumerate(emails, start=1):
        person = {
            "id": np.array([number]),
            "uid": columns.uids(random, created),
            "name": columns.text("담당자"),
            "email": email.encode(),
            "password_hash": hashed,
            "must_change_password": 0,
            "is_active": 1,
            "created_at": created,
        }
        loader.write(Person.__table__, person)  # type: ignore[arg-type]


def grant(session: Session, size: Size, setting: Setting) -> None:
    """Their roles."""
    since = size.since - timedelta(days=90)
    for number, (centre, _) in enumerate(setting.centres, start=1):
        session.add(Role(person_id=number, kind="officer", centre_id=centre, from_on=since))
    for number, kind in enumerate(("programme_office", "operator"), start=len(setting.centres) + 1):
        session.add(Role(person_id=number, kind=kind, from_on=since))

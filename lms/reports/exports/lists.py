"""The rows behind a figure, some thousand at a time, in the order of enrolling."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from lms.models import (
    Company,
    CompanyStatus,
    Course,
    CourseVersion,
    Employment,
    Enrolment,
    Industry,
    Person,
    Region,
    Run,
)
from lms.people.organisations.business_numbers import display
from lms.people.viewers import Viewer

from .. import completions, facts, learners, regions
from ..question import Question
from ..rows import vocabulary_of
from ..tables import Column, Sheet, learner_sheet

Sessions = Callable[[], AbstractContextManager[Session]]
LISTS = ("enrolments", "learners")
PART = {"enrolments": 5_000, "learners": 2_000}  # rows at once

ENROLMENT_COLUMNS = (
    Column("name", "이름"),
    Column("employee_number", "사번"),
    Column("region", "지역"),
    Column("company", "기업"),
    Column("business_number", "사업자등록번호"),
    Column("size", "기업 규모"),
    Column("industry", "업종"),
    Column("level", "스마트공장 수준"),
    Column("run", "과정"),
    Column("run_key", "차수 코드"),
    Column("enrolled_on", "신청일", "day"),
    Column("enrolled", "수강", "count"),
    Column("active", "활동", "count"),
    Column("completed", "수료", "count"),
    Column("completed_on", "수료일", "day"),
)


@dataclass(frozen=True)
class Asked:
    """A list that somebody asked for; `day` is that on which she looks."""

    report: str
    question: Question
    viewer: Viewer | None
    day: date
    language: str = "ko"


@dataclass(frozen=True)
class Part:
    """Rows as `Sheet.rows` has them. `reached` is the last enrolment that was looked at."""

    rows: Sequence[Sequence[Any]]
    reached: int


def count(session: Session, asked: Asked) -> int:
    """How many rows there are."""
    return completions.count_completions(
        session, asked.viewer, asked.question.but(by=()), with_empty=False
    ).total.applied


def columns(asked: Asked) -> Sequence[Column]:
    return sheet_of(asked, ()).columns


def sheet_of(asked: Asked, rows: Any) -> Sheet:
    if asked.report == "learners":
        return learner_sheet(asked.question, rows)
    return Sheet(f"수강 {asked.question.as_of}", ENROLMENT_COLUMNS, rows)


def sheet(session: Session, asked: Asked) -> Sheet:
    """All of it, read while the rows are written."""
    rows = (row for part in parts(lambda: nullcontext(session), asked) for row in part.rows)
    return Sheet(sheet_of(asked, ()).title, columns(asked), rows)


def parts(sessions: Sessions, asked: Asked, after: int = 0) -> Generator[Part, None, None]:
    """From the first enrolment after `after` on. Whoever doesn't read to the end closes it."""
    with sessions() as session:
        reader = _Reader(session, asked)
    return reader.stream(sessions, after) if asked.report == "enrolments" else reader.step(sessions, after)


class _Reader:
    """What all parts share is looked up once."""

    def __init__(self, session: Session, asked: Asked) -> None:
        self.asked = asked
        self.known = regions.load(session, asked.viewer, asked.question)
        self._words = (
            {}
            if asked.report == "learners"
            else {name: _words(session, name, asked.language) for name in ("size", "industry", "level")}
        )

    def _ids(self, after: int) -> Select | None:
        """None: all of them."""
        asked = self.asked
        ids = facts.narrowed(asked.question, asked.viewer, self.known.counted_as, asked.day)
        if not after:
            return ids
        return (select(Enrolment.id) if ids is None else ids).where(Enrolment.id > after)

    def step(self, sessions: Sessions, after: int) -> Generator[Part, None, None]:
        """Some statements for each part, in a transaction of its own: judging takes long, and nobody's old rows are held."""
        while True:
            with sessions() as session:
                among = self._ids(after)
                among = select(Enrolment.id) if among is None else among
                last = session.scalar(among.order_by(Enrolment.id).offset(PART["learners"] - 1).limit(1))
                if last is not None:
                    among = among.where(Enrolment.id <= last)
                rows = self._learners(session, among)
            if rows:
                yield Part(rows, after if last is None else last)
            if last is None:
                return
            after = last

    def stream(self, sessions: Sessions, after: int) -> Generator[Part, None, None]:
        """One statement for all of them, so that the ledger is read once from end to end."""
        size = PART["enrolments"]
        statement = self._statement(self._ids(after)).execution_options(yield_per=size)
        with sessions() as session:
            if session.get_bind().dialect.name == "postgresql":
                # Else it plans for whoever wants the first rows soon, by five million look-ups.
                session.execute(text("SET LOCAL cursor_tuple_fraction = 1"))
            with session.execute(statement) as result:
                for found in result.partitions():
                    yield Part([self._enrolment(row) for row in found], found[-1][0])

    def _learners(self, session: Session, among: Select) -> Sequence[Sequence[Any]]:
        asked = self.asked
        found = learners.list_among(
            session, asked.viewer, asked.question, among, day=asked.day, language=asked.language, known=self.known
        )
        return list(learner_sheet(asked.question, found).rows)

    def _enrolment(self, row: Any) -> Sequence[Any]:
        _id, name, number, region, company, business, size, industry, level, title, slug, run, *rest = row
        words = self._words
        declared = words["size"].get(size), words["industry"].get(industry), words["level"].get(level)
        return (
            name,
            number,
            region,
            company,
            display(business),
            *declared,
            f"{title} {run}차수",
            f"{slug}-{run}",
            *rest,
        )

    def _statement(self, among: Select | None) -> Select:
        asked = self.asked
        counted = facts.facts(asked.question, asked.viewer, self.known.counted_as, asked.day, among=among).subquery()
        # Of the last time that she was employed there.
        number = (
            select(Employment.employee_number)
            .where(Employment.person_id == counted.c.person_id, Employment.company_id == counted.c.company_id)
            .order_by(Employment.from_on.desc())
            .limit(1)
            .scalar_subquery()
        )
        return (
            select(
                counted.c.enrolment_id,
                Person.name,
                number,
                Region.name_ko if asked.language == "ko" else Region.name_en,
                Company.name,
                Company.business_number,
                CompanyStatus.size_class,
                CompanyStatus.industry_id,
                CompanyStatus.factory_level,
                CourseVersion.title,
                Course.slug,
                Run.number,
                counted.c.enrolled_on,
                counted.c.enrolled,
                counted.c.active,
                counted.c.completed,
                counted.c.completed_on,
            )
            .select_from(counted)
            .join(Person, Person.id == counted.c.person_id)
            .join(Company, Company.id == counted.c.company_id)
            .join(Region, Region.id == counted.c.region_id)
            .join(Run, Run.id == counted.c.run_id)
            .join(Course, Course.id == Run.course_id)
            .join(CourseVersion, CourseVersion.id == Run.course_version_id)
            .outerjoin(CompanyStatus, CompanyStatus.id == counted.c.company_status_id)
            .order_by(counted.c.enrolment_id)
        )


def _words(session: Session, name: str, language: str) -> Mapping[Any, str]:
    """What is read for a key, by the key of a row."""
    if name == "industry":
        rows = session.execute(select(Industry.id, Industry.name_ko if language == "ko" else Industry.name_en))
        return {id_: word for id_, word in rows}
    vocabulary = vocabulary_of("size_classes" if name == "size" else "factory_levels")
    return {key: korean if language == "ko" else english for key, (korean, english) in vocabulary.items()}

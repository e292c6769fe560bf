"""The rows behind a figure, some thousand at a time, in the order of enrolling."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import islice
from typing import Any

from sqlalchemy import Result, Select, and_, select, text
from sqlalchemy.orm import Session

from lms.models import Company, CompanyStatus, Employment, Enrolment, Industry, Person, Region
from lms.people.organisations.business_numbers import display
from lms.people.viewers import Viewer

from .. import completions, facts, regions
from ..columns import ENROLMENTS, LEARNERS, Column
from ..question import Question
from ..rows import vocabulary_of
from ..tables import Sheet
from . import standings
from .runs import list_runs
from .standings import Span, Told

Sessions = Callable[[], AbstractContextManager[Session]]
LISTS = ("enrolments", "learners")
PART = 5_000  # rows that are held at once
SPAN = 50_000  # enrolments of a statement: with fewer the same pages of the ledger are read more often


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
    return LEARNERS if asked.report == "learners" else ENROLMENTS


def sheet(asked: Asked, rows: Iterable[Sequence[Any]]) -> Sheet:
    name = "수강생" if asked.report == "learners" else "수강"
    return Sheet(f"{name} {asked.question.as_of}", columns(asked), rows)


def at_once(session: Session, asked: Asked) -> Sheet:
    """All of it, read while the rows are written."""
    reader = Reader(session, asked)
    spans = reader.spans(lambda: nullcontext(session), 0)
    return sheet(asked, (row for span in spans for part in reader.read(session, span) for row in part.rows))


def parts(sessions: Sessions, asked: Asked, after: int = 0) -> Generator[Part, None, None]:
    """From the first enrolment after `after` on. Each span is read in a transaction of its own, so that nobody's old rows are
    held; the database goes on to the next while the rows of this one are made and written. Whoever doesn't read to the end
    closes it."""
    with sessions() as session:
        reader = Reader(session, asked)

    def read(span: Span) -> Generator[Part, None, None]:
        with sessions() as session:
            yield from reader.read(session, span)

    with ExitStack() as opened, ThreadPoolExecutor(2) as threads:
        begun = (_begin(threads, opened.enter_context(closing(read(span)))) for span in reader.spans(sessions, after))
        now: _Reading | None = next(begun)
        while now is not None:
            following = next(begun, None)
            yield from _rest(threads, *now)
            now = following


_Reading = tuple[Generator[Part, None, None], "Future[Part | None]"]


def _begin(threads: ThreadPoolExecutor, items: Generator[Part, None, None]) -> _Reading:
    return items, threads.submit(next, items, None)


def _rest(
    threads: ThreadPoolExecutor, items: Generator[Part, None, None], coming: Future[Part | None]
) -> Iterator[Part]:
    while (item := coming.result()) is not None:
        coming = threads.submit(next, items, None)
        yield item


class Reader:
    """What all parts share is looked up once."""

    def __init__(self, session: Session, asked: Asked) -> None:
        self.asked = asked
        self.is_korean = asked.language == "ko"
        self.known = regions.load(session, asked.viewer, asked.question)
        self.runs = list_runs(session, asked.question, with_rules=asked.report == "learners")
        names = select(Region.id, Region.name_ko if self.is_korean else Region.name_en)
        self.regions = {id_: name for id_, name in session.execute(names)}
        industries = select(Industry.id, Industry.name_ko if self.is_korean else Industry.name_en)
        self.industries = {id_: name for id_, name in session.execute(industries)}

    def spans(self, sessions: Sessions, after: int) -> Iterator[Span]:
        last: int | None = after
        while last is not None:
            with sessions() as session:
                span = self._span(session, last)
            yield span
            last = span.last

    def _span(self, session: Session, after: int) -> Span:
        """The next enrolments, as many as make a span."""
        asked, question = self.asked, self.asked.question
        among = facts.narrowed(question, asked.viewer, self.known.counted_as, asked.day)
        ids = (select(Enrolment.id) if among is None else among).where(Enrolment.id > after).order_by(Enrolment.id)
        is_in_place = bool(question.filter("centre") or question.filter("cluster"))
        if among is None and not is_in_place:
            return Span(after, session.scalar(ids.offset(SPAN - 1).limit(1)))
        found = session.scalars(ids.limit(SPAN)).all()
        last = found[-1] if len(found) == SPAN else None
        span = Span(after, last, found, session.get_bind().dialect.name == "postgresql")
        if is_in_place:
            # Of which the company or region was one on the day of enrolling, which the ledger tells.
            among = select(Enrolment.id).where(*span.holds(Enrolment.id))
            counted = facts.facts(question, asked.viewer, self.known.counted_as, asked.day, among=among).subquery()
            span = span._replace(ids=session.scalars(select(counted.c.enrolment_id)).all())
        return span

    def read(self, session: Session, span: Span) -> Iterator[Part]:
        cells = self._enrolment
        if self.asked.report == "learners":
            hours = standings.missing_hours(session, self.asked.question, span, self.runs)
            cells = partial(self._learner, hours)
        # Both in the order of enrolling, and read side by side.
        with (
            _streamed(session, self.told(span), of_ledger=True) as told,
            _streamed(session, self.people(span)) as people,
        ):
            met = ((row[0], cells(row, known)) for row, known in _met(_rows(people), _rows(told)))
            while rows := list(islice(met, PART)):
                yield Part([row for _id, row in rows], rows[-1][0])

    def told(self, span: Span) -> Select:
        is_told = standings.memberships if self.asked.report == "enrolments" else standings.with_progress
        return is_told(self.asked.question, span)

    def people(self, span: Span) -> Select:
        """Who they are, and with whom; of those who were employed there more than once, the last time is first."""
        question = self.asked.question
        number = and_(Employment.person_id == Enrolment.person_id, Employment.company_id == Enrolment.company_id)
        statement = (
            select(
                Enrolment.id,
                Enrolment.run_id,
                Enrolment.region_id,
                Person.name,
                Employment.employee_number,
                Company.name.label("company"),
                Company.business_number,
                CompanyStatus.size_class,
                CompanyStatus.industry_id,
                CompanyStatus.factory_level,
            )
            .join(Person, Person.id == Enrolment.person_id)
            .join(Company, Company.id == Enrolment.company_id)
            .outerjoin(Employment, number)
            .outerjoin(CompanyStatus, CompanyStatus.id == Enrolment.company_status_id)
            .where(*span.holds(Enrolment.id))
            .order_by(Enrolment.id, Employment.from_on.desc())
        )
        if facts.is_status(question):
            statement = statement.where(facts.of_statuses(question, Enrolment.company_status_id))
        return statement

    def _learner(self, missing_hours: Mapping[int, float], row: Any, told: Told) -> tuple[Any, ...]:
        id_, run_id, region, name, number, company, business, *_declared = row
        run = self.runs[run_id]
        progress, units = run.progress(told.done(run))
        score, points = run.score(told.earned(run))
        completed_on = told.completed_on
        hours = missing_hours.get(id_, 0)
        return (
            name,
            number,
            self.regions[region],
            company,
            display(business),
            run.title,
            run.key,
            "수료" if completed_on else "취소" if told.withdrawn_on else "수강",
            told.enrolled_on,
            progress,
            score,
            *((None, None, None) if completed_on else (units, points, hours)),
            told.last_active,
            completed_on,
        )

    def _enrolment(self, row: Any, told: Told) -> tuple[Any, ...]:
        _id, run_id, region, name, number, company, business, size, industry, level = row
        run = self.runs[run_id]
        is_enrolled = told.withdrawn_on is None or told.withdrawn_on >= run.learn_from
        completed_on = told.completed_on if is_enrolled else None
        return (
            name,
            number,
            self.regions[region],
            company,
            display(business),
            self.sizes.get(size),
            self.industries.get(industry),
            self.levels.get(level),
            run.title,
            run.key,
            told.enrolled_on,
            int(is_enrolled),
            int(is_enrolled and told.last_done is not None),
            int(completed_on is not None),
            completed_on,
        )

    @cached_property
    def sizes(self) -> Mapping[Any, str]:
        return self._vocabulary("size_classes")

    @cached_property
    def levels(self) -> Mapping[Any, str]:
        return self._vocabulary("factory_levels")

    def _vocabulary(self, name: str) -> Mapping[Any, str]:
        """What is read for a key."""
        return {key: words[0 if self.is_korean else 1] for key, words in vocabulary_of(name).items()}


def _met(people: Iterator[Any], told: Iterator[Any]) -> Iterator[tuple[Any, Told]]:
    """Each person's first row with what is told of her; who was never enrolled by the day is left out."""
    known = Told(0, 0, *[None] * 6)
    for row in people:
        while known.enrolment_id < row[0]:
            found = next(told, None)
            if found is None:
                return
            known, is_first = Told(*found), True
        if known.enrolment_id == row[0] and known.first is not None and is_first:
            is_first = False
            yield row, known


def _streamed(session: Session, statement: Select, *, of_ledger: bool = False) -> Result:
    if session.get_bind().dialect.name == "postgresql":
        for name, value in (*_PLANNING, ("enable_indexscan", "off" if of_ledger else "on")):
            session.execute(text(f"SET LOCAL {name} = {value}"))
    return session.execute(statement.execution_options(yield_per=PART))


def _rows(result: Result) -> Iterator[Any]:
    return (row for part in result.partitions() for row in part)


# Else it plans for whoever wants the first rows soon; and it expects the entries of a span on as many pages as there are
# entries, while they lie on a few of them side by side, and goes to each page again for each.
_PLANNING = (("cursor_tuple_fraction", "1"), ("work_mem", "'64MB'"))

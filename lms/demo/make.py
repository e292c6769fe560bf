"""Make the demonstration, once: the few, or all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import seoul_day, today
from lms.content import QuizUnit, from_document
from lms.files import FileStore
from lms.learning import runs
from lms.models import (
    Centre,
    CentreRegion,
    Cluster,
    Course,
    CourseVersion,
    Person,
    Region,
    RegionSuccession,
    Run,
    Target,
)

from . import cast
from .closings import keep_last_closing
from .days import at, morning
from .decisions import decide
from .errors import DemoError
from .firms import make_firms
from .history import Attendee, write
from .journeys import Lesson, travel
from .marks import count_real_people, is_marked, mark, marked
from .notebooks import Samples, keep
from .rounds import SECOND_COURSE, Round, rounds
from .sheets import Sheet, make_sheets
from .workforce import Worker, make_workers

COURSES = (cast.COURSE, SECOND_COURSE)
PEOPLE = 900
FEWEST = 3  # for so many a centre opens a run
SEED = 20260701


def make(
    session: Session, instance: Path, *, beside_real_data: bool = False, day: date | None = None
) -> list[cast.Account]:
    """Make the few people, once, and note their passwords in the instance folder. A second time changes nothing.

    Raises:
        DemoError
    """
    made = cast.kept(session, instance)
    if made is not None:
        return made
    people = count_real_people(session)
    if people and not beside_real_data:
        raise DemoError("real_people", people=people)
    return cast.make(session, instance, day)


def is_full(session: Session) -> bool:
    """Whether all of it has been made."""
    return is_marked(session, Cluster)


def make_full(session: Session, files: FileStore, samples: Mapping[int, Samples], *, day: date | None = None) -> None:
    """Three programme years beside the few: companies, people, runs, and what everybody did. A second time changes nothing.

    From one seed and the day; what may leave the house by its id is as unguessable as anywhere.

    Raises:
        DemoError
    """
    if is_full(session):
        return
    if not is_marked(session, Run):
        raise DemoError("no_few")
    day = day or today()
    _Making(session, files, samples, day).make()


class _Making:
    def __init__(self, session: Session, files: FileStore, samples: Mapping[int, Samples], day: date) -> None:
        self.session = session
        self.files = files
        self.samples = samples
        self.day = day
        self.random = Random(SEED)  # noqa: S311 (nothing here is secret)

    def make(self) -> None:
        kept = keep(self.session, self.files, self.samples)
        firms = make_firms(self.session, self.random, self.day)
        here = len(self.session.scalars(marked(Person)).all())
        workers = make_workers(self.session, self.random, firms, PEOPLE - here, self.day)
        attendees = self._attendees(workers)
        write(self.session, attendees, kept)
        self._set_targets(attendees)
        decide(self.session, self.random, attendees, self.day)
        keep_last_closing(self.session)

    def _attendees(self, workers: Sequence[Worker]) -> list[Attendee]:
        courses = {
            course.slug: course for course in self.session.scalars(select(Course).where(Course.slug.in_(COURSES)))
        }
        if len(courses) < len(COURSES):
            raise DemoError("no_course")
        contents = {slug: self._content(course) for slug, course in courses.items()}
        found: list[Attendee] = []
        for one in rounds(self.day):
            for centre in self._centres(one):
                people = self._applicants(one, centre, workers)
                if len(people) >= FEWEST or one.share == 0:
                    run = self._open(one, centre, courses[one.course])
                    found += self._attend(one, run, contents[one.course], people)
        return found + self._beside_the_cast(workers, contents[cast.COURSE])

    def _content(self, course: Course) -> dict[str, tuple[Sheet, ...]]:
        """The sheets of each quiz of the course, by unit."""
        version = self.session.get_one(CourseVersion, course.current_version_id)
        units = from_document(version.document).units
        return {unit.key: make_sheets(self.random, unit.quiz) for unit in units if isinstance(unit, QuizUnit)}

    def _centres(self, one: Round) -> Sequence[Centre]:
        centres = select(Centre).order_by(Centre.id)
        return self.session.scalars(centres.where(Centre.slug.in_(one.centres)) if one.centres else centres).all()

    def _open(self, one: Round, centre: Centre, course: Course) -> Run:
        programme = (
            cast.programme_of(self.session, one.learn_from.year)
            if self.day.year - 2 <= one.learn_from.year <= self.day.year
            else None
        )
        created = morning(min(one.apply_from or one.learn_from, self.day) - timedelta(days=10))
        run = runs.open_run(
            self.session,
            course,
            centre_id=centre.id,
            programme_id=programme.id if programme else None,
            learn_from=one.learn_from,
            learn_to=one.learn_to,
            seats=40,
            now=created,
        )
        run.apply_from, run.apply_to, run.review_to = one.apply_from, one.apply_to, one.review_to
        run.closed_at = morning(one.closed_on) if one.closed_on else None
        if one.is_draft:
            run.opened_at = run.seats = run.programme_id = None
        self.session.flush()
        mark(self.session, run)
        return run

    def _applicants(self, one: Round, centre: Centre, workers: Sequence[Worker]) -> list[Worker]:
        """People of the regions that the centre serves, who are not in the course already; at most as many as there are
        seats. Companies come with some of their people or with none."""
        on = min(one.learn_from - timedelta(days=1), self.day)
        regions = set(
            self.session.scalars(
                select(CentreRegion.region_id).where(CentreRegion.centre_id == centre.id).order_by(CentreRegion.id)
            )
        )
        eager: dict[int, float] = {}
        found = []
        for worker in workers:
            firm = worker.firm_on(on)
            # An application may lie three weeks before the run, so she has to have been there then already.
            if firm is None or firm is not worker.firm_on(on - timedelta(days=22)):
                continue
            if firm.status_on(on).region_id not in regions or worker.busy_until.get(one.course, date.min) >= on:
                continue
            chance = eager.setdefault(firm.company.id, self.random.choice((0, 0.6, 1, 1.6)))
            if self.random.random() < one.share * chance:
                found.append(worker)
        return found[:40]

    def _attend(
        self, one: Round, run: Run, sheets: Mapping[str, tuple[Sheet, ...]], people: Sequence[Worker]
    ) -> list[Attendee]:
        lessons = self._lessons(run, sheets)
        found = []
        for worker in people:
            first = one.apply_from or one.learn_from - timedelta(days=15)
            final = min(one.apply_to or one.learn_from - timedelta(days=1), self.day - timedelta(days=1))
            applied = first + timedelta(days=self.random.randint(0, max(0, (final - first).days)))
            attendee = self._attendee(worker, run, lessons, at(applied, self.random.randint(8 * 60, 18 * 60)))
            worker.busy_until[one.course] = date.max if attendee.journey.completed else one.learn_to
            found.append(attendee)
        return found

    def _attendee(
        self, worker: Worker, run: Run, lessons: Sequence[Lesson], enrolled_at: datetime, *, end: date | None = None
    ) -> Attendee:
        """`end` is when she means to be through; the run's last day where she takes her time."""
        firm = worker.firm_on(seoul_day(enrolled_at))
        assert firm is not None
        yesterday = self.day - timedelta(days=1)
        journey = travel(
            self.random,
            lessons,
            run.rules[-1],
            run.learn_from,
            end or run.learn_to,
            min(run.learn_to, yesterday),
            enrolled_at=enrolled_at,
            diligence=worker.diligence,
        )
        return Attendee(worker, run, run.rules[-1], firm.status_on(seoul_day(enrolled_at)), journey)

    def _lessons(self, run: Run, sheets: Mapping[str, tuple[Sheet, ...]]) -> list[Lesson]:
        return [
            Lesson(
                unit.id,
                unit.key,
                unit.kind,
                unit.title,
                unit.weight,
                unit.minutes,
                sheets.get(unit.key, ()),
                self.samples[unit.exercise_version_id] if unit.exercise_version_id else None,
            )
            for unit in run.units
        ]

    def _beside_the_cast(self, workers: Sequence[Worker], sheets: Mapping[str, tuple[Sheet, ...]]) -> list[Attendee]:
        """The class in which the cast learns: people of Busan, so that its instructor has somebody to look after."""
        run = cast.load_run(self.session)
        if run.learn_from >= self.day or {unit.exercise_version_id for unit in run.units} - {None, *self.samples}:
            return []
        lessons = self._lessons(run, sheets)
        on = run.learn_from - timedelta(days=3)
        busan = self.session.scalars(select(Region.id).where(Region.slug == "busan")).one()
        free = [
            worker
            for worker in workers
            if (firm := worker.firm_on(on)) is not None
            and firm.status_on(on).region_id == busan
            and worker.busy_until.get(cast.COURSE, date.min) < on
        ]
        # They hurry, so that there is something to see of the run's first week.
        soon = run.learn_from + timedelta(days=16)
        return [
            self._attendee(worker, run, lessons, at(on, 9 * 60 + self.random.randint(0, 500)), end=soon)
            for worker in self.random.sample(free, min(24, len(free)))
        ]

    def _set_targets(self, attendees: Sequence[Attendee]) -> None:
        """About what was reached in the years that are over, and somewhat more than has been reached in this one."""
        reached = Counter((one.run.learn_from.year, one.status.region_id) for one in attendees if one.journey.completed)
        begun = {row.successor_id for row in self.session.scalars(select(RegionSuccession))}
        regions = [
            region
            for region in self.session.scalars(select(Region).order_by(Region.position))
            if region.id not in begun
        ]
        for year in range(self.day.year - 2, self.day.year + 1):
            programme = cast.programme_of(self.session, year)
            there = set(self.session.scalars(select(Target.region_id).where(Target.programme_id == programme.id)))
            for region in regions:
                if region.id in there or (region.to_on and region.to_on < programme.from_on):
                    continue
                wish = self.random.uniform(0.9, 1.4 if year == self.day.year else 1.15)
                self.session.add(
                    Target(
                        programme_id=programme.id,
                        region_id=region.id,
                        completions=max(3, round(reached[year, region.id] * wish)),
                        set_on=programme.from_on,
                    )
                )
        self.session.flush()

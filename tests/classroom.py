"""A published course, a run of it, and 김하나 in that run: for tests of what needs real content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import grading
from lms.authoring import publish
from lms.files import FileStore
from lms.learning import enrolments, runs
from lms.models import Course, Database, Enrolment, ExerciseVersion, Person, Run, RunUnit
from lms.submissions import hand_in
from lms.submissions.exercise_cache import ExerciseCache
from lms.submissions.hand_in import HandedIn

from . import world as people
from .databases import filled
from .web import small_course
from .world import World

MAX_BYTES = 1_000_000
HANDED_IN = people.at("2026-03-10")


@dataclass(frozen=True)
class Classroom:
    """`run` is of the small course; `enrolment` is 김하나's."""

    database: Database
    files: FileStore
    exercises: ExerciseCache
    content: Path
    run: Run
    enrolment: Enrolment

    def enrol(self, person: Person) -> Enrolment:
        with self.database.writing() as session:
            made = enrolments.enrol(session, session.get_one(Run, self.run.id), person.id, now=people.JOINED)
            session.commit()
        with self.database.reading() as session:
            return people.load(session, made.id)

    def unit(self, key: str = small_course.EXERCISE) -> RunUnit:
        return people.unit(self.enrolment, key)

    def starter(self) -> bytes:
        with self.database.reading() as session:
            digest = session.scalars(select(ExerciseVersion.starter).order_by(ExerciseVersion.id.desc()).limit(1)).one()
        return self.files.read(digest)

    def notebook(self, answers: Mapping[str, str] = small_course.RIGHT) -> bytes:
        return small_course.filled(self.starter(), answers)

    def submit(
        self,
        session: Session,
        notebook: bytes,
        *,
        enrolment: Enrolment | None = None,
        unit: RunUnit | None = None,
        name: str = "양품.ipynb",
        now: datetime = HANDED_IN,
    ) -> HandedIn:
        return hand_in.submit(
            session,
            self.files,
            self.exercises,
            enrolment or self.enrolment,
            unit or self.unit(),
            notebook,
            file_name=name,
            max_bytes=MAX_BYTES,
            now=now,
        )

    def hand_in(self, answers: Mapping[str, str] = small_course.RIGHT, now: datetime = HANDED_IN) -> HandedIn:
        """Submit and commit."""
        with self.database.writing() as session:
            made = self.submit(session, self.notebook(answers), now=now)
            session.commit()
        return made


def publish_small_course(session: Session, files: FileStore, content: Path) -> publish.Published:
    return publish.publish_all(session, files, content / "courses", content / "exercises")


@pytest.fixture
def classroom(database: Database, world: World, files: FileStore, tmp_path: Path) -> Classroom:
    content = small_course.write(tmp_path / "content")
    given = filled(database)
    if given is not None and "classroom" in given.rows:
        given.put_files(files)
        enrolment = given.rows["classroom"]
    else:
        enrolment = open_classroom(database, world, files, content)
    return Classroom(database, files, ExerciseCache(files, tmp_path / "unpacked"), content, enrolment.run, enrolment)


def open_classroom(database: Database, world: World, files: FileStore, content: Path) -> Enrolment:
    """Publish the small course and put 김하나 into a run of it."""
    with database.writing() as session:
        publish_small_course(session, files, content)
        course = session.scalars(select(Course).where(Course.slug == small_course.COURSE)).one()
        run = runs.open_run(
            session,
            course,
            centre_id=world.busan_centre.id,
            learn_from=date(2026, 3, 2),
            learn_to=date(2099, 12, 31),
            now=people.at("2026-02-02"),
        )
        made = enrolments.enrol(session, run, world.hana.id, now=people.JOINED)
        session.commit()
    with database.reading() as session:
        return people.load(session, made.id)


def a_grade(points: float | None = 10, outcome: str = "graded", **more: object) -> grading.Grade:
    """What grading would give, where grading isn't the subject."""
    check = grading.CheckResult("q1-test", "passed", points, 10, False, "통과했습니다.", "양품 수")
    facts: dict = {
        "notebook": "양품.ipynb",
        "outcome": outcome,
        "points": points,
        "max_points": 10,
        "checks": (check,),
        "flags": (),
        "repairs": (),
        "seconds": 0.1,
        "engine": "engine of the tests",
        "environment": "python 3",
        "exercise": "0" * 64,
        "feedback": {"cells": []},
    }
    return grading.Grade(**(facts | more))

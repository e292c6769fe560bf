"""Sites of the tests: our app over a migrated database, with the people of the tests in a run of the small course."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import flask
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from lms import grading
from lms.authoring import publish
from lms.clock import today
from lms.files import FileStore
from lms.jobs.worker import Worker
from lms.learning import enrolments, runs
from lms.models import Base, Course, Database, Enrolment, ExerciseVersion, Person, Run, RunUnit, Submission
from lms.people import consents
from lms.people.privacy import sealing
from lms.settings import KEYS_NAME, Settings
from lms.submissions.take_result import write_grade
from lms.web import sign_in, work
from lms.web.app import create_app
from lms.web.extension import LMS
from tests.databases import Filling, filled
from tests.world import World, commit_world

from . import small_course
from .browser import Browser


@dataclass
class Site:
    """An app of ours and what is in it. `run` is the run of the small course that `enrolled` are in."""

    app: Flask
    lms: LMS
    world: World
    run: Run
    prefix: str = ""
    enrolled: dict[int, Enrolment] = field(default_factory=dict)

    def browser(self) -> Browser:
        """A browser that nobody has used."""
        made = Browser(self.app, self.app.response_class)
        made.prefix = self.prefix
        return made

    def browser_of(self, person: Person) -> Browser:
        """A browser in which a person has signed in, by what the view calls once it knows her."""
        browser = self.browser()
        with self.app.test_request_context(), self.lms.database.writing() as session:
            sign_in.begin(session, person)
            session.commit()
            signed_in = dict(flask.session)
        with browser.session_transaction() as cookie:
            cookie.update(signed_in)
        return browser

    def address(self, of: str = "", run: Run | None = None) -> str:
        """The address of the run, or of a unit of it."""
        return f"{self.prefix}/runs/{(run or self.run).uid}" + (f"/units/{of}" if of else "")

    def enrol(self, person: Person, run: Run | None = None) -> Enrolment:
        with self.lms.database.writing() as session:
            made = enrolments.enrol(session, session.get_one(Run, (run or self.run).id), person.id)
            session.commit()
        return made

    def open_run(self, learn_from: date, learn_to: date) -> Run:
        """Another run of the small course."""
        with self.lms.database.writing() as session:
            course = session.scalars(select(Course).where(Course.slug == small_course.COURSE)).one()
            made = runs.open_run(
                session, course, centre_id=self.world.busan_centre.id, learn_from=learn_from, learn_to=learn_to
            )
            session.commit()
        return made

    def exercise_version(self) -> ExerciseVersion:
        """The one that the run grades by."""
        of_run = select(RunUnit.exercise_version_id).where(RunUnit.run_id == self.run.id)
        with self.lms.database.reading() as session:
            return session.scalars(select(ExerciseVersion).where(ExerciseVersion.id.in_(of_run))).one()

    def starter(self) -> bytes:
        return self.lms.files.read(self.exercise_version().starter)

    def notebook(self, answers: Mapping[str, str] = small_course.RIGHT) -> bytes:
        """The starter with these answers."""
        return small_course.filled(self.starter(), answers)

    def hand_in(
        self, browser: Browser, notebook: bytes, *, name: str = "내 노트북.ipynb", run: Run | None = None
    ) -> TestResponse:
        """Upload a notebook from the exercise's page."""
        where = self.address(small_course.EXERCISE, run)
        browser.visit(where)
        form = {"notebook": FileStorage(io.BytesIO(notebook), name), "page": where, "csrf_token": browser.token}
        boundary, body = encode_multipart(form)
        kind = f"multipart/form-data; boundary={boundary}"
        return browser.post(f"{where}/submissions", data=body, content_type=kind)

    def grade_all(self) -> int:
        """Let a worker do what waits, with the real sandbox. Returns how many jobs there were."""
        worker = Worker(self.lms.database, work.handlers_of(self.lms))
        done = 0
        while worker.run_one("the worker of the tests"):
            done += 1
        return done

    def grade_by_hand(self, uid: UUID, points: float = 10) -> None:
        """Give a submission a grade without running it, where grading isn't the subject."""
        check = grading.CheckResult("q1-test", "passed", points, 10, False, "통과했습니다.", "양품 수")
        made = grading.Grade("", "graded", points, 10, (check,), (), (), 0.1, "test", "test", "0" * 64, {"cells": []})
        with self.lms.database.writing() as session:
            found = session.scalars(select(Submission).where(Submission.uid == uid)).one()
            write_grade(session, self.lms.files, found.id, found.exercise_version_id, made, "<p>채점한 노트북</p>")
            session.commit()

    def snapshot(self) -> dict[str, list]:
        """Every row of every table, and every file, to see that nothing was changed."""
        with self.lms.database.reading() as session:
            rows = {name: list(session.execute(select(table))) for name, table in Base.metadata.tables.items()}
        return rows | {"files": sorted(path.name for path in self.lms.files.root.rglob("*") if path.is_file())}

    def change(self, row: Base, **values: object) -> None:
        """Set columns of a row, as if time or somebody else had done it."""
        with self.lms.database.writing() as session:
            found = session.get_one(type(row), row.id)  # type: ignore[attr-defined]
            for name, value in values.items():
                setattr(found, name, value)
            session.commit()

    def count(self, table: type) -> int:
        with self.lms.database.reading() as session:
            return len(session.scalars(select(table)).all())


def settings_of(database_url: str, folder: Path, content: Path, **more: object) -> Settings:
    return Settings(
        secret_key="a secret of the tests, of more than 32 letters",
        database_url=database_url,
        files_dir=str(folder / "files"),
        content_dir=str(content),
        runtime_dir=str(folder / "runtime"),
        **more,  # type: ignore[arg-type]
    )


def without_consents(folder: Path) -> Path:
    """Texts of an operator who asks for none of ours."""
    for text in consents.SHIPPED.iterdir():
        (folder / text.name).mkdir(parents=True)
        (folder / text.name / "text.toml").touch()
    return folder


def standalone(database_url: str, folder: Path, content: Path, **more: object) -> Flask:
    """Our own app over a migrated database."""
    sealing.write_fresh(folder / "instance" / KEYS_NAME)
    return create_app(folder / "instance", settings_of(database_url, folder, content, **more))


def open_site(app: Flask, world: World, content: Path, prefix: str = "") -> Site:
    """Publish the small course and put 김하나 into a run of it that is open today, where the database hasn't that already."""
    lms: LMS = app.extensions["lms"]
    given = filled(lms.database)
    if given is not None and "site" in given.rows:
        given.put_files(lms.files)
        run, enrolment = given.rows["site"]
    else:
        run, enrolment = open_small_course(lms.database, lms.files, world, content)
    return Site(app, lms, world, run, prefix, {world.hana.id: enrolment})


def open_small_course(database: Database, files: FileStore, world: World, content: Path) -> tuple[Run, Enrolment]:
    with database.writing() as session:
        run = _publish(session, files, world, content)
        session.commit()
    with database.writing() as session:
        enrolment = enrolments.enrol(session, session.get_one(Run, run.id), world.hana.id)
        session.commit()
    return run, enrolment


def filling_of(content: Path) -> Filling:
    """The world, and the small course as it lies in `content` with 김하나 in a run of it that is open today."""

    def fill(database: Database, files: FileStore) -> dict[str, Any]:
        world = commit_world(database)
        return {"world": world, "site": open_small_course(database, files, world, content)}

    return Filling(f"{content} on {today()}", fill)


def _publish(session: Session, files: FileStore, world: World, content: Path) -> Run:
    publish.publish_all(session, files, content / "courses", content / "exercises")
    course = session.scalars(select(Course).where(Course.slug == small_course.COURSE)).one()
    day = today()
    begin, end = day - timedelta(days=7), day + timedelta(days=60)
    return runs.open_run(session, course, centre_id=world.busan_centre.id, learn_from=begin, learn_to=end)

"""A site with the real courses, and a quick stand-in for the engine that grades the demonstration's notebooks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import demo, grading
from lms.authoring import publish
from lms.demo.notebooks import Samples
from lms.files import FileStore
from lms.models import Base, Database, reference_data
from lms.models.append_only import APPEND_ONLY
from lms.submissions.exercise_cache import ExerciseCache
from tests.databases import Filling, filled

ROOT = Path(__file__).resolve().parent.parent.parent
SHARES = (
    0.0,
    0.3,
    0.7,
    0.4,
    0.8,
    1.0,
)  # of the notebooks in the order in which they are made: the solution is the last


class QuickGrading:
    """Grades each exercise's notebooks by their place; a feedback page for each."""

    def __init__(self) -> None:
        self.graded: Counter[str] = Counter()

    def __call__(self, exercise: grading.Exercise, notebook: bytes) -> tuple[grading.Grade, str]:
        share = SHARES[self.graded[exercise.slug]]
        self.graded[exercise.slug] += 1
        checks = tuple(
            grading.CheckResult(
                check.name,
                "passed" if share == 1 else "failed",
                share * check.points,
                check.points,
                False,
                "",
                check.title,
            )
            for check in exercise.checks
        )
        points = sum(check.points or 0.0 for check in checks)
        grade = grading.Grade(
            "", "graded", points, exercise.max_points, checks, (), (), 0.1, "stand-in", "", exercise.digest, {}
        )
        return grade, f"<p>{exercise.slug} {share}</p>"


@dataclass(frozen=True)
class DemoSite:
    """A site with reference data and the real courses, in which nobody is."""

    database: Database
    files: FileStore
    instance: Path

    def samples(self) -> dict[int, Samples]:
        cache = ExerciseCache(self.files, self.instance / "exercise-cache")
        with self.database.reading() as session:
            return demo.make_samples(session, cache, demo.COURSES, QuickGrading())

    def make(self, *, full: bool = False, beside_real_data: bool = False) -> list[demo.Account]:
        samples = self.samples() if full else {}
        with self.database.writing() as session:
            made = demo.make(session, self.instance, beside_real_data=beside_real_data)
            if full:
                demo.make_full(session, self.files, samples)
            session.commit()
        return made

    def remove(self) -> demo.Removed:
        with self.database.writing() as session:
            removed = demo.remove(session)
            session.commit()
        with self.database.writing() as session:
            demo.discard(session, self.files, removed.files)
        return removed

    def rows(self) -> dict[str, list[tuple]]:
        """Every row of every table."""
        with self.database.reading() as session:
            return {table.name: sorted(map(tuple, session.execute(select(table))), key=repr) for table in _tables()}

    def counts(self) -> dict[str, int]:
        with self.database.reading() as session:
            return {table.name: _count(session, table) for table in _tables()}

    def kept_files(self) -> set[Path]:
        return {path for path in self.files.root.rglob("*") if path.is_file()}


def _tables() -> list:
    """All but the audit, which nobody takes anything from."""
    return [table for table in Base.metadata.sorted_tables if table.name not in APPEND_ONLY]


def _count(session: Session, table: object) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def _publish(database: Database, files: FileStore) -> dict[str, Any]:
    with database.writing() as session:
        reference_data.load(session)
        publish.publish_all(session, files, ROOT / "courses", ROOT / "exercises")
        session.commit()
    return {}


@pytest.fixture
def filling() -> Filling:
    return Filling("reference data and the real courses", _publish)


@pytest.fixture
def demo_site(database: Database, files: FileStore, tmp_path: Path) -> DemoSite:
    given = filled(database)
    assert given is not None
    given.put_files(files)
    instance = tmp_path / "instance"
    instance.mkdir()
    return DemoSite(database, files, instance)

"""Grade old submissions again by the newest version of their exercise."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.grading import isolation
from lms.jobs.worker import Worker, worker_name
from lms.learning.classroom import whole_run
from lms.models import Course, ExerciseVersion, Run, RunUnit
from lms.submissions import regrade, regrade_preview
from lms.submissions.handlers import handlers
from lms.submissions.regrade_preview import Preview, Row, Score

from ..extension import LMS
from .group import console, in_site, lms, say

_PAUSE_SECONDS = 0.25
_REASON = "실습의 새 버전이 게시되어 재채점했습니다."


@lms.command("regrade")
@click.argument("exercise")
@click.option("--run", "of_run", help="one run alone, as COURSE:NUMBER or by its id; else each that is not closed")
@click.option("--dry-run", is_flag=True, help="only say who would gain or lose what")
@click.option("--reason", default=_REASON, help="kept with each new score")
@click.option("--json", "as_json", is_flag=True, help="for programs")
@in_site
def regrade_command(site: LMS, exercise: str, of_run: str | None, dry_run: bool, reason: str, as_json: bool) -> None:
    """Grade what was handed in to EXERCISE again by its newest version, and write what changed.

    Stopped in the middle and begun again it goes on where it was; nothing is written twice. What a fault of ours keeps from being
    graded keeps its grade.
    """
    _Regrading(site, as_json).do(exercise, of_run, dry_run, reason)


@dataclass
class _Regrading:
    site: LMS
    as_json: bool

    def do(self, exercise: str, of_run: str | None, dry_run: bool, reason: str) -> None:
        units = self._units(exercise, of_run)
        if not units:
            raise click.ClickException(f"No run that is not closed gives the exercise '{exercise}'.")
        self._refuse_without_sandbox()
        for run_id, key in units:
            self._write(run_id, key, regrade.start)
        self._work_while(units, lambda found: found.state == "running")
        shown = [self._look(*place) for place in units]
        if not dry_run:
            for (run_id, key), (_run, found) in zip(units, shown, strict=True):
                if found.shown:
                    self._apply(run_id, key, found.shown, reason)
            self._work_while(units, lambda found: found.state == "applying")
        self._tell(shown, dry_run)

    def _units(self, exercise: str, of_run: str | None) -> list[tuple[int, str]]:
        """Run and key of each unit that gives the exercise."""
        with self.site.database.reading() as session:
            run_id = _run_id(session, of_run) if of_run else None
            try:
                return [(unit.run_id, unit.key) for unit in regrade.find_units(session, exercise, run_id)]
            except NotFoundError:
                raise click.ClickException(f"There is no exercise '{exercise}'.") from None

    def _refuse_without_sandbox(self) -> None:
        required = self.site.settings.grading_isolation
        if not isolation().reaches(required):
            raise click.ClickException(f"This machine can't grade: it lacks the isolation '{required}'.")

    def _work_while(self, units: list[tuple[int, str]], is_moving: Callable[[Preview], bool]) -> None:
        """Do what waits, beside whatever workers there are, until none of the units is moving any more."""
        settings = self.site.settings
        done_by = handlers(self.site.files, self.site.exercises, required_level=settings.grading_isolation)
        worker = Worker(self.site.database, done_by, lease_seconds=settings.job_lease_seconds)
        name = worker_name(0)
        while any(is_moving(self._look(*place)[1]) for place in units):
            if not worker.run_one(name):
                time.sleep(_PAUSE_SECONDS)

    def _look(self, run_id: int, key: str) -> tuple[Run, Preview]:
        with self.site.database.reading() as session:
            run, unit = _load(session, run_id, key)
            return run, regrade_preview.preview(session, run, unit, regrade.newest_version(unit))

    def _write(self, run_id: int, key: str, deed: Callable[[Session, RunUnit, int], object]) -> None:
        with self.site.database.writing() as session:
            _run, unit = _load(session, run_id, key)
            deed(session, unit, regrade.newest_version(unit).id)
            session.commit()

    def _apply(self, run_id: int, key: str, shown: int, reason: str) -> None:
        with self.site.database.writing() as session:
            run, unit = _load(session, run_id, key)
            version: ExerciseVersion = regrade.newest_version(unit)
            regrade.apply(session, self.site.exercises, run, unit, version, actor_id=None, reason=reason, shown=shown)
            session.commit()

    def _tell(self, shown: list[tuple[Run, Preview]], dry_run: bool) -> None:
        if self.as_json:
            say(json.dumps([_facts(run, found, dry_run) for run, found in shown], ensure_ascii=False, indent=1))
            return
        for run, found in shown:
            title = f"{run.course_version.title} · {run.number} · {found.unit.title}"
            console.print(_table(title, found))
            counts = ", ".join(f"{len(found.of(change))} {word}" for change, word in _CHANGES)
            kept = f"; {len(found.kept)} submissions keep their grade" if found.kept else ""
            say(f"{counts}{kept}. {'Nothing was written.' if dry_run else 'Written.'}")


_CHANGES = (("gain", "gain"), ("loss", "lose"), ("same", "stay"))


def _run_id(session: Session, given: str) -> int:
    slug, is_numbered, number = given.partition(":")
    wanted = select(Run.id)
    try:
        if is_numbered:
            course = select(Course.id).where(Course.slug == slug)
            wanted = wanted.where(Run.course_id.in_(course), Run.number == min(int(number), 2_000_000_000))
        else:
            wanted = wanted.where(Run.uid == UUID(given))
    except ValueError:
        raise click.ClickException(f"'{given}' names no run. Write COURSE:NUMBER, or the run's id.") from None
    found = session.scalar(wanted)
    if found is None:
        raise click.ClickException(f"There is no run '{given}'.")
    return found


def _load(session: Session, run_id: int, key: str) -> tuple[Run, RunUnit]:
    run = session.scalars(select(Run).where(Run.id == run_id).options(*whole_run())).unique().one()
    return run, next(unit for unit in run.units if unit.key == key)


def _points(score: Score | None) -> str:
    return f"{score.points:g}/{score.max_points:g}" if score else "–"


def _table(title: str, found: Preview) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("name", "company", "now", "then", "checks", "score", "completion"):
        table.add_column(heading)
    for row in (*found.of("loss"), *found.of("gain")):
        checks = [f"+{name}" for name in row.gained] + [f"-{name}" for name in row.lost]
        table.add_row(
            row.enrolment.person.name,
            " · ".join(filter(None, (row.enrolment.company.name, row.employee_number))),
            _points(row.before),
            _points(row.after),
            " ".join(checks),
            f"{row.score_before:.1f} → {row.score_after:.1f}",
            row.follows or "",
        )
    return table


def _facts(run: Run, found: Preview, dry_run: bool) -> dict[str, Any]:
    return {
        "run": str(run.uid),
        "course": run.course_version.title,
        "number": run.number,
        "unit": found.unit.key,
        "version": found.version.digest,
        "written": not dry_run,
        "rows": [_row(row) for row in found.rows],
        "kept": [{"submission": str(item.submission.uid), "outcome": item.found.outcome} for item in found.kept],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "enrolment": str(row.enrolment.uid),
        "name": row.enrolment.person.name,
        "company": row.enrolment.company.name,
        "employee_number": row.employee_number,
        "change": row.change,
        "before": row.before._asdict() if row.before else None,
        "after": row.after._asdict() if row.after else None,
        "gained": list(row.gained),
        "lost": list(row.lost),
        "score_before": row.score_before,
        "score_after": row.score_after,
        "follows": row.follows,
    }

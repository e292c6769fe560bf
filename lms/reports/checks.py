"""Which checks of the exercises are failed: of each learner's last graded try at an exercise, as of any day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Subquery, case, func, select
from sqlalchemy.orm import Session

from lms.clock import end_of_day
from lms.models import Course, ExerciseVersion, Grade, Run, RunUnit, Submission
from lms.people.viewers import Viewer

from . import facts, regions
from .question import Question
from .regions import Regions
from .width import refuse_wide


@dataclass(frozen=True)
class CheckRow:
    """A check of an exercise: how many of the last tries it judged, and how many of them it failed."""

    course: str
    unit: str
    unit_title: str
    check: str
    title: str
    tries: int
    failed: int

    @property
    def rate(self) -> float:
        """Failed of the tries, 0..1."""
        return self.failed / self.tries


def failed_checks(
    session: Session, viewer: Viewer | None, question: Question, *, known: Regions | None = None
) -> tuple[CheckRow, ...]:
    """Those that fail most come first. Checks that could not judge (an error of ours, not run) count for neither.

    Raises:
        ReportError: it is about too many people (`width`).
    """
    known = known or regions.load(session, viewer, question)
    refuse_wide(session, viewer, question, known)
    grades = _last_grades(question, viewer, known)
    value = _each_check(session, grades)
    name, outcome = (_text(session, value, key) for key in ("name", "outcome"))
    failed = func.sum(case((outcome == "failed", 1), else_=0))
    rows = session.execute(
        select(Course.slug, RunUnit.key, func.max(RunUnit.title), name, func.max(_text(session, value, "title")),
               func.max(grades.c.exercise_version_id), func.count(), failed)
        .select_from(grades.join(value.table, value.is_not(None)))
        .join(RunUnit, RunUnit.id == grades.c.run_unit_id)
        .join(Run, Run.id == RunUnit.run_id)
        .join(Course, Course.id == Run.course_id)
        .where(outcome.in_(("passed", "failed")))
        .group_by(Course.slug, RunUnit.key, name)
    ).all()  # fmt: skip
    titles = _titles(session, {row[5] for row in rows})
    found = [
        CheckRow(course, unit, unit_title, check, titles.get((version, check)) or title or check, count, int(fails))
        for course, unit, unit_title, check, title, version, count, fails in rows
    ]
    return tuple(sorted(found, key=lambda row: (-row.rate, -row.tries, row.course, row.unit, row.check)))


def _last_grades(question: Question, viewer: Viewer | None, known: Regions) -> Subquery:
    """Of each enrolled one and each exercise the newest grade of the last try that has one."""
    fact = facts.facts(question, viewer, known.counted_as, near=known.near).cte("graded_of")
    until = end_of_day(question.as_of)
    graded = [Grade.outcome == "graded", Submission.submitted_at < until]
    if question.reading == "recorded":
        graded.append(Grade.graded_at < until)
    last = (
        select(func.max(Submission.id).label("submission_id"))
        .join(Grade, Grade.submission_id == Submission.id)
        .where(*graded, Submission.enrolment_id.in_(select(fact.c.enrolment_id).where(fact.c.enrolled == 1)))
        .group_by(Submission.enrolment_id, Submission.run_unit_id)
        .subquery("last_try")
    )
    newest = (
        select(func.max(Grade.id))
        .join(last, last.c.submission_id == Grade.submission_id)
        .join(Submission, Submission.id == Grade.submission_id)
        .where(*graded)
        .group_by(Grade.submission_id)
    )
    return (
        select(Submission.run_unit_id, Grade.exercise_version_id, Grade.checks)
        .join(Submission, Submission.id == Grade.submission_id)
        .where(Grade.id.in_(newest))
        .subquery("grades")
    )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _each_check(session: Session, grades: Subquery) -> Any:
    """Each element of the list of checks, as a column of a function beside its row."""
    each = func.json_each if _is_sqlite(session) else func.jsonb_array_elements
    return each(grades.c.checks).table_valued("value", name="each_check").c.value


def _text(session: Session, value: Any, key: str) -> Any:
    if _is_sqlite(session):
        return func.json_extract(value, f"$.{key}")
    return func.jsonb_extract_path_text(value, key)


def _titles(session: Session, versions: set[int]) -> dict[tuple[int, str], str]:
    """What the checks are called in the versions that graded."""
    rows = session.execute(select(ExerciseVersion.id, ExerciseVersion.facts).where(ExerciseVersion.id.in_(versions)))
    return {(id_, fact["name"]): fact["title"] for id_, facts_ in rows for fact in facts_.get("checks", ())}

"""Hand in: the notebook is on the disk and its row and job are committed together before the learner reads that we have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from lms.clock import seoul_day, utcnow
from lms.errors import NotFoundError
from lms.files import FileStore
from lms.grading import read_notebook
from lms.jobs import queue
from lms.learning import enrolments, ledger
from lms.models import Enrolment, ExerciseVersion, Grade, Job, Run, RunUnit, Submission
from lms.people.privacy import resident_numbers
from lms.people.viewers import Viewer

from .exercise_cache import ExerciseCache

JOB_KIND = "grade"
NOTEBOOK_TYPE = "application/x-ipynb+json"
# Somebody waits for these; work that nobody waits for goes behind.
PRIORITY = 10


@dataclass(frozen=True)
class HandedIn:
    """`is_new` is False where the same notebook was handed in a moment ago and still waits for its grade."""

    submission: Submission
    is_new: bool


def submit(
    session: Session,
    files: FileStore,
    exercises: ExerciseCache,
    enrolment: Enrolment,
    unit: RunUnit,
    notebook: bytes,
    *,
    file_name: str,
    max_bytes: int,
    now: datetime | None = None,
) -> HandedIn:
    """Take a notebook for grading. The caller commits, and then may say that it was received.

    The same bytes while their first submission still waits (a double click, a reload) are the same submission.

    Raises:
        NotANotebookError: it can't be read as a notebook of this exercise; nothing is kept.
        RunNotOpenError, NotFoundError (the unit is no exercise), StorageError
        ResidentNumberError: there is a number in it that may not be kept.
    """
    now = now or utcnow()
    version = unit.exercise_version
    if unit.kind != "exercise" or version is None:
        raise NotFoundError()
    enrolments.refuse_closed(enrolment, seoul_day(now))
    read_notebook(notebook, exercises.get(version.facts["slug"], version.digest), max_bytes=max_bytes)
    resident_numbers.refuse(file_name)
    resident_numbers.refuse_in_document(notebook)
    enrolment = ledger.lock(session, enrolment.id)
    digest = files.put(session, notebook, NOTEBOOK_TYPE)
    mine = (Submission.enrolment_id == enrolment.id, Submission.run_unit_id == unit.id)
    last = session.scalar(select(Submission).where(*mine).order_by(Submission.number.desc()).limit(1))
    if last is not None and last.notebook == digest and not _is_graded(session, last):
        return HandedIn(last, is_new=False)
    submission = Submission(
        enrolment_id=enrolment.id,
        run_unit_id=unit.id,
        exercise_version_id=version.id,
        number=(last.number if last else 0) + 1,
        notebook=digest,
        file_name=_clean_name(file_name),
        submitted_at=now,
    )
    session.add(submission)
    session.flush()
    queue.enqueue(
        session,
        JOB_KIND,
        {"submission": submission.id, "exercise_version": version.id},
        once=f"grade:{submission.id}:{version.id}",
        priority=PRIORITY,
        now=now,
    )
    return HandedIn(submission, is_new=True)


def _is_graded(session: Session, submission: Submission) -> bool:
    return session.scalar(select(Grade.id).where(Grade.submission_id == submission.id).limit(1)) is not None


def _clean_name(name: str) -> str:
    """The last part of what the browser called the file, printable, for showing and for giving it back."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:200] or "notebook.ipynb"


def load_submission(
    session: Session,
    viewer: Viewer,
    uid: UUID,
    *,
    seen_by: Callable[[Viewer], ColumnElement[bool]] = enrolments.visible_to,
) -> Submission:
    """A submission that the viewer may see, with enrolment, run, unit, version and grades. Raises NotFoundError.

    `seen_by` gives the condition on enrolments, joined with their run.
    """
    found = (
        session.scalars(
            select(Submission)
            .join(Submission.enrolment)
            .join(Enrolment.run)
            .where(Submission.uid == uid, seen_by(viewer))
            .options(
                contains_eager(Submission.enrolment).options(
                    contains_eager(Enrolment.run).options(joinedload(Run.course_version)), joinedload(Enrolment.person)
                ),
                joinedload(Submission.run_unit),
                joinedload(Submission.exercise_version).joinedload(ExerciseVersion.exercise),
                selectinload(Submission.grades),
            )
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise NotFoundError()
    return found


def list_submissions(session: Session, enrolment: Enrolment, unit: RunUnit) -> Sequence[Submission]:
    """Newest first, with their grades."""
    return session.scalars(
        select(Submission)
        .where(Submission.enrolment_id == enrolment.id, Submission.run_unit_id == unit.id)
        .options(selectinload(Submission.grades))
        .order_by(Submission.number.desc())
    ).all()


def list_all(session: Session, enrolment: Enrolment) -> Sequence[Submission]:
    """Everything that a learner handed in in a run, newest first, with its grades."""
    return session.scalars(
        select(Submission)
        .where(Submission.enrolment_id == enrolment.id)
        .options(selectinload(Submission.grades))
        .order_by(Submission.id.desc())
    ).all()


def is_stuck(session: Session, submission: Submission) -> bool:
    """Whether every try to grade it ended in a fault of ours; a person has to look."""
    once = f"grade:{submission.id}:{submission.exercise_version_id}"
    return session.scalar(select(Job.state).where(Job.once == once)) == "failed"


def waiting_before(session: Session, submission: Submission) -> int:
    """How many submissions are graded before this one."""
    once = f"grade:{submission.id}:{submission.exercise_version_id}"
    mine = select(Job.id).where(Job.once == once).scalar_subquery()
    waiting = select(func.count()).select_from(Job).where(Job.state.in_(("ready", "running")), Job.kind == JOB_KIND)
    return session.scalar(waiting.where(Job.id < mine)) or 0

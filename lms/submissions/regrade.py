"""재채점: grade the submissions of a run's exercise again by its newest version, and write what was found when a person says so.

Grading is one job for each submission. What it gave lies in the job's row and in the file store, and touches no grade. Applying
is one job for each learner: her grades, her ledger and the end of the job in one transaction. Both are named by what they do, so
that beginning again, after whatever interrupted it, does what is left and nothing twice. What is written is what was shown:
nothing is graded a second time for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, literal, select, update
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import utcnow
from lms.errors import LMSError, NotFoundError
from lms.jobs import queue
from lms.learning.classroom import counted_grade
from lms.models import Enrolment, Exercise, ExerciseVersion, Grade, Job, Run, RunUnit, Submission

from .exercise_cache import ExerciseCache

GRADE_KIND = "regrade"
APPLY_KIND = "regrade-apply"
_RESULT_TYPE = "application/json"


class RegradeError(LMSError):
    """`reason`: no_exercise (the unit is none, or nothing of it is published), closed (the run is), unfinished (not all is
    graded yet), changed (something else was shown than what is there now)."""

    sentence = "Nothing was regraded: {reason}."


@dataclass(frozen=True)
class Found:
    """What grading a submission again gave. `outcome`: graded, error (a check of ours), refused (no notebook of this version)
    or failed (grading stopped at every try); None while it is not known. All but `graded` change nothing."""

    submission_id: int
    outcome: str | None
    points: float | None = None
    max_points: float = 0.0
    checks: dict[str, str] | None = None  # name → outcome
    grade: str = ""  # digest of the whole grade
    feedback: str = ""  # digest of its HTML
    why: str = ""  # of what was refused


def newest_version(unit: RunUnit) -> ExerciseVersion:
    """The version that a regrade of the unit grades by. Raises RegradeError."""
    version = unit.exercise_version.exercise.current_version if unit.exercise_version else None
    if version is None:
        raise RegradeError("no_exercise")
    return version


def find_units(session: Session, slug: str, run_id: int | None = None) -> Sequence[RunUnit]:
    """The units that give an exercise, in runs that are not closed, with their versions. Raises NotFoundError."""
    exercise = session.scalar(select(Exercise).where(Exercise.slug == slug))
    if exercise is None:
        raise NotFoundError()
    of_exercise = select(ExerciseVersion.id).where(ExerciseVersion.exercise_id == exercise.id)
    found = (
        select(RunUnit)
        .join(Run, Run.id == RunUnit.run_id)
        .where(RunUnit.exercise_version_id.in_(of_exercise), Run.closed_at.is_(None))
        .options(
            joinedload(RunUnit.run).joinedload(Run.course_version),
            joinedload(RunUnit.exercise_version)
            .joinedload(ExerciseVersion.exercise)
            .joinedload(Exercise.current_version),
        )
        .order_by(RunUnit.id)
    )
    if run_id is not None:
        found = found.where(RunUnit.run_id == run_id)
    return session.scalars(found).unique().all()


def list_pending(
    session: Session, unit: RunUnit, version_id: int, enrolment_id: int | None = None
) -> Sequence[Submission]:
    """The graded submissions of a unit, or of one learner in it, whose grade that counts is of another version; oldest first.

    What still waits for its first grade is not among them, nor what those handed in who have withdrawn.
    """
    wanted = (
        select(Submission)
        .join(Submission.enrolment)
        .join(Grade, Grade.id == counted_grade())
        .where(
            Submission.run_unit_id == unit.id, Grade.exercise_version_id != version_id, Enrolment.state == "enrolled"
        )
        .options(joinedload(Submission.run_unit))
        .order_by(Submission.id)
    )
    if enrolment_id is not None:
        wanted = wanted.where(Submission.enrolment_id == enrolment_id)
    return session.scalars(wanted).all()


def _prefix(unit: RunUnit, version_id: int) -> str:
    return f"regrade:{unit.id}:{version_id}:"


def _apply_prefix(unit: RunUnit, version_id: int) -> str:
    return f"regrade-apply:{unit.id}:{version_id}:"


def _jobs_of_submissions(
    session: Session, unit: RunUnit, version_id: int, enrolment_id: int | None = None
) -> dict[int, Job]:
    """Submission → the job that grades it again, found by its name."""
    name = literal(_prefix(unit, version_id)).concat(cast(Submission.id, String))
    found = select(Submission.id, Job).join(Job, Job.once == name).where(Submission.run_unit_id == unit.id)
    if enrolment_id is not None:
        found = found.where(Submission.enrolment_id == enrolment_id)
    return {id_: job for id_, job in session.execute(found)}


def _jobs_of_learners(session: Session, unit: RunUnit, version_id: int) -> dict[int, Job]:
    """Enrolment → the job that writes the learner's grades."""
    name = literal(_apply_prefix(unit, version_id)).concat(cast(Enrolment.id, String))
    found = select(Enrolment.id, Job).join(Job, Job.once == name).where(Enrolment.run_id == unit.run_id)
    return {id_: job for id_, job in session.execute(found)}


def list_found(session: Session, unit: RunUnit, version_id: int, enrolment_id: int | None = None) -> dict[int, Found]:
    """Submission → what grading it again gave, of all (or of one learner's) that were asked for."""
    jobs = _jobs_of_submissions(session, unit, version_id, enrolment_id)
    return {id_: _found(id_, job) for id_, job in jobs.items()}


def _found(submission_id: int, job: Job) -> Found:
    if job.state == "failed":
        return Found(submission_id, "failed")
    if job.state != "done":
        return Found(submission_id, None)
    return Found(submission_id, **job.payload["result"])


def count_applying(session: Session, unit: RunUnit, version_id: int) -> tuple[int, int]:
    """Of the learners whose grades are being written: how many still wait, and for how many it failed at every try."""
    states = [job.state for job in _jobs_of_learners(session, unit, version_id).values()]
    return sum(state in ("ready", "running") for state in states), states.count("failed")


def start(session: Session, unit: RunUnit, version_id: int, now: datetime | None = None) -> int:
    """Have all pending submissions graded again, in the background and behind whatever learners wait for.

    What was found before is kept; what failed is tried once more. Returns how many jobs wait because of this call.
    """
    now = now or utcnow()
    _one_at_a_time(session, unit)
    jobs = _jobs_of_submissions(session, unit, version_id)
    added, again = 0, []
    for submission in list_pending(session, unit, version_id):
        job = jobs.get(submission.id)
        if job is None:
            payload = {"submission": submission.id, "exercise_version": version_id}
            once = f"{_prefix(unit, version_id)}{submission.id}"
            queue.enqueue(session, GRADE_KIND, payload, once=once, now=now)
            added += 1
        elif _found(submission.id, job).outcome in ("error", "failed"):
            again.append(job.id)
    _make_ready(session, again, now)
    return added + len(again)


def _one_at_a_time(session: Session, unit: RunUnit) -> None:
    """Two people who press the same button do it one after the other."""
    session.scalar(select(RunUnit.id).where(RunUnit.id == unit.id).with_for_update())


def _make_ready(session: Session, job_ids: Iterable[int], now: datetime, **values: Any) -> None:
    ids = list(job_ids)
    if ids:
        fresh = {"state": "ready", "attempt": 0, "run_at": now, "worker": None, "finished_at": None, "error": ""}
        session.execute(
            update(Job)
            .where(Job.id.in_(ids), Job.state.in_(("done", "failed")))
            .values(fresh | values)
            .execution_options(synchronize_session=False)
        )


def is_compatible(cache: ExerciseCache, old: ExerciseVersion, new: ExerciseVersion) -> bool:
    """Whether a notebook that was made for one version has the answer cells that the other asks for."""
    loaded = [cache.get(version.facts["slug"], version.digest) for version in (old, new)]
    return set(loaded[0].answers) == set(loaded[1].answers)


def apply(
    session: Session,
    cache: ExerciseCache,
    run: Run,
    unit: RunUnit,
    version: ExerciseVersion,
    *,
    actor_id: int | None,
    reason: str,
    shown: int | None = None,
    now: datetime | None = None,
) -> int:
    """Have what was found written, learner by learner, in the background. Returns how many learners.

    From now on the run grades by this version, where its notebooks fit. `shown` is the number of submissions whose results
    the person saw.

    Raises:
        RegradeError
    """
    now = now or utcnow()
    if run.closed_at is not None:
        raise RegradeError("closed")
    _one_at_a_time(session, unit)
    found = list_found(session, unit, version.id)
    pending = [item for item in list_pending(session, unit, version.id) if item.id in found]
    if any(found[item.id].outcome is None for item in pending):
        raise RegradeError("unfinished")
    graded = [item for item in pending if found[item.id].outcome == "graded"]
    if shown is not None and shown != len(graded):
        raise RegradeError("changed")
    old = unit.exercise_version
    if old is not None and old.id != version.id and is_compatible(cache, old, version):
        session.execute(update(RunUnit).where(RunUnit.id == unit.id).values(exercise_version_id=version.id))
    audit.record(session, "regraded", actor_id=actor_id, subject=f"run_unit:{unit.id}", reason=reason)
    learners = sorted({item.enrolment_id for item in graded})
    _enqueue_applying(session, unit, version.id, learners, actor_id, reason, now)
    return len(learners)


def _enqueue_applying(
    session: Session,
    unit: RunUnit,
    version_id: int,
    enrolment_ids: Sequence[int],
    actor_id: int | None,
    reason: str,
    now: datetime,
) -> None:
    jobs = _jobs_of_learners(session, unit, version_id)
    for id_ in enrolment_ids:
        facts = {"enrolment": id_, "run_unit": unit.id, "exercise_version": version_id}
        payload = facts | {"actor": actor_id, "reason": reason}
        if id_ in jobs:
            _make_ready(session, [jobs[id_].id], now, payload=payload)
        else:
            queue.enqueue(session, APPLY_KIND, payload, once=f"{_apply_prefix(unit, version_id)}{id_}", now=now)


def current_grade(session: Session, submission: Submission) -> Grade:
    """The grade that counts of a submission that has one."""
    return session.scalars(
        select(Grade)
        .join(Submission, Submission.id == Grade.submission_id)
        .where(Submission.id == submission.id, Grade.id == counted_grade())
    ).one()


def is_change(before: Any, after: Any) -> bool:
    """Whether the points that count differ. Where they don't, the ledger has nothing new to say."""
    return (before.points, before.max_points) != (after.points, after.max_points)

"""Submissions that could not be graded through a fault of ours: found, shown to a person, and graded again when mended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true, update
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.clock import utcnow
from lms.jobs import queue
from lms.learning import enrolments
from lms.models import Enrolment, Grade, Job, Run, Submission
from lms.people.viewers import Viewer

from .hand_in import JOB_KIND, PRIORITY
from .regrade import APPLY_KIND, GRADE_KIND


def _graded_in_error() -> ColumnElement[bool]:
    """The newest grade says that we failed, and no job is on its way to try again."""
    newest = select(func.max(Grade.id)).group_by(Grade.submission_id)
    failed = select(Grade.submission_id).where(Grade.id.in_(newest), Grade.outcome == "error")
    return Submission.id.in_(failed)


def _jobs_given_up(session: Session) -> dict[int, int]:
    """Job id → submission id, of the grading jobs that failed at every try."""
    jobs = session.execute(select(Job.id, Job.payload).where(Job.state == "failed", Job.kind == JOB_KIND))
    return {id_: payload["submission"] for id_, payload in jobs}


def _waits_for_a_person(viewer: Viewer) -> ColumnElement[bool]:
    """Of those that the viewer may see. An operator sees all."""
    given_up = select(Job.payload["submission"].as_integer()).where(Job.state == "failed", Job.kind == JOB_KIND)
    seen = true() if viewer.is_operator else enrolments.visible_to(viewer)
    return and_(or_(_graded_in_error(), Submission.id.in_(given_up)), seen)


def count_ungraded(session: Session, viewer: Viewer) -> int:
    """How many `list_ungraded` gives."""
    statement = select(func.count()).select_from(Submission).join(Submission.enrolment)
    return session.scalar(statement.where(_waits_for_a_person(viewer))) or 0


def list_ungraded(session: Session, viewer: Viewer) -> Sequence[Submission]:
    """What the viewer may see of them, oldest first, with person, run, unit and grades."""
    return (
        session.scalars(
            select(Submission)
            .join(Submission.enrolment)
            .where(_waits_for_a_person(viewer))
            .options(
                joinedload(Submission.enrolment).options(
                    joinedload(Enrolment.person), joinedload(Enrolment.run).joinedload(Run.course_version)
                ),
                joinedload(Submission.run_unit),
                selectinload(Submission.grades),
            )
            .order_by(Submission.id)
        )
        .unique()
        .all()
    )


def grade_again(session: Session, now: datetime | None = None) -> int:
    """Put all of them back into the queue, once each, and what was given up of regrades. Returns how many."""
    now = now or utcnow()
    of_regrades = select(Job.id).where(Job.state == "failed", Job.kind.in_((GRADE_KIND, APPLY_KIND)))
    given_up = [*_jobs_given_up(session), *session.scalars(of_regrades)]
    session.execute(
        update(Job)
        .where(Job.id.in_(given_up))
        .values(state="ready", attempt=0, run_at=now, finished_at=None, worker=None, lease_until=None, error="")
        .execution_options(synchronize_session=False)
    )
    in_error = session.scalars(
        select(Submission).where(_graded_in_error()).options(selectinload(Submission.grades))
    ).all()
    added = [submission for submission in in_error if _enqueue(session, submission, now)]
    return len(given_up) + len(added)


def _enqueue(session: Session, submission: Submission, now: datetime) -> bool:
    """One more try for one bad grade; a second call finds it on its way."""
    version_id = submission.exercise_version_id
    once = f"grade:{submission.id}:{version_id}:after:{submission.grades[-1].id}"
    if session.scalar(select(Job.id).where(Job.once == once)) is not None:
        return False
    payload = {"submission": submission.id, "exercise_version": version_id}
    queue.enqueue(session, JOB_KIND, payload, once=once, priority=PRIORITY, now=now)
    return True

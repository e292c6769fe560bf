"""The plain values of messages about a run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import CourseVersion, Run


def of_run(session: Session, run: Run) -> dict[str, Any]:
    """`run` is its uid; days are ISO."""
    title = session.scalar(select(CourseVersion.title).where(CourseVersion.id == run.course_version_id))
    return {
        "run": str(run.uid),
        "course": title,
        "number": run.number,
        "learn_from": run.learn_from.isoformat(),
        "learn_to": run.learn_to.isoformat(),
    }

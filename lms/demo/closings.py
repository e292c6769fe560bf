"""What the newest closed run of Busan came to, kept as its closing would have kept it; the others were closed before."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.learning.runs import closing
from lms.models import Centre, Run

from .marks import marked


def keep_last_closing(session: Session) -> None:
    """Where there is such a run."""
    session.flush()
    run = session.scalars(
        select(Run)
        .join(Centre, Centre.id == Run.centre_id)
        .where(Centre.slug == "busan", Run.id.in_(marked(Run)), Run.closed_at.is_not(None))
        .options(joinedload(Run.course_version), selectinload(Run.units), selectinload(Run.rules))
        .order_by(Run.closed_at.desc(), Run.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if run is not None and run.closed_at is not None:
        closing.keep_results(session, run, run.closed_at)

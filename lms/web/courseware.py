"""Published courses as pages show them. A version never changes, so what is made of it is kept in memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import select

from lms.content import Course, from_document, has_math, render_markdown
from lms.models import CourseVersion, Run, RunUnit

from .database import session
from .templating import url


@lru_cache(maxsize=64)
def _parsed(digest: str) -> Course:
    document = session.scalars(select(CourseVersion.document).where(CourseVersion.digest == digest)).one()
    return from_document(document)


def course_of(run: Run) -> Course:
    """The content of the version that the run is pinned to; one query at the first time in this process."""
    return _parsed(run.course_version.digest)


@lru_cache(maxsize=2048)
def _rendered(text: str, run_uid: str) -> tuple[str, bool]:
    html = render_markdown(text, media_url=lambda name: url("learn.media", run=run_uid, name=name))
    return html, has_math(html)


def render_text(run: Run, text: str) -> tuple[str, bool]:
    """Markdown of a course as safe HTML, and whether it has formulas."""
    return _rendered(text, str(run.uid))


def content_of(run: Run, unit: RunUnit) -> Any:
    """The unit's content: PageUnit, QuizUnit or ExerciseUnit, as the unit's kind says."""
    return next(found for found in course_of(run).units if found.key == unit.key)

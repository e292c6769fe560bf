"""Published courses as pages show them. A version never changes, so what is made of it is kept in memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import select

from lms.content import Course, Quiz, from_document, has_math, render_inline, render_markdown
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
def _rendered(
    _home: str, text: str, run_uid: str, language: str, prefix: str, label: str, is_inline: bool
) -> tuple[str, bool]:
    places: dict[str, Any] = {
        "media_url": lambda path: url("learn.media", run=run_uid, name=path.removeprefix("media/")),
        "unit_url": lambda key: url("learn.unit", run=run_uid, key=key),
        "language": language,
    }
    html = render_inline(text, **places) if is_inline else render_markdown(text, prefix=prefix, label=label, **places)
    return html, has_math(html)


def render_text(
    run: Run, text: str, *, prefix: str = "s-", label: str = "", is_inline: bool = False
) -> tuple[str, bool]:
    """Markdown of a course as safe HTML, and whether it has formulas.

    Where several texts stand on one page each needs a `prefix` of its own for its ids, and a `label` for its regions.
    """
    # Where we are mounted is part of every link in the text.
    return _rendered(url("learn.home"), text, str(run.uid), course_of(run).language, prefix, label, is_inline)


def quiz_has_math(run: Run, quiz: Quiz) -> bool:
    """Whether any text of the quiz has formulas, also those that are only shown after a try."""
    texts = [quiz.intro]
    for question in quiz.questions:
        texts += [question.text, question.explanation, question.feedback_wrong]
        for option in getattr(question, "options", ()):
            texts += [option.text, option.feedback]
        texts += [near.feedback for near in getattr(question, "near", ())]
        texts += getattr(question, "items", ())
    return any("$" in text and render_text(run, text)[1] for text in texts)


def content_of(run: Run, unit: RunUnit) -> Any:
    """The unit's content: PageUnit, QuizUnit or ExerciseUnit, as the unit's kind says."""
    return next(found for found in course_of(run).units if found.key == unit.key)

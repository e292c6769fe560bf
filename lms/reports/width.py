"""How many people a question may be about that is answered person by person from the ledger."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.models import Enrolment
from lms.people.viewers import Viewer

from . import facts
from .question import CURRENT, Question, ReportError
from .regions import Regions

MOST_PEOPLE = 150_000  # a few seconds of a database's time


def is_wide(session: Session, viewer: Viewer | None, question: Question, known: Regions) -> bool:
    """Whether the question leaves more people than that: one query, which looks at no more of them. About one company or
    one run any may be asked, and it costs none."""
    named = (question.filter("company"), question.filter("run"))
    if any(len(keys) == 1 and CURRENT not in keys for keys in named):
        return False
    ids = facts.narrowed(question, viewer, known.counted_as, None, near=known.near)
    some = (select(Enrolment.id) if ids is None else ids).limit(MOST_PEOPLE + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > MOST_PEOPLE


def refuse_wide(session: Session, viewer: Viewer | None, question: Question, known: Regions) -> None:
    """Raises ReportError where the question is about more people."""
    if is_wide(session, viewer, question, known):
        raise ReportError(
            "wide",
            name="people",
            value=str(MOST_PEOPLE),
            what=f"The question is about more than {MOST_PEOPLE:,} people, who are looked at one by one",
            choices="one course, run, company or region of them",
        )

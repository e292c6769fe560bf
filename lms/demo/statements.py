"""Two statements as of the end of last month: of Busan's companies by its officer, and of all regions by the programme office.
Before them those that were issued by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import today
from lms.models import Person, Role, Schedule, Statement
from lms.people.viewers import viewer_of
from lms.reports.question import Question
from lms.reports.statements import issuing
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Press

from . import schedules
from .cast import OFFICERS
from .marks import marked


def issue(session: Session, press: Press, press_of: Callable[[Schedule], Press], *, day: date | None = None) -> None:
    """Once: a second time changes nothing."""
    people = select(Person.uid).where(Person.id.in_(marked(Person)))
    if session.scalar(select(Statement.id).where(Statement.issued_by.in_(people)).limit(1)) is not None:
        return
    as_of = (day or today()).replace(day=1) - timedelta(days=1)
    officer = session.scalars(select(Person).where(Person.email == OFFICERS["busan"])).one()
    office = session.scalars(
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(Role.kind == "programme_office", Person.id.in_(marked(Person)))
    ).first()
    session.refresh(officer, ["roles"])
    schedules.make(session, officer, frozenset({office.id} if office else ()), press_of)
    for person, by in ((officer, ("region", "company")), (office, ("region",))):
        if person is not None:
            _issue(session, person, Question(as_of=as_of, by=by), press)


def _issue(session: Session, person: Person, question: Question, press: Press) -> None:
    session.refresh(person, ["roles"])
    viewer = viewer_of(person)
    try:
        draft = issuing.draft(session, viewer, "completions", question, "ko")
    except StatementError:  # nothing was there last month
        return
    issuing.issue(session, viewer, draft, press)

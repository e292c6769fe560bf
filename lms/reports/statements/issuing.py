"""Issue a statement: the rows are counted, kept, numbered and signed in one transaction, and never change again."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

import lms
from lms import audit
from lms.clock import seoul_day, utcnow
from lms.learning import enrolments
from lms.models import Centre, Company, Enrolment, Statement
from lms.people.codes import ALPHABET
from lms.people.organisations import companies
from lms.people.viewers import Viewer

from ..catalogue import REPORTS
from ..choices import list_choices
from ..exports import scopes
from ..question import Question
from . import answering, outsiders
from .cells import MOST_ROWS, Cells, columns_to_document, keys_to_text
from .errors import StatementError
from .outsiders import Mask

PRINTED_ROWS = 2_000  # some sixty pages: the paper of a longer one says that the CSV has all
TWICE = timedelta(minutes=1)  # within it the same form was sent twice
TOKEN_LENGTH = 16  # of 31 letters: 79 bits
_LOCK = 7_315_017  # of PostgreSQL: one number at a time


@dataclass(frozen=True)
class Draft:
    """What is about to be issued. `filters` are the conditions in words, `centres` whose regions it is of; none is all.
    `mask`: the smallest count and from how many on there is a rate, of a statement for outsiders."""

    report: str
    question: Question
    language: str
    cells: Cells
    filters: Sequence[tuple[str, Sequence[str]]]
    centres: Sequence[str]
    mask: Mask | None = None

    @property
    def left_out(self) -> int:
        """Rows that the paper has no place for."""
        return max(0, len(self.cells.rows) - PRINTED_ROWS)


@dataclass(frozen=True)
class Press:
    """`words` gives all texts of the paper from a draft, its number, moment and code; `address` is that of the page which
    verifies."""

    words: Callable[[Draft, str, datetime], Mapping[str, Any]]
    address: str


def check(report: str, question: Question, *, today: date) -> None:
    """Raises StatementError."""
    if report not in answering.DEFINITIONS or REPORTS[report].has_persons:
        raise StatementError("persons")
    if question.reading != "recorded":
        raise StatementError("effective")
    if question.as_of >= today:
        raise StatementError("not_ended", day=question.as_of)


def draft(
    session: Session,
    viewer: Viewer,
    report: str,
    question: Question,
    language: str,
    *,
    mask: Mask | None = None,
    today: date | None = None,
) -> Draft:
    """The rows that would be issued. With a mask they are for outsiders. Raises StatementError."""
    question = replace(question, asked_on=today or seoul_day(utcnow()))
    check(report, question, today=question.asking_day)
    if mask and not (viewer.is_programme_office and report == "completions" and outsiders.is_shaped(question)):
        raise StatementError("shape")
    cells = answering.answer(session, viewer, report, question, language, mask)
    if not cells.rows:
        raise StatementError("empty")
    if len(cells.rows) > MOST_ROWS:
        raise StatementError("too_many", rows=len(cells.rows), most=MOST_ROWS)
    return describe(session, viewer, report, question, language, cells, mask)


def describe(
    session: Session,
    viewer: Viewer,
    report: str,
    question: Question,
    language: str,
    cells: Cells,
    mask: Mask | None = None,
) -> Draft:
    """Rows with what was asked for them in words. It may be no question that a statement could be issued of."""
    filters = _filters(session, viewer, question, language)
    return Draft(report, question, language, cells, filters, _centres(session, viewer, language), mask)


def issue(session: Session, viewer: Viewer, made: Draft, press: Press, *, now: datetime | None = None) -> Statement:
    """Keep a draft for ever, under the next number of the year."""
    now = now or utcnow()
    year = seoul_day(now).year
    serial = _next_serial(session, year)
    if made.mask:
        outsiders.refuse_isolating(session, made.question, made.mask)
    token = "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH))
    statement = Statement(
        token=token,
        year=year,
        serial=serial,
        report=made.report,
        question=_question(made),
        as_of=made.question.as_of,
        language=made.language,
        scope=scopes.to_document(viewer, made.question.asking_day),
        scope_key=scope_key(viewer),
        for_outsiders=made.mask is not None,
        columns=columns_to_document(made.cells.columns),
        rows=made.cells.canonical,
        keys=keys_to_text(made.cells),
        total=list(made.cells.total) if made.cells.total is not None else None,
        digest=made.cells.digest,
        definition=answering.DEFINITIONS[made.report],
        version=lms.__version__,
        issued_by=viewer.uid,
        issued_at=now,
    )
    statement.printed = {**press.words(made, statement.number, now), "address": press.address, "code": shown(token)}
    session.add(statement)
    session.flush()
    audit.record(
        session,
        "statement_issued",
        actor_id=viewer.id,
        subject=f"statement:{statement.uid}",
        detail={"number": statement.number, "digest": statement.digest},
    )
    return statement


def issue_once(
    session: Session, viewer: Viewer, made: Draft, press: Press, *, now: datetime | None = None
) -> Statement:
    """The same, for a person who presses: of a form that is sent twice, the statement of the first time."""
    now = now or utcnow()
    _wait_for_numbers(session)
    before = session.scalars(
        select(Statement)
        .where(
            Statement.issued_by == viewer.uid,
            Statement.digest == made.cells.digest,
            Statement.report == made.report,
            Statement.language == made.language,
            Statement.for_outsiders == (made.mask is not None),
            Statement.issued_at > now - TWICE,
        )
        .order_by(Statement.id.desc())
    )
    question = _question(made)
    return next((one for one in before if one.question == question), None) or issue(
        session, viewer, made, press, now=now
    )


def _question(made: Draft) -> dict[str, Any]:
    return made.question.to_document() | ({"mask": list(made.mask)} if made.mask else {})


def shown(token: str) -> str:
    """As it stands on the paper: ABCD-EFGH-JKMN-PQRS."""
    return "-".join(token[start : start + 4] for start in range(0, len(token), 4))


def scope_key(viewer: Viewer) -> str:
    """The same for all who answer for the same."""
    document = scopes.to_document(viewer, date.min)
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _next_serial(session: Session, year: int) -> int:
    _wait_for_numbers(session)
    return 1 + (session.scalar(select(func.max(Statement.serial)).where(Statement.year == year)) or 0)


def _wait_for_numbers(session: Session) -> None:
    """They are given one after the other; on SQLite whoever writes is alone anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _centres(session: Session, viewer: Viewer, language: str) -> Sequence[str]:
    if viewer.is_programme_office:
        return ()
    name = Centre.name_ko if language == "ko" else Centre.name_en
    own = viewer.officer_centres | viewer.instructor_centres
    return session.scalars(select(name).where(Centre.id.in_(own)).order_by(Centre.slug)).all()


def _filters(
    session: Session, viewer: Viewer, question: Question, language: str
) -> Sequence[tuple[str, Sequence[str]]]:
    """Each dimension that is filtered, with the names of its keys; a key without a name stands as it is."""
    if not question.filters:
        return ()
    choices = list_choices(session, viewer, language)
    found = []
    for dimension, keys in question.filters.items():
        names = {choice.key: _named(dimension, choice.label, choice.key) for choice in choices.get(dimension, ())}
        if dimension == "company":
            names = _companies(session, viewer, keys)
        found.append((dimension, tuple(names.get(key, key) for key in keys)))
    return found


def _named(dimension: str, label: str, key: str) -> str:
    return f"{label} ({key})" if dimension == "run" else label


def _companies(session: Session, viewer: Viewer, keys: Sequence[str]) -> dict[str, str]:
    """Of those that the viewer sees, or some of whose enrolments: nobody is to learn by its number what another's is called."""
    asked = or_(Company.uid.in_([UUID(key) for key in keys if len(key) != 10]), Company.business_number.in_(keys))
    seen = select(Enrolment.id).where(Enrolment.company_id == Company.id, enrolments.visible_to(viewer))
    rows = session.execute(
        select(Company.uid, Company.business_number, Company.name).where(
            asked, or_(companies.visible_to(session, viewer), seen.correlate(Company).exists())
        )
    )
    return {key: name for uid, number, name in rows for key in (str(uid), number)}

"""Statements that are there: whose they are, what they say, whether a code or a file is of one, and what is counted today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, undefer

import lms
from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.models import Person, Statement
from lms.people import throttle
from lms.people.codes import normalise
from lms.people.viewers import Viewer

from ..exports import scopes
from ..question import Question
from . import answering, comparing, outsiders
from .cells import Cells, FileError, digest_of, digest_of_csv, read
from .comparing import Difference, Renamed
from .issuing import scope_key

LARGEST_CSV = 12_000_000  # bytes of what somebody sends to a page; the command line reads any
WHOLE = (undefer(Statement.rows), undefer(Statement.keys))
TRIES = 30  # wrong codes of one address in a quarter of an hour


class VerifyError(LMSError):
    """`reason`: unknown, throttled."""

    sentence = "There is no such statement: {reason}."


@dataclass(frozen=True)
class Again:
    """The same question, asked today. `after` has the names of then, `renamed` says which of them are others now. `definition`
    and `version` are those of today."""

    before: Cells
    after: Cells
    definition: int
    version: str
    differences: Sequence[Difference]
    renamed: Sequence[Renamed] = ()

    @property
    def is_same(self) -> bool:
        return self.before.digest == self.after.digest and self.before.total == self.after.total


def cells_of(statement: Statement) -> Cells:
    return read(statement.columns, statement.rows, statement.total, statement.keys)


def is_intact(statement: Statement) -> bool:
    """Whether the rows that are kept are those that were signed."""
    return digest_of(statement.rows) == statement.digest


# For those who answer for the figures


def _own(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.is_programme_office:
        return true()
    return or_(Statement.issued_by == viewer.uid, Statement.scope_key == scope_key(viewer))


def list_statements(session: Session, viewer: Viewer, *, offset: int, limit: int) -> tuple[Sequence[Statement], int]:
    """One's own and those of the same regions, the newest first; the programme office sees all. And how many there are."""
    total = session.scalar(select(func.count()).select_from(Statement).where(_own(viewer))) or 0
    found = select(Statement).where(_own(viewer)).order_by(Statement.id.desc()).offset(offset).limit(limit)
    return session.scalars(found).all(), total


def load(session: Session, viewer: Viewer, uid: UUID) -> Statement:
    """For those who answer today for all that it tells of. Raises NotFoundError."""
    found = session.scalar(select(Statement).where(Statement.uid == uid).options(*WHOLE))
    if found is None or not (viewer.is_programme_office or scopes.still_covers(found.scope, viewer)):
        raise NotFoundError()
    return found


def issuer_of(session: Session, statement: Statement) -> str:
    return session.scalar(select(Person.name).where(Person.uid == statement.issued_by)) or ""


# For whoever holds the paper


def find(session: Session, code: str) -> Statement | None:
    """By the code on the paper."""
    return session.scalar(select(Statement).where(Statement.token == normalise(code)).options(*WHOLE))


def find_by_number(session: Session, number: str) -> Statement | None:
    """For the command line alone: numbers can be counted through."""
    year, _, serial = number.partition("-")
    if not (year + serial).isascii() or not (year.isdigit() and serial.isdigit() and len(year + serial) < 12):
        return None
    found = select(Statement).where(Statement.year == int(year), Statement.serial == int(serial))
    return session.scalar(found.options(*WHOLE))


def find_by_csv(session: Session, file: bytes) -> Sequence[Statement]:
    """Those whose rows the file holds, the newest first. Raises FileError."""
    found = select(Statement).where(Statement.digest == digest_of_csv(file)).order_by(Statement.id.desc())
    return session.scalars(found.options(*WHOLE)).all()


def by_code(session: Session, typed: str, address: str) -> Statement:
    """For everybody; whoever tries codes has few tries. Raises VerifyError."""
    if throttle.failures(session, _key(address)) >= TRIES:
        raise VerifyError("throttled")
    found = find(session, typed)
    if found is None:
        raise VerifyError("unknown")
    return found


def by_csv(session: Session, file: bytes, address: str) -> Statement:
    """The newest whose rows the file holds. Raises VerifyError, FileError."""
    if len(file) > LARGEST_CSV:
        raise FileError(why="it is too large")
    if throttle.failures(session, _key(address)) >= TRIES:
        raise VerifyError("throttled")
    found = find_by_csv(session, file)
    if not found:
        raise VerifyError("unknown")
    return found[0]


def note_failure(session: Session, address: str) -> None:
    throttle.add_failure(session, _key(address))


def _key(address: str) -> str:
    return f"statement:{address}"


# Asked again


def again(session: Session, statement: Statement) -> Again:
    """What the same question counts today, for whoever answered for the same then, by the regions and companies of its day.

    Only names are those of today, and each that changed is told.
    """
    then, day = scopes.viewer_of(statement.scope, Viewer(0, statement.issued_by, ""))
    mask = outsiders.mask_of(statement) if statement.for_outsiders else None
    question = replace(question_of(statement), asked_on=day)
    now = answering.answer(session, then, statement.report, question, statement.language, mask)
    before = cells_of(statement)
    after, renamed = comparing.with_names_of_then(before, now)
    return Again(
        before,
        after,
        answering.DEFINITIONS[statement.report],
        lms.__version__,
        comparing.differences(before, after),
        renamed,
    )


def question_of(statement: Statement) -> Question:
    kept = {name: value for name, value in statement.question.items() if name != "mask"}
    document = {name: value if isinstance(value, list) else [value] for name, value in kept.items()}
    return Question.from_words(document, default=Question(as_of=statement.as_of, by=()), today=today())

"""Certificates as those see them who may: with whether they hold, and by what they were replaced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.errors import NotFoundError
from lms.learning import ledger
from lms.models import Centre, Certificate, CertificateBasis, Company, Enrolment, LedgerEntry, Person, Run
from lms.people import codes
from lms.people.viewers import Viewer

State = Literal["valid", "replaced", "revoked"]
_Later = aliased(LedgerEntry)
_Newer = aliased(Certificate)

# A completion on which it rests was revoked afterwards.
LOST_GROUND = exists(
    select(CertificateBasis.certificate_id)
    .join(
        _Later,
        and_(_Later.enrolment_id == CertificateBasis.enrolment_id, _Later.id > CertificateBasis.entry_id),
    )
    .where(CertificateBasis.certificate_id == Certificate.id, _Later.kind == "revoked")
    .correlate(Certificate)
)
IS_VALID = and_(
    Certificate.revoked_at.is_(None),
    ~LOST_GROUND,
    ~exists(select(_Newer.id).where(_Newer.replaces_id == Certificate.id).correlate(Certificate)),
)


@dataclass(frozen=True)
class Issued:
    """A certificate and what became of it. `lost_ground`: a completion on which it rests was revoked."""

    certificate: Certificate
    centre: Centre
    lost_ground: bool
    newer: Certificate | None
    older: Certificate | None = None

    @property
    def state(self) -> State:
        if self.certificate.revoked_at is not None or self.lost_ground:
            return "revoked"
        return "replaced" if self.newer else "valid"

    @property
    def is_destroyed(self) -> bool:
        """The facts are gone with the person's data; number, day and state are left."""
        return not self.certificate.facts


def issued(*conditions: ColumnElement[bool]) -> Any:
    """One statement for certificates with all that `Issued` asks for."""
    older = aliased(Certificate)
    newer = aliased(Certificate)
    return (
        select(Certificate, Centre, LOST_GROUND, newer, older)
        .join(Centre, Centre.id == Certificate.centre_id)
        .outerjoin(newer, newer.replaces_id == Certificate.id)
        .outerjoin(older, older.id == Certificate.replaces_id)
        .where(*conditions)
    )


def all_of(session: Session, statement: Any) -> list[Issued]:
    return [
        Issued(one, centre, bool(lost), newer, older) for one, centre, lost, newer, older in session.execute(statement)
    ]


def list_own(session: Session, viewer: Viewer) -> list[Issued]:
    """The viewer's own, newest first; those that a newer one replaced are left out."""
    newer = exists(select(_Newer.id).where(_Newer.replaces_id == Certificate.id).correlate(Certificate))
    return all_of(session, issued(Certificate.person_id == viewer.id, ~newer).order_by(Certificate.id.desc()))


def load_own(session: Session, viewer: Viewer, uid: UUID) -> Issued:
    """Raises NotFoundError."""
    return _one(session, issued(Certificate.uid == uid, Certificate.person_id == viewer.id))


def load_of_run(session: Session, run: Run, uid: UUID) -> Issued:
    """One of a run that was loaded for whoever asks. Raises NotFoundError."""
    return _one(session, issued(Certificate.uid == uid, Certificate.run_id == run.id))


def _one(session: Session, statement: Any) -> Issued:
    found = all_of(session, statement)
    if not found:
        raise NotFoundError()
    return found[0]


def find_by_code(session: Session, typed: str) -> Issued | None:
    """By the code on the paper, however it was typed; None where there is none. One statement either way."""
    found = all_of(session, issued(Certificate.token == codes.normalise(typed)[:16]))
    return found[0] if found and len(codes.normalise(typed)) == len(found[0].certificate.token) else None


def find_by_file(session: Session, digest: str) -> Issued | None:
    """By the SHA-256 of a PDF that somebody was given."""
    found = all_of(session, issued(Certificate.pdf == digest))
    return found[0] if found else None


def numbers_of(session: Session, run_id: int) -> dict[int, str]:
    """Enrolment → number of its certificate, of those that are valid."""
    rows = session.execute(
        select(Certificate.enrolment_id, Certificate.number).where(Certificate.run_id == run_id, IS_VALID)
    )
    return {enrolment: number for enrolment, number in rows if enrolment is not None}


# A run's learners


@dataclass(frozen=True)
class Holder:
    """Somebody who completed a run, or has a certificate of it. `newest` is her newest certificate; `may_issue`: she has
    none that is valid for her completion."""

    enrolment: Enrolment
    person: Person
    company: Company
    completed_on: date | None
    is_questioned: bool
    entry_id: int | None
    newest: Issued | None

    @property
    def may_issue(self) -> bool:
        return (
            self.completed_on is not None
            and not self.is_questioned
            and not (self.newest and self.newest.state == "valid")
        )


def standing_completions(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Ids of `completed` entries that nothing revoked since, one an enrolment."""
    later = aliased(LedgerEntry)
    over = exists(
        select(later.id).where(
            later.enrolment_id == LedgerEntry.enrolment_id,
            later.id > LedgerEntry.id,
            later.kind.in_(("completed", "revoked")),
        )
    )
    return select(LedgerEntry.id).where(LedgerEntry.kind == "completed", ~over, *conditions)


def list_holders(
    session: Session, run: Run, *, only: Collection[UUID] | None = None, offset: int = 0, limit: int | None = 50
) -> tuple[list[Holder], int]:
    """A page of them by name, and how many there are in all: four queries."""
    completed = standing_completions(LedgerEntry.run_id == run.id).subquery()
    entry = aliased(LedgerEntry)
    certified = select(Certificate.enrolment_id).where(Certificate.run_id == run.id)
    rows = (
        select(Enrolment, Person, Company, entry)
        .join(Person, Person.id == Enrolment.person_id)
        .join(Company, Company.id == Enrolment.company_id)
        .outerjoin(entry, and_(entry.enrolment_id == Enrolment.id, entry.id.in_(select(completed.c.id))))
        .where(Enrolment.run_id == run.id, or_(entry.id.is_not(None), Enrolment.id.in_(certified)))
    )
    if only is not None:
        rows = rows.where(Enrolment.uid.in_(only))
    total = session.scalar(select(func.count()).select_from(rows.with_only_columns(Enrolment.id).subquery())) or 0
    found = session.execute(rows.order_by(Person.name, Enrolment.id).offset(offset).limit(limit)).all()
    ids = [enrolment.id for enrolment, *_ in found]
    newest = _newest_of(session, ids)
    questioned = _questioned(session, ids)
    return [
        Holder(
            enrolment,
            person,
            company,
            done.effective_on if done else None,
            enrolment.id in questioned,
            done.id if done else None,
            newest.get(enrolment.id),
        )
        for enrolment, person, company, done in found
    ], total


def _newest_of(session: Session, enrolment_ids: Sequence[int]) -> dict[int, Issued]:
    found = all_of(session, issued(Certificate.enrolment_id.in_(enrolment_ids)).order_by(Certificate.id))
    return {one.certificate.enrolment_id: one for one in found if one.certificate.enrolment_id is not None}


def _questioned(session: Session, enrolment_ids: Sequence[int]) -> set[int]:
    open_ones = select(LedgerEntry.enrolment_id).where(
        LedgerEntry.enrolment_id.in_(enrolment_ids), ledger.is_open_question()
    )
    return set(session.scalars(open_ones))


def count_of_run(session: Session, run: Run) -> tuple[int, int]:
    """How many have completed and are without a valid certificate, and how many valid ones there are."""
    valid = session.scalar(select(func.count()).select_from(Certificate).where(Certificate.run_id == run.id, IS_VALID))
    return len(session.execute(waiting(run.id)).all()), valid or 0


def waiting(run_id: int) -> Any:
    """Of a run's completions that stand and are not questioned, those without a certificate: enrolment and entry.

    One whose certificate somebody revoked by itself is not among them: that was meant.
    """
    return without_certificate(LedgerEntry.run_id == run_id)


def without_certificate(*conditions: ColumnElement[bool]) -> Any:
    has = exists(
        select(CertificateBasis.certificate_id)
        .join(Certificate, Certificate.id == CertificateBasis.certificate_id)
        .where(CertificateBasis.entry_id == LedgerEntry.id, Certificate.kind == "run")
    )
    return (
        sound_completions(~has, *conditions)
        .join(Enrolment, Enrolment.id == LedgerEntry.enrolment_id)
        .where(Enrolment.state == "enrolled")
        .with_only_columns(LedgerEntry.enrolment_id, LedgerEntry.id.label("entry_id"), LedgerEntry.run_id)
        .order_by(LedgerEntry.id)
    )


def sound_completions(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The same without those that are questioned and not decided."""
    later = aliased(LedgerEntry)
    questioned = (
        select(later.kind)
        .where(
            later.enrolment_id == LedgerEntry.enrolment_id,
            later.id > LedgerEntry.id,
            later.kind.in_(("questioned", "upheld", "restored")),
        )
        .order_by(later.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return standing_completions(func.coalesce(questioned, "upheld") != "questioned", *conditions)

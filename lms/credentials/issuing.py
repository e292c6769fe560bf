"""Issue, replace and revoke certificates. Numbers are given one after the other under the run's lock, so that none is missing
and none is given twice."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms import audit, messages
from lms.clock import seoul_day, utcnow
from lms.documents import glyphs
from lms.errors import LMSError
from lms.learning.runs import reading as runs
from lms.models import (
    Centre,
    Certificate,
    CertificateBasis,
    Company,
    Course,
    Enrolment,
    LedgerEntry,
    Person,
    Run,
)
from lms.models.ledger import COMPLETION_KINDS
from lms.people import codes
from lms.people.viewers import Viewer

from . import papers, printing, reading
from .printing import Words
from .reading import Issued

TOKEN_LENGTH = 16  # of 31 letters: 79 bits
SHORTEST_REASON = 4
# What may stand in a name on paper, by field.
_DRAWN = ("name", "company", "course", "track", "centre", "signer_title", "signer_name")


class CertificateError(LMSError):
    """`reason`: not_completed, questioned, issued (there is one that is valid), letters (`letters` can't be drawn, `field`),
    reason_missing, not_yet (the centre issues them later), revoked (it is already), replaced (a newer one is there: that
    is the one to change)."""

    sentence = "The certificate was not issued or changed: {reason}."


@dataclass(frozen=True)
class Press:
    """What of a site makes its certificates: the words, the address of the page that verifies, the language."""

    words: Words
    address: str
    language: str = "ko"


def issue(
    session: Session,
    enrolment_id: int,
    press: Press,
    *,
    actor_id: int | None = None,
    language: str = "",
    now: datetime | None = None,
) -> Certificate:
    """The certificate of an enrolment whose completion stands. After one that was revoked, or whose completion was, it is
    a further one that replaces it.

    Raises:
        CertificateError: not_completed, questioned, issued, letters
    """
    enrolment, run = _lock(session, enrolment_id)
    entry = _standing(session, enrolment)
    last = _newest(session, enrolment.id)
    if last is not None and last.state != "revoked":
        raise CertificateError("issued", number=last.certificate.number)
    once = f"replaces:{last.certificate.id}" if last else f"completed:{entry.id}"
    return _write(
        session, press, enrolment, run, entry, once, language, actor_id, now or utcnow(), replaces=last, reason=""
    )


def replace(
    session: Session,
    viewer: Viewer,
    given: Issued,
    press: Press,
    *,
    reason: str,
    language: str = "",
    now: datetime | None = None,
) -> Certificate:
    """A new certificate with what is right today (her name, her company's name) in place of one that is wrong.

    Raises:
        CertificateError: reason_missing, replaced, not_completed, questioned, letters
    """
    reason = _said(reason)
    old = given.certificate
    assert old.enrolment_id is not None
    enrolment, run = _lock(session, old.enrolment_id)
    entry = _standing(session, enrolment)
    last = _newest(session, enrolment.id)
    if last is None or last.certificate.id != old.id:
        raise CertificateError("replaced")
    made = _write(
        session,
        press,
        enrolment,
        run,
        entry,
        f"replaces:{old.id}",
        language or old.language,
        viewer.id,
        now or utcnow(),
        replaces=last,
        reason=reason,
    )
    _tell(session, "certificate_replaced", viewer.id, old, reason)
    return made


def revoke(session: Session, viewer: Viewer, given: Issued, *, reason: str, now: datetime | None = None) -> None:
    """Say at its public page that a certificate doesn't hold. The completion stays as it is.

    Raises:
        CertificateError: reason_missing, revoked
    """
    reason = _said(reason)
    row = session.scalars(
        select(Certificate)
        .where(Certificate.id == given.certificate.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.revoked_at is not None:
        raise CertificateError("revoked")
    row.revoked_at, row.revoked_by, row.revoked_reason = now or utcnow(), viewer.id, reason
    _tell(session, "certificate_revoked", viewer.id, row, reason)


def _said(reason: str) -> str:
    reason = " ".join(reason.split())[:400]
    if len(reason) < SHORTEST_REASON:
        raise CertificateError("reason_missing")
    return reason


def _tell(session: Session, action: str, actor_id: int | None, row: Certificate, reason: str) -> None:
    subject = f"certificate:{row.uid}"
    audit.record(session, action, actor_id=actor_id, subject=subject, reason=reason, detail={"number": row.number})


def _lock(session: Session, enrolment_id: int) -> tuple[Enrolment, Run]:
    """The enrolment and its run, one deed on a run's certificates at a time."""
    run_id = session.scalars(select(Enrolment.run_id).where(Enrolment.id == enrolment_id)).one()
    run = session.scalars(
        select(Run)
        .where(Run.id == run_id)
        .options(selectinload(Run.course_version))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return session.get_one(Enrolment, enrolment_id), run


def _standing(session: Session, enrolment: Enrolment) -> LedgerEntry:
    """The completion that stands. Raises CertificateError."""
    entries = session.scalars(
        select(LedgerEntry)
        .where(
            LedgerEntry.enrolment_id == enrolment.id,
            LedgerEntry.kind.in_(COMPLETION_KINDS),
        )
        .order_by(LedgerEntry.id)
    ).all()
    if not entries or entries[-1].kind == "revoked":
        raise CertificateError("not_completed")
    if entries[-1].kind == "questioned":
        raise CertificateError("questioned")
    return [entry for entry in entries if entry.kind == "completed"][-1]


def _newest(session: Session, enrolment_id: int) -> Issued | None:
    statement = reading.issued(Certificate.enrolment_id == enrolment_id).order_by(Certificate.id.desc()).limit(1)
    return next(iter(reading.all_of(session, statement)), None)


def _write(
    session: Session,
    press: Press,
    enrolment: Enrolment,
    run: Run,
    entry: LedgerEntry,
    once: str,
    language: str,
    actor_id: int | None,
    now: datetime,
    *,
    replaces: Issued | None,
    reason: str,
) -> Certificate:
    serial = 1 + (session.scalar(select(func.max(Certificate.serial)).where(Certificate.run_id == run.id)) or 0)
    slug = session.scalars(select(Course.slug).where(Course.id == run.course_id)).one()
    facts = {
        **_of_person(session, enrolment),
        "course": run.course_version.title,
        "run": run.number,
        "hours": run.hours,
        "learn_from": run.learn_from.isoformat(),
        "learn_to": run.learn_to.isoformat(),
        "completed_on": entry.effective_on.isoformat(),
    }
    row = draw(
        session,
        press,
        facts,
        kind="run",
        number=f"{slug}-{run.number:02d}-{serial:04d}",
        language=language,
        centre_id=run.centre_id,
        now=now,
    )
    row.person_id, row.enrolment_id, row.run_id, row.serial = enrolment.person_id, enrolment.id, run.id, serial
    row.once, row.issued_by, row.reason = once, actor_id, reason
    row.replaces_id = replaces.certificate.id if replaces else None
    return hand_out(session, row, {enrolment.id: entry.id}, title=run.course_version.title)


def _of_person(session: Session, enrolment: Enrolment) -> dict[str, Any]:
    person = session.get_one(Person, enrolment.person_id)
    company = session.get_one(Company, enrolment.company_id)
    return {"name": person.name, "company": company.name}


def draw(
    session: Session,
    press: Press,
    facts: Mapping[str, Any],
    *,
    kind: str,
    number: str,
    language: str,
    centre_id: int,
    now: datetime,
) -> Certificate:
    """A row with its frozen facts and words, still without whose it is. Raises CertificateError `letters`."""
    language, day = language or press.language, seoul_day(now)
    centre = session.get_one(Centre, centre_id)
    paper = papers.paper_on(session, centre_id, day)
    token = "".join(secrets.choice(codes.ALPHABET) for _ in range(TOKEN_LENGTH))
    whole = {
        **facts,
        "kind": kind,
        "number": number,
        "issued_on": day.isoformat(),
        "centre": centre.name_en if language == "en" else centre.name_ko,
        "signer_title": paper.signer_title,
        "signer_name": paper.signer_name,
        "seal": paper.seal,
        "signature": paper.signature,
        "code": printing.shown(token),
        "address": press.address,
    }
    _refuse_undrawn(whole)
    words = dict(press.words(language, whole))
    return Certificate(
        kind=kind,
        centre_id=centre_id,
        number=number,
        token=token,
        language=language,
        facts=whole,
        words=words,
        template=printing.TEMPLATE,
        digest=printing.digest_of(printing.TEMPLATE, whole, words, language),
        issued_on=day,
        issued_at=now,
    )


def _refuse_undrawn(facts: Mapping[str, Any]) -> None:
    texts = {field: facts.get(field) or "" for field in _DRAWN}
    for place, one in enumerate(facts.get("courses", ())):
        texts[f"courses.{place}"] = one["course"]
    for field, text in texts.items():
        if letters := glyphs.missing(text):
            raise CertificateError("letters", letters=letters, field=field.partition(".")[0])


def hand_out(session: Session, row: Certificate, basis: Mapping[int, int], *, title: str) -> Certificate:
    """Write it with the completions on which it rests (enrolment → ledger entry), and tell the learner."""
    session.add(row)
    session.flush()
    session.add_all(
        CertificateBasis(certificate_id=row.id, enrolment_id=enrolment, entry_id=entry)
        for enrolment, entry in basis.items()
    )
    _tell(session, "certificate_issued", row.issued_by, row, row.reason)
    told = {"course": title, "path": f"/certificates/{row.uid}"}
    messages.send(session, row.person_id, "certificate_ready", told, once=f"certificate:{row.id}", now=row.issued_at)
    session.flush()
    return row


@dataclass(frozen=True)
class Outcome:
    """How many were issued, and who was left out and why: pairs of name and error."""

    issued: int
    refused: tuple[tuple[str, CertificateError], ...]


def issue_chosen(
    session: Session,
    viewer: Viewer,
    run: Run,
    chosen: list[UUID],
    press: Press,
    *,
    language: str = "",
    now: datetime | None = None,
) -> Outcome:
    """Those of a run's learners that an officer of it chose; ids of others' enrolments are left aside.

    Raises:
        NotFoundError: the run is not the viewer's to change.
    """
    runs.load_to_edit(session, viewer, run.uid, lock=True)
    rows = session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run.id, Enrolment.uid.in_(chosen))
        .options(joinedload(Enrolment.person))
        .order_by(Enrolment.id)
    ).all()
    refused: list[tuple[str, CertificateError]] = []
    for enrolment in rows:
        try:
            issue(session, enrolment.id, press, actor_id=viewer.id, language=language, now=now)
        except CertificateError as error:
            refused.append((enrolment.person.name, error))
    return Outcome(len(rows) - len(refused), tuple(refused))


def may_take(session: Session, run: Run) -> bool:
    """Whether a learner who completed may have hers at once, as the centre decided."""
    policy = papers.paper_on(session, run.centre_id, seoul_day(utcnow())).policy
    return policy == "completion" or (policy == "closing" and run.closed_at is not None)


def issue_own(session: Session, viewer: Viewer, run: Run, press: Press) -> Certificate:
    """Without waiting for the worker. Raises NotFoundError, CertificateError (also not_yet: the centre issues later)."""
    enrolment = session.scalars(
        select(Enrolment.id).where(
            Enrolment.run_id == run.id, Enrolment.person_id == viewer.id, Enrolment.state == "enrolled"
        )
    ).one()
    last = _newest(session, enrolment)
    if last is not None and last.certificate.revoked_at is not None:
        raise CertificateError("revoked")  # by a person; another is her centre's to give
    if not may_take(session, run):
        raise CertificateError("not_yet")
    return issue(session, enrolment, press)

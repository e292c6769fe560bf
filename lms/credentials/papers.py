"""How a centre's certificates look and when they are issued: seal, signature and signer, each from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import today, utcnow
from lms.documents import glyphs, pictures
from lms.errors import LMSError, NotFoundError
from lms.files import FileStore
from lms.models import Centre, CentrePaper
from lms.models.certificates import ISSUE_POLICIES
from lms.people.viewers import Viewer

PICTURE_TYPE = "image/png"


class PaperError(LMSError):
    """`reason`: policy, past (a seal can't have been another on a day that is over), too_long, letters
    (`letters` can't be drawn)."""

    sentence = "The centre's paper was not changed: {reason}."


@dataclass(frozen=True)
class Paper:
    """What counts for a centre on a day. Pictures are digests in the file store."""

    policy: str = "completion"
    signer_title: str = ""
    signer_name: str = ""
    seal: str | None = None
    signature: str | None = None


def load_centre(session: Session, viewer: Viewer, uid: object) -> Centre:
    """A centre whose paper the viewer may change: an officer the own, an operator each. Raises NotFoundError."""
    found = session.scalar(select(Centre).where(Centre.uid == uid))
    if found is None or not (viewer.is_operator or found.id in viewer.officer_centres):
        raise NotFoundError()
    return found


def list_centres(session: Session, viewer: Viewer) -> Sequence[Centre]:
    """Those whose paper the viewer may change, by name."""
    wanted = select(Centre).order_by(Centre.name_ko, Centre.id)
    return session.scalars(wanted if viewer.is_operator else wanted.where(Centre.id.in_(viewer.officer_centres))).all()


def paper_on(session: Session, centre_id: int, day: date) -> Paper:
    """The newest row of the newest day counts; without any there is no seal, and certificates come with completion."""
    row = session.scalar(
        select(CentrePaper)
        .where(CentrePaper.centre_id == centre_id, CentrePaper.from_on <= day)
        .order_by(CentrePaper.from_on.desc(), CentrePaper.id.desc())
        .limit(1)
    )
    if row is None:
        return Paper()
    return Paper(row.policy, row.signer_title, row.signer_name, row.seal, row.signature)


def policies_on(session: Session, day: date) -> dict[int, str]:
    """Centre → when its certificates are issued, of the centres that have said so."""
    rows = session.execute(
        select(CentrePaper.centre_id, CentrePaper.policy)
        .where(CentrePaper.from_on <= day)
        .order_by(CentrePaper.from_on, CentrePaper.id)
    )
    return {centre: policy for centre, policy in rows}


def list_papers(session: Session, centre_id: int) -> Sequence[CentrePaper]:
    """Newest first."""
    return session.scalars(
        select(CentrePaper)
        .where(CentrePaper.centre_id == centre_id)
        .order_by(CentrePaper.from_on.desc(), CentrePaper.id.desc())
    ).all()


def set_paper(
    session: Session,
    files: FileStore,
    centre: Centre,
    *,
    actor_id: int | None,
    from_on: date,
    policy: str,
    signer_title: str,
    signer_name: str,
    seal: bytes | None = None,
    signature: bytes | None = None,
    without_seal: bool = False,
    without_signature: bool = False,
    now: datetime | None = None,
) -> CentrePaper:
    """What counts from a day on. A picture that is not given stays what it was by then. What is issued already stays as it is.

    Raises:
        PaperError, PictureError, StorageError
    """
    title, name = " ".join(signer_title.split()), " ".join(signer_name.split())
    if policy not in ISSUE_POLICIES:
        raise PaperError("policy")
    if from_on < today():
        raise PaperError("past")
    if max(len(title), len(name)) > 80:
        raise PaperError("too_long")
    if letters := glyphs.missing(title + name):
        raise PaperError("letters", letters=letters)
    before = paper_on(session, centre.id, from_on)
    if seal:
        before = replace(before, seal=keep_picture(session, files, seal))
    if signature:
        before = replace(before, signature=keep_picture(session, files, signature))
    row = CentrePaper(
        centre_id=centre.id,
        from_on=from_on,
        policy=policy,
        signer_title=title,
        signer_name=name,
        seal=None if without_seal else before.seal,
        signature=None if without_signature else before.signature,
        recorded_at=now or utcnow(),
        recorded_by=actor_id,
    )
    session.add(row)
    audit.record(session, "paper_changed", actor_id=actor_id, subject=f"centre:{centre.uid}")
    return row


def keep_picture(session: Session, files: FileStore, content: bytes) -> str:
    """Raises PictureError."""
    return files.put(session, pictures.read_png(content).png, PICTURE_TYPE)

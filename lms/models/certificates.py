"""수료증: what was printed for whom, on what it rests, how a centre's paper looks, and tracks of several courses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, BigKey, IntKey, LongKey, Uid, one_of
from .people import Person

CERTIFICATE_KINDS = ("run", "track")
ISSUE_POLICIES = ("completion", "closing", "by_hand")
CERTIFICATE_BATCH_STATES = ("waiting", "done", "cancelled", "failed")


class Certificate(Base):
    """What was printed, frozen: a change of the person's name or company never changes it. Only `pdf` and the revocation
    are filled in later.

    `facts` are the printed facts, `words` all other words on the paper; with the template and the pictures that the facts
    name they are all that the PDF is made from, and `digest` is the SHA-256 of these. `pdf` is the file as it was first
    made. A correction is a further certificate that names this one in `replaces_id`. `once` says what may be issued once:
    "completed:<ledger entry>", "replaces:<certificate>", "track:<track>:<person>".
    """

    __tablename__ = "lms_certificate"
    __table_args__ = (
        one_of("kind", CERTIFICATE_KINDS),
        CheckConstraint(
            "(kind = 'run') = (enrolment_id IS NOT NULL AND run_id IS NOT NULL AND track_version_id IS NULL)",
            name="scope",
        ),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name="revocation"),
        UniqueConstraint("run_id", "serial"),
        UniqueConstraint("track_id", "serial"),
        Index(None, "person_id"),
        Index(None, "enrolment_id"),
    )

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    kind: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    centre_id: Mapped[int] = mapped_column(ForeignKey("lms_centre.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("lms_enrolment.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("lms_run.id"))
    track_id: Mapped[int | None] = mapped_column(ForeignKey("lms_track.id"))
    track_version_id: Mapped[int | None] = mapped_column(ForeignKey("lms_track_version.id"), index=True)
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(String(120), unique=True)
    token: Mapped[str] = mapped_column(String(16), unique=True)  # what opens the public page; never the number
    language: Mapped[str] = mapped_column(String(5))
    facts: Mapped[dict[str, Any]]
    words: Mapped[dict[str, Any]]
    template: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[str | None] = mapped_column(ForeignKey("lms_file.digest"), index=True)
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"), index=True)  # None: by itself
    reason: Mapped[str] = mapped_column(String(400), default="")  # why it replaces another
    replaces_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("lms_certificate.id"), unique=True)
    once: Mapped[str] = mapped_column(String(120), unique=True)
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"), index=True)
    revoked_reason: Mapped[str] = mapped_column(String(400), default="")

    person: Mapped[Person] = relationship(foreign_keys=person_id, lazy="raise")


class CertificateBasis(Base):
    """A completion on which a certificate rests: one of a run's, several of a track's. The certificate is void when the
    ledger has a later `revoked` of that enrolment."""

    __tablename__ = "lms_certificate_basis"
    __table_args__ = (Index(None, "enrolment_id", "entry_id"), Index(None, "entry_id"))

    certificate_id: Mapped[int] = mapped_column(BigKey, ForeignKey("lms_certificate.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigKey, ForeignKey("lms_ledger_entry.id"))


class CentrePaper(Base):
    """How a centre's certificates look and when they are issued, from a day on. The newest row of the newest day counts;
    a certificate names the pictures of its day in its facts, so that old ones keep the old seal."""

    __tablename__ = "lms_centre_paper"
    __table_args__ = (one_of("policy", ISSUE_POLICIES), Index(None, "centre_id", "from_on", "id"))

    id: Mapped[IntKey]
    centre_id: Mapped[int] = mapped_column(ForeignKey("lms_centre.id"))
    from_on: Mapped[date]
    policy: Mapped[str] = mapped_column(String(12))
    signer_title: Mapped[str] = mapped_column(String(80), default="")
    signer_name: Mapped[str] = mapped_column(String(80), default="")
    seal: Mapped[str | None] = mapped_column(ForeignKey("lms_file.digest"), index=True)
    signature: Mapped[str | None] = mapped_column(ForeignKey("lms_file.digest"), index=True)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"), index=True)


class CertificateBatch(Base):
    """A whole run's certificates that somebody asked for as one file. A job makes the PDFs that are not there yet; the
    file itself is put together while it is taken, so that none lies around. After `KEPT` it can't be taken any more.

    `size` is how many certificates there are, `made` how many PDFs are there; `highest_id` is the newest certificate of it.
    """

    __tablename__ = "lms_certificate_batch"
    __table_args__ = (one_of("state", CERTIFICATE_BATCH_STATES),)

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"), index=True)
    requested_by: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), index=True)
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    size: Mapped[int]
    made: Mapped[int] = mapped_column(default=0)
    highest_id: Mapped[int] = mapped_column(BigKey)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Track(Base):
    """과정 묶음: courses of which a centre certifies that somebody completed all, or some."""

    __tablename__ = "lms_track"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("lms_centre.id"), index=True)
    created_at: Mapped[datetime]

    versions: Mapped[list[TrackVersion]] = relationship(
        back_populates="track", order_by="TrackVersion.number", lazy="raise"
    )


class TrackVersion(Base):
    """What a track asks for from a day on: `needs` of its courses. A change is a further version."""

    __tablename__ = "lms_track_version"
    __table_args__ = (UniqueConstraint("track_id", "number"), CheckConstraint("needs > 0", name="needs"))

    id: Mapped[IntKey]
    track_id: Mapped[int] = mapped_column(ForeignKey("lms_track.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    needs: Mapped[int]
    from_on: Mapped[date]
    is_open: Mapped[bool] = mapped_column(default=True)  # False: nobody is certified any more
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"), index=True)

    track: Mapped[Track] = relationship(back_populates="versions", lazy="raise")
    courses: Mapped[list[TrackCourse]] = relationship(order_by="TrackCourse.position", lazy="raise")


class TrackCourse(Base):
    """A course of a track's version."""

    __tablename__ = "lms_track_course"

    version_id: Mapped[int] = mapped_column(ForeignKey("lms_track_version.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("lms_course.id"), primary_key=True, index=True)
    position: Mapped[int]

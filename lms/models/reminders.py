"""What somebody writes to a number of learners, and addresses whose mail comes back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, IntKey, LongKey, Uid, one_of
from .codes import GOES_WITH_IT
from .companies import Company
from .people import Person
from .runs import Run

BULLETIN_STATES = ("waiting", "sending", "sent", "undone")
RECIPIENT_STATES = ("waiting", "told", "left_out")


class Bulletin(Base):
    """안내: written once to those of a run or of a company whom `who` chose. `key` is the form's, so that it is sent once."""

    __tablename__ = "lms_bulletin"
    __table_args__ = (
        UniqueConstraint("sender_id", "key"),
        one_of("state", BULLETIN_STATES),
        CheckConstraint("(run_id IS NULL) <> (company_id IS NULL)", name="scope"),
        Index(None, "run_id"),
        Index(None, "company_id"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    sender_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("lms_run.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company.id"))
    who: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    people: Mapped[int]
    by_mail: Mapped[int]  # whom a mail reached when it was written; the others read it in the site
    created_at: Mapped[datetime]
    send_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    sender: Mapped[Person] = relationship(lazy="raise")
    run: Mapped[Run | None] = relationship(lazy="raise")
    company: Mapped[Company | None] = relationship(lazy="raise")


class BulletinRecipient(Base):
    """One whom a bulletin is for; left out where it no longer concerned her when it was sent."""

    __tablename__ = "lms_bulletin_recipient"
    __table_args__ = (
        UniqueConstraint("bulletin_id", "person_id"),
        one_of("state", RECIPIENT_STATES),
        Index(None, "person_id"),
        Index(None, "enrolment_id"),
    )

    id: Mapped[LongKey]
    bulletin_id: Mapped[int] = mapped_column(ForeignKey("lms_bulletin.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), info=GOES_WITH_IT)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"), info=GOES_WITH_IT)
    state: Mapped[str] = mapped_column(String(8), default="waiting")


class Unreachable(Base):
    """A person's address that a mail server refused for good. Another address is none of it: it counts while `email` is hers."""

    __tablename__ = "lms_unreachable"

    id: Mapped[IntKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), unique=True, info=GOES_WITH_IT)
    email: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime]

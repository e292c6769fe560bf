"""동의: texts that people are asked to agree to, in versions, and what each answered when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, IntKey, LongKey, one_of

ANSWERS = ("given", "refused", "withdrawn")


class ConsentText(Base):
    """A text as it stood when somebody answered to it. Never changed: other words are another row."""

    __tablename__ = "lms_consent_text"
    __table_args__ = (UniqueConstraint("slug", "version", "language", "digest"),)

    id: Mapped[IntKey]
    slug: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    language: Mapped[str] = mapped_column(String(5))
    digest: Mapped[str] = mapped_column(String(64))
    is_required: Mapped[bool]
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text())
    first_shown_at: Mapped[datetime]


class Consent(Base):
    """What a person answered to a text. Append-only: the newest answer to a text's slug counts."""

    __tablename__ = "lms_consent"
    __table_args__ = (one_of("answer", ANSWERS), Index(None, "person_id", "id"))

    id: Mapped[LongKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("lms_consent_text.id"), index=True)
    answer: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45), default="")


class ConsentState(Base):
    """Which required texts a person has agreed to, as one fingerprint, so that a request needs no look at her answers."""

    __tablename__ = "lms_consent_state"

    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), primary_key=True, autoincrement=False)
    given: Mapped[str] = mapped_column(String(64))

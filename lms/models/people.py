"""Accounts: persons, their roles with scopes, the devices they are signed in on."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from .base import Base, IntKey, LongKey, Uid, one_of

ROLES = ("instructor", "officer", "company_manager", "programme_office", "operator")
LANGUAGES = ("ko", "en")


class Person(Base):
    """Anyone with an account. Whoever is enrolled is a learner; that needs no role."""

    __tablename__ = "lms_person"
    # The number of an account that was taken back is not given again.
    __table_args__ = (one_of("language", LANGUAGES, or_null=True), {"sqlite_autoincrement": True})

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)  # lower case
    password_hash: Mapped[str | None] = mapped_column(String(200), info={"unrecorded": True})
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str | None] = mapped_column(String(5))
    # Under seal; lms/people/privacy/personal.py writes and reads them.
    birth_date_sealed: Mapped[str | None] = mapped_column(String(160))
    birth_date_index: Mapped[str | None] = mapped_column(String(32), index=True)
    phone_sealed: Mapped[str | None] = mapped_column(String(160))
    destroyed_at: Mapped[datetime | None]  # her personal data; the row stays for the figures
    created_at: Mapped[datetime]

    roles: Mapped[list[Role]] = relationship(back_populates="person", lazy="raise")
    # No columns: asked for together with who is there (lms/people/viewers.py), so that a page needs no query more.
    unread: Mapped[int | None] = query_expression()
    consents: Mapped[str | None] = query_expression()


class Role(Base):
    """What a person may see and do, and for which centre or company. Ended, never deleted."""

    __tablename__ = "lms_role"
    __table_args__ = (
        one_of("kind", ROLES),
        CheckConstraint("(kind IN ('officer', 'instructor')) = (centre_id IS NOT NULL)", name="centre_scope"),
        CheckConstraint("(kind = 'company_manager') = (company_id IS NOT NULL)", name="company_scope"),
        Index(None, "person_id"),
        Index(None, "company_id"),
    )

    id: Mapped[IntKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    kind: Mapped[str] = mapped_column(String(20))
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("lms_centre.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company.id"))
    from_on: Mapped[date]
    to_on: Mapped[date | None]

    person: Mapped[Person] = relationship(back_populates="roles", lazy="raise")


class SignIn(Base):
    """로그인: one device's stay. The cookie holds a token, this row its hash."""

    __tablename__ = "lms_sign_in"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")


class Throttle(Base):
    """How often a key (an account or an address) failed in a window of time."""

    __tablename__ = "lms_throttle"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int]


class ExternalIdentity(Base):
    """A person as a host site or another system knows her."""

    __tablename__ = "lms_external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[LongKey]
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"), index=True)
    created_at: Mapped[datetime]

"""Companies, what they were when, and who worked there when."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.clock import utcnow

from .base import Base, IntKey, Uid, one_of

if TYPE_CHECKING:
    from .people import Person

SIZE_CLASSES = ("micro", "small", "medium", "mid_market", "large")
FACTORY_LEVELS = ("none", "basic", "mid1", "mid2", "advanced")


class Industry(Base):
    """업종: a manufacturing division of the Korean standard industrial classification, in one of its revisions."""

    __tablename__ = "lms_industry"
    __table_args__ = (Index(None, "revision", "code", unique=True),)

    id: Mapped[IntKey]
    revision: Mapped[int]
    code: Mapped[str] = mapped_column(String(2))
    name_ko: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))


class Company(Base):
    """기업, known by its business number (ten digits, kept without hyphens)."""

    __tablename__ = "lms_company"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    business_number: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    created_at: Mapped[datetime]

    statuses: Mapped[list[CompanyStatus]] = relationship(back_populates="company", lazy="raise")


class CompanyStatus(Base):
    """What a company declared to be, from a day on, until the next row says otherwise. Never computed from headcount.

    `recorded_at` is when we learnt it: a report as of an earlier day doesn't know the row. Add rows, don't change them.
    """

    __tablename__ = "lms_company_status"
    __table_args__ = (
        Index(None, "company_id", "from_on", unique=True),
        one_of("size_class", SIZE_CLASSES, or_null=True),
        one_of("factory_level", FACTORY_LEVELS, or_null=True),
    )

    id: Mapped[IntKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    from_on: Mapped[date]
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"), index=True)
    industry_id: Mapped[int | None] = mapped_column(ForeignKey("lms_industry.id"))
    size_class: Mapped[str | None] = mapped_column(String(12))
    factory_level: Mapped[str | None] = mapped_column(String(12))
    recorded_at: Mapped[datetime] = mapped_column(default=utcnow)

    company: Mapped[Company] = relationship(back_populates="statuses", lazy="raise")


class Employment(Base):
    """재직: a person at a company from a day to a day (`to_on` is the last day)."""

    __tablename__ = "lms_employment"
    __table_args__ = (
        Index(None, "company_id", "employee_number", unique=True),
        Index(None, "person_id", "from_on"),
    )

    id: Mapped[IntKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    employee_number: Mapped[str | None] = mapped_column(String(40))
    department: Mapped[str] = mapped_column(String(80), default="")
    from_on: Mapped[date]
    to_on: Mapped[date | None]

    person: Mapped[Person] = relationship(lazy="raise")
    company: Mapped[Company] = relationship(lazy="raise")


class Cluster(Base):
    """디지털 클러스터: companies of one value chain that train together."""

    __tablename__ = "lms_cluster"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ClusterMember(Base):
    """A company in a cluster from a day to a day (`to_on` is the last day). It may be in several at once."""

    __tablename__ = "lms_cluster_member"
    __table_args__ = (
        Index(None, "company_id", "cluster_id", "from_on", unique=True),
        CheckConstraint("to_on IS NULL OR from_on <= to_on", name="period"),
    )

    id: Mapped[IntKey]
    cluster_id: Mapped[int] = mapped_column(ForeignKey("lms_cluster.id"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(default=utcnow)

"""Companies, what they were when, and who worked there when."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

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


_FORM = re.compile(r"\(주\)|주식회사|\(유\)|유한회사|[\s().,·&'\"-]")


def search_key(name: str) -> str:
    """A company's name as it is looked for, without legal form, spaces and case: 주식회사 한빛 정밀 and (주)한빛정밀 are one."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return (_FORM.sub("", plain) or "".join(plain.split()))[:120]


def _key_of_name(context: Any) -> str:
    return search_key(context.get_current_parameters()["name"])


# Compared byte by byte, so that a prefix is a range of the index on both databases.
_Key = String(120).with_variant(String(120, collation="C"), "postgresql")


class Company(Base):
    """기업, known by its business number (ten digits, kept without hyphens). `name` is the present one.

    One that was entered twice stays findable by its own number: `merged_into_id` is the company that it turned out to be.
    """

    __tablename__ = "lms_company"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 (the number of a company that was taken back is not given again)

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    business_number: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    search_key: Mapped[str] = mapped_column(_Key, default=_key_of_name, index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company.id"), index=True)
    merged_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    statuses: Mapped[list[CompanyStatus]] = relationship(back_populates="company", lazy="raise")

    @validates("name")
    def _set_search_key(self, _key: str, name: str) -> str:
        self.search_key = search_key(name)
        return name


class FormerName(Base):
    """A name that a company had until a day; `to_on` is the last day."""

    __tablename__ = "lms_former_name"
    __table_args__ = (Index(None, "company_id", "to_on", unique=True),)

    id: Mapped[IntKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    name: Mapped[str] = mapped_column(String(120))
    search_key: Mapped[str] = mapped_column(_Key, default=_key_of_name, index=True)
    to_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(default=utcnow)


class Sponsorship(Base):
    """The large partner that carries a company's part of a programme, from a day to a day (`to_on` is the last day)."""

    __tablename__ = "lms_sponsorship"
    __table_args__ = (
        Index(None, "company_id", "from_on", unique=True),
        CheckConstraint("to_on IS NULL OR from_on <= to_on", name="period"),
        CheckConstraint("company_id <> partner_id", name="another"),
    )

    id: Mapped[IntKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(default=utcnow)


class CompanyStatus(Base):
    """What a company declared to be, from a day on, until the next row says otherwise. Never computed from headcount.

    `recorded_at` is when we learnt it: a report as of an earlier day doesn't know the row. Add rows, don't change them: a
    correction is a newer row of the same day, and of two such rows the one with the higher id counts.
    """

    __tablename__ = "lms_company_status"
    __table_args__ = (
        Index(None, "company_id", "from_on"),
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
    job: Mapped[str] = mapped_column(String(80), default="", server_default="")
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

"""Regions, which change within a year, and the centres that serve them. Filled from `reference/*.toml`."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, IntKey, Uid, one_of

CODE_SYSTEMS = ("administrative", "iso")


class Zone(Base):
    """권역."""

    __tablename__ = "lms_zone"

    id: Mapped[IntKey]
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name_ko: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))


class Region(Base):
    """지역 (시도), from a day to a day. `to_on` is the last day on which it was one; None while it is."""

    __tablename__ = "lms_region"

    id: Mapped[IntKey]
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("lms_zone.id"))
    name_ko: Mapped[str] = mapped_column(String(60))
    short_ko: Mapped[str] = mapped_column(String(20))
    name_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]

    zone: Mapped[Zone] = relationship(lazy="raise")


class RegionCode(Base):
    """A code of a region in one system, from a day to a day (Sejong is 36 here and KR-50 there)."""

    __tablename__ = "lms_region_code"
    __table_args__ = (one_of("system", CODE_SYSTEMS), Index(None, "system", "code"))

    id: Mapped[IntKey]
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"))
    system: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(10))
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]


class RegionSuccession(Base):
    """`region` became (part of) `successor` on that day."""

    __tablename__ = "lms_region_succession"

    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"), primary_key=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"), primary_key=True)
    on: Mapped[date]


class Centre(Base):
    """센터: a regional smart-manufacturing centre. Not a region; it serves some, and two may serve the same."""

    __tablename__ = "lms_centre"

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name_ko: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))


class CentreRegion(Base):
    """A centre serves a region from a day to a day; it may take one up again."""

    __tablename__ = "lms_centre_region"
    __table_args__ = (Index(None, "centre_id", "region_id"),)

    id: Mapped[IntKey]
    centre_id: Mapped[int] = mapped_column(ForeignKey("lms_centre.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"), index=True)
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]

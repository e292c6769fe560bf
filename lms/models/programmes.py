"""Publicly funded programmes of one fiscal year, and what they owe."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, IntKey, Uid


class Programme(Base):
    """사업."""

    __tablename__ = "lms_programme"
    __table_args__ = (CheckConstraint("from_on <= to_on", name="period"),)

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    fiscal_year: Mapped[int]
    from_on: Mapped[date]
    to_on: Mapped[date]


class Target(Base):
    """목표: how many completions a programme owes in a region. The newest `set_on` counts."""

    __tablename__ = "lms_target"
    __table_args__ = (
        UniqueConstraint("programme_id", "region_id", "set_on"),
        CheckConstraint("completions >= 0", name="completions"),
    )

    id: Mapped[IntKey]
    programme_id: Mapped[int] = mapped_column(ForeignKey("lms_programme.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"))
    completions: Mapped[int]
    set_on: Mapped[date]

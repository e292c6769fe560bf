"""보고서 발행: reports as they were issued, kept for ever."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, IntKey, Uid


class Statement(Base):
    """A report as issued; the database refuses to change or delete it.

    `scope` is what its issuer answered for, `scope_key` a digest of it, `printed` all words on the paper. `rows` are the cells
    as canonical JSON (`lms.reports.statements.cells`), `digest` its SHA-256, `total` the cells of the line of totals, None
    where there is none. `columns` are name, heading and kind of each, `keys` say as JSON what each row is of,
    whatever it is called. `definition` and `version` say by which meaning of the
    figures and which code it was counted. `issued_by` is a person's uid and no foreign key: the row outlives hers.
    `for_outsiders`: small cells are hidden, and it was compared with those that were issued before.
    """

    __tablename__ = "lms_statement"
    __table_args__ = (
        UniqueConstraint("year", "serial"),
        Index(None, "scope_key", "id"),
        Index(None, "issued_by", "id"),
        Index(None, "digest"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    token: Mapped[str] = mapped_column(String(20), unique=True)
    year: Mapped[int]
    serial: Mapped[int]
    report: Mapped[str] = mapped_column(String(20))
    question: Mapped[dict[str, Any]]
    as_of: Mapped[date]
    language: Mapped[str] = mapped_column(String(5))
    scope: Mapped[dict[str, Any]]
    scope_key: Mapped[str] = mapped_column(String(64))
    for_outsiders: Mapped[bool]
    printed: Mapped[dict[str, Any]]
    columns: Mapped[list[Any]]
    rows: Mapped[str] = mapped_column(Text, deferred=True)
    keys: Mapped[str] = mapped_column(Text, deferred=True)
    total: Mapped[list[Any] | None]
    digest: Mapped[str] = mapped_column(String(64))
    definition: Mapped[int]
    version: Mapped[str] = mapped_column(String(20))
    issued_by: Mapped[UUID] = mapped_column(Uuid())
    issued_at: Mapped[datetime]

    @property
    def number(self) -> str:
        return f"{self.year}-{self.serial:04d}"

"""What changed organisations and people: each set is one deed, its changes the rows before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, BigKey, LongKey, Uid

_Image = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class ChangeSet(Base):
    """One deed that can be undone as a whole. Append-only, but for `undone_at`; undoing is a set of its own. While `at` is
    None it is being prepared: its changes have not happened.

    `subject` is what it was done to, as kind:id. `actor_id` None is the command line or the program itself.
    """

    __tablename__ = "lms_change_set"
    __table_args__ = (Index(None, "actor_id", "at"), Index(None, "subject"))

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    kind: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(400), default="")
    subject: Mapped[str] = mapped_column(String(80), default="")
    undoes_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("lms_change_set.id"), unique=True)
    undone_at: Mapped[datetime | None]


class Change(Base):
    """A row that a set added (`before` is None), removed (`after` is None) or altered.

    Both are the whole row as its columns are stored, made by the database; what is sealed there is sealed here. `person_id`
    and `company_id` are the row's own, or its id where it is the person or company: the key of somebody's history. Where very
    many rows were added, `after` may be an empty object: the row itself says what it is.
    """

    __tablename__ = "lms_change"
    __table_args__ = (
        Index(None, "table_name", "row_id"),
        Index(None, "person_id", sqlite_where=text("person_id IS NOT NULL"), postgresql_where=text("person_id IS NOT NULL")),
        Index(
            None, "company_id", sqlite_where=text("company_id IS NOT NULL"), postgresql_where=text("company_id IS NOT NULL")
        ),
    )  # fmt: skip

    set_id: Mapped[int] = mapped_column(BigKey, ForeignKey("lms_change_set.id"), primary_key=True, autoincrement=False)
    table_name: Mapped[str] = mapped_column(String(40), primary_key=True)
    row_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    before: Mapped[dict[str, Any] | None] = mapped_column(_Image)
    after: Mapped[dict[str, Any] | None] = mapped_column(_Image)
    person_id: Mapped[int | None]
    company_id: Mapped[int | None]

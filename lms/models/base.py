"""What all tables share: the names of constraints, times in UTC, ids for outside, small vocabularies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from uuid_utils.compat import uuid7


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, the same from SQLite and PostgreSQL. A naive one is refused: it would mean different moments on each."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime can't be stored; give it a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table of ours starts with `lms_`, so that it can lie in a host's database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it so)
        datetime: UTCDateTime,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(JSONB(), "postgresql"),
    }


def new_uid() -> UUID:
    """An id that may leave the house: can't be guessed, and sorts by time so that indices stay dense."""
    return uuid7()


# SQLite numbers rows by itself only where the key is INTEGER.
BigKey = BigInteger().with_variant(Integer(), "sqlite")

IntKey = Annotated[int, mapped_column(primary_key=True)]
LongKey = Annotated[int, mapped_column(BigKey, primary_key=True)]
Uid = Annotated[UUID, mapped_column(Uuid(), unique=True, default=new_uid)]


def one_of(column: str, words: tuple[str, ...], *, or_null: bool = False) -> CheckConstraint:
    """A vocabulary that the database holds too."""
    listed = ", ".join(f"'{word}'" for word in words)
    test = f"{column} IN ({listed})"
    return CheckConstraint(f"{column} IS NULL OR {test}" if or_null else test, name=column)

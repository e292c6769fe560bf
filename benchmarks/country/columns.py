"""Rows as columns, and their two forms: PostgreSQL's binary COPY, and the tuples that SQLite's driver takes.

Texts are bytes of one width in a batch, so that a batch of rows is one array of fixed records and no Python runs for a row.
Days are days since 1970, moments microseconds since 1970 in UTC, ids for outside sixteen bytes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

Columns = Mapping[str, Any]  # by name an array, or one value for all rows

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_EPOCH_DAYS = 10_957  # from 1970 to 2000, from which PostgreSQL counts
_EPOCH_MICROSECONDS = _EPOCH_DAYS * 86_400_000_000
_FIXED = {
    "INTEGER": (">i4", 0),
    "BIGINT": (">i8", 0),
    "DOUBLE PRECISION": (">f8", 0),
    "FLOAT": (">f8", 0),
    "BOOLEAN": ("i1", 0),
    "DATE": (">i4", _EPOCH_DAYS),
    "TIMESTAMP WITH TIME ZONE": (">i8", _EPOCH_MICROSECONDS),
}


def postgres_kind(table: Table, name: str) -> str:
    return str(table.c[name].type.compile(dialect=postgresql.dialect()))


def text(value: str) -> bytes:
    return value.encode()


def digits(values: np.ndarray, width: int) -> np.ndarray:
    """Numbers as a matrix of ASCII digits, with leading zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values.astype(np.int64)[:, None] // powers % 10 + 48).astype(np.uint8)


def joined(*parts: bytes | np.ndarray) -> np.ndarray:
    """One text a row, of fixed parts and matrices of bytes."""
    count = next(len(part) for part in parts if isinstance(part, np.ndarray))
    blocks = [
        part if isinstance(part, np.ndarray) else np.broadcast_to(np.frombuffer(part, np.uint8), (count, len(part)))
        for part in parts
    ]
    matrix = np.ascontiguousarray(np.concatenate(blocks, axis=1))
    return matrix.view(f"S{matrix.shape[1]}").ravel()


def chosen(words: Sequence[str], places: np.ndarray) -> np.ndarray:
    """One of the words a row, as a matrix of bytes; all words have to be of one width."""
    coded = [word.encode() for word in words]
    table = np.frombuffer(b"".join(coded), np.uint8).reshape(len(coded), len(coded[0]))
    return table[places]


def uids(random: np.random.Generator, microseconds: np.ndarray) -> np.ndarray:
    """UUIDv7 of these moments, as records of sixteen bytes."""
    count = len(microseconds)
    made = random.integers(0, 256, (count, 16), dtype=np.uint8)
    milliseconds = (microseconds // 1000).astype(">i8").view(np.uint8).reshape(count, 8)
    made[:, :6] = milliseconds[:, 2:]
    made[:, 6] = made[:, 6] & 0x0F | 0x70
    made[:, 8] = made[:, 8] & 0x3F | 0x80
    return made


def length(columns: Columns) -> int:
    return next(len(value) for value in columns.values() if isinstance(value, np.ndarray))


def to_copy(table: Table, columns: Columns) -> memoryview:
    """The rows as PostgreSQL's COPY … (FORMAT binary) takes them, without head and trailer."""
    count = length(columns)
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    values: dict[str, Any] = {"fields": len(columns)}
    for name, value in columns.items():
        kind = postgres_kind(table, name)
        if kind == "UUID":
            form: Any = ("u1", 16)
            size = 16
        elif kind in _FIXED:
            form, shift = _FIXED[kind]
            value = value - shift if shift else value
            size = np.dtype(form).itemsize
        else:
            size = len(value) if isinstance(value, bytes) else value.dtype.itemsize
            form = f"S{size}" if size else None
        fields.append((f"{name} length", ">i4"))
        values[f"{name} length"] = size
        if form is not None:
            fields.append((name, *form) if isinstance(form, tuple) else (name, form))
            values[name] = value
    records = np.empty(count, np.dtype(fields))
    for name, value in values.items():
        records[name] = value
    return memoryview(records.view(np.uint8)).cast("B")


def to_rows(table: Table, columns: Columns) -> Iterator[tuple[Any, ...]]:
    """The rows as SQLite stores what SQLAlchemy writes."""
    count = length(columns)
    return zip(*(_stored(table, name, value, count) for name, value in columns.items()), strict=True)


def _stored(table: Table, name: str, value: Any, count: int) -> Sequence[Any]:
    kind = str(table.c[name].type.compile(dialect=sqlite.dialect()))
    if kind == "CHAR(32)":
        return [uuid.UUID(bytes=bytes(each)).hex for each in value]
    if not isinstance(value, np.ndarray):
        value = np.full(count, value, dtype=None if not isinstance(value, bytes) else f"S{max(1, len(value))}")
    if kind == "DATE":
        return np.datetime_as_string(value.astype("datetime64[D]")).tolist()
    if kind == "DATETIME":
        moments = np.ascontiguousarray(np.datetime_as_string(value.astype("datetime64[us]"), "us"))
        moments.view("U1").reshape(count, -1)[:, 10] = " "
        return moments.tolist()
    if value.dtype.kind == "S":
        return [each.decode() for each in value.tolist()]
    return value.tolist()

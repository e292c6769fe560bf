"""From a statement to its files. All of them read the rows that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import IO, Any

from lms import documents
from lms.clock import seoul_day
from lms.models import Statement

from .. import tables
from . import cells, reading
from .cells import Cells, Row
from .issuing import PRINTED_ROWS

TEMPLATE = "statement-1"


def to_csv(statement: Statement) -> bytes:
    return cells.to_csv(reading.cells_of(statement)).encode()


def to_xlsx(statement: Statement) -> IO[bytes]:
    return tables.to_xlsx(cells.values(reading.cells_of(statement)))


def to_pdf(statement: Statement) -> bytes:
    """Raises DocumentError."""
    return documents.render(TEMPLATE, data_of(statement), accessible=True)


def address_of(statement: Statement) -> str:
    return f"{statement.printed['address'].rstrip('/')}/{statement.printed['code']}"


def data_of(statement: Statement) -> dict[str, Any]:
    """What the template reads."""
    kept, issued = reading.cells_of(statement), seoul_day(statement.issued_at)
    return {
        **statement.printed,
        "language": statement.language,
        "day": [issued.year, issued.month, issued.day],
        "headings": [column.heading(statement.language) for column in kept.columns],
        "numeric": [column.is_number for column in kept.columns],
        "rows": [shown_row(kept, row) for row in kept.rows[:PRINTED_ROWS]],
        "left_out": statement.printed.get("left_out", ""),
        "total": shown_row(kept, kept.total) if kept.total else [],
        "digest": statement.digest,
        "qr": documents.qr_svg(address_of(statement)),
    }


def shown_row(kept: Cells, row: Row) -> Sequence[str]:
    """The cells as people read them."""
    return [_shown(column.kind, cell) for column, cell in zip(kept.columns, row, strict=True)]


def _shown(kind: str, cell: str) -> str:
    if not cell or kind in ("text", "day"):
        return cell
    if kind == "rate":
        return f"{(Decimal(cell) * 100).quantize(Decimal('0.1'), ROUND_FLOOR)} %"
    return f"{Decimal(cell):,}"

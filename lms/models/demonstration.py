"""What the demonstration made, so that it can be told from a site's own data and be taken away again."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, BigKey


class DemoRow(Base):
    """A row of another table that the demonstration made. Rows that hang on it (a run's units, a person's enrolments) are
    not named: they go with it."""

    __tablename__ = "lms_demo_row"

    table_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    row_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)

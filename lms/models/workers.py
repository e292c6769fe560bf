"""Workers that say that they live. Who is asked whether grading runs reads these rows, on whatever machine the worker is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, IntKey


class WorkerBeat(Base):
    """One living worker. It renews `seen_at` every few seconds and takes its row along when it stops.

    `name` is host:pid:start time; `isolation` the level under which it can run learners' code.
    """

    __tablename__ = "lms_worker"

    id: Mapped[IntKey]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    slots: Mapped[int]
    isolation: Mapped[str] = mapped_column(String(12), default="")
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]

"""What learners have typed into an exercise and not handed in yet. Unlike what was handed in, a draft is overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, LongKey


class Draft(Base):
    """The cells of one learner for one exercise version, as last saved.

    `cells` is {"answers": {key: source}, "own": [{"after": key, "source": source}]}. `revision` counts the saves, so that
    one who saves can say from which she started. `other`, in the same form with "saved_at", is what a save replaced that
    did not know of it: the text of another tab, kept until she has decided; empty where there is none.
    """

    __tablename__ = "lms_draft"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "run_unit_id", "exercise_version_id"),
        CheckConstraint("revision >= 1", name="revision"),
    )

    id: Mapped[LongKey]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    run_unit_id: Mapped[int] = mapped_column(ForeignKey("lms_run_unit.id"))
    exercise_version_id: Mapped[int] = mapped_column(ForeignKey("lms_exercise_version.id"))
    revision: Mapped[int]
    cells: Mapped[dict[str, Any]]
    other: Mapped[dict[str, Any]] = mapped_column(default=dict)
    saved_at: Mapped[datetime]

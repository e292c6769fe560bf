"""이력: the append-only record that every figure is counted from."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, BigKey, LongKey, one_of

ENTRY_KINDS = (
    "enrolled",
    "withdrawn",
    "unit_done",
    "scored",
    "attended",  # presence at a sitting, newly noted or corrected; `max_points` 0: it isn't asked of her
    "completed",
    "questioned",  # a regrade took the ground of a completion away: a person has to decide
    "upheld",  # decided: it stays
    "restored",  # the rule is met again: the question ended by itself
    "revoked",  # decided, or withdrawn with a reason: it counts no more
)

# What is said of a completion; the newest of these counts.
COMPLETION_KINDS = ("completed", "questioned", "upheld", "restored", "revoked")


class LedgerEntry(Base):
    """One thing that happened to an enrolment. Never changed, never deleted; a correction is a new entry.

    `effective_on` is the day in Seoul on which it happened, `recorded_at` the moment we learnt it. Company, region and run
    are the enrolment's, copied, so that a report reads this table alone.
    """

    __tablename__ = "lms_ledger_entry"
    __table_args__ = (
        one_of("kind", ENTRY_KINDS),
        # With what reports ask of an enrolment's entries, so that PostgreSQL reads of many from the index alone.
        Index(None, "enrolment_id", "id", postgresql_include=["kind", "effective_on", "recorded_at", "unit_key"]),
        Index(None, "kind", "recorded_at", "enrolment_id"),
        # Whether anything refers to a company or person that is taken back.
        Index(None, "company_id"),
        Index(
            None, "actor_id", sqlite_where=text("actor_id IS NOT NULL"), postgresql_where=text("actor_id IS NOT NULL")
        ),
    )

    id: Mapped[LongKey]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"))
    kind: Mapped[str] = mapped_column(String(12))
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"))
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    unit_key: Mapped[str | None] = mapped_column(String(80))
    points: Mapped[float | None]
    max_points: Mapped[float | None]
    grade_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("lms_grade.id"))
    submission_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("lms_submission.id"))
    quiz_attempt_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("lms_quiz_attempt.id"))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("lms_completion_rule.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    reason: Mapped[str] = mapped_column(String(400), default="")
    # What may be recorded only once says so here: "unit_done:<enrolment>:<unit>", "scored:grade:<id>", …
    once: Mapped[str | None] = mapped_column(String(200), unique=True)

    @property
    def attempt_key(self) -> str:
        """Which attempt a score belongs to; a later score of the same attempt replaces it."""
        if self.submission_id is not None:
            return f"submission:{self.submission_id}"
        return f"quiz_attempt:{self.quiz_attempt_id}"

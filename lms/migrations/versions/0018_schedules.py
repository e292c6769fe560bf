"""When reports are issued by themselves

Revision: 0018, after: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, lms.models.base.UTCDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "lms_schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("maker_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("report", sa.String(length=20), nullable=False),
        sa.Column("question", _json(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("scope", _json(), nullable=False),
        sa.Column("every", sa.String(length=5), nullable=False),
        sa.Column("on_day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("paused_why", sa.String(length=10), nullable=False),
        _moment("next_at", nullable=True),
        _moment("created_at"),
        sa.CheckConstraint("every IN ('week', 'month')", name=op.f("ck_lms_schedule_every")),
        sa.CheckConstraint("state IN ('active', 'paused')", name=op.f("ck_lms_schedule_state")),
        sa.CheckConstraint(
            "on_day BETWEEN 1 AND 31 AND (every = 'month' OR on_day <= 7)", name=op.f("ck_lms_schedule_on_day")
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_lms_schedule_hour")),
        sa.ForeignKeyConstraint(["maker_id"], ["lms_person.id"], name=op.f("fk_lms_schedule_maker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_schedule")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_schedule_uid")),
    )
    op.create_index(op.f("ix_lms_schedule_maker_id"), "lms_schedule", ["maker_id"])
    op.create_index(op.f("ix_lms_schedule_next_at"), "lms_schedule", ["next_at"])
    op.create_table(
        "lms_schedule_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_schedule_recipient_person_id")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["lms_schedule.id"], name=op.f("fk_lms_schedule_recipient_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_schedule_recipient")),
        sa.UniqueConstraint("schedule_id", "person_id", name=op.f("uq_lms_schedule_recipient_schedule_id_person_id")),
    )
    op.create_index(op.f("ix_lms_schedule_recipient_person_id"), "lms_schedule_recipient", ["person_id"])
    op.create_table(
        "lms_schedule_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        _moment("due_at"),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("next_try_at"),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("facts", _json(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("left_out", _json(), nullable=False),
        _moment("finished_at", nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'issued', 'failed', 'left_out')", name=op.f("ck_lms_schedule_turn_state")
        ),
        sa.ForeignKeyConstraint(["schedule_id"], ["lms_schedule.id"], name=op.f("fk_lms_schedule_turn_schedule_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["lms_statement.id"], name=op.f("fk_lms_schedule_turn_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_schedule_turn")),
        sa.UniqueConstraint("schedule_id", "due_on", name=op.f("uq_lms_schedule_turn_schedule_id_due_on")),
    )
    op.create_index(op.f("ix_lms_schedule_turn_state_next_try_at"), "lms_schedule_turn", ["state", "next_try_at"])
    op.create_index(op.f("ix_lms_schedule_turn_statement_id"), "lms_schedule_turn", ["statement_id"])


def downgrade() -> None:
    op.drop_table("lms_schedule_turn")
    op.drop_table("lms_schedule_recipient")
    op.drop_table("lms_schedule")

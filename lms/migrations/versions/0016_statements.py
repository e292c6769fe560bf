"""Statements, schedules, exports, API tokens

Revision: 0016, after: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("question", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("scope", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("forget_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'failed', 'cancelled', 'removed')", name=op.f("ck_lms_export_state")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_export_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_export")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_export_uid")),
    )
    op.create_index(op.f("ix_lms_export_forget_at"), "lms_export", ["forget_at"])
    op.create_index(op.f("ix_lms_export_person_id_created_at"), "lms_export", ["person_id", "created_at"])
    op.create_table(
        "lms_api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_api_token_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_lms_api_token_token_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_api_token_uid")),
    )
    op.create_index(op.f("ix_lms_api_token_person_id"), "lms_api_token", ["person_id"])


def downgrade() -> None:
    op.drop_table("lms_api_token")
    op.drop_table("lms_export")

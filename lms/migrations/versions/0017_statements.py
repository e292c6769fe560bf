"""Reports as they were issued

Revision: 0017, after: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base
from lms.models import append_only

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lms_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(length=20), nullable=False),
        sa.Column("question", _json(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("scope", _json(), nullable=False),
        sa.Column("scope_key", sa.String(length=64), nullable=False),
        sa.Column("for_outsiders", sa.Boolean(), nullable=False),
        sa.Column("printed", _json(), nullable=False),
        sa.Column("columns", _json(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("total", _json(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_statement")),
        sa.UniqueConstraint("token", name=op.f("uq_lms_statement_token")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_statement_uid")),
        sa.UniqueConstraint("year", "serial", name=op.f("uq_lms_statement_year_serial")),
    )
    op.create_index(op.f("ix_lms_statement_digest"), "lms_statement", ["digest"])
    op.create_index(op.f("ix_lms_statement_issued_by_id"), "lms_statement", ["issued_by", "id"])
    op.create_index(op.f("ix_lms_statement_scope_key_id"), "lms_statement", ["scope_key", "id"])
    append_only.guard(op.get_bind(), "lms_statement")


def downgrade() -> None:
    op.drop_table("lms_statement")

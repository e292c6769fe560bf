"""Heartbeats of workers

Revision: 0002, after: 0001
"""

import sqlalchemy as sa
from alembic import op

import lms.models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("isolation", sa.String(length=12), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("started_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_worker")),
        sa.UniqueConstraint("name", name=op.f("uq_lms_worker_name")),
    )


def downgrade() -> None:
    op.drop_table("lms_worker")

"""What the demonstration made

Revision: 0004, after: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_demo_row",
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("table_name", "row_id", name=op.f("pk_lms_demo_row")),
    )


def downgrade() -> None:
    op.drop_table("lms_demo_row")

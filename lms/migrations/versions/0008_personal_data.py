"""Personal data under seal, the audit's chain, retention

Revision: 0008, after: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lms_person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("birth_date_sealed", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("birth_date_index", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("phone_sealed", sa.String(length=160), nullable=True))
        batch_op.create_index(batch_op.f("ix_lms_person_birth_date_index"), ["birth_date_index"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lms_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_person_birth_date_index"))
        batch_op.drop_column("phone_sealed")
        batch_op.drop_column("birth_date_index")
        batch_op.drop_column("birth_date_sealed")

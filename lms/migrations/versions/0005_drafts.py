"""What learners have typed and not handed in

Revision: 0005, after: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.create_table(
        "lms_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("run_unit_id", sa.Integer(), nullable=False),
        sa.Column("exercise_version_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cells", document, nullable=False),
        sa.Column("other", document, nullable=False),
        sa.Column("saved_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_lms_draft_revision")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_draft_enrolment_id")),
        sa.ForeignKeyConstraint(
            ["exercise_version_id"], ["lms_exercise_version.id"], name=op.f("fk_lms_draft_exercise_version_id")
        ),
        sa.ForeignKeyConstraint(["run_unit_id"], ["lms_run_unit.id"], name=op.f("fk_lms_draft_run_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_draft")),
        sa.UniqueConstraint(
            "enrolment_id",
            "run_unit_id",
            "exercise_version_id",
            name=op.f("uq_lms_draft_enrolment_id_run_unit_id_exercise_version_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("lms_draft")

"""Runs: opening, periods, seats, closing

Revision: 0010, after: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("lms_run", sa.Column("opened_at", lms.models.base.UTCDateTime(timezone=True), nullable=True))
    op.execute("UPDATE lms_run SET opened_at = created_at")  # until now a run was open from its first moment
    of_run = ["run_id", "region_id", "enrolled_on"]
    op.create_index(op.f("ix_lms_enrolment_run_id_region_id_enrolled_on"), "lms_enrolment", of_run)
    op.create_table(
        "lms_run_quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("region_id", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.CheckConstraint("(company_id IS NULL) <> (region_id IS NULL)", name=op.f("ck_lms_run_quota_whose")),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_lms_run_quota_seats")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_run_quota_company_id")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_run_quota_region_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_run_quota_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run_quota")),
        sa.UniqueConstraint("run_id", "company_id", name=op.f("uq_lms_run_quota_run_id_company_id")),
        sa.UniqueConstraint("run_id", "region_id", name=op.f("uq_lms_run_quota_run_id_region_id")),
    )
    op.create_index(op.f("ix_lms_run_quota_company_id"), "lms_run_quota", ["company_id"])
    op.create_table(
        "lms_run_instructor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_run_instructor_person_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_run_instructor_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run_instructor")),
        sa.UniqueConstraint("run_id", "person_id", name=op.f("uq_lms_run_instructor_run_id_person_id")),
    )
    op.create_index(op.f("ix_lms_run_instructor_person_id"), "lms_run_instructor", ["person_id"])
    op.create_table(
        "lms_run_closing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("reopened_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.Integer(), nullable=True),
        sa.Column("reopen_reason", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["closed_by"], ["lms_person.id"], name=op.f("fk_lms_run_closing_closed_by")),
        sa.ForeignKeyConstraint(["reopened_by"], ["lms_person.id"], name=op.f("fk_lms_run_closing_reopened_by")),
        sa.ForeignKeyConstraint(["rule_id"], ["lms_completion_rule.id"], name=op.f("fk_lms_run_closing_rule_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_run_closing_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run_closing")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_run_closing_uid")),
    )
    op.create_index(op.f("ix_lms_run_closing_run_id"), "lms_run_closing", ["run_id"])
    op.create_index(
        "uq_lms_run_closing_standing",
        "lms_run_closing",
        ["run_id"],
        unique=True,
        sqlite_where=sa.text("reopened_at IS NULL"),
        postgresql_where=sa.text("reopened_at IS NULL"),
    )
    op.create_table(
        "lms_run_result",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=13), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("attended_hours", sa.Double(), nullable=False),
        sa.Column("person_name", sa.String(length=80), nullable=False),
        sa.Column("company_name", sa.String(length=120), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('completed', 'not_completed', 'withdrawn')", name=op.f("ck_lms_run_result_outcome")
        ),
        sa.ForeignKeyConstraint(["closing_id"], ["lms_run_closing.id"], name=op.f("fk_lms_run_result_closing_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_run_result_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run_result")),
        sa.UniqueConstraint("closing_id", "enrolment_id", name=op.f("uq_lms_run_result_closing_id_enrolment_id")),
    )
    op.create_index(op.f("ix_lms_run_result_enrolment_id"), "lms_run_result", ["enrolment_id"])


def downgrade() -> None:
    """A draft becomes a run that has not begun."""
    op.drop_index(op.f("ix_lms_enrolment_run_id_region_id_enrolled_on"), "lms_enrolment")
    for table in ("lms_run_result", "lms_run_closing", "lms_run_instructor", "lms_run_quota"):
        op.drop_table(table)
    with op.batch_alter_table("lms_run") as batch_op:
        batch_op.drop_column("opened_at")

"""Rosters: what was uploaded, and what it did

Revision: 0007, after: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lms_roster_mapping",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("columns", _JSON, nullable=False),
        sa.Column("used_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_roster_mapping_person_id")),
        sa.PrimaryKeyConstraint("person_id", "signature", name=op.f("pk_lms_roster_mapping")),
    )
    op.create_table(
        "lms_roster",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("encoding", sa.String(length=12), nullable=False),
        sa.Column("sheet", sa.String(length=120), nullable=False),
        sa.Column("headings", _JSON, nullable=False),
        sa.Column("columns", _JSON, nullable=False),
        sa.Column("head", _JSON, nullable=False),
        sa.Column("notes", _JSON, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("result", _JSON, nullable=False),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("checked_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("applied_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("forget_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("change_set_id", _LONG, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'checking', 'checked', 'applying', 'applied', 'undone', 'failed')",
            name=op.f("ck_lms_roster_state"),
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_roster_actor_id")),
        sa.ForeignKeyConstraint(["change_set_id"], ["lms_change_set.id"], name=op.f("fk_lms_roster_change_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_roster")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_roster_uid")),
    )
    op.create_index(op.f("ix_lms_roster_actor_id_created_at"), "lms_roster", ["actor_id", "created_at"])
    op.create_index(op.f("ix_lms_roster_change_set_id"), "lms_roster", ["change_set_id"])
    op.create_index(op.f("ix_lms_roster_forget_at"), "lms_roster", ["forget_at"])
    op.create_table(
        "lms_roster_company",
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("business_number", sa.String(length=10), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("search_key", sa.String(length=120), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["lms_roster.id"], name=op.f("fk_lms_roster_company_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "business_number", name=op.f("pk_lms_roster_company")),
    )
    op.create_table(
        "lms_roster_part",
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["lms_roster.id"], name=op.f("fk_lms_roster_part_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "number", name=op.f("pk_lms_roster_part")),
    )
    op.create_table(
        "lms_roster_row",
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('new', 'changed', 'same', 'wrong', 'skipped')", name=op.f("ck_lms_roster_row_outcome")
        ),
        sa.ForeignKeyConstraint(["roster_id"], ["lms_roster.id"], name=op.f("fk_lms_roster_row_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "row", name=op.f("pk_lms_roster_row")),
    )
    op.create_index(op.f("ix_lms_roster_row_roster_id_outcome_row"), "lms_roster_row", ["roster_id", "outcome", "row"])
    op.create_table(
        "lms_roster_step",
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("business_number", sa.String(length=10), nullable=False),
        sa.Column("person_uid", sa.Uuid(), nullable=False),
        sa.Column("person_deed", sa.String(length=8), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("birth_date_sealed", sa.String(length=160), nullable=True),
        sa.Column("birth_date_index", sa.String(length=32), nullable=True),
        sa.Column("phone_sealed", sa.String(length=160), nullable=True),
        sa.Column("employment_deed", sa.String(length=8), nullable=True),
        sa.Column("employment_id", sa.Integer(), nullable=True),
        sa.Column("freed_id", sa.Integer(), nullable=True),
        sa.Column("employee_number", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("job", sa.String(length=80), nullable=False),
        sa.Column("enrolment_deed", sa.String(length=8), nullable=True),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("enrolment_uid", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["roster_id"], ["lms_roster.id"], name=op.f("fk_lms_roster_step_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "number", name=op.f("pk_lms_roster_step")),
    )
    op.create_table(
        "lms_roster_enrolment",
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_roster_enrolment_enrolment_id")
        ),
        sa.ForeignKeyConstraint(["roster_id"], ["lms_roster.id"], name=op.f("fk_lms_roster_enrolment_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "enrolment_id", name=op.f("pk_lms_roster_enrolment")),
    )
    op.create_index(op.f("ix_lms_roster_enrolment_enrolment_id"), "lms_roster_enrolment", ["enrolment_id"])
    with op.batch_alter_table("lms_employment") as batch_op:
        batch_op.add_column(sa.Column("job", sa.String(length=80), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("lms_employment") as batch_op:
        batch_op.drop_column("job")
    for table in ("enrolment", "step", "row", "part", "company"):
        op.drop_table(f"lms_roster_{table}")
    op.drop_table("lms_roster")
    op.drop_table("lms_roster_mapping")

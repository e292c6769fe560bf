"""Applications, waiting lists, extensions, transfers

Revision: 0011, after: 0010
"""

import sqlalchemy as sa
from alembic import op

import lms.models.base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_admission",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("approval", sa.String(length=8), nullable=False),
        sa.Column("moves_up_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "approval IN ('none', 'company', 'officer', 'both')", name=op.f("ck_lms_admission_approval")
        ),
        sa.CheckConstraint("moves_up_days BETWEEN 0 AND 366", name=op.f("ck_lms_admission_moves_up_days")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_admission_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_lms_admission")),
    )
    op.create_table(
        "lms_run_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("is_direct", sa.Boolean(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("most_uses BETWEEN 1 AND 10000", name=op.f("ck_lms_run_link_most_uses")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_run_link_company_id")),
        sa.ForeignKeyConstraint(["made_by"], ["lms_person.id"], name=op.f("fk_lms_run_link_made_by")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_run_link_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run_link")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_run_link_uid")),
    )
    with op.batch_alter_table("lms_run_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lms_run_link_company_id"),
            ["company_id"],
            unique=False,
            sqlite_where=sa.text("company_id IS NOT NULL"),
            postgresql_where=sa.text("company_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_lms_run_link_run_id"), ["run_id"], unique=False)

    op.create_table(
        "lms_application",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("applied_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("approved_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("waiting_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decided_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('applied', 'approved', 'waiting', 'accepted', 'refused', 'withdrawn')",
            name=op.f("ck_lms_application_state"),
        ),
        sa.CheckConstraint(
            "way IN ('self', 'link', 'company', 'officer', 'roster', 'transfer')", name=op.f("ck_lms_application_way")
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["lms_person.id"], name=op.f("fk_lms_application_approved_by")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_application_company_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["lms_person.id"], name=op.f("fk_lms_application_decided_by")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_application_enrolment_id")),
        sa.ForeignKeyConstraint(["link_id"], ["lms_run_link.id"], name=op.f("fk_lms_application_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_application_person_id")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_application_region_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_application_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_application")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_application_uid")),
    )
    with op.batch_alter_table("lms_application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_application_applied_at"), ["applied_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_application_company_id_state"), ["company_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_application_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_application_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_lms_application_run_id_state_waiting_at"), ["run_id", "state", "waiting_at"], unique=False
        )
        batch_op.create_index(
            "uq_lms_application_live",
            ["run_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('applied', 'approved', 'waiting')"),
            postgresql_where=sa.text("state IN ('applied', 'approved', 'waiting')"),
        )

    op.create_table(
        "lms_extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("learn_to", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(enrolment_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_lms_extension_whose")),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_extension_actor_id")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_extension_company_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_extension_enrolment_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_extension_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_extension")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_extension_uid")),
    )
    with op.batch_alter_table("lms_extension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_extension_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_extension_enrolment_id_id"), ["enrolment_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_lms_extension_run_id_company_id_id"), ["run_id", "company_id", "id"], unique=False
        )

    op.create_table(
        "lms_transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_transfer_actor_id")),
        sa.ForeignKeyConstraint(["from_id"], ["lms_enrolment.id"], name=op.f("fk_lms_transfer_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["lms_enrolment.id"], name=op.f("fk_lms_transfer_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_transfer")),
        sa.UniqueConstraint("from_id", name=op.f("uq_lms_transfer_from_id")),
        sa.UniqueConstraint("to_id", name=op.f("uq_lms_transfer_to_id")),
    )


def downgrade() -> None:
    op.drop_table("lms_transfer")
    op.drop_table("lms_extension")
    op.drop_table("lms_application")
    op.drop_table("lms_run_link")
    op.drop_table("lms_admission")

"""Reminders and bulletins

Revision: 0013, after: 0012
"""

import sqlalchemy as sa
from alembic import op

import lms.models.base

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_bulletin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("by_mail", sa.Integer(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("send_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(run_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_lms_bulletin_scope")),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'undone')", name=op.f("ck_lms_bulletin_state")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_bulletin_company_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_bulletin_run_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["lms_person.id"], name=op.f("fk_lms_bulletin_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_bulletin")),
        sa.UniqueConstraint("sender_id", "key", name=op.f("uq_lms_bulletin_sender_id_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_bulletin_uid")),
    )
    with op.batch_alter_table("lms_bulletin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_bulletin_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_bulletin_run_id"), ["run_id"], unique=False)

    op.create_table(
        "lms_bulletin_recipient",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bulletin_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'told', 'left_out')", name=op.f("ck_lms_bulletin_recipient_state")),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["lms_bulletin.id"], name=op.f("fk_lms_bulletin_recipient_bulletin_id")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_bulletin_recipient_enrolment_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_bulletin_recipient_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_bulletin_recipient")),
        sa.UniqueConstraint("bulletin_id", "person_id", name=op.f("uq_lms_bulletin_recipient_bulletin_id_person_id")),
    )
    with op.batch_alter_table("lms_bulletin_recipient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_bulletin_recipient_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_bulletin_recipient_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lms_unreachable",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("since", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_unreachable_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_unreachable")),
        sa.UniqueConstraint("person_id", name=op.f("uq_lms_unreachable_person_id")),
    )
    # Reminders were told of as a part of `learning`: who wanted no mail of these wants none of those.
    op.execute(
        "INSERT INTO lms_message_choice (person_id, topic, by_mail) "
        "SELECT person_id, 'reminders', by_mail FROM lms_message_choice WHERE topic = 'learning'"
    )


def downgrade() -> None:
    op.execute("DELETE FROM lms_message_choice WHERE topic IN ('reminders', 'letters', 'digest')")
    for table in ("lms_unreachable", "lms_bulletin_recipient", "lms_bulletin"):
        op.drop_table(table)

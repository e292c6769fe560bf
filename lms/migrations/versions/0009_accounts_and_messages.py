"""One-time codes, consents, messages

Revision: 0009, after: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_consent_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("first_shown_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_consent_text")),
        sa.UniqueConstraint(
            "slug", "version", "language", "digest", name=op.f("uq_lms_consent_text_slug_version_language_digest")
        ),
    )
    op.create_table(
        "lms_consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.CheckConstraint("answer IN ('given', 'refused', 'withdrawn')", name=op.f("ck_lms_consent_answer")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_consent_person_id")),
        sa.ForeignKeyConstraint(["text_id"], ["lms_consent_text.id"], name=op.f("fk_lms_consent_text_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_consent")),
    )
    with op.batch_alter_table("lms_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_consent_person_id_id"), ["person_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_consent_text_id"), ["text_id"], unique=False)

    op.create_table(
        "lms_consent_state",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("given", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_consent_state_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_lms_consent_state")),
    )
    op.create_table(
        "lms_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("once", sa.String(length=120), nullable=True),
        sa.Column("in_site", sa.Boolean(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("read_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_message")),
        sa.UniqueConstraint("once", name=op.f("uq_lms_message_once")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_message_uid")),
    )
    with op.batch_alter_table("lms_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_message_person_id_id"), ["person_id", "id"], unique=False)
        batch_op.create_index(
            "ix_lms_message_unread",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("in_site AND read_at IS NULL"),
            postgresql_where=sa.text("in_site AND read_at IS NULL"),
        )

    op.create_table(
        "lms_message_choice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_message_choice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_message_choice")),
        sa.UniqueConstraint("person_id", "topic", name=op.f("uq_lms_message_choice_person_id_topic")),
    )
    op.create_table(
        "lms_slip_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column(
            "companies", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("without", sa.Integer(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_lms_slip_batch_state")),
        sa.ForeignKeyConstraint(["requested_by"], ["lms_person.id"], name=op.f("fk_lms_slip_batch_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_slip_batch")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_slip_batch_uid")),
    )
    with op.batch_alter_table("lms_slip_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_slip_batch_requested_by"), ["requested_by"], unique=False)

    op.create_table(
        "lms_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("used_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("voided_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('slip', 'desk', 'invitation', 'reset')", name=op.f("ck_lms_code_kind")),
        sa.ForeignKeyConstraint(["batch_id"], ["lms_slip_batch.id"], name=op.f("fk_lms_code_batch_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["lms_person.id"], name=op.f("fk_lms_code_issued_by")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_lms_code_code_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_code_uid")),
    )
    with op.batch_alter_table("lms_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_code_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_code_issued_by"), ["issued_by"], unique=False)
        batch_op.create_index(
            "ix_lms_code_open",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("used_at IS NULL AND voided_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND voided_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_lms_code_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lms_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'unsure', 'failed', 'dropped')", name=op.f("ck_lms_delivery_state")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["lms_message.id"], name=op.f("fk_lms_delivery_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_delivery")),
        sa.UniqueConstraint("message_id", name=op.f("uq_lms_delivery_message_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_delivery_uid")),
    )
    with op.batch_alter_table("lms_delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lms_delivery_open",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
        )
        batch_op.create_index(
            "ix_lms_delivery_troubled",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state IN ('failed', 'unsure')"),
            postgresql_where=sa.text("state IN ('failed', 'unsure')"),
        )

    op.create_table(
        "lms_slip_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("taken_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["lms_slip_batch.id"], name=op.f("fk_lms_slip_sheet_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_slip_sheet")),
        sa.UniqueConstraint("batch_id", "part", name=op.f("uq_lms_slip_sheet_batch_id_part")),
    )


def downgrade() -> None:
    for table in (
        "lms_slip_sheet",
        "lms_delivery",
        "lms_code",
        "lms_slip_batch",
        "lms_message_choice",
        "lms_message",
        "lms_consent_state",
        "lms_consent",
        "lms_consent_text",
    ):
        op.drop_table(table)

"""Personal data under seal, the audit's chain, who looked at whom, what was destroyed

Revision: 0008, after: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base
from lms.models import append_only

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GUARDED = ("lms_audit_entry", "lms_audit_seal")


def upgrade() -> None:
    _people()
    _audit()
    _looking()
    append_only.guard(op.get_bind(), *_GUARDED)


def _json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def _people() -> None:
    with op.batch_alter_table("lms_person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("birth_date_sealed", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("birth_date_index", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("phone_sealed", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("destroyed_at", lms.models.base.UTCDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_lms_person_birth_date_index"), ["birth_date_index"], unique=False)


def _audit() -> None:
    with op.batch_alter_table("lms_audit_entry", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_audit_entry_actor_id"), type_="foreignkey")
        batch_op.add_column(sa.Column("detail", _json(), nullable=True))
        batch_op.create_index(batch_op.f("ix_lms_audit_entry_at"), ["at"], unique=False)
    op.create_table(
        "lms_audit_seal",
        sa.Column("number", _LONG, autoincrement=False, nullable=False),
        sa.Column("entry_id", _LONG, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["lms_audit_entry.id"], name=op.f("fk_lms_audit_seal_entry_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lms_audit_seal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_lms_audit_seal_entry_id")),
    )


def _looking() -> None:
    op.create_table(
        "lms_access_entry",
        sa.Column("id", _LONG, nullable=False),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("words", _json(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_access_entry")),
    )
    some = sa.text("person_id IS NOT NULL")
    with op.batch_alter_table("lms_access_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lms_access_entry_person_id_at"),
            ["person_id", "at"],
            unique=False,
            sqlite_where=some,
            postgresql_where=some,
        )
        batch_op.create_index(batch_op.f("ix_lms_access_entry_actor_id_at"), ["actor_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_access_entry_subject_at"), ["subject", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_access_entry_at"), ["at"], unique=False)
    op.create_table(
        "lms_destruction",
        sa.Column("id", _LONG, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("before", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("rows", _json(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_destruction")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_destruction_uid")),
    )
    with op.batch_alter_table("lms_destruction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_destruction_at"), ["at"], unique=False)


def downgrade() -> None:
    append_only.release(op.get_bind(), *_GUARDED)
    op.drop_table("lms_destruction")
    op.drop_table("lms_access_entry")
    op.drop_table("lms_audit_seal")
    with op.batch_alter_table("lms_audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_audit_entry_at"))
        batch_op.drop_column("detail")
        batch_op.create_foreign_key(batch_op.f("fk_lms_audit_entry_actor_id"), "lms_person", ["actor_id"], ["id"])
    with op.batch_alter_table("lms_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_person_birth_date_index"))
        batch_op.drop_column("destroyed_at")
        batch_op.drop_column("phone_sealed")
        batch_op.drop_column("birth_date_index")
        batch_op.drop_column("birth_date_sealed")

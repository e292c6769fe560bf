"""Sittings and attendance

Revision: 0012, after: 0011
"""

import sqlalchemy as sa
from alembic import op

import lms.models.base

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("enrolled", "withdrawn", "unit_done", "scored", "completed", "questioned", "upheld", "revoked")


def upgrade() -> None:
    op.create_table(
        "lms_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("directions", sa.String(length=600), nullable=False),
        sa.Column("begins_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("expects", sa.String(length=8), nullable=False),
        sa.Column("is_extra", sa.Boolean(), nullable=False),
        sa.Column("asks_leaving", sa.Boolean(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_reason", sa.String(length=400), nullable=False),
        sa.CheckConstraint("kind IN ('classroom', 'test_bed')", name=op.f("ck_lms_sitting_kind")),
        sa.CheckConstraint("expects IN ('all', 'seated')", name=op.f("ck_lms_sitting_expects")),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_lms_sitting_times")),
        sa.CheckConstraint("hours > 0", name=op.f("ck_lms_sitting_hours")),
        sa.CheckConstraint("seats IS NULL OR seats >= 0", name=op.f("ck_lms_sitting_seats")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_sitting_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_sitting")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_sitting_uid")),
    )
    op.create_index(op.f("ix_lms_sitting_run_id_begins_at"), "lms_sitting", ["run_id", "begins_at"])
    op.create_index(op.f("ix_lms_sitting_begins_at"), "lms_sitting", ["begins_at"])
    op.create_table(
        "lms_sitting_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("taken_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_sitting_seat_enrolment_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["lms_sitting.id"], name=op.f("fk_lms_sitting_seat_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_sitting_seat")),
        sa.UniqueConstraint("enrolment_id", "choice", name=op.f("uq_lms_sitting_seat_enrolment_id_choice")),
    )
    op.create_index(op.f("ix_lms_sitting_seat_sitting_id"), "lms_sitting_seat", ["sitting_id"])
    op.create_table(
        "lms_attendance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("presence", sa.String(length=8), nullable=False),
        sa.Column("arrived_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("left_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("awaits_leaving", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=4), nullable=False),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.CheckConstraint("presence IN ('present', 'absent', 'excused')", name=op.f("ck_lms_attendance_presence")),
        sa.CheckConstraint("source IN ('list', 'code')", name=op.f("ck_lms_attendance_source")),
        sa.CheckConstraint("hours >= 0", name=op.f("ck_lms_attendance_hours")),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_attendance_actor_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_attendance_enrolment_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["lms_sitting.id"], name=op.f("fk_lms_attendance_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_attendance")),
    )
    op.create_index(
        op.f("ix_lms_attendance_sitting_id_enrolment_id_id"), "lms_attendance", ["sitting_id", "enrolment_id", "id"]
    )
    op.create_index(op.f("ix_lms_attendance_enrolment_id"), "lms_attendance", ["enrolment_id"])
    op.create_index(op.f("ix_lms_attendance_actor_id"), "lms_attendance", ["actor_id"])
    with op.batch_alter_table("lms_completion_rule") as batch_op:
        batch_op.add_column(sa.Column("attendance", sa.Double(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(
            batch_op.f("ck_lms_completion_rule_attendance"), "attendance BETWEEN 0 AND 100"
        )
    with op.batch_alter_table("lms_completion_rule") as batch_op:
        batch_op.alter_column("attendance", existing_type=sa.Double(), existing_nullable=False, server_default=None)
    _hold_kinds(*_KINDS, "attended", "restored")


def _hold_kinds(*kinds: str) -> None:
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("lms_ledger_entry") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_lms_ledger_entry_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_lms_ledger_entry_kind"), f"kind IN ({words})")


def downgrade() -> None:
    """What was noted of presence goes; a completion that rests on it stays in the ledger. A question that ended by itself
    is open again: there a person decides."""
    op.execute("DELETE FROM lms_ledger_entry WHERE kind IN ('attended', 'restored')")
    _hold_kinds(*_KINDS)
    with op.batch_alter_table("lms_completion_rule") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_lms_completion_rule_attendance"), type_="check")
        batch_op.drop_column("attendance")
    for table in ("lms_attendance", "lms_sitting_seat", "lms_sitting"):
        op.drop_table(table)

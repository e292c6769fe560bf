"""Certificates, seals, tracks

Revision: 0014, after: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_centre_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("policy", sa.String(length=12), nullable=False),
        sa.Column("signer_title", sa.String(length=80), nullable=False),
        sa.Column("signer_name", sa.String(length=80), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("policy IN ('completion', 'closing', 'by_hand')", name=op.f("ck_lms_centre_paper_policy")),
        sa.ForeignKeyConstraint(["centre_id"], ["lms_centre.id"], name=op.f("fk_lms_centre_paper_centre_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["lms_person.id"], name=op.f("fk_lms_centre_paper_recorded_by")),
        sa.ForeignKeyConstraint(["seal"], ["lms_file.digest"], name=op.f("fk_lms_centre_paper_seal")),
        sa.ForeignKeyConstraint(["signature"], ["lms_file.digest"], name=op.f("fk_lms_centre_paper_signature")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_centre_paper")),
    )
    with op.batch_alter_table("lms_centre_paper", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lms_centre_paper_centre_id_from_on_id"), ["centre_id", "from_on", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_lms_centre_paper_recorded_by"), ["recorded_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_centre_paper_seal"), ["seal"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_centre_paper_signature"), ["signature"], unique=False)

    op.create_table(
        "lms_track",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["lms_centre.id"], name=op.f("fk_lms_track_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_track")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_track_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_track_uid")),
    )
    with op.batch_alter_table("lms_track", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_track_centre_id"), ["centre_id"], unique=False)

    op.create_table(
        "lms_track_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("needs > 0", name=op.f("ck_lms_track_version_needs")),
        sa.ForeignKeyConstraint(["recorded_by"], ["lms_person.id"], name=op.f("fk_lms_track_version_recorded_by")),
        sa.ForeignKeyConstraint(["track_id"], ["lms_track.id"], name=op.f("fk_lms_track_version_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_track_version")),
        sa.UniqueConstraint("track_id", "number", name=op.f("uq_lms_track_version_track_id_number")),
    )
    with op.batch_alter_table("lms_track_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_track_version_recorded_by"), ["recorded_by"], unique=False)

    op.create_table(
        "lms_certificate_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("highest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'cancelled', 'failed')", name=op.f("ck_lms_certificate_batch_state")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["lms_person.id"], name=op.f("fk_lms_certificate_batch_requested_by")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_certificate_batch_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_certificate_batch")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_certificate_batch_uid")),
    )
    with op.batch_alter_table("lms_certificate_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_certificate_batch_requested_by"), ["requested_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_batch_run_id"), ["run_id"], unique=False)

    op.create_table(
        "lms_track_course",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["lms_course.id"], name=op.f("fk_lms_track_course_course_id")),
        sa.ForeignKeyConstraint(["version_id"], ["lms_track_version.id"], name=op.f("fk_lms_track_course_version_id")),
        sa.PrimaryKeyConstraint("version_id", "course_id", name=op.f("pk_lms_track_course")),
    )
    with op.batch_alter_table("lms_track_course", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_track_course_course_id"), ["course_id"], unique=False)

    op.create_table(
        "lms_certificate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("track_id", sa.Integer(), nullable=True),
        sa.Column("track_version_id", sa.Integer(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "words", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.String(length=64), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("once", sa.String(length=120), nullable=False),
        sa.Column("revoked_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.Column("revoked_reason", sa.String(length=400), nullable=False),
        sa.CheckConstraint(
            "(kind = 'run') = (enrolment_id IS NOT NULL AND run_id IS NOT NULL AND track_version_id IS NULL)",
            name=op.f("ck_lms_certificate_scope"),
        ),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name=op.f("ck_lms_certificate_revocation")),
        sa.CheckConstraint("kind IN ('run', 'track')", name=op.f("ck_lms_certificate_kind")),
        sa.ForeignKeyConstraint(["centre_id"], ["lms_centre.id"], name=op.f("fk_lms_certificate_centre_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_certificate_enrolment_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["lms_person.id"], name=op.f("fk_lms_certificate_issued_by")),
        sa.ForeignKeyConstraint(["pdf"], ["lms_file.digest"], name=op.f("fk_lms_certificate_pdf")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_certificate_person_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["lms_certificate.id"], name=op.f("fk_lms_certificate_replaces_id")),
        sa.ForeignKeyConstraint(["revoked_by"], ["lms_person.id"], name=op.f("fk_lms_certificate_revoked_by")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_certificate_run_id")),
        sa.ForeignKeyConstraint(["track_id"], ["lms_track.id"], name=op.f("fk_lms_certificate_track_id")),
        sa.ForeignKeyConstraint(
            ["track_version_id"], ["lms_track_version.id"], name=op.f("fk_lms_certificate_track_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_lms_certificate_number")),
        sa.UniqueConstraint("once", name=op.f("uq_lms_certificate_once")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_lms_certificate_replaces_id")),
        sa.UniqueConstraint("run_id", "serial", name=op.f("uq_lms_certificate_run_id_serial")),
        sa.UniqueConstraint("token", name=op.f("uq_lms_certificate_token")),
        sa.UniqueConstraint("track_id", "serial", name=op.f("uq_lms_certificate_track_id_serial")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_certificate_uid")),
    )
    with op.batch_alter_table("lms_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_certificate_centre_id"), ["centre_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_issued_by"), ["issued_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_pdf"), ["pdf"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_revoked_by"), ["revoked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_certificate_track_version_id"), ["track_version_id"], unique=False)

    op.create_table(
        "lms_certificate_basis",
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["lms_certificate.id"], name=op.f("fk_lms_certificate_basis_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_certificate_basis_enrolment_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["lms_ledger_entry.id"], name=op.f("fk_lms_certificate_basis_entry_id")),
        sa.PrimaryKeyConstraint("certificate_id", "enrolment_id", name=op.f("pk_lms_certificate_basis")),
    )
    with op.batch_alter_table("lms_certificate_basis", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lms_certificate_basis_enrolment_id_entry_id"), ["enrolment_id", "entry_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_lms_certificate_basis_entry_id"), ["entry_id"], unique=False)


def downgrade() -> None:
    for table in (
        "lms_certificate_basis",
        "lms_certificate",
        "lms_track_course",
        "lms_certificate_batch",
        "lms_track_version",
        "lms_track",
        "lms_centre_paper",
    ):
        op.drop_table(table)

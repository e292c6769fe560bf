"""What companies were on the day of an enrolment, clusters, periods of runs, downloads

Revision: 0003, after: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_cluster",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_cluster")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_cluster_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_cluster_uid")),
    )
    op.create_table(
        "lms_cluster_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cluster_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("to_on IS NULL OR from_on <= to_on", name=op.f("ck_lms_cluster_member_period")),
        sa.ForeignKeyConstraint(["cluster_id"], ["lms_cluster.id"], name=op.f("fk_lms_cluster_member_cluster_id")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_cluster_member_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_cluster_member")),
    )
    with op.batch_alter_table("lms_cluster_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_cluster_member_cluster_id"), ["cluster_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_lms_cluster_member_company_id_cluster_id_from_on"),
            ["company_id", "cluster_id", "from_on"],
            unique=True,
        )

    op.create_table(
        "lms_download",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column(
            "question",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("has_persons", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_download_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_download")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_download_uid")),
    )
    with op.batch_alter_table("lms_download", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_download_actor_id_at"), ["actor_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_download_at"), ["at"], unique=False)

    _companies()
    _enrolments()

    with op.batch_alter_table("lms_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("apply_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("apply_to", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("review_to", sa.Date(), nullable=True))
        batch_op.create_check_constraint(batch_op.f("ck_lms_run_apply_period"), "apply_from <= apply_to")
        batch_op.create_check_constraint(batch_op.f("ck_lms_run_review_period"), "review_to >= learn_to")


def _companies() -> None:
    """What is there was learnt when its company was."""
    with op.batch_alter_table("lms_company_status", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE lms_company_status SET recorded_at ="
        " (SELECT created_at FROM lms_company WHERE lms_company.id = lms_company_status.company_id)"
    )
    with op.batch_alter_table("lms_company_status", schema=None) as batch_op:
        batch_op.alter_column("recorded_at", nullable=False)


def _enrolments() -> None:
    """The day is that of Seoul, nine hours ahead of UTC; the status the newest that began by then."""
    with op.batch_alter_table("lms_enrolment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("enrolled_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("company_status_id", sa.Integer(), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    day = "date(enrolled_at, '+9 hours')" if is_sqlite else "(enrolled_at AT TIME ZONE 'Asia/Seoul')::date"
    op.execute(f"UPDATE lms_enrolment SET enrolled_on = {day}")  # noqa: S608 (our own words)
    op.execute(
        "UPDATE lms_enrolment SET company_status_id = (SELECT s.id FROM lms_company_status s"
        " WHERE s.company_id = lms_enrolment.company_id AND s.from_on <= lms_enrolment.enrolled_on"
        " ORDER BY s.from_on DESC LIMIT 1)"
    )
    with op.batch_alter_table("lms_enrolment", schema=None) as batch_op:
        batch_op.alter_column("enrolled_on", nullable=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_enrolment_company_status_id"), "lms_company_status", ["company_status_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("lms_run", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_lms_run_review_period"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_lms_run_apply_period"), type_="check")
        batch_op.drop_column("review_to")
        batch_op.drop_column("apply_to")
        batch_op.drop_column("apply_from")

    with op.batch_alter_table("lms_enrolment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_enrolment_company_status_id"), type_="foreignkey")
        batch_op.drop_column("company_status_id")
        batch_op.drop_column("enrolled_on")

    with op.batch_alter_table("lms_company_status", schema=None) as batch_op:
        batch_op.drop_column("recorded_at")

    op.drop_table("lms_download")
    op.drop_table("lms_cluster_member")
    op.drop_table("lms_cluster")

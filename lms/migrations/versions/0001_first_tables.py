"""First tables

Revision: 0001, after:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_centre",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name_ko", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_centre")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_centre_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_centre_uid")),
    )
    op.create_table(
        "lms_company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("business_number", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_company")),
        sa.UniqueConstraint("business_number", name=op.f("uq_lms_company_business_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_company_uid")),
    )
    with op.batch_alter_table("lms_company", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_company_name"), ["name"], unique=False)

    op.create_table(
        "lms_course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("current_version_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_course")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_course_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_course_uid")),
    )
    op.create_table(
        "lms_exercise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("current_version_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_exercise")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_exercise_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_exercise_uid")),
    )
    op.create_table(
        "lms_file",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_lms_file")),
    )
    op.create_table(
        "lms_industry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("name_ko", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_industry")),
    )
    with op.batch_alter_table("lms_industry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_industry_revision_code"), ["revision", "code"], unique=True)

    op.create_table(
        "lms_job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("once", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=2000), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("started_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('ready', 'running', 'done', 'failed')", name=op.f("ck_lms_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_job")),
        sa.UniqueConstraint("once", name=op.f("uq_lms_job_once")),
    )
    with op.batch_alter_table("lms_job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lms_job_failed",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'failed'"),
            postgresql_where=sa.text("state = 'failed'"),
        )
        batch_op.create_index(
            "ix_lms_job_ready",
            ["priority", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        )
        batch_op.create_index(
            "ix_lms_job_running",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.create_table(
        "lms_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IS NULL OR language IN ('ko', 'en')", name=op.f("ck_lms_person_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_person")),
        sa.UniqueConstraint("email", name=op.f("uq_lms_person_email")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_person_uid")),
    )
    op.create_table(
        "lms_programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_lms_programme_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_programme")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_programme_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_programme_uid")),
    )
    op.create_table(
        "lms_throttle",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("window_start", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_lms_throttle")),
    )
    with op.batch_alter_table("lms_throttle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_throttle_window_start"), ["window_start"], unique=False)

    op.create_table(
        "lms_zone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name_ko", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_zone")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_zone_slug")),
    )
    op.create_table(
        "lms_audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_audit_entry_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_audit_entry")),
    )
    with op.batch_alter_table("lms_audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_audit_entry_actor_id_at"), ["actor_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_audit_entry_subject_at"), ["subject", "at"], unique=False)

    op.create_table(
        "lms_course_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("published_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["lms_course.id"], name=op.f("fk_lms_course_version_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_course_version")),
        sa.UniqueConstraint("digest", name=op.f("uq_lms_course_version_digest")),
    )
    with op.batch_alter_table("lms_course_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_course_version_course_id"), ["course_id"], unique=False)

    op.create_table(
        "lms_employment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("employee_number", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_employment_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_employment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_employment")),
    )
    with op.batch_alter_table("lms_employment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lms_employment_company_id_employee_number"), ["company_id", "employee_number"], unique=True
        )
        batch_op.create_index(batch_op.f("ix_lms_employment_person_id_from_on"), ["person_id", "from_on"], unique=False)

    op.create_table(
        "lms_exercise_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exercise_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("starter", sa.String(length=64), nullable=False),
        sa.Column("published_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exercise_id"], ["lms_exercise.id"], name=op.f("fk_lms_exercise_version_exercise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_exercise_version")),
        sa.UniqueConstraint("digest", name=op.f("uq_lms_exercise_version_digest")),
    )
    with op.batch_alter_table("lms_exercise_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_exercise_version_exercise_id"), ["exercise_id"], unique=False)

    op.create_table(
        "lms_external_identity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_external_identity_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_external_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_lms_external_identity_issuer_subject")),
    )
    with op.batch_alter_table("lms_external_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_external_identity_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lms_region",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("name_ko", sa.String(length=60), nullable=False),
        sa.Column("short_ko", sa.String(length=20), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["zone_id"], ["lms_zone.id"], name=op.f("fk_lms_region_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_region")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_region_slug")),
    )
    op.create_table(
        "lms_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'company_manager') = (company_id IS NOT NULL)", name=op.f("ck_lms_role_company_scope")
        ),
        sa.CheckConstraint(
            "(kind IN ('officer', 'instructor')) = (centre_id IS NOT NULL)", name=op.f("ck_lms_role_centre_scope")
        ),
        sa.CheckConstraint(
            "kind IN ('instructor', 'officer', 'company_manager', 'programme_office', 'operator')",
            name=op.f("ck_lms_role_kind"),
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["lms_centre.id"], name=op.f("fk_lms_role_centre_id")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_role_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_role_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_role")),
    )
    with op.batch_alter_table("lms_role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_role_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lms_sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_sign_in_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_lms_sign_in_token_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_sign_in_uid")),
    )
    with op.batch_alter_table("lms_sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_sign_in_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lms_centre_region",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["centre_id"], ["lms_centre.id"], name=op.f("fk_lms_centre_region_centre_id")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_centre_region_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_centre_region")),
        sa.UniqueConstraint("centre_id", "region_id", name=op.f("uq_lms_centre_region_centre_id_region_id")),
    )
    with op.batch_alter_table("lms_centre_region", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_centre_region_region_id"), ["region_id"], unique=False)

    op.create_table(
        "lms_company_status",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("industry_id", sa.Integer(), nullable=True),
        sa.Column("size_class", sa.String(length=12), nullable=True),
        sa.Column("factory_level", sa.String(length=12), nullable=True),
        sa.CheckConstraint(
            "factory_level IS NULL OR factory_level IN ('none', 'basic', 'mid1', 'mid2', 'advanced')",
            name=op.f("ck_lms_company_status_factory_level"),
        ),
        sa.CheckConstraint(
            "size_class IS NULL OR size_class IN ('micro', 'small', 'medium', 'mid_market', 'large')",
            name=op.f("ck_lms_company_status_size_class"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_company_status_company_id")),
        sa.ForeignKeyConstraint(["industry_id"], ["lms_industry.id"], name=op.f("fk_lms_company_status_industry_id")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_company_status_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_company_status")),
    )
    with op.batch_alter_table("lms_company_status", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lms_company_status_company_id_from_on"), ["company_id", "from_on"], unique=True
        )
        batch_op.create_index(batch_op.f("ix_lms_company_status_region_id"), ["region_id"], unique=False)

    op.create_table(
        "lms_region_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.CheckConstraint("system IN ('administrative', 'iso')", name=op.f("ck_lms_region_code_system")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_region_code_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_region_code")),
    )
    with op.batch_alter_table("lms_region_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_region_code_system_code"), ["system", "code"], unique=False)

    op.create_table(
        "lms_region_succession",
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_region_succession_region_id")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["lms_region.id"], name=op.f("fk_lms_region_succession_successor_id")
        ),
        sa.PrimaryKeyConstraint("region_id", "successor_id", name=op.f("pk_lms_region_succession")),
    )
    op.create_table(
        "lms_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("course_version_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("learn_from", sa.Date(), nullable=False),
        sa.Column("learn_to", sa.Date(), nullable=False),
        sa.Column("closed_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("created_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("learn_from <= learn_to", name=op.f("ck_lms_run_period")),
        sa.CheckConstraint("seats IS NULL OR seats >= 0", name=op.f("ck_lms_run_seats")),
        sa.ForeignKeyConstraint(["centre_id"], ["lms_centre.id"], name=op.f("fk_lms_run_centre_id")),
        sa.ForeignKeyConstraint(["course_id"], ["lms_course.id"], name=op.f("fk_lms_run_course_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["lms_course_version.id"], name=op.f("fk_lms_run_course_version_id")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["lms_programme.id"], name=op.f("fk_lms_run_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_lms_run_course_id_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_run_uid")),
    )
    with op.batch_alter_table("lms_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_run_centre_id"), ["centre_id"], unique=False)

    op.create_table(
        "lms_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("completions", sa.Integer(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.CheckConstraint("completions >= 0", name=op.f("ck_lms_target_completions")),
        sa.ForeignKeyConstraint(["programme_id"], ["lms_programme.id"], name=op.f("fk_lms_target_programme_id")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_target_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_target")),
        sa.UniqueConstraint(
            "programme_id", "region_id", "set_on", name=op.f("uq_lms_target_programme_id_region_id_set_on")
        ),
    )
    op.create_table(
        "lms_completion_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "progress BETWEEN 0 AND 100 AND score BETWEEN 0 AND 100", name=op.f("ck_lms_completion_rule_per_cent")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_completion_rule_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_completion_rule")),
    )
    with op.batch_alter_table("lms_completion_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_completion_rule_run_id_id"), ["run_id", "id"], unique=False)

    op.create_table(
        "lms_enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("enrolled_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('enrolled', 'withdrawn')", name=op.f("ck_lms_enrolment_state")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_enrolment_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["lms_person.id"], name=op.f("fk_lms_enrolment_person_id")),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_enrolment_region_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_enrolment_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_enrolment")),
        sa.UniqueConstraint("run_id", "person_id", name=op.f("uq_lms_enrolment_run_id_person_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_enrolment_uid")),
    )
    with op.batch_alter_table("lms_enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_enrolment_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_enrolment_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lms_run_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("exercise_version_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('page', 'video', 'quiz', 'exercise', 'sitting', 'survey')", name=op.f("ck_lms_run_unit_kind")
        ),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_lms_run_unit_weight")),
        sa.ForeignKeyConstraint(
            ["exercise_version_id"], ["lms_exercise_version.id"], name=op.f("fk_lms_run_unit_exercise_version_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_run_unit_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_run_unit")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_lms_run_unit_run_id_key")),
    )
    op.create_table(
        "lms_quiz_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("run_unit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("submitted_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points >= 0 AND points <= max_points", name=op.f("ck_lms_quiz_attempt_points")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_quiz_attempt_enrolment_id")),
        sa.ForeignKeyConstraint(["run_unit_id"], ["lms_run_unit.id"], name=op.f("fk_lms_quiz_attempt_run_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_quiz_attempt")),
        sa.UniqueConstraint(
            "enrolment_id", "run_unit_id", "number", name=op.f("uq_lms_quiz_attempt_enrolment_id_run_unit_id_number")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_quiz_attempt_uid")),
    )
    op.create_table(
        "lms_submission",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("run_unit_id", sa.Integer(), nullable=False),
        sa.Column("exercise_version_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("notebook", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("submitted_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_submission_enrolment_id")),
        sa.ForeignKeyConstraint(
            ["exercise_version_id"], ["lms_exercise_version.id"], name=op.f("fk_lms_submission_exercise_version_id")
        ),
        sa.ForeignKeyConstraint(["notebook"], ["lms_file.digest"], name=op.f("fk_lms_submission_notebook")),
        sa.ForeignKeyConstraint(["run_unit_id"], ["lms_run_unit.id"], name=op.f("fk_lms_submission_run_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_submission")),
        sa.UniqueConstraint(
            "enrolment_id", "run_unit_id", "number", name=op.f("uq_lms_submission_enrolment_id_run_unit_id_number")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_submission_uid")),
    )
    with op.batch_alter_table("lms_submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_submission_run_unit_id"), ["run_unit_id"], unique=False)

    op.create_table(
        "lms_grade",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exercise_version_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("checks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("flags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("repairs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("engine", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(length=400), nullable=False),
        sa.Column("feedback", sa.String(length=64), nullable=True),
        sa.Column("graded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('graded', 'error')", name=op.f("ck_lms_grade_outcome")),
        sa.ForeignKeyConstraint(
            ["exercise_version_id"], ["lms_exercise_version.id"], name=op.f("fk_lms_grade_exercise_version_id")
        ),
        sa.ForeignKeyConstraint(["feedback"], ["lms_file.digest"], name=op.f("fk_lms_grade_feedback")),
        sa.ForeignKeyConstraint(["submission_id"], ["lms_submission.id"], name=op.f("fk_lms_grade_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_grade")),
    )
    with op.batch_alter_table("lms_grade", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_grade_submission_id_id"), ["submission_id", "id"], unique=False)

    op.create_table(
        "lms_ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("unit_key", sa.String(length=80), nullable=True),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("max_points", sa.Double(), nullable=True),
        sa.Column("grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quiz_attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("once", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "kind IN ('enrolled', 'withdrawn', 'unit_done', 'scored', 'completed', 'questioned', 'upheld', 'revoked')",
            name=op.f("ck_lms_ledger_entry_kind"),
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_ledger_entry_actor_id")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_ledger_entry_company_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["lms_enrolment.id"], name=op.f("fk_lms_ledger_entry_enrolment_id")),
        sa.ForeignKeyConstraint(["grade_id"], ["lms_grade.id"], name=op.f("fk_lms_ledger_entry_grade_id")),
        sa.ForeignKeyConstraint(
            ["quiz_attempt_id"], ["lms_quiz_attempt.id"], name=op.f("fk_lms_ledger_entry_quiz_attempt_id")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["lms_region.id"], name=op.f("fk_lms_ledger_entry_region_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["lms_completion_rule.id"], name=op.f("fk_lms_ledger_entry_rule_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lms_run.id"], name=op.f("fk_lms_ledger_entry_run_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["lms_submission.id"], name=op.f("fk_lms_ledger_entry_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_ledger_entry")),
        sa.UniqueConstraint("once", name=op.f("uq_lms_ledger_entry_once")),
    )
    with op.batch_alter_table("lms_ledger_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lms_ledger_entry_enrolment_id_id"), ["enrolment_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_lms_ledger_entry_kind_recorded_at_enrolment_id"),
            ["kind", "recorded_at", "enrolment_id"],
            unique=False,
        )

    # The two that point at each other, once both tables are there.
    for kind in ("course", "exercise"):
        with op.batch_alter_table(f"lms_{kind}") as batch_op:
            batch_op.create_foreign_key(
                f"fk_lms_{kind}_current_version_id", f"lms_{kind}_version", ["current_version_id"], ["id"]
            )


def downgrade() -> None:
    for kind in ("course", "exercise"):
        with op.batch_alter_table(f"lms_{kind}") as batch_op:
            batch_op.drop_constraint(f"fk_lms_{kind}_current_version_id", type_="foreignkey")
    with op.batch_alter_table("lms_ledger_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_ledger_entry_kind_recorded_at_enrolment_id"))
        batch_op.drop_index(batch_op.f("ix_lms_ledger_entry_enrolment_id_id"))

    op.drop_table("lms_ledger_entry")
    with op.batch_alter_table("lms_grade", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_grade_submission_id_id"))

    op.drop_table("lms_grade")
    with op.batch_alter_table("lms_submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_submission_run_unit_id"))

    op.drop_table("lms_submission")
    op.drop_table("lms_quiz_attempt")
    op.drop_table("lms_run_unit")
    with op.batch_alter_table("lms_enrolment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_enrolment_person_id"))
        batch_op.drop_index(batch_op.f("ix_lms_enrolment_company_id"))

    op.drop_table("lms_enrolment")
    with op.batch_alter_table("lms_completion_rule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_completion_rule_run_id_id"))

    op.drop_table("lms_completion_rule")
    op.drop_table("lms_target")
    with op.batch_alter_table("lms_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_run_centre_id"))

    op.drop_table("lms_run")
    op.drop_table("lms_region_succession")
    with op.batch_alter_table("lms_region_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_region_code_system_code"))

    op.drop_table("lms_region_code")
    with op.batch_alter_table("lms_company_status", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_company_status_region_id"))
        batch_op.drop_index(batch_op.f("ix_lms_company_status_company_id_from_on"))

    op.drop_table("lms_company_status")
    with op.batch_alter_table("lms_centre_region", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_centre_region_region_id"))

    op.drop_table("lms_centre_region")
    with op.batch_alter_table("lms_sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_sign_in_person_id"))

    op.drop_table("lms_sign_in")
    with op.batch_alter_table("lms_role", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_role_person_id"))

    op.drop_table("lms_role")
    op.drop_table("lms_region")
    with op.batch_alter_table("lms_external_identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_external_identity_person_id"))

    op.drop_table("lms_external_identity")
    with op.batch_alter_table("lms_exercise_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_exercise_version_exercise_id"))

    op.drop_table("lms_exercise_version")
    with op.batch_alter_table("lms_employment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_employment_person_id_from_on"))
        batch_op.drop_index(batch_op.f("ix_lms_employment_company_id_employee_number"))

    op.drop_table("lms_employment")
    with op.batch_alter_table("lms_course_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_course_version_course_id"))

    op.drop_table("lms_course_version")
    with op.batch_alter_table("lms_audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_audit_entry_subject_at"))
        batch_op.drop_index(batch_op.f("ix_lms_audit_entry_actor_id_at"))

    op.drop_table("lms_audit_entry")
    op.drop_table("lms_zone")
    with op.batch_alter_table("lms_throttle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_throttle_window_start"))

    op.drop_table("lms_throttle")
    op.drop_table("lms_programme")
    op.drop_table("lms_person")
    with op.batch_alter_table("lms_job", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_lms_job_running",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.drop_index(
            "ix_lms_job_ready", sqlite_where=sa.text("state = 'ready'"), postgresql_where=sa.text("state = 'ready'")
        )
        batch_op.drop_index(
            "ix_lms_job_failed", sqlite_where=sa.text("state = 'failed'"), postgresql_where=sa.text("state = 'failed'")
        )

    op.drop_table("lms_job")
    with op.batch_alter_table("lms_industry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_industry_revision_code"))

    op.drop_table("lms_industry")
    op.drop_table("lms_file")
    op.drop_table("lms_exercise")
    op.drop_table("lms_course")
    with op.batch_alter_table("lms_company", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_company_name"))

    op.drop_table("lms_company")
    op.drop_table("lms_centre")

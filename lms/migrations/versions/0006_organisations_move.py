"""Companies and people that change in time, with what changed them

Revision: 0006, after: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import lms.models.base
from lms.models.companies import search_key

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql")
_IMAGE = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _changes()
    _companies()
    _names_and_partners()
    _references()


def _changes() -> None:
    op.create_table(
        "lms_change_set",
        sa.Column("id", _LONG, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("undoes_id", _LONG, nullable=True),
        sa.Column("undone_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["lms_person.id"], name=op.f("fk_lms_change_set_actor_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["lms_change_set.id"], name=op.f("fk_lms_change_set_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_change_set")),
        sa.UniqueConstraint("uid", name=op.f("uq_lms_change_set_uid")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_lms_change_set_undoes_id")),
    )
    op.create_index(op.f("ix_lms_change_set_actor_id_at"), "lms_change_set", ["actor_id", "at"])
    op.create_index(op.f("ix_lms_change_set_subject"), "lms_change_set", ["subject"])
    op.create_table(
        "lms_change",
        sa.Column("set_id", _LONG, autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("row_id", _LONG, autoincrement=False, nullable=False),
        sa.Column("before", _IMAGE, nullable=True),
        sa.Column("after", _IMAGE, nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["set_id"], ["lms_change_set.id"], name=op.f("fk_lms_change_set_id")),
        sa.PrimaryKeyConstraint("set_id", "table_name", "row_id", name=op.f("pk_lms_change")),
    )
    op.create_index(op.f("ix_lms_change_table_name_row_id"), "lms_change", ["table_name", "row_id"])
    for column in ("person_id", "company_id"):
        _index_where_there("lms_change", column)


def _index_where_there(table: str, column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], sqlite_where=there, postgresql_where=there)


def _companies() -> None:
    """Ids of companies and persons stay those of who had them: SQLite would give that of a deleted row again."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(
        "lms_company", recreate="always" if is_sqlite else "auto", table_kwargs={"sqlite_autoincrement": True}
    ) as batch_op:
        batch_op.add_column(sa.Column("search_key", _KEY, nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("merged_at", lms.models.base.UTCDateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_company_merged_into_id"), "lms_company", ["merged_into_id"], ["id"]
        )
    _fill_keys()
    with op.batch_alter_table("lms_company", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column("search_key", existing_type=_KEY, nullable=False)
        batch_op.create_index(batch_op.f("ix_lms_company_search_key"), ["search_key"])
        batch_op.create_index(batch_op.f("ix_lms_company_merged_into_id"), ["merged_into_id"])
    if is_sqlite:
        with op.batch_alter_table(
            "lms_person", recreate="always", table_kwargs={"sqlite_autoincrement": True}
        ) as batch_op:
            batch_op.alter_column("is_active", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("lms_company_status") as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_company_status_company_id_from_on"))
        batch_op.create_index(batch_op.f("ix_lms_company_status_company_id_from_on"), ["company_id", "from_on"])
    with op.batch_alter_table("lms_centre_region") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_lms_centre_region_centre_id_region_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_lms_centre_region_centre_id_region_id"), ["centre_id", "region_id"])


def _fill_keys() -> None:
    company = sa.table("lms_company", sa.column("id"), sa.column("name"), sa.column("search_key"))
    connection = op.get_bind()
    keys = [
        {"company": id_, "key": search_key(name)} for id_, name in connection.execute(sa.select(company.c.id, company.c.name))
    ]  # fmt: skip
    if keys:
        connection.execute(
            company.update().where(company.c.id == sa.bindparam("company")).values(search_key=sa.bindparam("key")), keys
        )


def _names_and_partners() -> None:
    op.create_table(
        "lms_former_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("search_key", _KEY, nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_former_name_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_former_name")),
    )
    op.create_index(
        op.f("ix_lms_former_name_company_id_to_on"), "lms_former_name", ["company_id", "to_on"], unique=True
    )
    op.create_index(op.f("ix_lms_former_name_search_key"), "lms_former_name", ["search_key"])
    op.create_table(
        "lms_sponsorship",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", lms.models.base.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("to_on IS NULL OR from_on <= to_on", name=op.f("ck_lms_sponsorship_period")),
        sa.CheckConstraint("company_id <> partner_id", name=op.f("ck_lms_sponsorship_another")),
        sa.ForeignKeyConstraint(["company_id"], ["lms_company.id"], name=op.f("fk_lms_sponsorship_company_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["lms_company.id"], name=op.f("fk_lms_sponsorship_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_sponsorship")),
    )
    op.create_index(op.f("ix_lms_sponsorship_partner_id"), "lms_sponsorship", ["partner_id"])
    op.create_index(
        op.f("ix_lms_sponsorship_company_id_from_on"), "lms_sponsorship", ["company_id", "from_on"], unique=True
    )


def _references() -> None:
    """Who takes a person or company back asks each table that may refer to them."""
    op.create_index(op.f("ix_lms_role_company_id"), "lms_role", ["company_id"])
    op.create_index(op.f("ix_lms_enrolment_company_status_id"), "lms_enrolment", ["company_status_id"])
    op.create_index(op.f("ix_lms_ledger_entry_company_id"), "lms_ledger_entry", ["company_id"])
    _index_where_there("lms_ledger_entry", "actor_id")


def downgrade() -> None:
    for table, column in (
        ("lms_ledger_entry", "actor_id"),
        ("lms_ledger_entry", "company_id"),
        ("lms_enrolment", "company_status_id"),
        ("lms_role", "company_id"),
    ):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    op.drop_table("lms_sponsorship")
    op.drop_table("lms_former_name")
    with op.batch_alter_table("lms_centre_region") as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_centre_region_centre_id_region_id"))
        batch_op.create_unique_constraint(
            batch_op.f("uq_lms_centre_region_centre_id_region_id"), ["centre_id", "region_id"]
        )
    with op.batch_alter_table("lms_company_status") as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_company_status_company_id_from_on"))
        batch_op.create_index(
            batch_op.f("ix_lms_company_status_company_id_from_on"), ["company_id", "from_on"], unique=True
        )
    with op.batch_alter_table("lms_company") as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_company_merged_into_id"))
        batch_op.drop_index(batch_op.f("ix_lms_company_search_key"))
        batch_op.drop_constraint(batch_op.f("fk_lms_company_merged_into_id"), type_="foreignkey")
        batch_op.drop_column("merged_at")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("search_key")
    op.drop_table("lms_change")
    op.drop_table("lms_change_set")

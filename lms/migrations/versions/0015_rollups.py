"""Rollups of the reports

Revision: 0015, after: 0014
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

import lms.models.base
from lms.models import rollups

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLES = ("", "_due", "_region", "_month", "_step", "_run_day", "_run_month", "_company_month")
_FIGURES = ("applied", "enrolled", "active", "completed", "begun", "half_way")


def upgrade() -> None:
    op.create_table(
        "lms_rollup",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("built_at", lms.models.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_lms_rollup_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_rollup")),
    )
    op.create_table(
        "lms_rollup_due",
        sa.Column(
            "entry_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("is_taken", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_lms_rollup_due")),
    )
    op.create_index(op.f("ix_lms_rollup_due_enrolment_id"), "lms_rollup_due", ["enrolment_id"])
    op.create_table(
        "lms_rollup_region",
        sa.Column("region_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("enrolled_from", sa.Integer(), nullable=False),
        sa.Column("enrolled_to", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region_id", name=op.f("pk_lms_rollup_region")),
    )
    _create("lms_rollup_month", ("month",), figures=None)
    op.create_table(
        "lms_rollup_step",
        sa.Column("reading", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("company_id", "run_id", "region_id", "status_id")),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in _FIGURES),
    )
    op.create_index(op.f("ix_lms_rollup_step_company_id_day"), "lms_rollup_step", ["company_id", "day"])
    op.create_index(op.f("ix_lms_rollup_step_run_id_region_id"), "lms_rollup_step", ["run_id", "region_id"])
    op.create_index(op.f("ix_lms_rollup_step_day"), "lms_rollup_step", ["day"])
    completes = sa.text("completed <> 0")
    op.create_index(
        "ix_lms_rollup_step_done_on",
        "lms_rollup_step",
        ["done_on"],
        sqlite_where=completes,
        postgresql_where=completes,
    )
    _create("lms_rollup_run_day", ("reading", "run_id", "region_id", "day", "done_on"))
    op.create_index(op.f("ix_lms_rollup_run_day_day"), "lms_rollup_run_day", ["day"])
    _create("lms_rollup_run_month", ("month", "reading", "run_id", "region_id"))
    _create("lms_rollup_company_month", ("month", "reading", "company_id", "region_id", "status_id"))
    op.create_index(
        op.f("ix_lms_rollup_company_month_company_id_month"), "lms_rollup_company_month", ["company_id", "month"]
    )
    _read_by_index(["kind", "effective_on", "recorded_at", "unit_key"])
    # Of a site that has a history the worker makes the sums; until then its reports read the ledger.
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "INSERT INTO lms_rollup (id, built_at)"
            " SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM lms_ledger_entry) THEN NULL ELSE CURRENT_TIMESTAMP END"
        )
    )
    rollups.guard(connection)


def downgrade() -> None:
    _read_by_index([])
    rollups.release(op.get_bind())
    rollups.unprepare(op.get_bind())
    for ending in reversed(_TABLES):
        op.drop_table(f"lms_rollup{ending}")


def _read_by_index(columns: list[str]) -> None:
    """Carry these columns in the index of an enrolment's entries, so that what became of many is read from it alone."""
    if op.get_bind().dialect.name != "postgresql":
        return
    name = "ix_lms_ledger_entry_enrolment_id_id"
    op.drop_index(name, "lms_ledger_entry")
    op.create_index(name, "lms_ledger_entry", ["enrolment_id", "id"], postgresql_include=columns or None)


def _create(name: str, keys: tuple[str, ...], figures: tuple[str, ...] | None = _FIGURES) -> None:
    columns: list[Any] = [
        sa.Column(key, sa.SmallInteger() if key == "reading" else sa.Integer(), autoincrement=False, nullable=False)
        for key in keys
    ]
    columns += [sa.Column(figure, sa.Integer(), nullable=False) for figure in figures or ()]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}")))

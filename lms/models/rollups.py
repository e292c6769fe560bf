"""What reports read in place of the whole ledger: sums of steps, derived from it, which can be made again at any time.

A figure of an enrolment (applied, enrolled, active, completed, begun, half-way) is a step function of the day. A row here
says by how much the figures of a group change on a day, or, of a month, what they are before it begins. `done_on` is the
수료일 of the completions that a row counts, else its day. `reading` tells how days are meant: where everything was recorded
on its day both readings agree and an enrolment is counted under BOTH.

Nothing refers to other tables: what is taken back must not be held by a sum, and `lms_rollup_due` says what the sums don't
hold yet. Triggers keep it, so that no way of writing to the ledger forgets.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    SmallInteger,
    Table,
    TypeDecorator,
    false,
    text,
)

from .base import Base, BigKey, UTCDateTime

EPOCH = date(1970, 1, 1)
BOTH, RECORDED, EFFECTIVE = 0, 1, 2  # of `reading`
FIGURES = ("applied", "enrolled", "active", "completed", "begun", "half_way")
COUNTED_KINDS = ("enrolled", "withdrawn", "unit_done", "completed", "revoked")  # what makes a step


class DayNumber(TypeDecorator[date]):
    """A day as the number of days since 1970: half of a text's bytes, and compared as fast on both databases."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return (value - EPOCH).days if isinstance(value, date) else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:
        return None if value is None else EPOCH + timedelta(days=value)


def _key(name: str, kind: Any = Integer) -> Column:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _plain(name: str, kind: Any = Integer) -> Column:
    return Column(name, kind, nullable=False)


def _figures() -> list[Column]:
    return [_plain(name) for name in FIGURES]


# One row: when the sums were last known to be whole. None: reports read the ledger until somebody has made them again.
# `revision` goes up whenever something takes their ground away.
Rollup = Table(
    "lms_rollup",
    Base.metadata,
    _key("id"),
    Column("built_at", UTCDateTime),
    Column("revision", Integer, nullable=False, server_default="0"),
    CheckConstraint("id = 1", name="one"),
)

# Entries that the sums don't hold yet. `is_taken` is true only within the transaction that folds them in.
RollupDue = Table(
    "lms_rollup_due",
    Base.metadata,
    _key("entry_id", BigKey),
    Column("enrolment_id", Integer, nullable=False, index=True),
    Column("is_taken", Boolean(create_constraint=False), nullable=False, server_default=false()),
)

# Between which days the enrolments lie that the sums of a region hold: by it is known which centre may see them all.
RollupRegion = Table(
    "lms_rollup_region",
    Base.metadata,
    _key("region_id"),
    Column("enrolled_from", DayNumber, nullable=False),
    Column("enrolled_to", DayNumber, nullable=False),
)

# The months at whose beginning there are sums.
RollupMonth = Table("lms_rollup_month", Base.metadata, _key("month", DayNumber))

# Steps are appended, so that there may be several rows of one group and day. Status 0: none was declared.
RollupStep = Table(
    "lms_rollup_step",
    Base.metadata,
    _plain("reading", SmallInteger),
    _plain("company_id"),
    _plain("run_id"),
    _plain("region_id"),
    _plain("status_id"),
    _plain("day", DayNumber),
    _plain("done_on", DayNumber),
    *(_plain(name, SmallInteger) for name in FIGURES),
    Index(None, "company_id", "day"),
    Index(None, "run_id", "region_id"),
    Index(None, "day"),
    Index(
        "ix_lms_rollup_step_done_on",
        "done_on",
        sqlite_where=text("completed <> 0"),
        postgresql_where=text("completed <> 0"),
    ),
)

# The same without companies, one row for each group and day.
RollupRunDay = Table(
    "lms_rollup_run_day",
    Base.metadata,
    _key("reading", SmallInteger),
    _key("run_id"),
    _key("region_id"),
    _key("day", DayNumber),
    _key("done_on", DayNumber),
    *_figures(),
    Index(None, "day"),
)

# What had come together before the first of a month.
RollupRunMonth = Table(
    "lms_rollup_run_month",
    Base.metadata,
    _key("month", DayNumber),
    _key("reading", SmallInteger),
    _key("run_id"),
    _key("region_id"),
    *_figures(),
)
RollupCompanyMonth = Table(
    "lms_rollup_company_month",
    Base.metadata,
    _key("month", DayNumber),
    _key("reading", SmallInteger),
    _key("company_id"),
    _key("region_id"),
    _key("status_id"),
    *_figures(),
    Index(None, "company_id", "month"),
)

_KINDS = ", ".join(f"'{kind}'" for kind in COUNTED_KINDS)
_STALE = "UPDATE lms_rollup SET built_at = NULL, revision = revision + 1"
# A withdrawal that the old first day counted one way and the new one another.
_STALE_BY_START = (
    f"{_STALE} WHERE EXISTS (SELECT 1 FROM lms_ledger_entry AS entry"  # noqa: S608
    " JOIN lms_enrolment ON lms_enrolment.id = entry.enrolment_id"
    " WHERE lms_enrolment.run_id = NEW.id AND entry.kind = 'withdrawn'"
    " AND (entry.effective_on < OLD.learn_from) <> (entry.effective_on < NEW.learn_from))"
)
# What was due only isn't due any more.
_LOST = (
    f"{_STALE} WHERE OLD.kind IN ({_KINDS}) AND NOT EXISTS (SELECT 1 FROM lms_rollup_due WHERE entry_id = OLD.id);"  # noqa: S608
    " DELETE FROM lms_rollup_due WHERE entry_id = OLD.id"
)
# Half of a run's units are more or fewer than they were.
_STALE_BY_UNITS = f"{_STALE} WHERE EXISTS (SELECT 1 FROM lms_enrolment WHERE run_id = {{row}}.run_id)"  # noqa: S608
# (name, table, event, columns whose change counts, what is done); PostgreSQL has its own of what goes, for all rows at once.
_TRIGGERS = (
    ("lms_rollup_gone", "lms_ledger_entry", "DELETE", (), _LOST),
    (
        "lms_rollup_entry",
        "lms_ledger_entry",
        "UPDATE",
        ("enrolment_id", "kind", "effective_on", "recorded_at"),
        _STALE,
    ),
    (
        "lms_rollup_enrolment",
        "lms_enrolment",
        "UPDATE",
        ("run_id", "company_id", "region_id", "company_status_id"),
        _STALE,
    ),
    ("lms_rollup_start", "lms_run", "UPDATE", ("learn_from",), _STALE_BY_START),
    ("lms_rollup_unit_added", "lms_run_unit", "INSERT", (), _STALE_BY_UNITS.format(row="NEW")),
    ("lms_rollup_unit_gone", "lms_run_unit", "DELETE", (), _STALE_BY_UNITS.format(row="OLD")),
)
_FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION lms_rollup_note() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO lms_rollup_due (entry_id, enrolment_id)
SELECT id, enrolment_id FROM added WHERE kind IN ({_KINDS}); RETURN NULL; END $$
""",  # noqa: S608
    f"""
CREATE OR REPLACE FUNCTION lms_rollup_stale() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN {_STALE}; RETURN NULL; END $$
""",
    f"""
CREATE OR REPLACE FUNCTION lms_rollup_lost() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF EXISTS (SELECT FROM gone WHERE kind IN ({_KINDS}) AND NOT EXISTS
(SELECT FROM lms_rollup_due WHERE entry_id = gone.id)) THEN {_STALE}; END IF;
DELETE FROM lms_rollup_due USING gone WHERE entry_id = gone.id; RETURN NULL; END $$
""",  # noqa: S608
    f"""
CREATE OR REPLACE FUNCTION lms_rollup_restart() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN {_STALE_BY_START}; RETURN NULL; END $$
""",
    *(
        f"""
CREATE OR REPLACE FUNCTION lms_rollup_{name}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN {_STALE_BY_UNITS.format(row=row)}; RETURN NULL; END $$
"""
        for name, row in (("unit_added", "NEW"), ("unit_gone", "OLD"))
    ),
)
_FUNCTION_OF = {
    "lms_rollup_gone": "lost",
    "lms_rollup_entry": "stale",
    "lms_rollup_enrolment": "stale",
    "lms_rollup_start": "restart",
    "lms_rollup_unit_added": "unit_added",
    "lms_rollup_unit_gone": "unit_gone",
}


def prepare(connection: Connection) -> None:
    """What the triggers need and no dump of single tables holds."""
    if connection.dialect.name == "postgresql":
        for function in _FUNCTIONS:
            connection.execute(text(function))


def guard(connection: Connection) -> None:
    """Have the database note what is written to the ledger, and what takes the ground of the sums away.

    A migration that alters `lms_ledger_entry`, `lms_enrolment` or `lms_run` by copying it (SQLite) calls this again.
    """
    prepare(connection)
    release(connection)
    for statement in _sqlite() if connection.dialect.name == "sqlite" else _postgresql():
        connection.execute(text(statement))


def release(connection: Connection) -> None:
    """Without the triggers, for loading in bulk: what is loaded so is in no sum until they are made again."""
    for name, table in (("lms_rollup_added", "lms_ledger_entry"), *((name, table) for name, table, *_ in _TRIGGERS)):
        on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))


def unprepare(connection: Connection) -> None:
    """For migrations that go back."""
    if connection.dialect.name == "postgresql":
        for name in ("note", "stale", "lost", "restart", "unit_added", "unit_gone"):
            connection.execute(text(f"DROP FUNCTION IF EXISTS lms_rollup_{name}()"))


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER lms_rollup_added AFTER INSERT ON lms_ledger_entry WHEN NEW.kind IN ({_KINDS})"  # noqa: S608
        " BEGIN INSERT INTO lms_rollup_due (entry_id, enrolment_id) VALUES (NEW.id, NEW.enrolment_id); END"
    ]
    for name, table, event, columns, done in _TRIGGERS:
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
        when = f" WHEN {changed}" if changed else ""
        made.append(f"CREATE TRIGGER {name} AFTER {event} ON {table}{when} BEGIN {done}; END")
    return made


def _postgresql() -> list[str]:
    made = [
        "CREATE TRIGGER lms_rollup_added AFTER INSERT ON lms_ledger_entry REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION lms_rollup_note()"
    ]
    for name, table, event, columns, _done in _TRIGGERS:
        called = f"EXECUTE FUNCTION lms_rollup_{_FUNCTION_OF[name]}()"
        if name == "lms_rollup_gone":
            called = f"REFERENCING OLD TABLE AS gone FOR EACH STATEMENT {called}"
        elif columns:
            changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
            called = f"FOR EACH ROW WHEN ({changed}) {called}"
        else:
            called = f"FOR EACH ROW {called}"
        made.append(f"CREATE TRIGGER {name} AFTER {event} ON {table} {called}")
    return made

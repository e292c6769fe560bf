"""Tables whose rows the database itself refuses to change or delete.

On SQLite by triggers, on PostgreSQL by triggers that call one function. A table that is altered by copying it (SQLite)
loses its triggers: a migration that does so calls `guard` again.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

APPEND_ONLY = ("lms_audit_entry", "lms_audit_seal")
_FUNCTION = """
CREATE OR REPLACE FUNCTION lms_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def guard(connection: Connection, *tables: str) -> None:
    """Have the database refuse UPDATE, DELETE and TRUNCATE on these tables."""
    prepare(connection)
    for table in tables:
        for statement in _statements(connection.dialect.name, table):
            connection.execute(text(statement))


def release(connection: Connection, *tables: str) -> None:
    """For migrations that go back."""
    for table in tables:
        for event in _events(connection.dialect.name):
            on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{event.lower()}{on}"))


def prepare(connection: Connection) -> None:
    """What the triggers need and no dump of single tables holds."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_FUNCTION))


def _events(kind: str) -> tuple[str, ...]:
    return ("UPDATE", "DELETE", "TRUNCATE") if kind == "postgresql" else ("UPDATE", "DELETE")


def _statements(kind: str, table: str) -> list[str]:
    found = []
    for event in _events(kind):
        name = f"{table}_no_{event.lower()}"
        if kind == "postgresql":
            each = "STATEMENT" if event == "TRUNCATE" else "ROW"
            found.append(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION lms_refuse_change()"
            )
        else:
            found.append(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return found

"""Alembic's entry. Run through `lms.migrations.upgrade`, or by `python -m lms.migrations` to write a new revision."""

from alembic import context
from sqlalchemy import inspect

from lms.migrations import VERSION_TABLE
from lms.models import Base, rollups

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
    include_name=lambda name, type_, parents: type_ != "table" or str(name).startswith("lms_"),
    user_module_prefix="lms.models.base.",
)
connection = context.config.attributes["connection"]
# SQLite alters a table by copying it, which loses its triggers and refuses where another's name the table.
copies = connection.dialect.name == "sqlite"
with context.begin_transaction():
    if copies:
        rollups.release(connection)
    context.run_migrations()
    if copies and inspect(connection).has_table("lms_rollup_due"):
        rollups.guard(connection)

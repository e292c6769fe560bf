"""Alembic's entry. Run through `lms.migrations.upgrade`, or by `python -m lms.migrations` to write a new revision."""

from alembic import context

from lms.migrations import VERSION_TABLE
from lms.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
    include_name=lambda name, type_, parents: type_ != "table" or str(name).startswith("lms_"),
    user_module_prefix="lms.models.base.",
)
with context.begin_transaction():
    context.run_migrations()

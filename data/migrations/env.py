"""Alembic's entry: runs the revisions on the connection that `migrate` hands over."""

from alembic import context

import data.schema  # noqa: F401  # knows every table
from data.kernel.database import Base
from data.migrations.comparing import is_ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=is_ours,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

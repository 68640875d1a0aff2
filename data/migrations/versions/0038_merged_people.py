"""Who became somebody else is found among those who did. Nearly nobody has, and an index full of
nothing looks useless to SQLite once it has counted: every join looked through all people."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_NAME = "ix_people_merged_into"


def upgrade() -> None:
    there = sa.column("merged_into").is_not(None)
    op.drop_index(_NAME, "people")
    op.create_index(_NAME, "people", ["merged_into"], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    op.drop_index(_NAME, "people")
    op.create_index(_NAME, "people", ["merged_into"])

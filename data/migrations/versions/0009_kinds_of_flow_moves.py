"""A move of the live flows says whether something was published or taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.Column("kind", sa.String(length=16), server_default="publish", nullable=False)
    op.add_column("flow_moves", kind)


def downgrade() -> None:
    op.drop_column("flow_moves", "kind")

"""Who of a shop called a common order off, and why, in the words its customers are told."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("split_steps", sa.Column("by", sa.String(length=120), nullable=True))
    op.add_column("split_steps", sa.Column("said", sa.String(length=300), nullable=True))


def downgrade() -> None:
    op.drop_column("split_steps", "said")
    op.drop_column("split_steps", "by")

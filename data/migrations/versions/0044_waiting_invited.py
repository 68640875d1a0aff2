"""Who stands in line by somebody's link is credited to them with their seat."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_TABLE = "waitlist_entries"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("share_hash", sa.String(length=64), nullable=True))
    rewarded = sa.Column("rewarded", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column(_TABLE, rewarded)


def downgrade() -> None:
    op.drop_column(_TABLE, "rewarded")
    op.drop_column(_TABLE, "share_hash")

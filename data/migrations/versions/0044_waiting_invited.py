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
    never = sa.false()  # who waits already came by nobody that we know of
    flag: sa.Column[bool] = sa.Column(
        "rewarded", sa.Boolean(), server_default=never, nullable=False
    )
    op.add_column(_TABLE, flag)


def downgrade() -> None:
    op.drop_column(_TABLE, "rewarded")
    op.drop_column(_TABLE, "share_hash")

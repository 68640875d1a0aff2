"""Who of the shop completed a team with fewer people than it asked for, or called it off."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("teams", sa.Column("closed_by", sa.String(length=120), nullable=True))


def downgrade() -> None:
    op.drop_column("teams", "closed_by")

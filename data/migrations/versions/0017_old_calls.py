"""Calls that are long over are found by shop and forgotten."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_action_calls_merchant_id_ended_at", "action_calls", ["merchant_id", "ended_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_action_calls_merchant_id_ended_at", table_name="action_calls")

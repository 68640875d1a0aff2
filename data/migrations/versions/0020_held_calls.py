"""A messenger that waits on the line for its answer; signed calls that were heard."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MERCHANT, _ACCOUNT = ["merchant_id"], ["account_id"]


def upgrade() -> None:
    op.create_table(
        "held_calls",
        sa.Column("inbox_id", _NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("calls", _NUMBER, nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_held_calls_inbox_id")),
        sa.ForeignKeyConstraint(
            _MERCHANT, ["merchants.id"], name=op.f("fk_held_calls_merchant_id")
        ),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_held_calls")),
    )
    op.create_index("ix_held_calls_heard", "held_calls", ["merchant_id", "heard_at"])
    op.create_table(
        "heard_calls",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            _ACCOUNT, ["channel_accounts.id"], name=op.f("fk_heard_calls_account_id")
        ),
        sa.ForeignKeyConstraint(
            _MERCHANT, ["merchants.id"], name=op.f("fk_heard_calls_merchant_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "nonce", name=op.f("pk_heard_calls")),
    )
    op.create_index("ix_heard_calls_heard", "heard_calls", ["account_id", "heard_at"])


def downgrade() -> None:
    op.drop_table("heard_calls")
    op.drop_table("held_calls")

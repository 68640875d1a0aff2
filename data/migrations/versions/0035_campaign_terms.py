"""What else a campaign may say: whose, where, from which goods, to which door, and the leader's
reward."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAGS = ("set_aside", "new_customers_only", "named_chats_only", "open_to_others", "ship_to_one")


def upgrade() -> None:
    for flag in _FLAGS:
        op.add_column("campaigns", _flag(flag))
    op.add_column("campaigns", sa.Column("key", sa.String(length=64), nullable=True))
    moment = sa.DateTime(timezone=True)
    op.add_column("campaigns", sa.Column("aside_returned_at", moment, nullable=True))
    op.create_index("uq_campaigns_key", "campaigns", ["merchant_id", "key"], unique=True)
    op.add_column("teams", _flag("ship_to_one"))
    op.add_column("orders", sa.Column("goes_with", sa.String(length=32), nullable=True))
    _create_campaign_chats()
    _create_reward_budgets()
    _create_leader_rewards()


def _create_campaign_chats() -> None:
    op.create_table(
        "campaign_chats",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        _to("campaign_chats", "campaign_id", "campaigns.id"),
        _to("campaign_chats", "chat_id", "chats.id"),
        _to("campaign_chats", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("campaign_id", "chat_id", name=op.f("pk_campaign_chats")),
    )


def _create_reward_budgets() -> None:
    op.create_table(
        "reward_budgets",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("each_minor", _MINOR, nullable=False),
        sa.Column("budget_minor", _MINOR, nullable=False),
        sa.Column("spent_minor", _MINOR, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("each_minor > 0", name=op.f("ck_reward_budgets_each")),
        sa.CheckConstraint(
            "0 <= spent_minor AND spent_minor <= budget_minor",
            name=op.f("ck_reward_budgets_budget"),
        ),
        _to("reward_budgets", "campaign_id", "campaigns.id"),
        _to("reward_budgets", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_reward_budgets")),
    )


def _create_leader_rewards() -> None:
    op.create_table(
        "leader_rewards",
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", _MINOR, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=True),
        sa.Column("refund_id", sa.String(length=32), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_leader_rewards_amount")),
        _to("leader_rewards", "team_id", "teams.id"),
        _to("leader_rewards", "merchant_id", "merchants.id"),
        _to("leader_rewards", "campaign_id", "campaigns.id"),
        _to("leader_rewards", "order_id", "orders.id"),
        _to("leader_rewards", "refund_id", "refunds.id"),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_leader_rewards")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_leader_rewards_refund_id")),
    )
    for column in ("campaign_id", "order_id"):
        op.create_index(op.f(f"ix_leader_rewards_{column}"), "leader_rewards", [column])


def _flag(column: str) -> sa.Column[bool]:
    return sa.Column(column, sa.Boolean(), server_default=sa.false(), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    for table in ("leader_rewards", "reward_budgets", "campaign_chats"):
        op.drop_table(table)
    op.drop_column("orders", "goes_with")
    op.drop_column("teams", "ship_to_one")
    op.drop_index("uq_campaigns_key", "campaigns")
    for column in ("aside_returned_at", "key", *_FLAGS):
        op.drop_column("campaigns", column)

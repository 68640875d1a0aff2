"""Who passed a team's link on, which seats came of it, and what a campaign gives for that."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None

_MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("team_places", sa.Column("share_hash", sa.String(length=64), nullable=True))
    _create_invitations()
    _create_invited_seats()
    _create_invite_budgets()
    _create_invite_rewards()


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        _to("invitations", "token_hash", "team_shares.token_hash"),
        _to("invitations", "merchant_id", "merchants.id"),
        _to("invitations", "campaign_id", "campaigns.id"),
        _to("invitations", "person_id", "people.id"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitations")),
    )
    _index("invitations", "campaign_id", "person_id")


def _create_invited_seats() -> None:
    op.create_table(
        "invited_seats",
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("share_hash", sa.String(length=64), nullable=False),
        sa.Column("inviter_id", sa.String(length=32), nullable=False),
        sa.Column("level", _MINOR, nullable=False),
        sa.Column("rewarded", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level = 1", name=op.f("ck_invited_seats_level")),
        _to("invited_seats", "seat_id", "seats.id"),
        _to("invited_seats", "merchant_id", "merchants.id"),
        _to("invited_seats", "campaign_id", "campaigns.id"),
        _to("invited_seats", "share_hash", "invitations.token_hash"),
        _to("invited_seats", "inviter_id", "people.id"),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_invited_seats")),
    )
    _index("invited_seats", "campaign_id", "inviter_id")


def _create_invite_budgets() -> None:
    op.create_table(
        "invite_budgets",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("each_minor", _MINOR, nullable=False),
        sa.Column("budget_minor", _MINOR, nullable=False),
        sa.Column("spent_minor", _MINOR, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("channels", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("each_minor > 0", name=op.f("ck_invite_budgets_each")),
        sa.CheckConstraint(
            "0 <= spent_minor AND spent_minor <= budget_minor",
            name=op.f("ck_invite_budgets_budget"),
        ),
        _to("invite_budgets", "campaign_id", "campaigns.id"),
        _to("invite_budgets", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_invite_budgets")),
    )


def _create_invite_rewards() -> None:
    op.create_table(
        "invite_rewards",
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("inviter_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", _MINOR, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=True),
        sa.Column("refund_id", sa.String(length=32), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_invite_rewards_amount")),
        _to("invite_rewards", "seat_id", "seats.id"),
        _to("invite_rewards", "merchant_id", "merchants.id"),
        _to("invite_rewards", "campaign_id", "campaigns.id"),
        _to("invite_rewards", "inviter_id", "people.id"),
        _to("invite_rewards", "order_id", "orders.id"),
        _to("invite_rewards", "refund_id", "refunds.id"),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_invite_rewards")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_invite_rewards_refund_id")),
    )
    _index("invite_rewards", "campaign_id", "inviter_id", "order_id")


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    for table in ("invite_rewards", "invite_budgets", "invited_seats", "invitations"):
        op.drop_table(table)
    op.drop_column("team_places", "share_hash")

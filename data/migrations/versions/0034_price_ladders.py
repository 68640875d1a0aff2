"""What larger teams pay, what a team came to, and how it is paid for."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_CHARGE = '["charge"]'
_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_tiers("campaign_tiers", "campaign_id", "campaigns.id")
    _create_tiers("team_tiers", "team_id", "teams.id")
    for table in ("teams", "team_steps"):
        op.add_column(table, sa.Column("minimum", _COUNT, server_default="0", nullable=False))
        op.execute(f"UPDATE {table} SET minimum = target")  # noqa: S608  # two names of ours
    op.add_column("teams", sa.Column("final_size", _COUNT, nullable=True))
    op.add_column("teams", sa.Column("final_price_minor", _COUNT, nullable=True))
    op.add_column("payment_attempts", sa.Column("capture_minor", _COUNT, nullable=True))
    op.add_column(
        "payment_attempts", sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "campaigns", sa.Column("modes", sa.JSON(), server_default=_CHARGE, nullable=False)
    )
    op.add_column(
        "teams", sa.Column("mode", sa.String(length=12), server_default="charge", nullable=False)
    )
    for table in ("campaigns", "teams"):
        op.add_column(
            table, sa.Column("pay_window_seconds", _COUNT, server_default="86400", nullable=False)
        )
        rule = sa.Column("underpaid", sa.String(length=8), server_default="fail", nullable=False)
        op.add_column(table, rule)
    op.add_column("teams", sa.Column("pay_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("team_steps", sa.Column("held", _COUNT, server_default="0", nullable=False))
    op.execute(
        "UPDATE teams SET final_price_minor = price_minor, final_size ="
        " (SELECT max(paid) FROM team_steps WHERE team_id = teams.id AND state = 'success')"
        " WHERE state = 'success'"
    )


def _create_tiers(table: str, column: str, target: str) -> None:
    op.create_table(
        table,
        sa.Column(column, sa.String(length=32), nullable=False),
        sa.Column("min_size", _COUNT, autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("price_minor", _COUNT, nullable=False),
        sa.CheckConstraint("min_size > 2 AND price_minor > 0", name=op.f(f"ck_{table}_sane")),
        _to(table, column, target),
        _to(table, "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint(column, "min_size", name=op.f(f"pk_{table}")),
    )


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.drop_column("team_steps", "held")
    op.drop_column("teams", "pay_until")
    for table in ("campaigns", "teams"):
        for column in ("underpaid", "pay_window_seconds"):
            op.drop_column(table, column)
    op.drop_column("campaigns", "modes")
    for column in ("hold_until", "capture_minor"):
        op.drop_column("payment_attempts", column)
    for column in ("mode", "final_price_minor", "final_size"):
        op.drop_column("teams", column)
    for table in ("team_steps", "teams"):
        op.drop_column(table, "minimum")
    for table in ("team_tiers", "campaign_tiers"):
        op.drop_table(table)

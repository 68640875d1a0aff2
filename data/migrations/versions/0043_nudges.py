"""A member may have the others reminded of a team, and anybody may want none of it."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("teams", sa.Column("nudges", _COUNT, server_default="0", nullable=False))
    op.add_column("teams", sa.Column("next_nudge_at", _MOMENT, nullable=True))
    op.add_column("people", sa.Column("nudges_off_at", _MOMENT, nullable=True))
    op.create_table(
        "team_nudges",
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("number", _COUNT, autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        _to("team_id", "teams.id"),
        _to("merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("team_id", "number", name=op.f("pk_team_nudges")),
    )


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_team_nudges_{column}"))


def downgrade() -> None:
    op.drop_table("team_nudges")
    op.drop_column("people", "nudges_off_at")
    op.drop_column("teams", "next_nudge_at")
    op.drop_column("teams", "nudges")

"""Where else a team's card stands than in the chat it was opened in."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team_places",
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _belongs("chat_id", "chats"),
        _belongs("merchant_id", "merchants"),
        _belongs("team_id", "teams"),
        sa.PrimaryKeyConstraint("team_id", "chat_id", name=op.f("pk_team_places")),
    )


def downgrade() -> None:
    op.drop_table("team_places")


def _belongs(column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_team_places_{column}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name)

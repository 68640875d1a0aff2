"""Whose a file of the web chat is (one from before has no row: the next round takes it away), and
which links to teams were made for a list only."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("name", sa.String(length=64), nullable=False),
        *(
            sa.Column(name, sa.String(length=32), nullable=False)
            for name in ("merchant_id", "account_id", "person_id")
        ),
        sa.Column("media", sa.String(length=8), nullable=False),
        sa.Column("bytes", _BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_uploads_bytes")),
        _to("merchant_id", "merchants.id"),
        _to("account_id", "channel_accounts.id"),
        _to("person_id", "people.id"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_person_id"), "uploads", ["person_id"])
    op.create_index("ix_uploads_created_at", "uploads", ["created_at"])
    op.add_column(
        "team_shares", sa.Column("unsent_since", sa.DateTime(timezone=True), nullable=True)
    )


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_uploads_{column}"))


def downgrade() -> None:
    op.drop_column("team_shares", "unsent_since")
    op.drop_table("uploads")

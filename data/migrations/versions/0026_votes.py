"""Cards that a group was shown, and its members' votes for them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shown_cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("product_id", sa.String(length=32), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        _to("shown_cards", "merchant_id", "merchants.id"),
        _to("shown_cards", "chat_id", "chats.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shown_cards")),
        sa.UniqueConstraint(
            "chat_id", "external_id", name=op.f("uq_shown_cards_chat_id_external_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shown_cards_chat", "shown_cards", ["chat_id", "shown_at"])
    op.create_table(
        "votes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("voter", sa.String(length=128), nullable=False),
        sa.Column("mark", sa.String(length=128), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("told", _BIG, nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=False),
        _to("votes", "merchant_id", "merchants.id"),
        _to("votes", "card_id", "shown_cards.id"),
        _to("votes", "person_id", "people.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("card_id", "voter", "mark", name=op.f("uq_votes_card_id_voter_mark")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_votes_person_id"), "votes", ["person_id"])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.drop_table("votes")
    op.drop_table("shown_cards")

"""What a shop uses of a language model in a day, and whom a person was asked to trust with it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_spend",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", _count(), nullable=False),
        sa.Column("tokens", _count(), nullable=False),
        sa.CheckConstraint("calls >= 0", name=op.f("ck_model_spend_calls")),
        sa.CheckConstraint("tokens >= 0", name=op.f("ck_model_spend_tokens")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_model_spend_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "day", name=op.f("pk_model_spend")),
    )
    op.add_column("people", sa.Column("model_asked", sa.String(length=40), nullable=True))


def _count() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def downgrade() -> None:
    op.drop_column("people", "model_asked")
    op.drop_table("model_spend")

"""Stories are kept beside flows: what came of them, and who published in spite of it."""

import sqlalchemy as sa
from alembic import op

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flow_trials",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("stories", sa.String(length=64), nullable=False),
        sa.Column("passed", NUMBER, nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_flow_trials_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_trials")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_flow_trials_version", "flow_trials", ["merchant_id", "sha", "id"])
    op.create_table(
        "flow_overrides",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("trial_id", NUMBER, nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_flow_overrides_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["flow_trials.id"], name=op.f("fk_flow_overrides_trial_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_overrides")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_flow_overrides_merchant_id"), "flow_overrides", ["merchant_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("flow_overrides")
    op.drop_table("flow_trials")

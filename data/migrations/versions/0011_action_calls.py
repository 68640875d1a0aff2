"""Actions that run on a merchant's own server, the calls under way, and jobs that wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_servers()
    _create_calls()
    op.add_column("jobs", sa.Column("held_for", sa.String(length=80), nullable=True))
    held = sa.column("held_for").is_not(None)
    op.create_index(
        "ix_jobs_held_for",
        "jobs",
        ["held_for"],
        unique=False,
        sqlite_where=held,
        postgresql_where=held,
    )


def _create_servers() -> None:
    op.create_table(
        "action_servers",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=500), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("trouble", sa.String(length=120), nullable=False),
        sa.Column("trouble_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_action_servers_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_action_servers")),
    )
    op.create_table(
        "action_server_moves",
        sa.Column("id", _ID, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_action_server_moves_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_server_moves")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_action_server_moves_merchant_id"), "action_server_moves", ["merchant_id"]
    )


def _create_calls() -> None:
    op.create_table(
        "action_calls",
        sa.Column("id", _ID, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("call", _ID, nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("inbox_id", _ID, nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("attempts", _ID, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_action_calls_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_action_calls_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_calls")),
        sa.UniqueConstraint(
            "conversation_id", "call", name=op.f("uq_action_calls_conversation_id_call")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_action_calls_due_at", "action_calls", ["due_at"])


def downgrade() -> None:
    op.drop_index("ix_jobs_held_for", table_name="jobs")
    op.drop_column("jobs", "held_for")
    op.drop_table("action_calls")
    op.drop_table("action_server_moves")
    op.drop_table("action_servers")

"""Flow versions and conversations."""

import sqlalchemy as sa
from alembic import op

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flow_channels",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("live_sha", sa.String(length=64), nullable=True),
        sa.Column("draft_sha", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_flow_channels_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_flow_channels")),
    )
    op.create_table(
        "flow_moves",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("from_sha", sa.String(length=64), nullable=True),
        sa.Column("to_sha", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_flow_moves_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_moves")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_flow_moves_merchant_id"), "flow_moves", ["merchant_id"], unique=False)
    op.create_table(
        "flow_versions",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_flow_versions_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "sha", name=op.f("pk_flow_versions")),
    )
    op.create_table(
        "deep_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_deep_links_merchant_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deep_links_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_deep_links")),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", NUMBER, nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_conversations_chat_id")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_conversations_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_conversations_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint(
            "chat_id", "person_id", name=op.f("uq_conversations_chat_id_person_id")
        ),
    )
    op.create_index(
        op.f("ix_conversations_merchant_id"), "conversations", ["merchant_id"], unique=False
    )
    op.create_index(
        op.f("ix_conversations_person_id"), "conversations", ["person_id"], unique=False
    )
    op.create_table(
        "offered_options",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("batch", sa.String(length=160), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.String(length=400), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_offered_options_chat_id")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_offered_options_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_offered_options_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offered_options")),
        sa.UniqueConstraint("token", name=op.f("uq_offered_options_token")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_offered_options_chat", "offered_options", ["chat_id", "id"], unique=False)
    op.create_table(
        "conversation_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("inbox_id", NUMBER, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_events_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_conversation_events_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_conversation_events_conversation",
        "conversation_events",
        ["conversation_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_conversation_events_inbox_id"), "conversation_events", ["inbox_id"], unique=False
    )
    op.create_table(
        "conversation_waits",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("wait", NUMBER, nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_waits_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_conversation_waits_merchant_id")
        ),
        sa.PrimaryKeyConstraint(
            "conversation_id", "wait", "event", name=op.f("pk_conversation_waits")
        ),
    )
    op.create_index(
        "ix_conversation_waits_event", "conversation_waits", ["event", "key"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_waits_event", table_name="conversation_waits")
    op.drop_table("conversation_waits")
    op.drop_index(op.f("ix_conversation_events_inbox_id"), table_name="conversation_events")
    op.drop_index("ix_conversation_events_conversation", table_name="conversation_events")
    op.drop_table("conversation_events")
    op.drop_index("ix_offered_options_chat", table_name="offered_options")
    op.drop_table("offered_options")
    op.drop_index(op.f("ix_conversations_person_id"), table_name="conversations")
    op.drop_index(op.f("ix_conversations_merchant_id"), table_name="conversations")
    op.drop_table("conversations")
    op.drop_table("deep_links")
    op.drop_table("flow_versions")
    op.drop_index(op.f("ix_flow_moves_merchant_id"), table_name="flow_moves")
    op.drop_table("flow_moves")
    op.drop_table("flow_channels")

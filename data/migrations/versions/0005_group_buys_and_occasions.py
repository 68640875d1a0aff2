"""Group-buys, occasions and reminders."""

import sqlalchemy as sa
from alembic import op

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "occasions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("calendar", sa.String(length=8), nullable=False),
        sa.Column("month", NUMBER, nullable=False),
        sa.Column("day", NUMBER, nullable=False),
        sa.Column("leap", sa.Boolean(), nullable=False),
        sa.Column("year", NUMBER, nullable=True),
        sa.Column("lead_days", NUMBER, nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lead_days >= 0", name=op.f("ck_occasions_lead")),
        sa.CheckConstraint(
            "month BETWEEN 1 AND 12 AND day BETWEEN 1 AND 31", name=op.f("ck_occasions_date")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_occasions_merchant_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_occasions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasions")),
    )
    op.create_index(op.f("ix_occasions_person_id"), "occasions", ["person_id"], unique=False)
    op.create_table(
        "seat_takers",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("lapses", NUMBER, nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_seat_takers_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_seat_takers_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_seat_takers")),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("team_size", NUMBER, nullable=False),
        sa.Column("team_price_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("window_seconds", NUMBER, nullable=False),
        sa.Column("per_person_limit", NUMBER, nullable=False),
        sa.Column("stock_limit", NUMBER, nullable=True),
        sa.Column("taken", NUMBER, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= taken AND (stock_limit IS NULL OR taken <= stock_limit)",
            name=op.f("ck_campaigns_taken"),
        ),
        sa.CheckConstraint("team_price_minor > 0", name=op.f("ck_campaigns_team_price")),
        sa.CheckConstraint("team_size >= 2", name=op.f("ck_campaigns_team_size")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_campaigns_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_campaigns_variant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(
        "ix_campaigns_shown", "campaigns", ["merchant_id", "state", "ends_at"], unique=False
    )
    op.create_index(op.f("ix_campaigns_variant_id"), "campaigns", ["variant_id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("occasion_id", sa.String(length=32), nullable=False),
        sa.Column("year", NUMBER, nullable=False),
        sa.Column("lead", NUMBER, nullable=False),
        sa.Column("falls_on", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_reminders_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["occasions.id"], name=op.f("fk_reminders_occasion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "occasion_id", "year", "lead", name=op.f("uq_reminders_occasion_id_year_lead")
        ),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=True),
        sa.Column("leader_id", sa.String(length=32), nullable=False),
        sa.Column("price_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("target", NUMBER, nullable=False),
        sa.Column("held", NUMBER, nullable=False),
        sa.Column("paid", NUMBER, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= paid AND paid <= held AND held <= target", name=op.f("ck_teams_seats")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_teams_campaign_id")
        ),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_teams_chat_id")),
        sa.ForeignKeyConstraint(["leader_id"], ["people.id"], name=op.f("fk_teams_leader_id")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_teams_merchant_id")
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_teams_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_index(op.f("ix_teams_campaign_id"), "teams", ["campaign_id"], unique=False)
    op.create_index("ix_teams_deadline", "teams", ["state", "expires_at"], unique=False)
    op.create_index("ix_teams_in_chat", "teams", ["chat_id", "state"], unique=False)
    op.create_index(op.f("ix_teams_merchant_id"), "teams", ["merchant_id"], unique=False)
    op.create_table(
        "seats",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=True),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_seats_quantity")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_seats_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_seats_merchant_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_seats_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_seats_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_seats_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
        sa.UniqueConstraint("order_id", name=op.f("uq_seats_order_id")),
    )
    op.create_index("ix_seats_person", "seats", ["person_id", "state"], unique=False)
    op.create_index("ix_seats_team", "seats", ["team_id", "state"], unique=False)
    op.create_index(
        "uq_seats_live",
        "seats",
        ["team_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('held', 'paid', 'fulfilled')"),
        postgresql_where=sa.text("state IN ('held', 'paid', 'fulfilled')"),
    )
    op.create_table(
        "team_steps",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("paid", NUMBER, nullable=False),
        sa.Column("target", NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_team_steps_merchant_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_steps_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_steps")),
        sa.UniqueConstraint("team_id", "state", name=op.f("uq_team_steps_team_id_state")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("team_steps")
    op.drop_index(
        "uq_seats_live",
        table_name="seats",
        sqlite_where=sa.text("state IN ('held', 'paid', 'fulfilled')"),
        postgresql_where=sa.text("state IN ('held', 'paid', 'fulfilled')"),
    )
    op.drop_index("ix_seats_team", table_name="seats")
    op.drop_index("ix_seats_person", table_name="seats")
    op.drop_table("seats")
    op.drop_index(op.f("ix_teams_merchant_id"), table_name="teams")
    op.drop_index("ix_teams_in_chat", table_name="teams")
    op.drop_index("ix_teams_deadline", table_name="teams")
    op.drop_index(op.f("ix_teams_campaign_id"), table_name="teams")
    op.drop_table("teams")
    op.drop_table("reminders")
    op.drop_index(op.f("ix_campaigns_variant_id"), table_name="campaigns")
    op.drop_index("ix_campaigns_shown", table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_table("seat_takers")
    op.drop_index(op.f("ix_occasions_person_id"), table_name="occasions")
    op.drop_table("occasions")

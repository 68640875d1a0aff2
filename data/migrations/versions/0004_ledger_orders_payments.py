"""Ledger, orders, payments, and the simulated bank's own books."""

import sqlalchemy as sa
from alembic import op

from data.ledger.append_only import APPEND_ONLY_TABLES, append_only_ddl

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sandbox_payments",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("provider_ref", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("authorize_only", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("refunded_minor", NUMBER, nullable=False),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sandbox_payments")),
        sa.UniqueConstraint("provider_ref", name=op.f("uq_sandbox_payments_provider_ref")),
    )
    op.create_table(
        "sandbox_plans",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=8), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("delay_seconds", NUMBER, nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", "about", name=op.f("pk_sandbox_plans")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source_ref", sa.String(length=64), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_ledger_entries_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint(
            "merchant_id",
            "kind",
            "source_ref",
            name=op.f("uq_ledger_entries_merchant_id_kind_source_ref"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "order_numbers",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_order_numbers_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_order_numbers")),
    )
    op.create_table(
        "payment_notices",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=True),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("our_ref", sa.String(length=64), nullable=False),
        sa.Column("claimed_minor", NUMBER, nullable=True),
        sa.Column("claimed_currency", sa.String(length=3), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_payment_notices_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_notices")),
        sa.UniqueConstraint(
            "provider", "event_id", name=op.f("uq_payment_notices_provider_event_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_payment_notices_our_ref"), "payment_notices", ["our_ref"], unique=False
    )
    op.create_table(
        "sandbox_refunds",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("payment_key", sa.String(length=32), nullable=False),
        sa.Column("provider_ref", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("becomes", sa.String(length=12), nullable=True),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_key"], ["sandbox_payments.key"], name=op.f("fk_sandbox_refunds_payment_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sandbox_refunds")),
        sa.UniqueConstraint("provider_ref", name=op.f("uq_sandbox_refunds_provider_ref")),
    )
    op.create_table(
        "kept_addresses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_kept_addresses_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_kept_addresses_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_addresses")),
    )
    op.create_index(
        op.f("ix_kept_addresses_person_id"), "kept_addresses", ["person_id"], unique=False
    )
    op.create_table(
        "postings",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("entry_id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_postings_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_postings_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_postings_account", "postings", ["merchant_id", "account"], unique=False)
    op.create_index(op.f("ix_postings_entry_id"), "postings", ["entry_id"], unique=False)
    op.create_table(
        "basket_lines",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_basket_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_basket_lines_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_basket_lines_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_basket_lines_variant_id")
        ),
        sa.PrimaryKeyConstraint(
            "merchant_id", "person_id", "variant_id", name=op.f("pk_basket_lines")
        ),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("items_minor", NUMBER, nullable=False),
        sa.Column("shipping_minor", NUMBER, nullable=False),
        sa.Column("total_minor", NUMBER, nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("recipient", sa.String(length=40), nullable=True),
        sa.Column("occasion_id", sa.String(length=32), nullable=True),
        sa.Column("stock_ref", sa.String(length=64), nullable=False),
        sa.Column("tracking", sa.String(length=120), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "items_minor >= 0 AND shipping_minor >= 0", name=op.f("ck_orders_amounts")
        ),
        sa.CheckConstraint(
            "total_minor = items_minor + shipping_minor", name=op.f("ck_orders_total")
        ),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_orders_chat_id")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_orders_merchant_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_orders_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("merchant_id", "number", name=op.f("uq_orders_merchant_id_number")),
    )
    op.create_index(
        "ix_orders_person", "orders", ["merchant_id", "person_id", "created_at"], unique=False
    )
    op.create_index("ix_orders_state", "orders", ["merchant_id", "state"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("image", sa.String(length=2000), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("unit_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("quantity > 0 AND unit_minor >= 0", name=op.f("ck_order_lines_sane")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_order_lines_merchant_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_order_lines_variant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint(
            "order_id", "variant_id", name=op.f("uq_order_lines_order_id_variant_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "payment_attempts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("provider_ref", sa.String(length=128), nullable=True),
        sa.Column("idempotency_key", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("authorize_only", sa.Boolean(), nullable=False),
        sa.Column("capture_wanted", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("captured_minor", NUMBER, nullable=False),
        sa.Column("promised_minor", NUMBER, nullable=False),
        sa.Column("pay_url", sa.String(length=2000), nullable=True),
        sa.Column("quarantine", sa.String(length=80), nullable=True),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("call", sa.String(length=16), nullable=True),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", NUMBER, nullable=False),
        sa.Column("checks", NUMBER, nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= promised_minor AND promised_minor <= captured_minor",
            name=op.f("ck_payment_attempts_promised"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_attempts_amount")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_payment_attempts_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_payment_attempts_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempts")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_attempts_idempotency_key")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_payment_attempts_order_id_number")),
        sa.UniqueConstraint(
            "provider", "provider_ref", name=op.f("uq_payment_attempts_provider_provider_ref")
        ),
    )
    op.create_index("ix_payment_attempts_call_at", "payment_attempts", ["call_at"], unique=False)
    op.create_table(
        "payment_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_payment_links_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_payment_links_order_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_payment_links")),
    )
    op.create_index(op.f("ix_payment_links_order_id"), "payment_links", ["order_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("attempt_id", sa.String(length=32), nullable=False),
        sa.Column("retry_of", sa.String(length=32), nullable=True),
        sa.Column("cause_ref", sa.String(length=80), nullable=False),
        sa.Column("idempotency_key", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("provider_ref", sa.String(length=128), nullable=True),
        sa.Column("quarantine", sa.String(length=80), nullable=True),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("call", sa.String(length=16), nullable=True),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", NUMBER, nullable=False),
        sa.Column("checks", NUMBER, nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payment_attempts.id"], name=op.f("fk_refunds_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_refunds_merchant_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(["retry_of"], ["refunds.id"], name=op.f("fk_refunds_retry_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint(
            "attempt_id", "cause_ref", name=op.f("uq_refunds_attempt_id_cause_ref")
        ),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_refunds_idempotency_key")),
    )
    op.create_index("ix_refunds_call_at", "refunds", ["call_at"], unique=False)
    op.create_index(op.f("ix_refunds_order_id"), "refunds", ["order_id"], unique=False)
    for table in APPEND_ONLY_TABLES:
        for statement in append_only_ddl(table, op.get_bind().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_refunds_order_id"), table_name="refunds")
    op.drop_index("ix_refunds_call_at", table_name="refunds")
    op.drop_table("refunds")
    op.drop_index(op.f("ix_payment_links_order_id"), table_name="payment_links")
    op.drop_table("payment_links")
    op.drop_index("ix_payment_attempts_call_at", table_name="payment_attempts")
    op.drop_table("payment_attempts")
    op.drop_table("order_lines")
    op.drop_index("ix_orders_state", table_name="orders")
    op.drop_index("ix_orders_person", table_name="orders")
    op.drop_table("orders")
    op.drop_table("basket_lines")
    op.drop_index(op.f("ix_postings_entry_id"), table_name="postings")
    op.drop_index("ix_postings_account", table_name="postings")
    op.drop_table("postings")
    op.drop_index(op.f("ix_kept_addresses_person_id"), table_name="kept_addresses")
    op.drop_table("kept_addresses")
    op.drop_table("sandbox_refunds")
    op.drop_index(op.f("ix_payment_notices_our_ref"), table_name="payment_notices")
    op.drop_table("payment_notices")
    op.drop_table("order_numbers")
    op.drop_table("ledger_entries")
    op.drop_table("sandbox_plans")
    op.drop_table("sandbox_payments")

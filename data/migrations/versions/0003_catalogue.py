"""Products, stock and the search index."""

import sqlalchemy as sa
from alembic import op

from data.catalogue import create_search_index, drop_search_index

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("description", sa.JSON(), nullable=False),
        sa.Column("brand", sa.String(length=120), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column("link", sa.String(length=2000), nullable=False),
        sa.Column("image", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_products_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint(
            "merchant_id", "external_id", name=op.f("uq_products_merchant_id_external_id")
        ),
    )
    op.create_index(op.f("ix_products_category"), "products", ["category"], unique=False)
    op.create_table(
        "product_tags",
        sa.Column("product_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_product_tags_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_tags_product_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "kind", "value", name=op.f("pk_product_tags")),
    )
    op.create_index(
        "ix_product_tags_wanted", "product_tags", ["merchant_id", "kind", "value"], unique=False
    )
    op.create_table(
        "variants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=True),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("attribute_texts", sa.JSON(), nullable=False),
        sa.Column("price_minor", NUMBER, nullable=False),
        sa.Column("sale_price_minor", NUMBER, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("on_hand", NUMBER, nullable=False),
        sa.Column("held", NUMBER, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("image", sa.String(length=2000), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("feed_quantity", NUMBER, nullable=True),
        sa.Column("feed_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("0 <= held AND held <= on_hand", name=op.f("ck_variants_stock")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_variants_price")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_variants_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_variants_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
        sa.UniqueConstraint(
            "merchant_id", "external_id", name=op.f("uq_variants_merchant_id_external_id")
        ),
    )
    op.create_index("ix_variants_gtin", "variants", ["merchant_id", "gtin"], unique=False)
    op.create_index(op.f("ix_variants_product_id"), "variants", ["product_id"], unique=False)
    op.create_table(
        "holds",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("owner_ref", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_holds_quantity")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_holds_merchant_id")
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_holds_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("owner_ref", "variant_id", name=op.f("uq_holds_owner_ref_variant_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_holds_due", "holds", ["state", "expires_at"], unique=False)
    op.create_index(op.f("ix_holds_variant_id"), "holds", ["variant_id"], unique=False)
    op.create_table(
        "stock_moves",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("delta", NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("ref", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_stock_moves_merchant_id")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_stock_moves_variant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_moves")),
        sa.UniqueConstraint(
            "variant_id", "reason", "ref", name=op.f("uq_stock_moves_variant_id_reason_ref")
        ),
        sqlite_autoincrement=True,
    )
    create_search_index(op.get_bind())


def downgrade() -> None:
    drop_search_index(op.get_bind())
    op.drop_table("stock_moves")
    op.drop_index(op.f("ix_holds_variant_id"), table_name="holds")
    op.drop_index("ix_holds_due", table_name="holds")
    op.drop_table("holds")
    op.drop_index(op.f("ix_variants_product_id"), table_name="variants")
    op.drop_index("ix_variants_gtin", table_name="variants")
    op.drop_table("variants")
    op.drop_index("ix_product_tags_wanted", table_name="product_tags")
    op.drop_table("product_tags")
    op.drop_index(op.f("ix_products_category"), table_name="products")
    op.drop_table("products")

"""A product says its tags in one line; its variants are found by one index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_variants_product_id", table_name="variants")
    op.create_index("ix_variants_product", "variants", ["product_id", "merchant_id"], unique=False)
    op.add_column("products", sa.Column("tag_line", sa.Text(), server_default="", nullable=False))
    products = sa.table("products", sa.column("id", sa.String), sa.column("tag_line", sa.Text))
    tags = sa.table(
        "product_tags",
        sa.column("product_id", sa.String),
        sa.column("kind", sa.String),
        sa.column("value", sa.String),
    )
    line = (
        sa.select(sa.func.aggregate_strings(tags.c.kind + ":" + tags.c.value, "|"))
        .where(tags.c.product_id == products.c.id)
        .scalar_subquery()
    )
    op.execute(sa.update(products).values(tag_line=sa.func.coalesce(line, "")))


def downgrade() -> None:
    op.drop_column("products", "tag_line")
    op.drop_index("ix_variants_product", table_name="variants")
    op.create_index("ix_variants_product_id", "variants", ["product_id"], unique=False)

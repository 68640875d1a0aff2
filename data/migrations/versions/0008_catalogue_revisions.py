"""A catalogue has a revision, renewed by whatever changes what a shelf shows; who is sold out is
found by an index. The line of tags served statements that are no more."""

import secrets

import sqlalchemy as sa
from alembic import op

from data.catalogue.revisions import WATCHED, forget_revision_ddl, revision_ddl

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_revisions",
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_catalogue_revisions_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_catalogue_revisions")),
    )
    op.drop_column("products", "tag_line")
    gone = sa.text("held >= on_hand")
    op.create_index(
        "ix_variants_sold_out",
        "variants",
        ["merchant_id"],
        unique=False,
        sqlite_where=gone,
        postgresql_where=gone,
    )
    dialect = op.get_bind().dialect.name
    for table in WATCHED:
        for statement in revision_ddl(table, dialect):
            op.execute(statement)
    _give_first(op.get_bind())


def _give_first(connection: sa.Connection) -> None:
    revisions = sa.table(
        "catalogue_revisions", sa.column("merchant_id", sa.String), sa.column("revision", sa.String)
    )
    merchants = sa.table("merchants", sa.column("id", sa.String))
    shops = connection.scalars(sa.select(merchants.c.id)).all()
    if shops:
        tokens = [{"merchant_id": shop, "revision": secrets.token_hex(16)} for shop in shops]
        connection.execute(sa.insert(revisions), tokens)


def downgrade() -> None:
    for statement in forget_revision_ddl(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("ix_variants_sold_out", table_name="variants")
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
    op.drop_table("catalogue_revisions")

"""One person across messengers: codes that link, who became whom, links to a person's own data."""

import sqlalchemy as sa
from alembic import op

from data.ledger.append_only import append_only_ddl

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("people", sa.Column("merged_into", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_people_merged_into"), "people", ["merged_into"])
    _links()
    op.create_table(
        "link_tries",
        sa.Column("whom", sa.String(length=32), nullable=False),
        _merchant(),
        sa.Column("n", _BIG, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_link_tries_n")),
        _to("link_tries", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("whom", name=op.f("pk_link_tries")),
    )
    _moves()
    op.create_table(
        "data_exports",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        _merchant(),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        _to("data_exports", "merchant_id", "merchants.id"),
        _to("data_exports", "person_id", "people.id"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_data_exports")),
    )
    op.create_index(op.f("ix_data_exports_person_id"), "data_exports", ["person_id"])


def _links() -> None:
    op.create_table(
        "person_links",
        sa.Column("id", sa.String(length=32), nullable=False),
        _merchant(),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("asked_in", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("typed_by", sa.String(length=32), nullable=True),
        sa.Column("typed_in", sa.String(length=32), nullable=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _to("person_links", "merchant_id", "merchants.id"),
        _to("person_links", "person_id", "people.id"),
        _to("person_links", "typed_by", "people.id"),
        _to("person_links", "asked_in", "conversations.id"),
        _to("person_links", "typed_in", "conversations.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_links")),
        sa.UniqueConstraint(
            "merchant_id", "code_hash", name=op.f("uq_person_links_merchant_id_code_hash")
        ),
    )
    op.create_index("ix_person_links_person", "person_links", ["person_id"])


def _moves() -> None:
    op.create_table(
        "person_moves",
        sa.Column("id", _BIG, nullable=False),
        _merchant(),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("into_id", sa.String(length=32), nullable=True),
        sa.Column("link_id", sa.String(length=32), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _to("person_moves", "merchant_id", "merchants.id"),
        _to("person_moves", "person_id", "people.id"),
        _to("person_moves", "into_id", "people.id"),
        _to("person_moves", "link_id", "person_links.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_moves")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_person_moves_merchant_id"), "person_moves", ["merchant_id"])
    op.create_index(op.f("ix_person_moves_person_id"), "person_moves", ["person_id"])
    for statement in append_only_ddl("person_moves", op.get_bind().dialect.name):
        op.execute(statement)


_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _merchant() -> sa.Column[str]:
    return sa.Column("merchant_id", sa.String(length=32), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    for table in ("data_exports", "person_moves", "link_tries", "person_links"):
        op.drop_table(table)
    op.drop_index(op.f("ix_people_merged_into"), table_name="people")
    op.drop_column("people", "merged_into")

"""Baskets that several people fill and pay, and the one parcel that their orders go with."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LIVE = sa.text("state IN ('held', 'paid', 'used')")


def upgrade() -> None:
    _create_parcels()
    _create_split_orders()
    _create_split_steps()
    _create_split_parts()


def _create_parcels() -> None:
    op.create_table(
        "parcels",
        _name("id"),
        _name("merchant_id"),
        _name("person_id"),
        sa.Column("ship_to", sa.Text(), nullable=True),
        _moment("created_at"),
        _to("parcels", "merchant_id", "merchants.id"),
        _to("parcels", "person_id", "people.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
    )
    op.create_index(op.f("ix_parcels_person_id"), "parcels", ["person_id"])


def _create_split_orders() -> None:
    table = "split_orders"
    checks = {
        "paid": "0 <= paid_minor AND paid_minor <= held_minor",
        "people": "0 <= people AND people <= places",
        "terms": "minimum_minor >= 0 AND fee_minor >= 0",
        "settled": "settled = 0 OR settled <= final_people",
    }
    counts = ("minimum_minor", "fee_minor", "held_minor", "paid_minor", "places", "people")
    op.create_table(
        table,
        _name("id"),
        *(_name(one) for one in ("merchant_id", "organiser_id", "parcel_id")),
        sa.Column("chat_id", sa.String(length=32), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        *(_count(one) for one in (*counts, "settled", "version")),
        *(
            sa.Column(one, _COUNT, nullable=True)
            for one in ("free_from_minor", "final_people", "final_fee_minor")
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=True),
        *(_moment(one) for one in ("opened_at", "expires_at")),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{one}")) for one, rule in checks.items()),
        _to(table, "merchant_id", "merchants.id"),
        _to(table, "chat_id", "chats.id"),
        _to(table, "organiser_id", "people.id"),
        _to(table, "parcel_id", "parcels.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("parcel_id", name=op.f(f"uq_{table}_parcel_id")),
    )
    op.create_index("ix_split_orders_in_chat", table, ["chat_id", "state"])
    for column in ("merchant_id", "organiser_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _create_split_steps() -> None:
    op.create_table(
        "split_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        _name("merchant_id"),
        _name("split_id"),
        sa.Column("state", sa.String(length=12), nullable=False),
        _count("paid_minor"),
        _count("people"),
        _moment("at"),
        _to("split_steps", "merchant_id", "merchants.id"),
        _to("split_steps", "split_id", "split_orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_split_steps")),
        sa.UniqueConstraint("split_id", "state", name=op.f("uq_split_steps_split_id_state")),
        sqlite_autoincrement=True,
    )


def _create_split_parts() -> None:
    table = "split_parts"
    op.create_table(
        table,
        _name("id"),
        *(_name(one) for one in ("merchant_id", "split_id", "person_id", "order_id")),
        _count("amount_minor"),
        _count("told_minor"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("nth", _COUNT, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        _moment("created_at"),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "amount_minor > 0 AND told_minor >= 0", name=op.f("ck_split_parts_amounts")
        ),
        _to(table, "merchant_id", "merchants.id"),
        _to(table, "split_id", "split_orders.id"),
        _to(table, "person_id", "people.id"),
        _to(table, "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("order_id", name=op.f(f"uq_{table}_order_id")),
        sa.UniqueConstraint("split_id", "nth", name=op.f(f"uq_{table}_split_id_nth")),
    )
    op.create_index(
        "uq_split_parts_live",
        table,
        ["split_id", "person_id"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index("ix_split_parts_person", table, ["person_id", "state"])


def _name(column: str) -> sa.Column[str]:
    return sa.Column(column, sa.String(length=32), nullable=False)


def _count(column: str) -> sa.Column[int]:
    return sa.Column(column, _COUNT, nullable=False)


def _moment(column: str) -> sa.Column[datetime]:
    return sa.Column(column, sa.DateTime(timezone=True), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    for table in ("split_parts", "split_steps", "split_orders", "parcels"):
        op.drop_table(table)

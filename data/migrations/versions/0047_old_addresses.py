"""Addresses go thirty days after all that went to them is over: when they went, and which orders go
together. What was over before is gone through once, shop by shop."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # due as soon as the shop runs
_INDEX, _CLEARED = "ix_orders_goes_with", "address_cleared_at"
_KINDS = ("address_round", "address_over", "kept_address_over")
_WITH_ADDRESSES = (("orders", "ship_to"), ("parcels", "ship_to"), ("kept_addresses", "sealed"))


def upgrade() -> None:
    op.add_column("orders", sa.Column(_CLEARED, _MOMENT, nullable=True))
    op.add_column("parcels", sa.Column(_CLEARED, _MOMENT, nullable=True))
    goes = sa.column("goes_with").is_not(None)
    op.create_index(_INDEX, "orders", ["goes_with"], sqlite_where=goes, postgresql_where=goes)
    _set_alarms(op.get_bind())


def _set_alarms(connection: sa.Connection) -> None:
    lanes = sa.table("lanes", sa.column("lane", sa.String), sa.column("due", _MOMENT))
    jobs = sa.table(
        "jobs",
        *(sa.column(name, sa.String) for name in ("merchant_id", "lane", "kind", "key")),
        *(sa.column(name, sa.String) for name in ("state", "error")),
        sa.column("args", sa.JSON),
        sa.column("attempts", sa.Integer),
        sa.column("run_at", _MOMENT),
        sa.column("created_at", _MOMENT),
    )
    for merchant_id in _shops(connection):
        name = f"address_round:{merchant_id}:orders:"
        connection.execute(sa.insert(lanes).values(lane=name, due=_LONG_AGO))
        connection.execute(
            sa.insert(jobs).values(
                merchant_id=merchant_id,
                lane=name,
                kind="address_round",
                key=name,
                state="due",
                error="",
                args={"merchant_id": merchant_id, "table": "orders", "after": ""},
                attempts=0,
                run_at=_LONG_AGO,
                created_at=_LONG_AGO,
            )
        )


def _shops(connection: sa.Connection) -> list[str]:
    """That know an address."""
    found: set[str] = set()
    for name, secret in _WITH_ADDRESSES:
        rows = sa.table(name, sa.column("merchant_id", sa.String), sa.column(secret, sa.Text))
        known = sa.select(rows.c.merchant_id).where(rows.c[secret].is_not(None)).distinct()
        found |= set(connection.scalars(known))
    return sorted(found)


def downgrade() -> None:
    connection = op.get_bind()
    lanes, jobs = (sa.table(one, sa.column("lane"), sa.column("kind")) for one in ("lanes", "jobs"))
    for kind in _KINDS:
        connection.execute(sa.delete(jobs).where(jobs.c.kind == kind))
        connection.execute(
            sa.delete(lanes).where(lanes.c.lane.startswith(f"{kind}:", autoescape=True))
        )
    op.drop_index(_INDEX, table_name="orders")
    op.drop_column("parcels", _CLEARED)
    op.drop_column("orders", _CLEARED)

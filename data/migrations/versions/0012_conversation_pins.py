"""Which versions conversations stand in, as rows; ways from old versions to new ones; versions that
had to go; a daily round through every shop's flows; a private link keeps its flow's version."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_ONCE = 500
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # the first round is due

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flow_versions", sa.Column("retired_at", sa.DateTime(timezone=True)))
    op.add_column("deep_links", sa.Column("version", sa.String(length=64), nullable=True))
    _make_ways()
    _make_pins()
    connection = op.get_bind()
    _backfill(connection)
    _set_alarms(connection)


def _make_ways() -> None:
    op.create_table(
        "flow_ways",
        sa.Column("move_id", NUMBER, nullable=False),
        sa.Column("from_sha", sa.String(length=64), nullable=False),
        sa.Column("to_sha", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("flows", sa.JSON(), nullable=False),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_flow_ways_merchant_id")
        ),
        sa.ForeignKeyConstraint(["move_id"], ["flow_moves.id"], name=op.f("fk_flow_ways_move_id")),
        sa.PrimaryKeyConstraint("move_id", "from_sha", name=op.f("pk_flow_ways")),
    )
    op.create_index("ix_flow_ways_merchant_id", "flow_ways", ["merchant_id", "from_sha"])


def _make_pins() -> None:
    op.create_table(
        "conversation_pins",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_pins_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sha"],
            ["flow_versions.merchant_id", "flow_versions.sha"],
            name="fk_conversation_pins_version",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "sha", name=op.f("pk_conversation_pins")),
    )
    op.create_index("ix_conversation_pins_version", "conversation_pins", ["merchant_id", "sha"])


def _backfill(connection: sa.Connection) -> None:
    pins = sa.table(
        "conversation_pins",
        sa.column("conversation_id", sa.String),
        sa.column("sha", sa.String),
        sa.column("merchant_id", sa.String),
    )
    versions = sa.table("flow_versions", sa.column("merchant_id"), sa.column("sha"))
    known = {tuple(row) for row in connection.execute(sa.select(versions))}
    found = (pin for pin in _pins(connection) if (pin["merchant_id"], pin["sha"]) in known)
    while some := list(islice(found, _AT_ONCE)):
        connection.execute(sa.insert(pins), some)


def _pins(connection: sa.Connection) -> Iterator[dict[str, str]]:
    """By ranges of ids: a million snapshots are not held at once."""
    rows = sa.table(
        "conversations",
        sa.column("id", sa.String),
        sa.column("merchant_id", sa.String),
        sa.column("snapshot", sa.JSON),
    )
    some = sa.select(rows).order_by(rows.c.id).limit(_AT_ONCE)
    page = connection.execute(some).all()
    while page:
        for conversation, merchant, snapshot in page:
            for sha in sorted(_shas(snapshot or {})):
                yield {"conversation_id": conversation, "sha": sha, "merchant_id": merchant}
        page = connection.execute(some.where(rows.c.id > page[-1].id)).all()


def _shas(snapshot: dict[str, Any]) -> set[str]:
    """Of every frame, on the stack or parked."""
    frames = list(snapshot.get("stack", ()))
    for parked in snapshot.get("parked", ()):
        frames += parked["frames"]
    return {frame["version"] for frame in frames}


def _set_alarms(connection: sa.Connection) -> None:
    moment = sa.DateTime(timezone=True)
    lanes = sa.table("lanes", sa.column("lane", sa.String), sa.column("due", moment))
    jobs = sa.table(
        "jobs",
        *(sa.column(name, sa.String) for name in ("merchant_id", "lane", "kind", "key")),
        *(sa.column(name, sa.String) for name in ("state", "error")),
        sa.column("args", sa.JSON),
        sa.column("attempts", sa.Integer),
        sa.column("run_at", moment),
        sa.column("created_at", moment),
    )
    channels = sa.table("flow_channels", sa.column("merchant_id", sa.String))
    for merchant in connection.scalars(sa.select(channels.c.merchant_id)).all():
        lane = f"flows:{merchant}"
        connection.execute(sa.insert(lanes).values(lane=lane, due=_LONG_AGO))
        connection.execute(
            sa.insert(jobs).values(
                merchant_id=merchant,
                lane=lane,
                kind="tend_flows",
                key=f"tend_flows:{merchant}:first",
                state="due",
                error="",
                args={"merchant_id": merchant, "after": ""},
                attempts=0,
                run_at=_LONG_AGO,
                created_at=_LONG_AGO,
            )
        )


def downgrade() -> None:
    connection = op.get_bind()
    for table, column, like in (("jobs", "kind", "tend_flows"), ("lanes", "lane", "flows:%")):
        name: sa.ColumnClause[str] = sa.column(column)
        connection.execute(sa.delete(sa.table(table, name)).where(name.like(like)))
    op.drop_index("ix_conversation_pins_version", table_name="conversation_pins")
    op.drop_table("conversation_pins")
    op.drop_index("ix_flow_ways_merchant_id", table_name="flow_ways")
    op.drop_table("flow_ways")
    op.drop_column("deep_links", "version")
    op.drop_column("flow_versions", "retired_at")

"""A full team has a waiting list; how many wait stands with the team that counts its places."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("teams", sa.Column("waiting", _COUNT, server_default="0", nullable=False))
    op.create_table(
        "waitlist_entries",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=True),
        sa.Column("quantity", _COUNT, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_version", _COUNT, nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_waitlist_entries_quantity")),
        _to("merchant_id", "merchants.id"),
        _to("team_id", "teams.id"),
        _to("person_id", "people.id"),
        _to("seat_id", "seats.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entries")),
        sa.UniqueConstraint("seat_id", name=op.f("uq_waitlist_entries_seat_id")),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "uq_waitlist_entries_waiting",
        "waitlist_entries",
        ["team_id", "person_id"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_waitlist_entries_team", "waitlist_entries", ["team_id", "state"])
    op.create_index("ix_waitlist_entries_person", "waitlist_entries", ["person_id", "state"])


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_waitlist_entries_{column}")
    return sa.ForeignKeyConstraint([column], [target], name=name)


def downgrade() -> None:
    op.drop_table("waitlist_entries")
    op.drop_column("teams", "waiting")

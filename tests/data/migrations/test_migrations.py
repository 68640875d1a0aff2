"""The revisions, run from nothing, give exactly the schema that the models describe."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import data.schema  # noqa: F401  # knows every table
from data.delivery.jobs import claim, due_lanes
from data.kernel.database import Base, Database
from data.migrations import is_current, migrate, newest
from data.migrations.changing import configuration
from data.migrations.comparing import is_ours
from data.orders import Order
from data.personal.old_addresses import JOBS
from tests.builders import SESSION_INFO
from tests.postgresql import EMPTY

_A_SHOP = text(
    "INSERT INTO merchants (id, name, currency, locale, timezone, settings, created_at)"
    " VALUES ('mer_1', '{}', 'CNY', 'en', 'UTC', '{}', '2026-11-22')"
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        database = Database(request.getfixturevalue("postgresql").new_database(EMPTY))
    yield database
    database.close()


def test_migrating_from_nothing_gives_the_schema_of_the_models(nothing: Database) -> None:
    assert not is_current(nothing)
    migrate(nothing)
    assert is_current(nothing)
    with nothing.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": False}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(nothing: Database) -> None:
    migrate(nothing)
    migrate(nothing)
    assert is_current(nothing)


def test_the_books_of_a_migrated_shop_cannot_be_rewritten(nothing: Database) -> None:
    """Triggers are no part of the models' tables: the revision must bring them too."""
    migrate(nothing)
    with nothing.engine.begin() as connection:
        connection.execute(_A_SHOP)
        connection.execute(
            text(
                "INSERT INTO ledger_entries (merchant_id, kind, source_ref, event_at, created_at)"
                " VALUES ('mer_1', 'k', 's', '2026-11-22', '2026-11-22')"
            )
        )
    with pytest.raises(DBAPIError, match="append_only"), nothing.engine.begin() as connection:
        connection.execute(text("DELETE FROM ledger_entries"))


def test_the_catalogue_of_a_migrated_shop_has_a_revision_that_changes(nothing: Database) -> None:
    """Its triggers are no part of the models' tables either."""

    def revision() -> str | None:
        with nothing.engine.connect() as connection:
            return connection.scalar(text("SELECT revision FROM catalogue_revisions"))

    migrate(nothing)
    with nothing.engine.begin() as connection:
        connection.execute(_A_SHOP)
        connection.execute(
            text(
                "INSERT INTO products (id, merchant_id, external_id, locale, title, description,"
                " brand, category, link, image, state, extra, created_at) VALUES ('prd_1', 'mer_1',"
                " 'x', 'en', '{}', '{}', '', '', '', '', 'active', '{}', '2026-11-22')"
            )
        )
    first = revision()
    with nothing.engine.begin() as connection:
        connection.execute(text("UPDATE products SET link = 'elsewhere'"))
    assert revision() == first
    with nothing.engine.begin() as connection:
        connection.execute(text("UPDATE products SET brand = 'another'"))
    assert first
    assert revision() != first


def test_a_shop_that_was_there_before_revisions_gets_one(nothing: Database) -> None:
    migrate(nothing)
    with nothing.engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
        connection.execute(_A_SHOP)
    migrate(nothing)
    with nothing.engine.connect() as connection:
        assert connection.scalar(text("SELECT revision FROM catalogue_revisions"))


_TALK = (
    "INSERT INTO people (id, merchant_id, name, locale, timezone, created_at)"
    " VALUES ('per_1', 'mer_1', '', 'en', 'UTC', '2026-11-22')",
    "INSERT INTO channel_accounts (id, merchant_id, channel, external_id, settings, enabled,"
    " created_at) VALUES ('acc_1', 'mer_1', 'rest', 'x', '{}', true, '2026-11-22')",
    "INSERT INTO chats (id, merchant_id, account_id, external_id, kind, title, reachable,"
    " created_at) VALUES ('cht_1', 'mer_1', 'acc_1', 'x', 'private', '', true, '2026-11-22')",
    "INSERT INTO flow_versions (merchant_id, sha, document, sources, author, created_at)"
    " VALUES ('mer_1', 'one', '', '{}', '', '2026-11-22'),"
    " ('mer_1', 'two', '', '{}', '', '2026-11-22')",
    "INSERT INTO flow_channels (merchant_id, live_sha) VALUES ('mer_1', 'two')",
    "INSERT INTO conversations (id, merchant_id, chat_id, person_id, mode, rev, snapshot,"
    " created_at, last_at) VALUES ('cnv_1', 'mer_1', 'cht_1', 'per_1', 'bot', 1, '"
    '{"stack": [{"version": "two"}, {"version": "two"}], "parked": [{"frames":'
    ' [{"version": "one"}]}, {"frames": [{"version": "gone"}]}]}'
    "', '2026-11-22', '2026-11-22')",
)


def test_conversations_that_were_there_before_pins_have_theirs(nothing: Database) -> None:
    """Running and parked; a version that is no longer there cannot be held."""
    migrate(nothing)
    with nothing.engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
        connection.execute(_A_SHOP)
        for statement in _TALK:
            connection.exec_driver_sql(statement)
    migrate(nothing)
    with nothing.engine.connect() as connection:
        pins = connection.execute(text("SELECT sha FROM conversation_pins ORDER BY sha"))
        assert pins.scalars().all() == ["one", "two"]
        alarms = connection.execute(text("SELECT lane, kind FROM jobs")).all()
        assert [tuple(row) for row in alarms] == [("flows:mer_1", "tend_flows")]


_BOUGHT = (
    _TALK[0],
    "INSERT INTO merchants (id, name, currency, locale, timezone, settings, created_at)"
    " VALUES ('mer_2', '{}', 'CNY', 'en', 'UTC', '{}', '2026-11-22')",
    "INSERT INTO orders (id, merchant_id, number, person_id, kind, state, version, currency,"
    " items_minor, shipping_minor, total_minor, ship_to, stock_ref, expires_at, created_at,"
    " updated_at) VALUES ('ord_1', 'mer_1', '1001', 'per_1', 'normal', 'delivered', 4, 'CNY', 1, 0,"
    " 1, 'sealed', 'ord_1', '2026-01-01', '2026-01-01', '2026-01-01')",
)


def test_addresses_of_before_are_gone_through_shop_by_shop(nothing: Database) -> None:
    """Only of a shop that knows one; and back again, without the columns."""
    migrate(nothing)
    config = configuration()
    with nothing.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0046")
        connection.execute(_A_SHOP)
        for statement in _BOUGHT:
            connection.exec_driver_sql(statement)
    migrate(nothing)
    with nothing.transaction() as session:
        now = datetime(2026, 11, 22, tzinfo=UTC)
        session.info.update(SESSION_INFO)
        done = []
        for lane in [*due_lanes(session, now=now), "address_over:ord_1:2026-11-22T00:00:00+00:00"]:
            job = claim(session, lane=lane, now=now)
            assert job is not None
            JOBS[job.kind](session, job, now)
            done.append(job.lane)
        assert done[0] == "address_round:mer_1:orders:"
        assert session.get_one(Order, "ord_1").ship_to is None
    with nothing.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0046")
        assert connection.scalar(text("SELECT count(*) FROM jobs")) == 0


def test_the_newest_revision_is_known_without_alembic():
    assert newest() == ScriptDirectory.from_config(configuration()).get_current_head()

"""What people wait for looks at no row but their own, however many teams and people there are:
SQLite, asked how it would find them, goes through no table.

PostgreSQL plans by what it knows of sizes; `./dev bench group-buy` shows it beside 100,000 teams.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, inspect, text

from data.group_buys import PayMode
from data.kernel.database import Database
from tests.data.group_buys.shop import GroupShop

_DAY = timedelta(hours=24)
_LOOKS = ("UPDATE", "DELETE")
Act = Callable[[GroupShop, str], None]


def _pays(shop: GroupShop, team_id: str) -> None:
    shop.pays(team_id, "Wei")


def _joins(shop: GroupShop, team_id: str) -> None:
    shop.joins(team_id, "Jun")


def _leaves(shop: GroupShop, team_id: str) -> None:
    shop.leaves(team_id, "Wei")


@pytest.mark.parametrize(
    ("act", "mode"),
    [
        *product((_joins, _leaves), PayMode),
        (_pays, PayMode.HOLD),
        (_pays, PayMode.CHARGE),  # a pledge is paid when its team is full
    ],
)
def test_no_table_is_gone_through(database: Database, act: Act, mode: PayMode) -> None:
    shop = GroupShop(database, size=4, tiers=((6, 5900),), modes=(mode,), longest_hold=_DAY * 3)
    team_id = shop.opens("Lan")
    shop.joins(team_id, "Wei")
    shop.person("Jun")
    with _noted(shop.database) as asked:
        act(shop, team_id)
    assert any(sql.startswith("UPDATE teams") for sql in asked)
    assert {sql: one for sql in asked for one in _scans(shop.database, sql)} == {}
    shop.close()


def test_one_that_is_gone_through_would_be_seen(database: Database) -> None:
    with _noted(database) as asked, database.reading() as session:
        session.execute(text("SELECT id FROM seats WHERE quantity = 7")).all()
    assert [_scans(database, sql) for sql in asked if "seats" in sql] == [["SCAN seats"]]


@contextmanager
def _noted(database: Database) -> Iterator[list[str]]:
    """Every statement with its values, as the driver ran it."""
    asked: list[str] = []

    def trace(connection: Any, _record: object) -> None:
        connection.set_trace_callback(asked.append)

    database.engine.dispose()
    event.listen(database.engine, "connect", trace)
    yield asked
    event.remove(database.engine, "connect", trace)
    database.engine.dispose()


def _scans(database: Database, sql: str) -> list[str]:
    """The steps of its plan that go through a table, or through the whole of an index. A plain new
    row's plan shows what is only done where a row was refused before: who refers to it."""
    if not sql.startswith(_LOOKS) and "SELECT" not in sql:
        return []
    tables = set(inspect(database.engine).get_table_names())
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()
    steps = [str(row[-1]) for row in plan]
    return [step for step in steps if step.startswith("SCAN") and step.split()[1] in tables]

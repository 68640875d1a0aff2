"""Every rule of the audit is seen to break: one seeded fault each, in a shop that was sound."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data.audit import RULES, Violation, audit
from data.group_buys import TeamState
from data.kernel.database import Base, Database
from data.kernel.money import Money
from data.pools import PoolState
from data.split_orders import SplitState
from tests.data.group_buys.inviting import KEPT, invites, sends
from tests.data.split_orders.shop import SplitShop

DAY = timedelta(hours=24)
_FILE = Path(__file__).with_name("faults.sql")


def _faults() -> dict[str, list[str]]:
    """The statements of faults.sql by the rule they break."""
    _, *parts = _FILE.read_text().split("-- fault: ")
    named = (part.split("\n", 1) for part in parts)
    return {name: [sql for sql in body.split(";") if sql.strip()] for name, body in named}


FAULTS = _faults()


def _a_shop(database: Database) -> SplitShop:
    reward, budget = Money(500, "CNY"), Money(1500, "CNY")
    return SplitShop(
        database,
        limit=9,
        stock_limit=12,
        set_aside=True,
        reward=reward,
        reward_budget=budget,
        invite_reward=reward,
        invite_reward_budget=budget,
    )


def _live_a_little(shop: SplitShop) -> None:
    """One team that failed, one that succeeded, one open with a paid and a held seat; and the
    same of presents and of baskets."""
    basket = shop.opens_split("Lan", window=timedelta(minutes=10))
    shop.pays_part(basket, "Wei")
    failed = shop.opens("Lan")
    shop.pays(failed, "Lan")
    invites(shop, failed, "Lan", "Wei")
    shop.pays(failed, "Wei")
    shop.later(DAY)
    full = shop.opens("Lan")
    shop.joins(full, "Wei")
    invites(shop, full, "Lan", "Jun")
    shop.pays(full, "Lan", "Wei", "Jun")
    shop.work()
    sends(shop, full, "Jun")
    shop.later(KEPT)
    running = shop.opens("Lan")
    shop.joins(running, "Wei")
    shop.pays(running, "Lan")
    shop.work()
    assert shop.view(full).state == TeamState.SUCCESS
    _pay_together(shop)
    _fill_together(shop)
    assert shop.split_state(basket) == SplitState.FAILED


def _pay_together(shop: SplitShop) -> None:
    """One present that failed, one that is ordered, one open with a paid and a held share."""
    failed = shop.opens_pool("Lan", shares=2)
    shop.gives(failed, "Wei")
    shop.ends_pool(failed)
    ordered = shop.opens_pool("Lan", shares=2)
    shop.says_where(ordered, "Lan")
    shop.gives(ordered, "Wei", "Jun")
    running = shop.opens_pool("Lan", shares=3)
    shop.gives(running, "Wei")
    shop.promises(running, "Jun")
    shop.work()
    assert shop.pool_state(ordered) == PoolState.ORDERED


def _fill_together(shop: SplitShop) -> None:
    """One basket that is ordered, one open with a paid and a held part."""
    ordered = shop.opens_split("Lan", window=DAY)
    shop.pays_part(ordered, "Wei", "Jun")
    shop.closes_split(ordered, "Lan")
    running = shop.opens_split("Lan", window=DAY)
    shop.pays_part(running, "Wei")
    shop.puts_in(running, "Jun")
    shop.work()
    assert shop.split_state(ordered) == SplitState.ORDERED


@pytest.fixture
def shop(database: Database) -> Iterator[SplitShop]:
    shop = _a_shop(database)
    _live_a_little(shop)
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The file of such a shop, and what its clock shows."""
    path = tmp_path_factory.mktemp("audit") / "shop.db"
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    shop = _a_shop(database)
    _live_a_little(shop)
    shop.close()
    database.close()
    return path, shop.now


@pytest.fixture
def sound(lived_in: tuple[Path, datetime], tmp_path: Path) -> Iterator[Database]:
    shutil.copyfile(lived_in[0], tmp_path / "shop.db")
    database = Database(f"sqlite:///{tmp_path}/shop.db")
    yield database
    database.close()


def _broken(database: Database, now: datetime) -> dict[str, Violation]:
    with database.reading() as session:
        return {found.what: found for found in audit(session, now=now, grace=timedelta(0))}


def test_a_sound_shop_breaks_no_rule(each_database: Database) -> None:
    shop = _a_shop(each_database)
    _live_a_little(shop)
    assert shop.violations() == []
    shop.close()


def test_every_rule_has_a_fault_below() -> None:
    assert [check.what for check in RULES if check.what not in FAULTS] == []
    assert len({check.what for check in RULES}) == len(RULES) == len(FAULTS)


@pytest.mark.parametrize("what", FAULTS)
def test_the_audit_sees_a_broken_rule(
    sound: Database, lived_in: tuple[Path, datetime], what: str
) -> None:
    assert _broken(sound, lived_in[1]) == {}
    with sound.engine.connect() as connection:
        for pragma in ("ignore_check_constraints=ON", "foreign_keys=OFF"):
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"PRAGMA {pragma}")
            connection.exec_driver_sql("BEGIN")
        for statement in FAULTS[what]:
            connection.exec_driver_sql(statement)
        connection.commit()
    found = _broken(sound, lived_in[1])
    assert what in found
    assert found[what].ids


def test_consequences_under_way_are_given_time(shop: SplitShop) -> None:
    shop.later(DAY - timedelta(minutes=1))
    shop.turn_clock(timedelta(minutes=2))
    assert "team_past_its_deadline" in {broken.what for broken in shop.violations()}
    assert shop.violations(grace=timedelta(hours=1)) == []
    shop.turn_clock(timedelta(hours=1))
    assert shop.violations(grace=timedelta(hours=1)) != []
    shop.work()
    assert shop.violations() == []

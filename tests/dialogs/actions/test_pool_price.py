"""A present whose price changes between the summary and the yes: told, asked again, and only then
opened."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.play.world import World
from data.catalogue import Product
from data.conversations.said import Said
from data.pools import EndRule, Pool
from tests.builders import the_variant
from tests.dialogs.actions.test_group_buying import private, say
from tests.worlds import world_at

world = world_at(datetime(2026, 11, 22, 2, tzinfo=UTC))


def summed_up(world: World, shares: str, *limits: str) -> Said:
    """Lan comes to the question whether it shall be opened."""
    for text in ("chip in for Ann's present", "tea caravan", shares, *limits):
        said = say(world, world.account, "Lan", private("Lan"), text)
    assert said[-1].response == "utter_ask_confirm_pool"
    return said[-1]


def costs(world: World, minor: int) -> None:
    """The shop changes the price, which is CN¥168 with what it costs to send."""
    with world.tuanzi.database.transaction() as session:
        for product in session.scalars(select(Product)):
            if "Tea Caravan" in product.title.get("en", ""):
                the_variant(session, product).price_minor = minor


def answered(world: World, text: str) -> list[str]:
    said = say(world, world.account, "Lan", private("Lan"), text)
    return [str(one.segments[0]["text"]) for one in said]


def pools(world: World) -> list[Pool]:
    with world.tuanzi.database.reading() as session:
        return list(session.scalars(select(Pool)))


@pytest.mark.parametrize("minor", [20000, 9900])
def test_a_price_that_changed_is_told_and_asked_again(world: World, minor: int) -> None:
    summed_up(world, "2")
    costs(world, minor)
    changed, summary, *_ = answered(world, "yes")
    assert changed.startswith("The price has changed meanwhile: it comes to ")
    assert changed.endswith("now, not CN¥168.")
    assert "in 2 equal shares" in summary
    assert pools(world) == []
    answered(world, "yes")
    (pool,) = pools(world)
    assert pool.unit_minor == minor


def test_a_yes_to_add_what_is_missing_is_one_to_that_price(world: World) -> None:
    asked = summed_up(world, "2")
    costs(world, 20000)
    options = {one["title"]: one["payload"] for one in asked.segments[-1]["options"]}
    token = options["Yes, and I add what is missing"]
    (changed, *_) = say(world, world.account, "Lan", private("Lan"), token=token)
    assert changed.response == "utter_pool_price_changed"
    answered(world, "yes")
    (pool,) = pools(world)
    assert pool.end_rule == EndRule.ALL_OR_NOTHING


def test_a_cap_that_is_above_the_new_price_is_none(world: World) -> None:
    summed_up(world, "any amount", "at most 100 each")
    costs(world, 5000)
    answered(world, "yes")
    answered(world, "yes")
    (pool,) = pools(world)
    assert (pool.unit_minor, pool.cap_minor) == (5000, None)


def test_the_same_price_is_asked_once(world: World) -> None:
    summed_up(world, "2")
    answered(world, "yes")
    assert len(pools(world)) == 1

"""T14: thirty days after an order is over nobody can find out where it went, whoever has the keys
of the shop; and who buys again is asked again."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.demo.clock import clock_of, settle
from bot.pages.bank import visit_bank
from bot.play.world import World
from data.audit import audit
from data.merchants import Merchant
from data.orders import Order, Return, deliver, orders_of, ship
from data.orders.return_terms import set_return_days
from data.orders.returns import Decision, decide_return
from data.payments.returning import receive_return
from data.payments.sandbox_models import Outcome
from data.personal.exporting import export_person
from tests.conversations.test_own_data import PHONE, STREET, WHO, newest, person, press, say
from tests.worlds import world_at

CANARIES = ("Quillfeather", "900123")
KEPT = timedelta(days=30)
AT_ONCE = (f"{WHO} Moon, {PHONE}, {STREET}, London",)
IN_PIECES = (f"{WHO} Moon", f"{STREET} , London", f"my phone is {PHONE}")

world = world_at(datetime.fromisoformat("2026-11-22T10:00:00+08:00"))


def buys(world: World, *address: str) -> None:
    for text in ("do you have a teapot?", "buy the first one", "the first one", *address):
        say(world, text)


def order(world: World) -> Order:
    me = person(world)
    with world.tuanzi.database.reading() as session:
        (only,) = orders_of(session, merchant_id=me.merchant_id, person_id=me.id, limit=9)
        return only


def is_sent(world: World) -> None:
    token = newest(world, "/pay/")
    asyncio.run(visit_bank(world.tuanzi, token=token, outcome=Outcome.APPROVED))
    asyncio.run(settle(world.tuanzi))
    one = order(world)
    with world.tuanzi.database.transaction() as session:
        now = world.tuanzi.clock.now()
        ship(session, merchant_id=one.merchant_id, order_id=one.id, tracking=None, now=now)
        deliver(session, merchant_id=one.merchant_id, order_id=one.id, now=now)


def passes(world: World, time: timedelta) -> None:
    clock_of(world.tuanzi).advance(time)
    asyncio.run(settle(world.tuanzi))
    world.listen()


def known(world: World) -> set[str]:
    """What of it they find in the file of their data: all rows, every seal opened."""
    me = person(world)
    with world.tuanzi.database.transaction() as session:
        now = world.tuanzi.clock.now()
        file = json.dumps(export_person(session, person=me, by=me.id, now=now), default=str)
        return {one for one in CANARIES if one in file}


@pytest.mark.parametrize("address", [AT_ONCE, IN_PIECES])
def test_nobody_finds_out_where_an_order_went(world: World, address: tuple[str, ...]) -> None:
    buys(world, *address)
    press(world, "Yes, place it")
    is_sent(world)
    passes(world, KEPT - timedelta(minutes=1))
    assert known(world) == set(CANARIES)
    passes(world, timedelta(minutes=2))
    assert known(world) == set()
    assert order(world).ship_to is None
    assert world.unlike_their_log() == []
    with world.tuanzi.database.reading() as session:
        assert audit(session, now=world.tuanzi.clock.now()) == []


def test_who_buys_again_is_offered_the_last_address_for_as_long_and_then_asked(
    world: World,
) -> None:
    buys(world, *AT_ONCE)
    press(world, "Yes, place it")
    is_sent(world)
    passes(world, timedelta(days=25))
    buys(world)
    assert "same address as last time" in world.heard[-1].text
    say(world, "/cancel")
    passes(world, timedelta(days=6))
    buys(world)
    assert "Where should it go? Name, phone" in world.heard[-1].text


def test_the_last_address_can_be_chosen_up_to_its_last_moment(world: World) -> None:
    """And then stays as long as what it was chosen for is under way."""
    buys(world, *AT_ONCE)
    press(world, "Yes, place it")
    is_sent(world)
    passes(world, KEPT - timedelta(minutes=1))
    buys(world)
    press(world, "To Zebediah")
    passes(world, timedelta(days=1))
    press(world, "Yes, place it")
    assert any("/pay/" in json.dumps(said.message) for said in world.heard[-2:])
    assert known(world) == set(CANARIES)


def test_what_comes_instead_long_afterwards_asks_where_to(world: World) -> None:
    """In a shop that takes goods back for longer than it knows where they went."""
    with world.tuanzi.database.transaction() as session:
        merchant = session.get_one(Merchant, world.account.merchant_id)
        set_return_days(merchant, 90)
    for text in ("do you have a thermos?", "buy the light thermos flask"):
        say(world, text)
    press(world, "orange")
    say(world, *AT_ONCE)
    press(world, "Yes, place it")
    is_sent(world)
    passes(world, KEPT + timedelta(minutes=1))
    assert known(world) == set()
    say(world, "exchange it for the green one")
    press(world, "Yes, exchange it")
    comes_back(world)
    asked = [said.text for said in world.heard[-2:]]
    assert any("Where should order 1002 go?" in text for text in asked)
    press(world, "Give the address")
    say(world, f"{WHO} Moon, {PHONE}, 5 Larch Road, London")
    press(world, "Yes, change it")
    assert "Order 1002 goes to" in world.heard[-1].text
    with world.tuanzi.database.transaction() as session:
        now = world.tuanzi.clock.now()
        second = session.scalars(select(Order).where(Order.number == "1002")).one()
        ship(session, merchant_id=second.merchant_id, order_id=second.id, tracking=None, now=now)


def comes_back(world: World) -> None:
    """The shop agrees, and the goods are here."""
    with world.tuanzi.database.transaction() as session:
        now, merchant_id = world.tuanzi.clock.now(), world.account.merchant_id
        asked = session.scalars(select(Return)).one()
        about = {"merchant_id": merchant_id, "return_id": asked.id, "now": now}
        decide_return(session, decision=Decision(approve=True, by="owner"), **about)
        receive_return(session, restocked=True, by="owner", **about)
    asyncio.run(settle(world.tuanzi))
    world.listen()

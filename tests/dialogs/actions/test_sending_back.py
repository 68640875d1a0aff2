"""An order of several lines: which of them comes back, or is changed, is asked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.rest import RestMetadata
from bot.play.world import PRIVATE, World, open_world
from data.catalogue import Product, Variant
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders import Address, NewLine, Order, OrderDetails, ReturnLine, place_order, ship
from data.payments.credit import pay_with_card
from data.payments.gift_cards import issue_gift_card
from data.payments.truth import pay_by_credit
from data.people import ChannelIdentity
from tests.builders import NOW

HOME = Address(name="Ann Lee", phone="+1 415 555 2671", line="1 Market Street, San Francisco")
TEAPOT, FLASK = "Round-bellied teapot", "Light thermos flask"


@pytest.fixture
def world() -> Iterator[World]:
    """A shop in which Ann has ordered two teapots and a flask, and a gift card has paid."""
    world = open_world(NOW)
    hear(world, "hello")
    now = world.tuanzi.clock.now()
    with world.tuanzi.database.transaction() as session:
        named = {text.title["en"]: text.id for text in session.scalars(select(Product))}
        first = [
            session.scalars(
                select(Variant.id)
                .where(Variant.product_id == named[title])
                .order_by(Variant.position)
            ).first()
            or ""
            for title in (TEAPOT, FLASK)
        ]
        ann = select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == "Ann")
        order = place_order(
            session,
            merchant_id=world.account.merchant_id,
            person_id=session.scalars(ann).one(),
            lines=[NewLine(first[0], 2), NewLine(first[1])],
            details=OrderDetails(ship_to=HOME),
            hold_until=now + timedelta(minutes=30),
            now=now,
        )
        card, _ = issue_gift_card(
            session,
            merchant_id=order.merchant_id,
            amount=Money(100_000, "CNY"),
            by="test",
            now=now,
        )
        pay_with_card(session, order_id=order.id, card=card, now=now)
        pay_by_credit(session, order_id=order.id, now=now)
    yield world
    world.close()


def hear(world: World, text: str) -> str:
    """What is answered, with its buttons' words."""
    before = len(world.heard)
    world.say(who="Ann", where=PRIVATE, text=text, about=RestMetadata(locale=Locale.EN))
    return "\n".join(str(said.message) for said in world.heard[before:])


def sent(world: World) -> None:
    with world.tuanzi.database.transaction() as session:
        (order,) = session.scalars(select(Order))
        ship(
            session,
            merchant_id=order.merchant_id,
            order_id=order.id,
            tracking=None,
            now=world.tuanzi.clock.now(),
        )


def returned(world: World) -> list[int]:
    with world.tuanzi.database.reading() as session:
        return list(session.scalars(select(ReturnLine.quantity).order_by(ReturnLine.id)))


def test_one_line_is_named_in_words(world: World) -> None:
    sent(world)
    asked = hear(world, "I want to send it back")
    assert TEAPOT in asked
    assert FLASK in asked
    assert "Send this back" in hear(world, FLASK)
    hear(world, "yes")
    assert returned(world) == [1]
    assert "how many" in hear(world, "I want to send it back")  # only the teapots are left


def test_all_of_it_needs_no_number(world: World) -> None:
    sent(world)
    hear(world, "I want to send it back")
    told = hear(world, "/SetSlots(return_line=all)")
    assert "×2" in told
    assert FLASK in told
    hear(world, "yes")
    assert returned(world) == [2, 1]


def test_which_line_is_to_be_changed_is_asked_too(world: World) -> None:
    asked = hear(world, "I ordered the wrong colour")
    assert TEAPOT in asked
    assert FLASK in asked
    assert "instead of Light thermos flask" in hear(world, FLASK)

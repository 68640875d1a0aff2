"""A shop whose tax comes on top tells it before anybody agrees to the sum."""

from sqlalchemy import select

from data.merchants import Merchant
from data.orders import Order
from data.orders.taxes import Tax, percent_of, set_tax
from tests.bot.open_demo import Demo, open_page


def _talk(*, included: bool) -> tuple[str, Order]:
    with open_page() as demo:
        with demo.tuanzi.database.transaction() as session:
            for shop in session.scalars(select(Merchant)):
                set_tax(shop, Tax(percent_of("10"), included=included))
        _order(demo)
        said = " ".join(message.get("text", "") for message in demo.shown("you"))
        with demo.tuanzi.database.reading() as session:
            return said, session.scalars(select(Order)).one()


def _order(demo: Demo) -> None:
    demo.say("something for my brother, he climbs, under $50")
    demo.say("the third one")
    demo.say("moon white")
    demo.say("Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco")
    demo.press("Yes, place it")


def test_tax_on_top_is_in_the_total_and_said() -> None:
    said, order = _talk(included=False)
    assert "tax, which comes on top" in said
    goods = order.total_minor - order.shipping_minor
    assert f"{order.total_minor / 100:.2f}" in said
    assert goods % 11 == 0  # a tenth more than whole yuan


def test_tax_in_the_prices_changes_nothing() -> None:
    said, order = _talk(included=True)
    assert "comes on top" not in said
    assert (order.total_minor - order.shipping_minor) % 100 == 0

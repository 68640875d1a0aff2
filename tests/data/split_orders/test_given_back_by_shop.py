"""The shop gives back all that somebody paid for their part by the form for refunds: it is in the
common order no more."""

from sqlalchemy import select

from data.payments import PaymentAttempt
from data.payments.by_shop import refund_by_shop
from data.split_orders import SplitState
from tests.data.split_orders.shop import SplitShop


def test_a_part_that_was_given_back_is_nobodys_goods_any_more(each_shop: SplitShop) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei", noodles=2)
    order_id = shop.part_order(split, "Wei").id
    with shop.database.transaction() as session:
        paid = session.scalars(select(PaymentAttempt.id).filter_by(order_id=order_id)).one()
        refund_by_shop(session, attempt_id=paid, amount=None, key="once", now=shop.now)
    shop.work()
    assert shop.split(split).people == 1
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.split_state(split) == SplitState.ORDERED
    assert list(shop.delivery_paid(split)) == ["Lan"]

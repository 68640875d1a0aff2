"""A receipt's parts add up: goods, what came off and on top, what paid it, what went back."""

from decimal import Decimal

from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Order
from data.orders.coupon_models import ChargeKind
from data.orders.coupons import CouponTerms, make_coupon
from data.orders.taxes import Tax, set_tax
from data.payments.codes import apply_code
from data.payments.receipts import GIFT_CARD, Receipt, receipt_of
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import Outcome
from tests.data.payments.test_changing import GOLD, RED, Rack
from tests.data.payments.test_gift_cards import issue
from tests.data.payments.test_returning import go_back, lines, placed, send
from tests.data.payments.till import Till


def receipt(till: Till, order: str) -> Receipt:
    with till.looking() as session:
        return receipt_of(session, session.get_one(Order, order))


def test_every_part_of_the_price_and_of_what_paid_it_is_told(till: Till) -> None:
    _card, code = issue(till, 2000)
    with till.transaction() as session:
        set_tax(session.get_one(Merchant, till.shop.id), Tax(Decimal(10), included=False))
        terms = CouponTerms("TENTH", percent_off=10)
        make_coupon(
            session,
            merchant_id=till.shop.id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=till.clock.now(),
        )
    order = placed(till, 2)
    for typed in ("TENTH", code):
        with till.transaction() as session:
            apply_code(session, order_id=order, code=typed, now=till.clock.now())
    assert receipt(till, order).paid == []  # what is only held was not paid
    till.pay(order)
    told = receipt(till, order)
    assert [(one.kind, one.told_minor) for one in told.charges] == [
        (ChargeKind.DISCOUNT, -1760),
        (ChargeKind.TAX, 1584),
    ]
    assert [(one.way, one.amount.minor) for one in told.paid] == [
        (GIFT_CARD, 2000),
        (SANDBOX, 17600 - 1760 + 1584 + 1000 - 2000),
    ]
    assert sum(one.amount.minor for one in told.paid) == told.order.total_minor
    send(till, order)
    (line,) = lines(till, order)
    go_back(till, order, {line: 1})
    back = receipt(till, order).back
    assert [(one.way, one.arrived) for one in back] == [(GIFT_CARD, True), (SANDBOX, True)]
    assert sum(one.amount.minor for one in back) == (17600 - 1760 + 1584) // 2


def test_a_declined_payment_is_on_no_receipt(till: Till) -> None:
    order = placed(till, 1)
    till.pay(order, Outcome.DECLINED)
    assert receipt(till, order).paid == []


def test_what_a_dearer_variant_cost_more_stands_on_the_receipt_of_its_order(till: Till) -> None:
    rack = Rack(till)
    order = rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id or ""
    assert receipt(till, order).extra == Money(0, "CNY")
    till.pay(extra)
    told = receipt(till, order)
    assert told.extra == Money(GOLD - RED, "CNY")
    assert sum(one.amount.minor for one in told.paid) == told.order.total_minor + GOLD - RED

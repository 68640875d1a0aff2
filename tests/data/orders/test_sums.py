"""An order's sum: discounts shared to the last cent, tax in prices or on top, shipping."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.orders import NewLine, Order, OrderDetails, lines_of, place_order
from data.orders.coupon_models import ChargeKind
from data.orders.sums import add_up, charges_of, is_added_up, tax_on
from data.orders.taxes import Tax, percent_of, set_tax, tax_of
from tests.builders import NOW, a_merchant, a_person, a_product, the_variant

SHIPPING = 800


def an_order(session: Session, *prices: int, tax: Tax | None = None) -> Order:
    shop = a_merchant(session, settings={"shipping_minor": SHIPPING})
    set_tax(shop, tax)
    goods = [a_product(session, shop, price=price) for price in prices]
    return place_order(
        session,
        merchant_id=shop.id,
        person_id=a_person(session, shop).id,
        lines=[NewLine(the_variant(session, product).id) for product in goods],
        details=OrderDetails(),
        hold_until=NOW + timedelta(minutes=30),
        now=NOW,
    )


def charges(session: Session, order: Order) -> list[tuple[str, int, int]]:
    found = charges_of(session, order)
    return [(charge.kind, charge.amount_minor, charge.told_minor) for charge in found]


@given(
    prices=st.lists(st.integers(0, 10**7), min_size=1, max_size=8).filter(any),
    share=st.integers(0, 100),
)
def test_shares_of_a_discount_are_exact_and_no_line_gives_more_than_it_costs(
    prices: list[int], share: int
) -> None:
    off = sum(prices) * share // 100
    shares = [part.minor for part in Money(off, "CNY").split(prices)]
    assert sum(shares) == off
    assert all(0 <= part <= price for part, price in zip(shares, prices, strict=True))


def test_without_tax_and_discount_the_sum_is_goods_and_shipping(each_database: Database) -> None:
    with each_database.transaction() as session:
        order = an_order(session, 1000, 2000)
        assert (order.items_minor, order.total_minor) == (3000, 3000 + SHIPPING)
        assert charges(session, order) == []
        assert is_added_up(session, order, lines_of(session, order))


@pytest.mark.parametrize(
    ("tax", "told", "total"),
    [
        (Tax(Decimal(20)), 500, 3000 + SHIPPING),
        (Tax(Decimal(20), on_shipping=True), 633, 3000 + SHIPPING),
        (Tax(Decimal(20), included=False), 600, 3600 + SHIPPING),
        (Tax(Decimal("8.875"), included=False), 266, 3266 + SHIPPING),
        (Tax(Decimal(13), included=False, on_shipping=True), 494, 3494 + SHIPPING),
    ],
)
def test_tax_is_told_and_on_top_it_is_added(
    each_database: Database, tax: Tax, told: int, total: int
) -> None:
    with each_database.transaction() as session:
        order = an_order(session, 1000, 2000, tax=tax)
        kind = ChargeKind.TAX_INCLUDED if tax.included else ChargeKind.TAX
        assert charges(session, order) == [(kind, 0 if tax.included else told, told)]
        assert order.total_minor == total
        assert is_added_up(session, order, lines_of(session, order))


def test_what_is_taken_off_is_not_taxed_and_each_line_bears_its_share(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        order = an_order(session, 1000, 2000, tax=Tax(Decimal(10), included=False))
        add_up(session, order, Money(1000, "CNY"), {"en": "SPRING"})
        assert charges(session, order) == [
            (ChargeKind.DISCOUNT, -1000, -1000),
            (ChargeKind.TAX, 200, 200),
        ]
        assert [line.discount_minor for line in lines_of(session, order)] == [333, 667]
        assert order.total_minor == 2200 + SHIPPING
        add_up(session, order)
        assert [line.discount_minor for line in lines_of(session, order)] == [0, 0]
        assert order.total_minor == 3300 + SHIPPING


def test_a_sum_that_was_tampered_with_is_seen(each_database: Database) -> None:
    with each_database.transaction() as session:
        order = an_order(session, 1000)
        order.items_minor, order.total_minor = 1, 1 + SHIPPING
        assert not is_added_up(session, order, lines_of(session, order))


def test_half_a_cent_goes_up() -> None:
    assert tax_on(Tax(Decimal(5), included=False), Money(10, "USD"), Money(0, "USD")).minor == 1
    assert tax_on(Tax(Decimal(5), included=False), Money(9, "USD"), Money(0, "USD")).minor == 0


@pytest.mark.parametrize("typed", ["", "0", "-1", "50.1", "NaN", "inf", "8.8755", "twenty", "1e9"])
def test_a_rate_that_no_law_has_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        percent_of(typed)


def test_a_shop_sets_and_drops_its_tax(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session, settings={"shipping_minor": SHIPPING})
        tax = Tax(percent_of("19 %"), name={"en": "VAT", "zh-Hans": "增值税"})
        set_tax(shop, tax)
        assert tax_of(shop) == tax
        set_tax(shop, None)
        assert tax_of(shop) is None
        assert shop.settings == {"shipping_minor": SHIPPING}

"""Asked how one can pay, a shop says what it is connected with, by the names people know."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from data.orders import Order
from data.payments.accounts import disconnect_account
from data.payments.gateway import PayBy
from data.payments.sandbox_bank import SANDBOX
from tests.bot.open_demo import Demo, open_page
from tests.bot.pages.shop_account import Place, connect

ASKED = "do you take paypal?"
PLACES = [Place(name, PayBy.LINK) for name in ("stripe", "wechat_pay", "alipay", "paypal")]


@pytest.fixture
def demo() -> Iterator[Demo]:
    with open_page() as opened:
        yield opened


def told(demo: Demo) -> str:
    demo.say(ASKED)
    return str(demo.shown("you")[-1]["text"])


def test_what_is_connected_is_named_and_nothing_else(demo: Demo) -> None:
    assert "simulated bank" in told(demo)
    demo.tuanzi.gateways.house.pop(SANDBOX)  # as bot/app.py builds production
    assert "nothing yet" in told(demo)
    demo.a_bill()
    connect(demo, *PLACES)
    assert "Alipay, PayPal, card, and WeChat Pay" in told(demo)
    with demo.tuanzi.database.transaction() as session:
        merchant = session.scalars(select(Order.merchant_id).limit(1)).one()
        now = demo.tuanzi.clock.now()
        disconnect_account(session, merchant_id=merchant, provider="alipay", by="owner", now=now)
    assert "Alipay" not in told(demo)

"""A page opened inside Telegram leads its visitor to their own payment, once, and nobody else's."""

import json
import re

import httpx
import pytest
from sqlalchemy import select

from bot.settings import Secret
from bot.web.telegram_init_data import FRESH
from data.catalogue import Variant
from data.delivery.models import InboxState
from data.payments import find_payable
from data.people import ChannelIdentity
from tests.bot.builders import a_placed_order
from tests.bot.delivery.telegram import ANN, BOB, Post
from tests.bot.web.test_telegram_init_data import TOKEN, signed


@pytest.fixture
def shop(post: Post, monkeypatch: pytest.MonkeyPatch) -> Post:
    object.__setattr__(post.tuanzi.settings, "telegram_token", Secret(TOKEN))
    return post


def visit(post: Post, raw: str, bot: str = "7", order: str = "") -> httpx.Response:
    return post.client.post(
        f"/visit/telegram/{bot}{order and '/'}{order}",
        data={"init_data": raw},
        follow_redirects=False,
    )


def now_signed(post: Post, **fields: str) -> str:
    return signed(at=post.tuanzi.clock.now(), **fields)


def order_of_ann(shop: Post) -> str:
    shop.say("hello", who=ANN)
    shop.say("hello", who=BOB)
    shop.work()
    with shop.tuanzi.database.reading() as session:
        variant = session.scalars(
            select(Variant).where(Variant.merchant_id == shop.account.merchant_id)
        ).first()
        people = dict(
            session.execute(select(ChannelIdentity.external_id, ChannelIdentity.person_id)).all()
        )
    assert variant is not None
    return a_placed_order(
        shop.tuanzi, shop.account.merchant_id, people[str(ANN)], variant.id, address=None
    )


def signed_by_bob(shop: Post) -> str:
    return now_signed(shop, user=json.dumps({"id": BOB, "first_name": "Bob"}))


def order_behind(shop: Post, answer: httpx.Response) -> str:
    assert answer.status_code == 303
    found = re.fullmatch(r"/pay/([\w-]+)", answer.headers["location"])
    assert found
    with shop.tuanzi.database.reading() as session:
        return find_payable(session, token=found[1], now=shop.tuanzi.clock.now()).order.id


def test_a_stranger_has_nothing_to_pay_and_is_told_so(shop: Post) -> None:
    answer = visit(shop, now_signed(shop))
    assert (answer.status_code, "location" in answer.headers) == (200, False)


def test_a_visitor_comes_to_their_own_open_payment(shop: Post) -> None:
    order = order_of_ann(shop)
    assert order_behind(shop, visit(shop, now_signed(shop))) == order
    assert "location" not in visit(shop, signed_by_bob(shop)).headers


def test_a_button_leads_to_its_own_order_and_nobody_but_its_buyer(shop: Post) -> None:
    first, second = order_of_ann(shop), order_of_ann(shop)
    for number, order in enumerate((first, second)):
        raw = now_signed(shop, query_id=str(number))
        assert order_behind(shop, visit(shop, raw, order=order)) == order
    assert "location" not in visit(shop, signed_by_bob(shop), order=first).headers
    assert "location" not in visit(shop, now_signed(shop), order="ord_none").headers


@pytest.mark.parametrize("changed", ["another bot's", "old", "altered", "none"])
def test_what_telegram_did_not_sign_just_now_opens_no_order(shop: Post, changed: str) -> None:
    """T56: also where the order's name is known."""
    order, now = order_of_ann(shop), shop.tuanzi.clock.now()
    raw = {
        "another bot's": signed("8:another", at=now),
        "old": signed(at=now - FRESH),
        "altered": now_signed(shop).replace("101", "102"),
        "none": "",
    }[changed]
    answer = visit(shop, raw, order=order)
    assert answer.status_code in (401, 422)
    assert "location" not in answer.headers


def test_an_opening_counts_once(shop: Post) -> None:  # T56
    raw = now_signed(shop)
    assert visit(shop, raw).status_code == 200
    assert visit(shop, raw).status_code == 401
    assert [row.state for row in shop.inbox()] == [InboxState.HANDLED]


def test_forged_for_another_bot_or_for_none_it_opens_nothing(shop: Post) -> None:  # T56
    raw = now_signed(shop)
    assert visit(shop, raw + "0").status_code == 401
    assert visit(shop, raw, bot="8").status_code == 401
    assert visit(shop, raw, bot="9").status_code == 401
    assert shop.inbox() == []


def test_the_page_itself_knows_nobody_and_changes_nothing(shop: Post) -> None:
    page = shop.client.get("/visit/telegram/7")
    assert page.status_code == 200
    assert re.search(r'<script src="/static/[^"]+/visit\.js"', page.text)
    assert str(ANN) not in page.text
    assert shop.inbox() == []

"""A payment link that fell into the wrong hands opens nothing any more; the buyer has another."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.payment_links import renew_links
from bot.play.world import World
from data.delivery.models import OutboxRow
from data.kernel.errors import PaymentLinkExpired
from data.orders import Order
from data.payments import create_link, order_behind
from tests.bot.browser import Browser
from tests.bot.builders import a_placed_order
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.delivery.test_waking import BUYS, NOW, act
from tests.worlds import world_at

world = world_at(NOW)
_LINK = re.compile(r"/pay/([\w-]{22})")


def links_said(world: World) -> list[str]:
    """The tokens that the buyer was told, in order."""
    with world.tuanzi.database.reading() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id))
        return [token for row in rows for token in _LINK.findall(json.dumps(row.segments))]


def test_the_buyer_is_sent_a_new_link_and_the_leaked_one_opens_nothing(
    world: World, tmp_path: Path
) -> None:
    act(world, tmp_path, BUYS)
    (leaked,) = links_said(world)
    tuanzi = world.tuanzi
    with tuanzi.database.transaction() as session:
        order = session.scalars(select(Order)).one()
        now = tuanzi.clock.now()
        renewed = renew_links(session, tuanzi.house, order_id=order.id, now=now)
    assert renewed.told
    before, fresh = links_said(world)
    assert (before, renewed.url[-22:]) == (leaked, fresh)
    with tuanzi.database.reading() as session:
        assert order_behind(session, token=fresh, now=tuanzi.clock.now()) == order.id
        with pytest.raises(PaymentLinkExpired):
            order_behind(session, token=leaked, now=tuanzi.clock.now())
        last = session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first()
        assert last is not None
        assert (last.response, last.person_id) == ("utter_pay_link_again", order.person_id)
        assert re.search(r"\b(30|29)\b", str(last.segments))


def an_open_order(street: Street) -> tuple[str, str]:
    """Its id, and a link to it that somebody has seen."""
    ours, now = street.ours, street.tuanzi.clock.now()
    order = a_placed_order(street.tuanzi, ours.merchant, ours.person, ours.variant)
    with street.tuanzi.database.transaction() as session:
        return order, create_link(session, order_id=order, now=now)


def test_a_colleague_closes_the_links_of_an_order(owner: Browser, street: Street) -> None:
    order, leaked = an_open_order(street)
    page = owner.client
    assert page.get(f"/pay/{leaked}").status_code == 200
    assert "The payment link got into wrong hands" in owner.get(f"/orders/{order}").text
    answer = owner.post(f"/orders/{order}/links")
    assert answer.headers["location"].endswith("?done=links_unheard")  # they have no chat with us
    assert (
        "No chat of the customer is open" in owner.get(f"/orders/{order}?done=links_unheard").text
    )
    assert page.get(f"/pay/{leaked}").status_code == 410
    assert page.post(f"/pay/{leaked}/sandbox", data={"outcome": "approved"}).status_code == 303
    paid = street.ours.order
    closed = owner.post(f"/orders/{paid}/links").headers["location"]
    assert closed.endswith("?done=links_closed")


def test_a_merchants_program_gets_the_new_link(street: Street, api: TestClient) -> None:
    order, leaked = an_open_order(street)
    told = api.post(f"/api/v1/orders/{order}/payment-link").json()
    assert told["told"] is False
    fresh = _LINK.findall(told["url"])[0]
    assert api.get(f"/pay/{fresh}").status_code == 200
    assert api.get(f"/pay/{leaked}").status_code == 410
    again = api.post(f"/api/v1/orders/{order}/payment-link").json()
    assert again["url"] != told["url"]
    assert api.get(f"/pay/{fresh}").status_code == 410
    paid = api.post(f"/api/v1/orders/{street.ours.order}/payment-link").json()
    assert paid == {"url": None, "told": False}


def test_of_another_shops_order_nothing_is_closed_t11(street: Street, api: TestClient) -> None:
    theirs = street.theirs.order
    assert api.post(f"/api/v1/orders/{theirs}/payment-link").status_code == 404


def test_an_order_whose_time_is_up_gets_no_new_link(street: Street) -> None:
    order, _ = an_open_order(street)
    later = street.tuanzi.clock.now() + timedelta(hours=1)
    with street.tuanzi.database.transaction() as session:
        renewed = renew_links(session, street.tuanzi.house, order_id=order, now=later)
    assert (renewed.url, renewed.told) == ("", False)

"""What the shop sees of an order whose address was deleted, in the whole running system (T14)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.conversations import Conversation
from data.kernel.clock import TurnableClock
from data.orders import Address, Order, Return, keep_address
from data.orders.returns import Decision, decide_return
from data.people import Person
from tests.bot.browser import Browser
from tests.bot.builders import settle
from tests.bot.client import TestClient
from tests.bot.conftest import SignIn, Street
from tests.builders import NOW

SAID = {
    "en": ("Given; shown in Packing only", "Deleted: it is no longer needed"),
    "zh-Hans": ("已填写，只在", "已删除：不再需要"),
    "zh-Hant": ("已填寫，只在", "已刪除：不再需要"),
}
KEPT = timedelta(days=30)


def _passes(street: Street, time: timedelta) -> None:
    clock = street.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.advance(time)
    settle(street.tuanzi)


def _sends_all(api: TestClient, street: Street) -> str:
    path = f"/api/v1/orders/{street.ours.order}"
    assert api.post(f"{path}/ship", json={"tracking": "SF123"}).status_code == 200
    assert api.post(f"{path}/deliver").status_code == 200
    with street.tuanzi.database.transaction() as session:
        (asked,) = session.scalars(select(Return).where(Return.order_id == street.ours.order))
        decide_return(
            session,
            merchant_id=street.ours.merchant,
            return_id=asked.id,
            decision=Decision(approve=False, by="owner"),
            now=street.tuanzi.clock.now(),
        )
    return path


def test_the_api_says_that_an_address_was_deleted(street: Street, api: TestClient) -> None:
    path = _sends_all(api, street)
    _passes(street, KEPT - timedelta(minutes=1))
    assert api.get(path).json()["address"] == "given"
    _passes(street, timedelta(minutes=1))
    assert api.get(path).json()["address"] == "deleted"
    with street.tuanzi.database.reading() as session:
        assert session.get_one(Order, street.ours.order).ship_to is None


@pytest.mark.parametrize("tag", SAID)
def test_the_page_of_an_order_says_so(
    sign_in: SignIn, owner: Browser, street: Street, api: TestClient, tag: str
) -> None:
    known, deleted = SAID[tag]
    owner.post("/language", locale=tag)
    assert known in owner.get(f"/orders/{street.ours.order}").text
    _sends_all(api, street)
    _passes(street, KEPT)
    owner = sign_in()
    owner.post("/language", locale=tag)
    assert deleted in owner.get(f"/orders/{street.ours.order}").text


def test_what_staff_wrote_of_it_stays_covered_afterwards(street: Street, api: TestClient) -> None:
    """Before it is the veil that covers it, afterwards it stands nowhere."""
    with street.tuanzi.database.transaction() as session:
        talk = session.get_one(Conversation, street.ours.conversation)
        person = session.get_one(Person, talk.person_id)
        home = Address("Lan", "13800138000", "9 Sparrow Lane")
        keep_address(session, person=person, address=home, now=NOW)
    path = f"/api/v1/conversations/{street.ours.conversation}"
    api.post(f"{path}/answer", json={"text": "To 9 Sparrow Lane, then?"})
    settle(street.tuanzi)
    for _ in range(2):
        told = api.get(path).text
        assert "To •••, then?" in told
        assert "Sparrow" not in told
        _passes(street, KEPT)

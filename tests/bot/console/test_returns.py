"""Goods that come back, at the shop's desk and through its API: decided once, received once."""

from bot.console.pages import ROOT
from data.catalogue import Product
from data.merchants import Merchant
from data.orders import Exchange, Order, OrderState, Return, ReturnState, ship
from data.orders.return_terms import return_window
from tests.bot.browser import Browser
from tests.bot.builders import settle
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.builders import a_variant

ROOM = "/returns"


def state(street: Street) -> str:
    with street.tuanzi.database.reading() as session:
        return session.get_one(Return, street.ours.returned).state


def sent(street: Street) -> None:
    with street.tuanzi.database.transaction() as session:
        ship(
            session,
            merchant_id=street.ours.merchant,
            order_id=street.ours.order,
            tracking=None,
            now=street.tuanzi.clock.now(),
        )


def test_a_return_is_agreed_to_received_and_refunded(owner: Browser, street: Street) -> None:
    sent(street)
    place = f"{ROOM}/{street.ours.returned}"
    assert f"{place}/approve" in owner.get(ROOM).text
    assert owner.post(f"{place}/approve", note="8 <b>Tea</b> Lane").status_code == 303
    page = owner.get(ROOM).text
    assert "8 &lt;b&gt;Tea&lt;/b&gt; Lane" in page  # T21
    assert f"{place}/receive" in page
    for _ in range(2):
        assert owner.post(f"{place}/receive", restocked="true").status_code == 303
    settle(street.tuanzi)
    assert state(street) == ReturnState.REFUNDED
    shown = owner.get(f"/orders/{street.ours.order}").text
    assert "88.00" in shown
    assert shown.count("return_state-refunded") == 1


def test_the_overview_says_that_one_waits_until_it_is_decided(
    owner: Browser, street: Street
) -> None:
    asked = f"{ROOT}{ROOM}?state=requested"
    assert asked in owner.get("/").text
    owner.post(f"{ROOM}/{street.ours.returned}/refuse")
    assert asked not in owner.get("/").text


def test_what_was_refused_stays_so(owner: Browser, street: Street) -> None:
    place = f"{ROOM}/{street.ours.returned}"
    assert owner.post(f"{place}/refuse", note="worn").status_code == 303
    assert owner.post(f"{place}/approve").status_code == 409
    assert owner.post(f"{place}/receive").status_code == 409
    assert state(street) == ReturnState.REFUSED


def test_a_note_that_is_too_long_is_shown_again_and_nothing_is_decided(
    owner: Browser, street: Street
) -> None:
    place = f"{ROOM}/{street.ours.returned}"
    answer = owner.post(f"{place}/approve", note="x" * 301)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert state(street) == ReturnState.REQUESTED


def test_the_window_is_set_and_a_senseless_one_is_not(owner: Browser, street: Street) -> None:
    def days() -> int:
        with street.tuanzi.database.reading() as session:
            return return_window(session.get_one(Merchant, street.ours.merchant)).days

    assert days() == 14
    assert owner.post(f"{ROOM}/days", days="30").status_code == 303
    for odd in ("-1", "366", "soon", ""):
        assert owner.post(f"{ROOM}/days", days=odd).status_code == 422
    assert days() == 30


def test_the_api_decides_and_receives_too(street: Street, api: TestClient) -> None:
    sent(street)
    place = f"/api/v1/returns/{street.ours.returned}"
    asked = api.get(place).json()
    assert (asked["state"], asked["back"]["amount_minor"]) == ("requested", 8800)
    assert [line["quantity"] for line in asked["lines"]] == [1]
    assert api.post(f"{place}/receive", json={}).status_code == 409
    assert api.post(f"{place}/approve", json={"note": "8 Tea Lane"}).json()["state"] == "approved"
    received = api.post(f"{place}/receive", json={"restocked": False}).json()
    assert (received["state"], received["given"]["amount_minor"]) == ("received", 8800)
    settle(street.tuanzi)
    (listed,) = api.get("/api/v1/returns", params={"state": "refunded"}).json()["items"]
    assert listed["id"] == street.ours.returned
    with street.tuanzi.database.reading() as session:
        assert session.get_one(Order, street.ours.order).state == OrderState.SHIPPED


def wanted_instead(street: Street) -> str:
    """The return is an exchange for a dearer variant, put down as if it had been asked for so."""
    with street.tuanzi.database.transaction() as session:
        product = session.get_one(Product, street.ours.product)
        red = {"color": "cinnabar"}
        other = a_variant(session, product, price=9000, attributes=red, position=1)
        session.add(
            Exchange(
                return_id=street.ours.returned,
                merchant_id=street.ours.merchant,
                variant_id=other.id,
                unit_minor=9000,
                more_minor=200,
                keeps_minor=8800,
                currency="CNY",
                fell_through=False,
            )
        )
        return other.id


def test_an_exchange_is_seen_to_be_one_and_leads_to_its_order(
    owner: Browser, street: Street
) -> None:
    sent(street)
    wanted_instead(street)
    place = f"{ROOM}/{street.ours.returned}"
    assert "cinnabar" in owner.get(ROOM).text
    assert owner.post(f"{place}/approve").status_code == 303
    assert owner.post(f"{place}/receive", restocked="true").status_code == 303
    with street.tuanzi.database.reading() as session:
        instead = session.get_one(Exchange, street.ours.returned).order_id
    assert f"/console/orders/{instead}" in owner.get(ROOM).text
    shown = owner.get(f"/orders/{instead}").text
    assert "2.00" in shown
    assert state(street) == ReturnState.RECEIVED


def test_the_api_tells_what_is_wanted_instead(street: Street, api: TestClient) -> None:
    sent(street)
    place = f"/api/v1/returns/{street.ours.returned}"
    assert api.get(place).json()["exchange"] is None
    variant = wanted_instead(street)
    told = api.get(place).json()["exchange"]
    assert (told["variant_id"], told["more"]["amount_minor"]) == (variant, 200)
    assert (told["order_id"], told["fell_through"]) == (None, False)
    api.post(f"{place}/approve", json={})
    assert api.post(f"{place}/receive", json={}).json()["given"]["amount_minor"] == 0
    assert api.get(place).json()["exchange"]["order_id"].startswith("ord_")

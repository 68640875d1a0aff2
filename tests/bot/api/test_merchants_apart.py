"""What belongs to another merchant does not exist: every route of the API, walked (T11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from bot.publishing import publish_flows
from bot.web.scope import looking
from data.catalogue import Product, get_product
from data.kernel.errors import NotFound
from data.orders import Order
from data.people import Person
from tests.bot.builders import Names
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.flow_files import WARMER
from tests.builders import NOW

NEW_CAMPAIGN = {
    "team_size": 3,
    "team_price": {"amount_minor": 100, "currency": "CNY"},
    "window_seconds": 3600,
    "starts_at": "2026-11-22T00:00:00Z",
    "ends_at": "2026-12-22T00:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(api: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in api["paths"].items():
        if path.startswith("/api/v1/"):
            yield from (Operation(method.upper(), path) for method in methods)


def test_their_ids_are_not_found_on_any_route(street: Street, api: TestClient) -> None:
    """T11: our token, their ids in path and body: 404, and nothing of theirs moves."""
    walked = 0
    before = _their_order(street)
    for operation in operations(street.site.openapi()):
        body, takes_ids = _body(operation, street.theirs)
        if "{" not in operation.path and not takes_ids:
            continue
        path = operation.path.format(**_path_ids(street.theirs))
        answer = api.request(operation.method, path, json=body)
        assert answer.status_code == 404, operation
        assert answer.json()["error"] == "error_not_found", operation
        walked += 1
    assert walked >= 18
    assert _their_order(street) == before


def test_their_things_stand_in_no_list(street: Street, api: TestClient) -> None:
    """T11: every route that lists."""
    walked = 0
    for operation in operations(street.site.openapi()):
        if operation.method == "GET" and "{" not in operation.path:
            ours = {"from": street.ours.flows, "to": street.ours.flows}  # where a route asks for it
            answer = api.get(operation.path, params=ours if "compare" in operation.path else {})
            assert answer.status_code == 200, operation
            assert not [each for each in street.theirs.ids if each in answer.text], operation
            walked += 1
    assert walked >= 13


def test_a_filter_by_their_id_finds_nothing(street: Street, api: TestClient) -> None:
    """T11: ids in a query are ids too."""
    answer = api.get("/api/v1/group-buys/teams", params={"campaign_id": street.theirs.campaign})
    assert answer.status_code == 404
    with street.tuanzi.database.transaction() as session:
        merchant_id = street.theirs.merchant
        sha = publish_flows(session, merchant_id=merchant_id, sources=WARMER, by="them", now=NOW)
    versions = {"from": street.ours.flows, "to": sha}
    assert api.get("/api/v1/flows/compare", params=versions).status_code == 404


def test_a_query_that_forgot_its_merchant_still_sees_only_ours(street: Street) -> None:
    """T11: the second net, under every query that the API and the console make; also when the two
    take turns, though what it adds to a query is kept."""
    turns = (street.ours.merchant, street.theirs.merchant, street.ours.merchant)
    for table in (Product, Order, Person):
        for merchant in turns:
            with looking(street.tuanzi.database, merchant) as session:
                found = session.scalars(select(table)).all()
                assert found
                assert {row.merchant_id for row in found} == {merchant}
    with looking(street.tuanzi.database, street.ours.merchant) as session:
        assert session.get(Order, street.theirs.order) is None


def test_a_prepared_look_for_what_is_theirs_finds_nothing_either(street: Street) -> None:
    """T11: also where somebody asks as if they were the others."""
    asked = {"merchant_id": street.theirs.merchant, "product_id": street.theirs.product}
    with street.tuanzi.database.reading() as session:
        assert get_product(session, **asked).id == street.theirs.product
    ours = looking(street.tuanzi.database, street.ours.merchant)
    with ours as session, pytest.raises(NotFound):
        get_product(session, **asked)


@pytest.mark.parametrize(
    "room",
    ["orders", "catalogue", "group-buys", "chats", "prices/coupons", "prices/gift-cards"],
)
def test_the_console_finds_their_ids_no_more_than_the_api(
    street: Street, owner: Any, room: str
) -> None:
    """T11"""
    ids = {
        "orders": street.theirs.order,
        "catalogue": street.theirs.product,
        "group-buys": street.theirs.campaign,
        "chats": street.theirs.conversation,
        "prices/coupons": street.theirs.coupon,
        "prices/gift-cards": street.theirs.card,
    }
    assert owner.get(f"/{room}/{ids[room]}").status_code == 404
    page = owner.get(f"/{room}").text
    assert not [each for each in street.theirs.ids if each in page]


def test_the_console_acts_on_nothing_of_theirs(street: Street, owner: Any) -> None:
    """T11: forms with their ids."""
    before = _their_order(street)
    for path in (
        f"/orders/{street.theirs.order}/cancel",
        f"/orders/{street.theirs.order}/links",
        f"/orders/{street.theirs.order}/ship",
        f"/orders/{street.theirs.order}/deliver",
        f"/parcels/{street.theirs.order}/ship",
        f"/group-buys/{street.theirs.campaign}/end",
        f"/group-buys/{street.theirs.campaign}/teams/{street.theirs.team}/cancel",
        f"/group-buys/{street.theirs.campaign}/teams/{street.theirs.team}/links",
        f"/chats/{street.theirs.conversation}/take-over",
        f"/chats/{street.theirs.conversation}/hand-back",
        f"/prices/coupons/{street.theirs.coupon}/end",
        f"/prices/gift-cards/{street.theirs.card}/block",
    ):
        assert owner.post(path).status_code == 404, path
    said = owner.post(f"/chats/{street.theirs.conversation}/answer", text="hello")
    assert said.status_code == 404
    paid = owner.post(
        f"/orders/{street.ours.order}/refund",
        payment=street.theirs.payment,
        amount="1",
        once="rf_0123456789abcdef",
    )
    assert paid.status_code == 404
    assert _their_order(street) == before


def _path_ids(names: Names) -> dict[str, str]:
    """A parameter that is not here fails with its name: say which id belongs in it."""
    return {
        "product_id": names.product,
        "order_id": names.order,
        "payment_id": names.payment,
        "refund_id": "rfd_theirs",
        "return_id": names.returned,
        "campaign_id": names.campaign,
        "turn": "pause",
        "team_id": names.team,
        "pool_id": names.pool,
        "split_id": names.split,
        "customer_id": names.person,
        "conversation_id": names.conversation,
        "coupon_id": names.coupon,
        "card_id": names.card,
        "sha": "0" * 64,
        "account": "nobody_has_used_it",  # accounts have the same names in every shop
    }


def _body(operation: Operation, names: Names) -> tuple[dict[str, Any] | None, bool]:
    """A body that is right but for whose ids it holds, and whether it holds any."""
    bodies: dict[str, tuple[dict[str, Any], bool]] = {
        "POST /api/v1/refunds": ({"payment_id": names.payment, "key": "k"}, True),
        "POST /api/v1/group-buys/campaigns": ({**NEW_CAMPAIGN, "variant_id": names.variant}, True),
        "PUT /api/v1/group-buys/campaigns/{campaign_id}": (NEW_CAMPAIGN, False),
        "POST /api/v1/group-buys/teams/{team_id}/complete": ({"people": 2}, False),
        "POST /api/v1/flows/publish": ({"sha": "0" * 64}, True),
        "POST /api/v1/orders/{order_id}/ship": ({"tracking": "x"}, False),
        "POST /api/v1/returns/{return_id}/approve": ({"note": "x"}, False),
        "POST /api/v1/returns/{return_id}/refuse": ({"note": "x"}, False),
        "POST /api/v1/split-orders/{split_id}/cancel": ({"reason": "x"}, False),
        "POST /api/v1/returns/{return_id}/receive": ({"restocked": True}, False),
        "POST /api/v1/conversations/{conversation_id}/answer": ({"text": "x"}, False),
    }
    return bodies.get(str(operation), (None, False))


def _their_order(street: Street) -> tuple[str, int]:
    with street.tuanzi.database.reading() as session:
        order = session.get_one(Order, street.theirs.order)
        return order.state, order.version

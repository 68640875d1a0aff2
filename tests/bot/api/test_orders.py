"""Orders, payments and refunds through the API: pages, shipping, money back."""

from bot.api.paging import DEFAULT_LIMIT
from tests.bot.builders import a_placed_order, settle
from tests.bot.client import TestClient
from tests.bot.conftest import Street


def test_orders_come_by_page_and_none_is_missed(street: Street, api: TestClient) -> None:
    placed = {street.ours.order}
    for _ in range(6):
        names = street.ours
        placed.add(a_placed_order(street.tuanzi, names.merchant, names.person, names.variant))
    found: list[str] = []
    after = None
    while True:
        params = {"limit": 3, **({"after": after} if after else {})}
        page = api.get("/api/v1/orders", params=params).json()
        found += [order["id"] for order in page["items"]]
        if (after := page["next"]) is None:
            break
    assert sorted(found) == sorted(placed)
    assert len(api.get("/api/v1/orders").json()["items"]) <= DEFAULT_LIMIT


def test_an_order_shows_its_lines_but_never_its_address(street: Street, api: TestClient) -> None:
    """T14: the API has no address to give away."""
    answer = api.get(f"/api/v1/orders/{street.ours.order}")
    assert [line["quantity"] for line in answer.json()["lines"]] == [2]
    assert answer.json()["total"] == {"amount_minor": 17600, "currency": "CNY"}
    assert "Canary" not in answer.text


def test_an_order_is_shipped_and_delivered_in_that_order(street: Street, api: TestClient) -> None:
    path = f"/api/v1/orders/{street.ours.order}"
    assert api.post(f"{path}/deliver").status_code == 409
    shipped = api.post(f"{path}/ship", json={"tracking": "SF123"}).json()
    assert (shipped["state"], shipped["tracking"]) == ("shipped", "SF123")
    assert api.post(f"{path}/deliver").json()["state"] == "delivered"
    assert api.post(f"{path}/cancel").status_code == 409


def test_calling_a_paid_order_off_refunds_it_once(street: Street, api: TestClient) -> None:
    path = f"/api/v1/orders/{street.ours.order}/cancel"
    assert api.post(path).json()["what"] == "refunding"
    settle(street.tuanzi)
    assert api.post(path).json()["what"] == "already"
    (refund,) = api.get("/api/v1/refunds").json()["items"]
    assert (refund["state"], refund["amount"]["amount_minor"]) == ("succeeded", 17600)
    assert api.get(f"/api/v1/refunds/{refund['id']}").json() == refund
    balance = api.get("/api/v1/ledger/trial-balance").json()
    assert balance["balanced"]
    assert sum(account["amount_minor"] for account in balance["accounts"].values()) == 0


def test_refunds_never_exceed_what_was_captured(street: Street, api: TestClient) -> None:
    """T37: back to source, never more than was taken, whatever is asked."""

    def ask(key: str, amount: int) -> int:
        body = {
            "payment_id": street.ours.payment,
            "key": key,
            "amount": {"amount_minor": amount, "currency": "CNY"},
        }
        return api.post("/api/v1/refunds", json=body).status_code

    assert ask("a", 17601) == 409
    assert ask("b", 10000) == 201
    assert ask("b", 10000) == 201  # the same key is the same refund
    assert ask("c", 7601) == 409
    assert ask("d", 7600) == 201
    assert ask("e", 1) == 409
    settle(street.tuanzi)
    refunds = api.get("/api/v1/refunds").json()["items"]
    assert sum(refund["amount"]["amount_minor"] for refund in refunds) == 17600


def test_a_refund_in_another_currency_or_of_nothing_is_refused(
    street: Street, api: TestClient
) -> None:
    for amount in ({"amount_minor": 1, "currency": "USD"}, {"amount_minor": 0, "currency": "CNY"}):
        body = {"payment_id": street.ours.payment, "key": "k", "amount": amount}
        assert api.post("/api/v1/refunds", json=body).status_code in (409, 422)
    assert api.get("/api/v1/refunds").json()["items"] == []


def test_a_payment_tells_what_is_left_to_give_back(street: Street, api: TestClient) -> None:
    paid = api.get(f"/api/v1/payments/{street.ours.payment}").json()
    assert paid["refundable"] == {"amount_minor": 17600, "currency": "CNY"}

"""Coupons, gift cards and tax for programs."""

import pytest

from data.kernel.tokens import fingerprint
from data.payments.gift_cards import find_gift_card
from tests.bot.client import TestClient
from tests.bot.conftest import Street

OFF = {"amount_minor": 1500, "currency": "CNY"}
CARDS = {"key": "easter", "each": OFF, "count": 2, "reason": "Easter"}


def test_a_coupon_is_made_paused_and_ended(api: TestClient) -> None:
    body = {"code": "api-15", "off": OFF, "most_uses": 5, "name": {"en": "Fifteen"}}
    made = api.post("/api/v1/coupons", json=body)
    assert made.status_code == 201
    coupon = made.json()
    assert (coupon["code"], coupon["off"], coupon["state"]) == ("API15", OFF, "running")
    assert api.post("/api/v1/coupons", json=body).status_code == 409
    path = f"/api/v1/coupons/{coupon['id']}"
    assert api.post(f"{path}/pause").json()["state"] == "paused"
    assert api.post(f"{path}/end").json()["state"] == "over"
    assert api.post(f"{path}/resume").status_code == 409
    assert api.post(f"{path}/paint").status_code == 422
    codes = [one["code"] for one in api.get("/api/v1/coupons").json()["items"]]
    assert set(codes) == {"TENOFF", "API15"}


@pytest.mark.parametrize(
    "given",
    [
        {"percent_off": 10, "off": OFF},
        {"off": None},
        {"off": {"amount_minor": 100, "currency": "USD"}},
        {"code": "no!"},
        {"name": {"fr": "Quinze"}},
        {"ends_at": "2026-01-01T00:00:00Z", "starts_at": "2026-02-01T00:00:00Z"},
        {"most_uses": 2**70},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(api: TestClient, given: dict[str, object]) -> None:
    answer = api.post("/api/v1/coupons", json={"code": "fine", "off": OFF, **given})
    assert (answer.status_code, answer.json()["error"]) == (422, "error_invalid")


def test_gift_cards_are_issued_once_and_their_codes_told_once(
    api: TestClient, street: Street
) -> None:
    first = api.post("/api/v1/gift-cards", json=CARDS)
    assert first.status_code == 201
    again = api.post("/api/v1/gift-cards", json=CARDS).json()
    assert {one["id"] for one in again} == {one["id"] for one in first.json()}
    assert [one["code"] for one in again] == [None, None]
    code, card_id = first.json()[0]["code"], first.json()[0]["id"]
    with street.tuanzi.database.reading() as session:
        card = find_gift_card(session, merchant_id=street.ours.merchant, code=code)
        kept = fingerprint(f"{street.ours.merchant}:{code.replace('-', '')}")
    assert card is not None
    assert (card.id, card.code_hash) == (card_id, kept)
    shown = api.get(f"/api/v1/gift-cards/{card_id}").json()
    assert (shown["balance"], shown["uses"], shown["code_end"]) == (OFF, [], code[-4:])
    assert "code" not in shown
    assert api.post(f"/api/v1/gift-cards/{card_id}/block").json()["enabled"] is False


def test_the_tax_is_put_and_taken_away(api: TestClient) -> None:
    assert api.get("/api/v1/tax").json() is None
    tax = {"percent": "8.875", "included": False, "on_shipping": True, "name": {"en": "Sales tax"}}
    assert api.put("/api/v1/tax", json=tax).json() == tax
    assert api.get("/api/v1/tax").json() == tax
    for wrong in ("51", "x", "0", "nan", "1e400"):
        assert api.put("/api/v1/tax", json={**tax, "percent": wrong}).status_code == 422
    assert api.delete("/api/v1/tax").status_code == 204
    assert api.get("/api/v1/tax").json() is None


def test_a_statement_of_a_time_that_no_calendar_has_is_refused(api: TestClient) -> None:
    """Midnight of the first day there is, in Greenwich, is a day before it."""
    odd = {"from": "0001-01-01T00:00:00+14:00"}
    answer = api.get("/api/v1/ledger/accounts/revenue/statement", params=odd)
    assert answer.status_code == 422

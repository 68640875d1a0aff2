"""The books in the console and the API: each account leads to what moved on it."""

import pytest

from data.kernel.locales import Locale
from data.ledger import trial_balance
from tests.bot.browser import Browser
from tests.bot.builders import settle
from tests.bot.client import TestClient
from tests.bot.conftest import Street

ROOM = "/ledger/statement"
API = "/api/v1/ledger/accounts"


def test_an_account_leads_to_its_statement_and_that_to_orders(
    owner: Browser, street: Street
) -> None:
    page = owner.get("/ledger").text
    assert 'href="/console/ledger/statement?account=customer_hold"' in page
    shown = owner.get(f"{ROOM}?account=revenue").text
    assert f'href="/console/orders/{street.ours.order}"' in shown
    assert "Earned: goods are owed" in shown
    assert shown.count("¥") >= 4  # opening, amount, balance, closing
    assert owner.get(f"{ROOM}?account=piggy_bank").status_code == 404
    assert owner.get(ROOM).status_code == 404


def test_days_bound_it(owner: Browser) -> None:
    inside = owner.get(f"{ROOM}?account=revenue&first=2026-11-23&last=2026-11-23").text
    before = owner.get(f"{ROOM}?account=revenue&last=2026-11-20").text
    assert ("Order" in inside, "/console/orders/ord" in before) == (True, False)


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(
    "days",
    [
        "first=soon",
        "last=9999-12-31",
        "first=0001-01-01",
        "first=2026-11-23&last=2026-11-22",
        "first=%00",
    ],
)
def test_days_that_make_no_sense_are_said(owner: Browser, days: str, locale: Locale) -> None:
    owner.post("/language", locale=locale)
    answer = owner.get(f"{ROOM}?account=revenue&{days}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("after", ["-1", "x", str(2**63), "1e9"])
def test_a_page_that_makes_no_sense_is_refused(owner: Browser, api: TestClient, after: str) -> None:
    assert owner.get(f"{ROOM}?account=revenue&after={after}").status_code == 422
    assert api.get(f"{API}/revenue/statement", params={"after": after}).status_code == 422


def test_the_api_tells_the_same_page_by_page(street: Street, api: TestClient) -> None:
    answer = api.get(f"{API}/customer_hold/statement", params={"limit": 1}).json()
    assert answer["opening"] == {"amount_minor": 0, "currency": "CNY"}
    (first,) = answer["movements"]
    assert (first["kind"], first["order_id"]) == ("captured", street.ours.order)
    rest = api.get(f"{API}/customer_hold/statement", params={"after": answer["next"]}).json()
    assert rest["opening"] == first["balance"]
    assert rest["next"] is None
    assert rest["closing"]["amount_minor"] == 0
    none = api.get(f"{API}/customer_hold/statement", params={"to": "2020-01-01T00:00:00Z"}).json()
    assert none["movements"] == []
    wrong = {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert api.get(f"{API}/customer_hold/statement", params=wrong).status_code == 422
    assert api.get(f"{API}/customer_hold/statement", params={"to": "2020-01-01"}).status_code == 422


def test_closing_balances_are_the_trial_balance(street: Street, api: TestClient) -> None:
    settle(street.tuanzi)
    with street.tuanzi.database.reading() as session:
        accounts = trial_balance(session, merchant_id=street.ours.merchant)
    assert accounts
    for name, balance in accounts.items():
        told = api.get(f"{API}/{name}/statement").json()
        assert told["closing"] == {"amount_minor": balance.minor, "currency": balance.currency}

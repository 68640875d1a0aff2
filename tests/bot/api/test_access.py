"""The API's door: a token of the right scope, not too often."""

import pytest

from bot.api.access import PER_MINUTE
from bot.web.rates import Rate
from data.kernel.clock import TurnableClock
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, Merchant
from tests.bot.builders import a_token
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS, Street
from tests.builders import NOW


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer", 401),
        ("Bearer nobody-has-this", 401),
        ("Basic dG9rZW46eA==", 401),
        ("Bearer 团子".encode(), 401),
        ("Bearer token-channel", 403),
        ("Bearer token-ours", 200),
    ],
)
def test_only_a_merchants_token_opens_the_api(
    street: Street, header: str | bytes | None, status: int
) -> None:
    """T12: a channel's key speaks for people, not for the shop."""
    with street.tuanzi.database.transaction() as session:
        merchant = session.get_one(Merchant, street.ours.merchant)
        a_token(session, merchant, "token-channel", scope="channel")
    client = TestClient(street.site, base_url=ADDRESS)
    headers = {"Authorization": header} if header else {}
    answer = client.get("/api/v1/orders", headers=headers)
    assert answer.status_code == status
    assert status == 200 or set(answer.json()) <= {"error", "detail"}


def test_a_revoked_token_opens_nothing(street: Street, api: TestClient) -> None:
    with street.tuanzi.database.transaction() as session:
        session.get_one(ApiToken, fingerprint(street.ours.token)).revoked_at = NOW
    assert api.get("/api/v1/orders").status_code == 401


def test_a_browsers_cookie_is_no_token(street: Street, visitor: TestClient) -> None:
    """T42: the API takes no cookie, so no other page can use it."""
    visitor.cookies.set("__Host-tz", street.ours.token, domain="127.0.0.1", path="/")
    assert visitor.get("/api/v1/orders").status_code == 401


def test_six_hundred_a_minute_are_enough() -> None:
    """T03: and one merchant's flood is not another's."""
    rate, clock = Rate(PER_MINUTE, per=60), TurnableClock(NOW)
    assert all(rate.admits("mer_a", now=clock.now()) for _ in range(PER_MINUTE))
    assert not rate.admits("mer_a", now=clock.now())
    assert rate.admits("mer_b", now=clock.now())


def test_errors_name_a_code_and_never_a_sentence(api: TestClient) -> None:
    assert api.get("/api/v1/orders/ord_nobody").json() == {
        "error": "error_not_found",
        "detail": "order",
    }
    refused = api.get("/api/v1/orders", params={"state": "eaten"})
    assert (refused.status_code, refused.json()["error"]) == (422, "error_invalid")
    assert api.get("/api/v1/orders", params={"after": "no cursor"}).status_code == 422

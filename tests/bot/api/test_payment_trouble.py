"""What of the money waits for a person, told to a program: the console's list, and no raw bytes."""

from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.console.money_trouble import (
    a_dead_question,
    a_failed_refund,
    a_standstill,
    an_odd_notice,
)

WHERE = "/api/v1/payments/attention"


def test_each_kind_names_its_order_and_both_sums(api: TestClient, street: Street) -> None:
    assert api.get(WHERE).json() == {"count": 0, "items": []}
    tuanzi, ours = street.tuanzi, street.ours
    payment, refund = a_standstill(tuanzi, ours), a_failed_refund(tuanzi, ours)
    an_odd_notice(tuanzi, ours)
    a_dead_question(tuanzi, ours)
    a_failed_refund(tuanzi, street.theirs)  # T11
    answer = api.get(WHERE)
    told = answer.json()
    assert told["count"] == 4
    first, *others = told["items"]
    assert [one["kind"] for one in told["items"]] == ["payment", "failed_refund", "notice", "job"]
    assert (first["id"], first["reason"]) == (payment, "currency")
    assert (first["amount"]["currency"], first["shown"]["currency"]) == ("CNY", "USD")
    assert others[0]["id"] == refund
    assert {one["order_id"] for one in others} == {ours.order}
    assert "canary" not in answer.text

"""What groups order together, as a program of the shop sees it: its terms, its sums, its end."""

from typing import Any

import pytest
from sqlalchemy import select

from data.orders.price_models import PriceMove
from data.split_orders import SplitStep
from tests.bot.builders import a_part, a_payment, settle
from tests.bot.client import TestClient
from tests.bot.conftest import Street

ROOT = "/api/v1/split-orders"
TERMS = f"{ROOT}/terms"


def yuan(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "CNY"}


GIVEN = {"minimum": yuan(10000), "fee": yuan(1250), "free_from": yuan(30000)}


def test_the_terms_are_put_and_taken_away(api: TestClient, street: Street) -> None:
    assert api.get(TERMS).json() is None
    assert api.put(TERMS, json=GIVEN).json() == GIVEN
    assert api.get(TERMS).json() == GIVEN
    free = {"minimum": yuan(0), "fee": yuan(0), "free_from": None}
    assert api.put(TERMS, json=free).json() == free
    assert api.delete(TERMS).status_code == 204
    assert api.get(TERMS).json() is None
    with street.tuanzi.database.reading() as session:
        mine = PriceMove.merchant_id == street.ours.merchant, PriceMove.thing == "split_order"
        moves = session.execute(select(PriceMove.deed, PriceMove.by).where(*mine)).all()
    assert [tuple(move) for move in moves] == [("set", "api"), ("set", "api"), ("removed", "api")]


@pytest.mark.parametrize("field", list(GIVEN))
@pytest.mark.parametrize(
    "wrong", [yuan(-1), {"amount_minor": 1, "currency": "USD"}, yuan(2**60), "12.50", 12]
)
def test_terms_that_make_no_sense_are_refused(api: TestClient, field: str, wrong: object) -> None:
    answer = api.put(TERMS, json={**GIVEN, field: wrong})
    assert (answer.status_code, answer.json()["error"]) == (422, "error_invalid")
    assert api.get(TERMS).json() is None


def test_each_stands_there_with_its_sums(street: Street, api: TestClient) -> None:
    order = a_part(street.tuanzi, street.ours)
    (split,) = api.get(ROOT).json()["items"]
    assert split == api.get(f"{ROOT}/{street.ours.split}").json()
    assert (split["state"], split["people"], split["paying"]) == ("open", 0, 1)
    assert (split["paid"], split["missing"], split["orders"]) == (yuan(0), yuan(10000), [order])
    a_payment(street.tuanzi, order)
    split = api.get(f"{ROOT}/{street.ours.split}").json()
    assert (split["people"], split["paying"]) == (1, 0)
    sums = split["paid"]["amount_minor"], split["missing"]["amount_minor"]
    assert sums[0] > 0
    assert sum(sums) == 10000
    assert "Canary Road" not in str(split)


def test_those_of_one_state_are_found(street: Street, api: TestClient) -> None:
    def found(state: str) -> list[str]:
        return [one["id"] for one in api.get(ROOT, params={"state": state}).json()["items"]]

    assert found("open") == [street.ours.split]
    assert found("ordered") == []
    assert api.get(ROOT, params={"state": "lost"}).status_code == 422


def test_one_is_called_off_once_with_a_reason_and_the_money_goes_back(
    street: Street, api: TestClient
) -> None:
    order = a_part(street.tuanzi, street.ours)
    a_payment(street.tuanzi, order)
    place = f"{ROOT}/{street.ours.split}/cancel"
    assert api.post(place).status_code == 422
    assert api.post(place, json={"reason": " \n "}).status_code == 422
    told = api.post(place, json={"reason": "The kitchen is closed."}).json()
    assert (told["state"], told["why"]) == ("cancelled", "called_off")
    assert told["said"] == "The kitchen is closed."
    assert api.post(place, json={"reason": "Again."}).status_code == 409
    settle(street.tuanzi)
    assert api.get(f"/api/v1/orders/{order}").json()["state"] == "refunded"
    assert api.get(f"{ROOT}/{street.ours.split}").json()["orders"] == []
    with street.tuanzi.database.reading() as session:
        by = select(SplitStep.by).where(SplitStep.split_id == street.ours.split)
        assert list(session.scalars(by.order_by(SplitStep.id))) == [None, "api"]

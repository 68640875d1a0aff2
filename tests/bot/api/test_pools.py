"""Presents that several pay for, as a program of the shop sees them: sums, and nobody's own."""

import pytest
from sqlalchemy import select

from data.kernel.money import Money
from data.people import Person
from data.pools import Contribution, chip_in
from tests.bot.builders import a_payment
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.builders import NOW

ROOT = "/api/v1/pools"
SHARE = 4400  # of two


def gives(street: Street, minor: int) -> None:
    """Promised by somebody, not paid yet."""
    with street.tuanzi.database.transaction() as session:
        person_id = session.get_one(Person, street.ours.person).id
        amount = Money(minor, "CNY")
        chip_in(session, pool_id=street.ours.pool, person_id=person_id, amount=amount, now=NOW)


def test_each_stands_there_with_its_sums_and_without_its_secret(
    street: Street, api: TestClient
) -> None:
    gives(street, 3000)
    listed = api.get(ROOT)
    (pool,) = listed.json()["items"]
    assert pool["id"] == street.ours.pool
    assert (pool["state"], pool["raised"]["amount_minor"], pool["people"]) == ("open", 0, 0)
    sums = [pool[name]["amount_minor"] for name in ("promised", "missing", "target")]
    assert sums[0] + sums[1] == sums[2]
    assert sums[0] > 0
    assert pool == api.get(f"{ROOT}/{street.ours.pool}").json()
    assert "Mei" not in listed.text  # whom it is for
    assert street.ours.person not in listed.text  # nor who begins one, and who gives


def test_those_of_one_state_are_found(street: Street, api: TestClient) -> None:
    assert [pool["id"] for pool in api.get(ROOT, params={"state": "open"}).json()["items"]] == [
        street.ours.pool
    ]
    assert api.get(ROOT, params={"state": "ordered"}).json()["items"] == []
    assert api.get(ROOT, params={"state": "lost"}).status_code == 422


def test_one_is_called_off_once(street: Street, api: TestClient) -> None:
    place = f"{ROOT}/{street.ours.pool}/cancel"
    assert api.post(place).json()["state"] == "cancelled"
    assert api.post(place).status_code == 409


def test_whether_and_for_how_long_is_the_shops_to_say(api: TestClient) -> None:
    assert api.get(f"{ROOT}/offer").json() == {"open": True, "longest_days": 14}
    told = {"open": False, "longest_days": 5}
    assert api.put(f"{ROOT}/offer", json=told).json() == told
    assert api.get(f"{ROOT}/offer").json() == told


@pytest.mark.parametrize("days", [0, 15, "soon", None])
def test_a_senseless_time_is_refused(api: TestClient, days: object) -> None:
    told = {"open": True, "longest_days": days}
    assert api.put(f"{ROOT}/offer", json=told).status_code == 422
    assert api.get(f"{ROOT}/offer").json()["longest_days"] == 14


def test_no_part_of_a_share_is_given_back_and_all_of_it_once(
    street: Street, api: TestClient
) -> None:
    """What is paid for a present together is all there, or it is not counted."""
    gives(street, 3000)
    with street.tuanzi.database.reading() as session:
        order_id = session.scalars(select(Contribution.order_id)).one()
    paid = a_payment(street.tuanzi, order_id)
    pool = f"{ROOT}/{street.ours.pool}"
    assert api.get(pool).json()["raised"]["amount_minor"] == SHARE
    body = {"payment_id": paid, "key": "once", "amount": {"amount_minor": 1, "currency": "CNY"}}
    refused = api.post("/api/v1/refunds", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (409, "refund_of_share")
    given = [api.post("/api/v1/refunds", json={**body, "amount": None}) for _ in range(2)]
    assert [one.status_code for one in given] == [201, 201]
    assert given[0].json()["id"] == given[1].json()["id"]
    assert api.get(pool).json()["raised"]["amount_minor"] == 0

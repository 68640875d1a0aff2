"""Hundreds of people who want ten seats and tap twice, in every way of paying (ADR 34), on SQLite
and PostgreSQL; who got a seat then pays in the same moment as all the others.

The controls run the same code with one guard off and must go wrong: else the processes did not
meet, and the race proves nothing.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text

from data.group_buys import PayMode, Seat, SeatState, TeamState
from data.orders import OrderState
from data.payments import RefundState
from data.payments.gateway import PaymentStatus
from tests.data.group_buys.shop import PRICE, GroupShop
from tests.races import acts, team_acts
from tests.races.teams import captured, decisions
from tests.races.together import all_at_once

SEATS, PAIRS = 10, 5
FULL = SEATS + 1  # with who opened it
FINAL = 5000
FEW, MANY = 60, 500
WEEK = timedelta(days=7)
CHARGE, HOLD, JOIN_FIRST = PayMode.CHARGE, PayMode.HOLD, PayMode.JOIN_FIRST
REFUSALS = {"error_no_seat_left", "error_already_joined", "error_group_buy_closed"}


def _rush(shop: GroupShop, team: str, many: int) -> Counter[str]:
    """What they were told; the same people tap in two processes, in the same order."""
    people = [shop.person(f"buyer {number}") for number in range(many)]
    share = many // PAIRS
    parts = [people[begin : begin + share] for begin in range(0, many, share)]
    rushing = [partial(team_acts.rush, team=team, people=part, now=shop.now) for part in parts]
    return Counter(" ".join(all_at_once(shop.database, rushing * 2)).split())


def _has_seats(shop: GroupShop, team: str) -> list[str]:
    return [name for name, states in shop.seats(team).items() if states == [SeatState.HELD]]


@pytest.mark.parametrize(
    ("mode", "many"),
    [
        (CHARGE, FEW),
        (JOIN_FIRST, FEW),  # joining is the same where money is reserved
        *[pytest.param(mode, MANY, marks=pytest.mark.slow) for mode in PayMode],
    ],
)
def test_of_all_who_tap_twice_ten_have_a_seat_and_pay_what_the_full_team_came_to(
    shops: Callable[..., GroupShop], mode: PayMode, many: int
) -> None:
    shop = shops(size=2, tiers=((FULL, FINAL),), modes=(mode,), longest_hold=WEEK)
    team = shop.opens("Lan")
    said = _rush(shop, team, many)
    assert said.pop("ok") == SEATS
    assert said.keys() <= REFUSALS
    assert said.total() == 2 * many - SEATS
    assert len(_has_seats(shop, team)) == FULL
    shop.work()
    _all_pay(shop, team, mode)
    assert shop.order_states() == [OrderState.READY] * FULL
    difference = [(RefundState.SUCCEEDED, PRICE - FINAL)] * FULL
    assert shop.refunds() == (difference if mode == CHARGE else [])
    assert captured(shop) == [PRICE if mode == CHARGE else FINAL] * FULL
    assert shop.shelf()[1] == 0
    assert shop.violations() == []


def _all_pay(shop: GroupShop, team: str, mode: PayMode) -> None:
    """At once, and the bank says so twice."""
    is_held = mode == HOLD
    status = PaymentStatus.AUTHORIZED if is_held else PaymentStatus.CAPTURED
    attempts = [
        shop.starts_paying(team, name, authorize=is_held) for name in _has_seats(shop, team)
    ]
    paying = [
        partial(acts.pay, attempt_id=attempt, now=shop.now, status=status) for attempt in attempts
    ]
    assert all_at_once(shop.database, paying * 2) == ["ok"] * FULL * 2
    view = shop.view(team)
    assert (view.state, view.final_size, view.have) == (TeamState.SUCCESS, FULL, FULL)
    assert decisions(shop, team) == (2 if mode == JOIN_FIRST else 1)  # asked, and then decided
    shop.work()


def test_control_taking_the_place_that_was_seen_free_seats_too_many(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3)
    team = shop.opens("Lan")
    people = [shop.person(f"buyer {number}") for number in range(6)]
    joining = [
        partial(team_acts.careless_join, team=team, person=one, now=shop.now) for one in people
    ]
    assert all_at_once(shop.database, joining) == ["ok"] * 6
    assert len(_has_seats(shop, team)) > shop.view(team).target
    assert "team_counts_are_not_its_seats" in {violation.what for violation in shop.violations()}


def test_control_asking_nobody_who_is_in_seats_one_person_twice(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3)
    team = shop.opens("Lan")
    with shop.database.transaction() as session:
        session.execute(text("DROP INDEX uq_seats_live"))
    tap = partial(team_acts.unknown_join, team=team, person=shop.person("Mallory"), now=shop.now)
    assert all_at_once(shop.database, [tap] * 2) == ["ok"] * 2
    with shop.database.reading() as session:
        mallory = select(Seat.id).where(Seat.person_id == shop.person("Mallory"))
        assert len(session.scalars(mallory).all()) == 2

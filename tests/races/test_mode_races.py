"""Last payers, leavers and deadlines in one moment, for teams that reserve money or join first
(ADR 34), on SQLite and PostgreSQL, each with its negative control."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from data.group_buys import PayMode, SeatState, TeamState, Underpaid
from data.payments import RefundState
from data.payments.gateway import PaymentStatus
from tests.data.group_buys.shop import PRICE, GroupShop
from tests.races import acts, team_acts
from tests.races.teams import captured, decisions
from tests.races.together import all_at_once

FINAL = 5000
TIERS = ((3, FINAL),)
THREE = ("Lan", "Wei", "Jun")
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
CHARGE, HOLD, JOIN_FIRST = PayMode.CHARGE, PayMode.HOLD, PayMode.JOIN_FIRST
BACK = RefundState.SUCCEEDED


def _team_of_three(shop: GroupShop) -> str:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.work()
    return team


def _reserves(shop: GroupShop, team: str, *names: str) -> None:
    for name in names:
        attempt = shop.starts_paying(team, name, authorize=True)
        shop.money_arrives(attempt, status=PaymentStatus.AUTHORIZED)


# Two last payers.


def test_two_last_reservations_at_once_are_taken_at_one_final_price(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=2, tiers=TIERS, modes=(HOLD,), longest_hold=WEEK)
    team = _team_of_three(shop)
    _reserves(shop, team, "Lan")
    last = [shop.starts_paying(team, name, authorize=True) for name in ("Wei", "Jun")]
    held = PaymentStatus.AUTHORIZED
    paying = [partial(acts.pay, attempt_id=one, now=shop.now, status=held) for one in last]
    assert all_at_once(shop.database, paying) == ["ok"] * 2
    view = shop.view(team)
    assert (view.state, view.final_size, view.price.minor) == (TeamState.SUCCESS, 3, FINAL)
    assert decisions(shop, team) == 1
    shop.work()
    assert (captured(shop), shop.refunds()) == ([FINAL] * 3, [])
    assert shop.violations() == []


def _asked(shop: GroupShop) -> tuple[str, list[str]]:
    """All three are asked to pay; one has, the others are on the pay page."""
    team = _team_of_three(shop)
    assert shop.view(team).state == TeamState.PAYING
    shop.pays(team, "Lan")
    return team, [shop.starts_paying(team, name) for name in ("Wei", "Jun")]


def test_two_last_payers_of_a_team_that_joined_first_decide_it_exactly_once(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=2, tiers=TIERS, modes=(JOIN_FIRST,))
    team, last = _asked(shop)
    paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in last]
    assert all_at_once(shop.database, paying) == ["ok"] * 2
    assert (shop.view(team).state, shop.view(team).have) == (TeamState.SUCCESS, 3)
    assert decisions(shop, team) == 2
    shop.work()
    assert (captured(shop), shop.refunds()) == ([FINAL] * 3, [])
    assert shop.violations() == []


def test_control_counting_first_leaves_a_team_undecided_that_all_have_paid_for(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=2, tiers=TIERS, modes=(JOIN_FIRST,))
    team, last = _asked(shop)
    paying = [
        partial(team_acts.careless_pay, attempt_id=attempt, team=team, now=shop.now)
        for attempt in last
    ]
    assert all_at_once(shop.database, paying) == ["ok"] * 2
    assert (shop.view(team).state, shop.view(team).have) == (TeamState.PAYING, 3)


# Who pays, and who leaves.


@pytest.mark.parametrize(
    ("tiers", "state", "given_back"), [(TIERS, TeamState.FAILED, 2), ((), TeamState.SUCCESS, 0)]
)
def test_one_leaves_as_another_pays_last_and_the_team_is_decided_exactly_once(
    shops: Callable[..., GroupShop],
    tiers: tuple[tuple[int, int], ...],
    state: TeamState,
    given_back: int,
) -> None:
    """Its price was that of three; where there is but one price, two are enough for it."""
    shop = shops(size=2, tiers=tiers or ((4, FINAL),), modes=(JOIN_FIRST,))
    team = _team_of_three(shop)
    if not tiers:
        shop.later(shop.view(team).deadline - shop.now)
    shop.pays(team, "Lan")
    attempt = shop.starts_paying(team, "Wei")
    racing = [
        partial(acts.pay, attempt_id=attempt, now=shop.now),
        partial(acts.leave, team=team, person=shop.person("Jun"), now=shop.now),
    ]
    assert all_at_once(shop.database, racing) == ["ok"] * 2
    assert (shop.view(team).state, decisions(shop, team)) == (state, 2)
    shop.work()
    assert len(shop.refunds()) == given_back
    assert shop.seats(team)["Jun"] == [SeatState.RELEASED]
    assert shop.violations() == []


# The deadline, and the end of the window.


@pytest.mark.parametrize("mode", [CHARGE, HOLD])
def test_the_payment_that_lowers_the_price_meets_the_deadline_and_all_pay_one_price(
    shops: Callable[..., GroupShop], mode: PayMode
) -> None:
    """Two are enough; the third is in it for the lower price, or has their money back."""
    shop = shops(size=2, tiers=TIERS, modes=(mode,), longest_hold=WEEK)
    held = mode == HOLD
    status = PaymentStatus.AUTHORIZED if held else PaymentStatus.CAPTURED
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    for name in ("Lan", "Wei"):
        shop.money_arrives(shop.starts_paying(team, name, authorize=held), status=status)
    shop.turn_clock(shop.view(team).deadline - shop.now - SECOND)
    shop.joins(team, "Jun")
    attempt = shop.starts_paying(team, "Jun", authorize=held)
    racing = [
        partial(acts.pay, attempt_id=attempt, now=shop.now, status=status),
        partial(acts.expire, team=team, now=shop.now + SECOND),
    ]
    assert all_at_once(shop.database, racing) == ["ok"] * 2
    shop.later(SECOND)
    view = shop.view(team)
    assert (view.state, decisions(shop, team)) == (TeamState.SUCCESS, 1)
    has_lowered = view.final_size == 3
    if held:
        expected: list[int] = []
        assert captured(shop) == ([FINAL] * 3 if has_lowered else [PRICE] * 2)
    else:
        expected = [PRICE - FINAL] * 3 if has_lowered else [PRICE]
    assert shop.refunds() == [(BACK, minor) for minor in expected]
    assert shop.violations() == []


@pytest.mark.parametrize("rule", list(Underpaid))
def test_a_payment_that_meets_the_end_of_the_window_ends_in_goods_or_in_one_refund_each(
    shops: Callable[..., GroupShop], rule: Underpaid
) -> None:
    shop = shops(size=2, tiers=TIERS, modes=(JOIN_FIRST,), underpaid=rule)
    team, attempt = _about_to_end(shop)
    racing = [
        partial(acts.pay, attempt_id=attempt, now=shop.now),
        partial(team_acts.end_window, team=team, now=shop.now + SECOND),
    ]
    assert all_at_once(shop.database, racing) == ["ok"] * 2
    assert decisions(shop, team) == 2
    shop.later(SECOND)
    view = shop.view(team)
    assert captured(shop) == [FINAL] * 3
    if view.have == 3:
        assert (view.state, shop.refunds()) == (TeamState.SUCCESS, [])
    elif rule == Underpaid.SHIP:
        assert (view.state, shop.refunds()) == (TeamState.SUCCESS, [(BACK, FINAL)])
    else:
        assert (view.state, shop.refunds()) == (TeamState.FAILED, [(BACK, FINAL)] * 3)
    assert shop.violations() == []


def _about_to_end(shop: GroupShop) -> tuple[str, str]:
    """Two of three have paid; the third is on the pay page a second before the window's end."""
    team, (second, third) = _asked(shop)
    shop.money_arrives(second)
    shop.turn_clock(shop.view(team).deadline - shop.now - SECOND)
    return team, third


def test_control_an_end_that_looked_before_the_payment_undoes_a_success(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=2, tiers=TIERS, modes=(JOIN_FIRST,))
    team, attempt = _about_to_end(shop)
    late = partial(acts.naive_expire, team=team)
    paying = partial(acts.pay_and_meet_again, attempt_id=attempt, now=shop.now)
    assert all_at_once(shop.database, [late, paying]) == ["ok"] * 2
    broken = {violation.what for violation in shop.violations()}
    assert "team_state_is_not_its_last_step" in broken

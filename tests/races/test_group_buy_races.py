"""Many people in the same moment, on SQLite and PostgreSQL, each with its negative control.

A control does the same the naive way (read, then write) and must go wrong: else the processes
did not meet, and the race proves nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text

from data.group_buys import PayMode, TeamState
from data.payments import PaymentAttempt, RefundState
from data.payments.gateway import PaymentStatus
from tests.data.group_buys.shop import PRICE, GroupShop
from tests.races import acts, team_acts
from tests.races.teams import decisions
from tests.races.together import all_at_once

BUYERS, FREE = 40, 3
TIERS = ((4, 5000),)
ROUNDS = 3
SECOND = timedelta(seconds=1)


# Forty buyers, three seats.


def test_forty_buyers_at_once_get_exactly_the_three_seats_there_are(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=FREE + 1)
    team = shop.opens("Lan")
    people = [shop.person(f"buyer {number}") for number in range(BUYERS)]

    joining = [partial(acts.join, team=team, person=one, now=shop.now) for one in people]
    said = all_at_once(shop.database, joining)
    assert said == ["error_no_seat_left"] * (BUYERS - FREE) + ["ok"] * FREE
    assert (shop.view(team).paying, shop.view(team).free) == (FREE + 1, 0)
    assert shop.violations() == []


def test_one_person_tapping_ten_times_at_once_has_one_seat(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=FREE + 1, limit=20)
    team = shop.opens("Lan")
    mallory = shop.person("Mallory")

    tap = partial(acts.join, team=team, person=mallory, now=shop.now)
    assert all_at_once(shop.database, [tap] * 10) == ["error_already_joined"] * 9 + ["ok"]
    assert shop.violations() == []


@pytest.mark.parametrize(
    ("limit", "given", "refusal"), [(1, 1, "error_refused"), (20, 3, "error_too_often")]
)
def test_one_person_joining_six_teams_at_once_keeps_to_their_limits_t38(
    shops: Callable[..., GroupShop], limit: int, given: int, refusal: str
) -> None:
    shop = shops(size=FREE + 1, limit=limit)
    teams = [shop.opens(f"leader {number}") for number in range(6)]
    mallory = shop.person("Mallory")

    joining = [partial(acts.join, team=team, person=mallory, now=shop.now) for team in teams]
    said = all_at_once(shop.database, joining)
    assert said == sorted([refusal] * (6 - given) + ["ok"] * given)
    assert shop.violations() == []


def test_a_new_customer_joining_six_teams_at_once_has_one_place_to_pay(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=FREE + 1, limit=20, new_customers_only=True)
    teams = [shop.opens(f"leader {number}") for number in range(6)]
    lan = shop.person("Lan")

    joining = [partial(acts.join, team=team, person=lan, now=shop.now) for team in teams]
    assert all_at_once(shop.database, joining) == ["error_refused"] * 5 + ["ok"]
    assert shop.violations() == []


def test_a_new_customer_who_pays_one_place_while_they_take_another_pays_no_second(
    shops: Callable[..., GroupShop],
) -> None:
    """In whichever order the two come: unpaid it is one of its kind, paid it is a purchase."""
    shop = shops(size=FREE + 1, limit=20, new_customers_only=True)
    for number in range(ROUNDS):
        name = f"buyer {number}"
        paid, other = (shop.opens(f"leader {number} of {kind}") for kind in ("one", "another"))
        shop.joins(paid, name)
        attempt = shop.starts_paying(paid, name)
        paying = partial(acts.pay, attempt_id=attempt, now=shop.now)
        joining = partial(acts.join, team=other, person=shop.person(name), now=shop.now)
        assert all_at_once(shop.database, [paying, joining]) == ["error_refused", "ok"]
        assert list(shop.seats(other)) == [f"leader {number} of another"]
    assert shop.violations() == []


def test_control_counting_before_the_others_acted_gives_a_new_customer_two_places(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=FREE + 1, limit=20, new_customers_only=True)
    teams = [shop.opens(f"leader {number}") for number in range(2)]
    lan = shop.person("Lan")

    joining = [partial(team_acts.twice_new, team=team, person=lan, now=shop.now) for team in teams]
    assert all_at_once(shop.database, joining) == ["ok"] * 2


def _naive_table(shop: GroupShop) -> None:
    with shop.database.transaction() as session:
        session.execute(text("CREATE TABLE naive (held INTEGER, paid INTEGER, reached INTEGER)"))
        session.execute(text("INSERT INTO naive VALUES (0, 0, 0)"))


def _naive(shop: GroupShop) -> tuple[int, int, int]:
    with shop.database.reading() as session:
        held, paid, reached = session.execute(text("SELECT held, paid, reached FROM naive")).one()
        return held, paid, reached


def test_control_reading_first_and_writing_then_sells_a_seat_too_many(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops()
    _naive_table(shop)

    all_at_once(shop.database, [partial(acts.naive_join, free=FREE)] * 10)
    assert _naive(shop)[0] > FREE


# The last payers.


def test_two_last_payers_at_once_complete_the_team_exactly_once(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3, limit=ROUNDS)
    for _ in range(ROUNDS):
        team = shop.opens("Lan")
        shop.joins(team, "Wei", "Jun")
        shop.pays(team, "Lan")
        last = [shop.starts_paying(team, name) for name in ("Wei", "Jun")]
        paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in last]
        assert all_at_once(shop.database, paying) == ["ok"] * 2
        assert (shop.view(team).state, shop.view(team).have) == (TeamState.SUCCESS, 3)
        assert decisions(shop, team) == 1
        shop.work()
    assert shop.violations() == []


def test_a_whole_team_that_pays_at_once_completes_exactly_once(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=8)
    names = [f"buyer {number}" for number in range(8)]
    team = shop.opens(names[0])
    shop.joins(team, *names[1:])
    attempts = [shop.starts_paying(team, name) for name in names]
    paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in attempts]
    assert all_at_once(shop.database, paying) == ["ok"] * 8
    assert (shop.view(team).state, shop.view(team).have) == (TeamState.SUCCESS, 8)
    assert decisions(shop, team) == 1
    shop.work()
    assert shop.violations() == []


def test_two_last_payers_at_once_fix_one_final_tier_for_everybody(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=2, limit=ROUNDS, tiers=TIERS)
    for _ in range(ROUNDS):
        refunded = len(shop.refunds())
        team = shop.opens("Lan")
        shop.joins(team, "Wei", "Jun", "Qi")
        shop.pays(team, "Lan", "Wei")
        last = [shop.starts_paying(team, name) for name in ("Jun", "Qi")]
        paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in last]
        assert all_at_once(shop.database, paying) == ["ok"] * 2
        view = shop.view(team)
        assert (view.state, view.final_size, view.price.minor) == (TeamState.SUCCESS, 4, 5000)
        assert decisions(shop, team) == 1
        shop.work()
        assert shop.refunds()[refunded:] == [(RefundState.SUCCEEDED, PRICE - 5000)] * 4
    assert shop.violations() == []


def test_a_pledge_that_fills_the_team_meets_its_deadline_and_it_is_asked_once(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=2, limit=ROUNDS, tiers=TIERS, modes=(PayMode.JOIN_FIRST,))
    for _ in range(ROUNDS):
        team = shop.opens("Lan")
        shop.joins(team, "Wei", "Jun")
        person = shop.person("Qi")
        shop.turn_clock(shop.view(team).deadline - shop.now - SECOND)
        joining = partial(acts.join, team=team, person=person, now=shop.now)
        late = partial(acts.expire, team=team, now=shop.now + SECOND)
        said = all_at_once(shop.database, [joining, late])
        joined = "error_group_buy_closed" not in said
        view = shop.view(team)
        assert (view.state, view.final_size) == (TeamState.PAYING, 4 if joined else 3)
        assert decisions(shop, team) == 1
        shop.later(timedelta(days=2))
        assert shop.view(team).state == TeamState.FAILED
        shop.turn_clock(timedelta(hours=2))  # a pause after lapses
    assert shop.violations() == []


def test_control_counting_first_misses_the_completion(shops: Callable[..., GroupShop]) -> None:
    shop = shops()
    _naive_table(shop)

    all_at_once(shop.database, [acts.naive_pay] * 2)
    assert _naive(shop)[1:] == (2, 0)


# Payment and deadline in one moment.


def _about_to_end(shop: GroupShop) -> tuple[str, str]:
    """Two of three have paid; the third is on the pay page a second before the deadline."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.turn_clock(shop.view(team).deadline - shop.now - SECOND)
    shop.joins(team, "Jun")
    return team, shop.starts_paying(team, "Jun")


def test_a_payment_that_meets_the_deadline_ends_in_goods_or_in_one_refund_each(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3, limit=ROUNDS)
    for _ in range(ROUNDS):
        refunded = len(shop.refunds())
        team, attempt = _about_to_end(shop)
        late = partial(acts.expire, team=team, now=shop.now + SECOND)

        paying = partial(acts.pay, attempt_id=attempt, now=shop.now)
        assert all_at_once(shop.database, [paying, late]) == ["ok"] * 2
        shop.later(SECOND)
        state = shop.view(team).state
        expected = {TeamState.SUCCESS: 0, TeamState.FAILED: 3}[state]
        assert len(shop.refunds()) - refunded == expected
        assert decisions(shop, team) == 1
        assert shop.violations() == []


def test_a_reservation_that_meets_the_deadline_is_taken_from_all_or_from_nobody(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3, limit=ROUNDS, modes=(PayMode.HOLD,), longest_hold=timedelta(days=7))
    for _ in range(ROUNDS):
        taken = _captures(shop)
        team = shop.opens("Lan")
        shop.joins(team, "Wei")
        for name in ("Lan", "Wei"):
            attempt = shop.starts_paying(team, name, authorize=True)
            shop.money_arrives(attempt, status=PaymentStatus.AUTHORIZED)
        shop.turn_clock(shop.view(team).deadline - shop.now - SECOND)
        shop.joins(team, "Jun")
        attempt = shop.starts_paying(team, "Jun", authorize=True)
        late = partial(acts.expire, team=team, now=shop.now + SECOND)
        held = PaymentStatus.AUTHORIZED
        paying = partial(acts.pay, attempt_id=attempt, now=shop.now, status=held)
        assert all_at_once(shop.database, [paying, late]) == ["ok"] * 2
        shop.later(SECOND)
        expected = {TeamState.SUCCESS: 3, TeamState.FAILED: 0}[shop.view(team).state]
        assert _captures(shop) - taken == expected
        assert shop.refunds() == []
        assert shop.violations() == []


def _captures(shop: GroupShop) -> int:
    with shop.database.reading() as session:
        taken = PaymentAttempt.captured_minor > 0
        return session.scalar(select(func.count(PaymentAttempt.id)).where(taken)) or 0


def test_control_an_expiry_that_looked_before_the_payment_undoes_a_success(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3)
    team, attempt = _about_to_end(shop)

    late = partial(acts.naive_expire, team=team)
    paying = partial(acts.pay_and_meet_again, attempt_id=attempt, now=shop.now)
    assert all_at_once(shop.database, [late, paying]) == ["ok"] * 2
    broken = {violation.what for violation in shop.violations()}
    assert "team_state_is_not_its_last_step" in broken

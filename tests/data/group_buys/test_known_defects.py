"""Defects read in other shops' group-buy code (D1 to D9), each as a test that would catch it.

The systems: yudao ruoyi-vue-pro, litemall, CRMEB, group-buy-market, groupbuy-bot.
"""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from data.group_buys import SeatLost, SeatState, TeamReached, TeamState, end_campaign
from data.group_buys.facts import SeatEnd
from data.group_buys.models import Team
from data.group_buys.outcomes import close_seat, expire_team, seat_paid
from data.group_buys.teams import succeed_if_full
from data.kernel.errors import NoSeatLeft
from data.orders import OrderState
from data.payments import RefundState
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
ONE_REFUND = [(RefundState.SUCCEEDED, PRICE)]


def _last_payer_at_the_deadline(shop: GroupShop) -> tuple[str, str]:
    """Two have paid; the third is on the pay page when the time is over."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.turn_clock(DAY - timedelta(minutes=1))
    shop.joins(team, "Jun")
    attempt = shop.starts_paying(team, "Jun")
    shop.turn_clock(timedelta(minutes=1))
    return team, attempt


def test_d1_money_is_never_taken_and_the_seat_refused(shop: GroupShop) -> None:
    """yudao: the seat is checked again after payment; full or expired, the money stays taken."""
    team, attempt = _last_payer_at_the_deadline(shop)
    shop.work()
    assert shop.view(team).state == TeamState.FAILED
    shop.money_arrives(attempt)
    shop.work()
    assert shop.refunds() == ONE_REFUND * 3
    assert shop.order_states() == [OrderState.REFUNDED] * 3


def test_d1_a_seat_held_before_the_page_is_not_refused_after_it(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    attempts = [shop.starts_paying(team, name) for name in ("Lan", "Wei", "Jun")]
    with pytest.raises(NoSeatLeft):
        shop.joins(team, "Qi")
    for attempt in attempts:
        shop.money_arrives(attempt)
    assert shop.view(team).state == TeamState.SUCCESS


def test_d2_a_team_is_never_overfull_whoever_pays_first(shop: GroupShop) -> None:
    """litemall, yudao: the count is read before payment and no seat is held."""
    team = shop.opens("Lan")
    came = ["Lan"]
    for name in ("Wei", "Jun", "Qi", "An", "Bo"):
        try:
            shop.joins(team, name)
            came.append(name)
        except NoSeatLeft:
            continue
    assert len(came) == shop.view(team).target
    shop.pays(team, *reversed(came))
    assert (shop.view(team).have, shop.view(team).state) == (3, TeamState.SUCCESS)


def test_d3_a_team_past_its_target_would_still_succeed(shop: GroupShop) -> None:
    """CRMEB: complete only when `seats left == 0`; at -1 the failure path runs.

    Our table refuses such a row, so its guard is switched off to see the second one hold.
    """
    team = shop.opens("Lan")
    past = update(Team).where(Team.id == team).values(held=4, paid=4)
    with pytest.raises(IntegrityError), shop.database.transaction() as session:
        session.execute(past)
    with shop.database.transaction() as session:
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        session.execute(past)
        assert succeed_if_full(session, team, now=shop.now)
        session.rollback()


@pytest.mark.parametrize("order", list(permutations(("Lan", "Wei", "Jun"))))
def test_d4_completion_is_not_missed_in_any_order_of_payment(
    shop: GroupShop, order: tuple[str, ...]
) -> None:
    """group-buy-market: "I am the last" is decided from a count read before the transaction."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    attempts = {name: shop.starts_paying(team, name) for name in order}
    for name in order:
        shop.money_arrives(attempts[name])
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.told(TeamReached) == 1


def test_d5_the_expiry_job_run_again_refunds_nobody_again(shop: GroupShop) -> None:
    """CRMEB: the job refunds everyone again without looking; exceptions are swallowed."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.later(DAY)
    seats = shop.seat_ids(team)
    with shop.database.transaction() as session:
        assert not expire_team(session, team_id=team, now=shop.now)
        for seat_id in seats:
            close_seat(session, seat_id=seat_id, now=shop.now)
    shop.work()
    assert shop.refunds() == ONE_REFUND * 2


def test_d5_one_refund_that_fails_holds_up_no_other(shop: GroupShop) -> None:
    """Each seat is closed by a job of its own: an error is retried there, and seen."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    with shop.unable_to_close(shop.seat_ids(team)[0]):
        shop.later(DAY)
        assert len(shop.refunds()) == 1
        assert "seat_kept_after_the_end" in {broken.what for broken in shop.violations()}
    shop.later(timedelta(hours=1))
    assert shop.refunds() == ONE_REFUND * 2


def test_d6_a_team_expires_by_its_own_clock_and_fails(shop: GroupShop) -> None:
    """litemall #159: expiry belongs to the campaign, and expired teams count as successful."""
    early = shop.opens("Lan")
    shop.pays(early, "Lan")
    shop.later(timedelta(hours=12))
    late = shop.opens("Wei")
    shop.pays(late, "Wei")
    with shop.database.transaction() as session:
        end_campaign(
            session,
            merchant_id=shop.merchant_id,
            campaign_id=shop.campaign_id,
            now=shop.now,
        )
    shop.later(timedelta(hours=12))
    assert shop.view(early).state == TeamState.FAILED
    assert shop.view(late).state == TeamState.OPEN
    shop.later(timedelta(hours=12))
    assert shop.view(late).state == TeamState.FAILED


def test_d7_after_a_refund_the_card_no_longer_counts_that_member(shop: GroupShop) -> None:
    """CRMEB #27: one member is refunded after success, the team still shows complete."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    shop.calls_off(team, "Jun")
    shop.work()
    view = shop.view(team)
    assert (view.state, view.have, view.free) == (TeamState.SUCCESS, 2, 0)
    assert shop.seats(team)["Jun"] == [SeatState.REFUNDED]
    assert shop.order_states() == [OrderState.READY] * 2 + [OrderState.REFUNDED]
    assert [fact.cause for fact in shop.facts if isinstance(fact, SeatLost)] == [SeatEnd.REFUNDED]


def test_d8_only_people_who_are_there_are_counted(shop: GroupShop) -> None:
    """yudao, CRMEB: a team short of members is filled with invented ones."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.later(DAY)
    view = shop.view(team)
    assert view.state == TeamState.FAILED
    assert len(shop.seats(team)) == 2


def test_d9_the_refund_of_a_failed_team_needs_nobodys_hand(shop: GroupShop) -> None:
    """litemall: the refund is only "requested"; a person must carry it out."""
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    shop.later(DAY)
    assert shop.refunds() == ONE_REFUND
    assert shop.order_states() == [OrderState.REFUNDED]


def test_the_same_payment_told_twice_changes_nothing(shop: GroupShop) -> None:
    """I7, at the seat itself: a fact that is announced again."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    order_id = shop.orders(team, "Wei")
    shop.pays(team, "Wei")
    before = shop.view(team)
    with shop.database.transaction() as session:
        seat_paid(session, order_id=order_id, now=shop.now)
    assert shop.view(team) == before
    assert shop.refunds() == []

"""A team from opening to its end: seats, payments, the deadline, the leader."""

from datetime import timedelta

import pytest

from data.catalogue import Hold
from data.group_buys import (
    SeatLost,
    Team,
    TeamCancelled,
    TeamChanged,
    TeamFailed,
    TeamOpened,
    TeamReached,
    TeamState,
    active_campaigns,
    join,
    pause_campaign,
    place_seat_order,
    team_view,
)
from data.group_buys.models import Seat, SeatState
from data.group_buys.teams import change_team
from data.kernel.database import Database
from data.kernel.errors import (
    AlreadyJoined,
    GroupBuyClosed,
    NoSeatLeft,
    NotFound,
    OutOfStock,
    Refused,
    WrongState,
)
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders import Order, OrderDetails, OrderKind, OrderState
from data.payments import RefundState
from data.payments.gateway import PaymentStatus
from data.people import Asked, ConsentPurpose, Person, grant_consent
from tests.builders import a_merchant, a_person
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
TEN_MINUTES = timedelta(minutes=10)
HELD, PAID, FULFILLED = SeatState.HELD, SeatState.PAID, SeatState.FULFILLED
RELEASED, REFUNDED = SeatState.RELEASED, SeatState.REFUNDED


def test_a_team_that_fills_succeeds_and_everybody_gets_goods_at_the_team_price(
    each_shop: GroupShop,
) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.order_states() == [OrderState.READY] * 3
    assert shop.seats(team) == {"Lan": [FULFILLED], "Wei": [FULFILLED], "Jun": [FULFILLED]}
    assert (shop.told(TeamOpened), shop.told(TeamReached)) == (1, 1)
    with shop.database.reading() as session:
        totals = {order.items for order in session.query(Order)}
    assert totals == {Money(PRICE, "CNY")}


def test_a_group_buy_that_misses_its_threshold_refunds_everyone(each_shop: GroupShop) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    assert shop.refunds() == [(RefundState.SUCCEEDED, PRICE)] * 2
    assert shop.order_states() == [OrderState.REFUNDED] * 2
    assert shop.told(TeamFailed) == 1
    shop.later(DAY)
    assert len(shop.refunds()) == 2


def test_money_that_was_only_held_is_taken_at_success_and_let_go_at_failure(
    shop: GroupShop,
) -> None:
    team = shop.opens("Lan")
    attempt = shop.starts_paying(team, "Lan", authorize=True)
    shop.money_arrives(attempt, status=PaymentStatus.AUTHORIZED)
    assert shop.view(team).have == 1
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    shop.money_arrives(attempt, status=PaymentStatus.VOIDED)
    assert shop.refunds() == []
    assert shop.order_states() == [OrderState.REFUNDED]


def test_the_card_counts_paid_and_paying_seats_apart(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Wei")
    view = shop.view(team)
    assert (view.have, view.paying, view.need, view.free, view.target) == (1, 1, 2, 1, 3)
    assert view.names == ()  # nobody agreed to be named


def test_nobody_can_be_seat_four_of_three(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    with pytest.raises(NoSeatLeft):
        shop.joins(team, "Qi")
    assert shop.view(team).paying == 3


def test_one_person_has_one_seat_in_a_team(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with pytest.raises(AlreadyJoined):
        shop.joins(team, "Lan")


def test_a_person_may_not_take_more_than_the_campaign_allows_one_person(shop: GroupShop) -> None:
    shop.opens("Lan")
    with pytest.raises(Refused, match="person_limit"):
        shop.opens("Lan")


def test_joining_ends_at_the_deadline_to_the_second(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    shop.turn_clock(DAY - timedelta(seconds=1))
    shop.joins(team, "Wei")
    shop.turn_clock(timedelta(seconds=1))
    with pytest.raises(GroupBuyClosed):
        shop.joins(team, "Jun")


def test_a_seat_nobody_ordered_for_in_ten_minutes_goes_to_somebody_else(
    each_shop: GroupShop,
) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan")
    shop.later(TEN_MINUTES)
    shop.joins(team, "Qi")
    assert shop.seats(team) == {
        "Lan": [PAID],
        "Wei": [RELEASED],
        "Jun": [RELEASED],
        "Qi": [HELD],
    }


def test_a_seat_whose_order_is_not_paid_in_time_is_free_again(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan")
    shop.turn_clock(timedelta(minutes=9))
    shop.orders(team, "Wei")
    shop.later(timedelta(minutes=9))
    assert shop.seats(team)["Wei"] == [HELD]
    shop.later(timedelta(minutes=1))
    assert shop.seats(team)["Wei"] == [RELEASED]
    assert shop.order_states() == [OrderState.EXPIRED, OrderState.WAITING_GROUP]


def test_money_for_a_seat_that_lapsed_goes_back_once(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan")
    attempt = shop.starts_paying(team, "Wei")
    shop.later(TEN_MINUTES)
    shop.money_arrives(attempt)
    shop.money_arrives(attempt)
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, PRICE)]
    assert shop.view(team).have == 1


def test_a_payment_after_the_deadline_is_late_even_before_the_deadline_was_worked(
    each_shop: GroupShop,
) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.turn_clock(DAY - timedelta(minutes=5))
    shop.joins(team, "Jun")
    attempt = shop.starts_paying(team, "Jun")
    shop.turn_clock(timedelta(minutes=5))
    shop.money_arrives(attempt)
    assert shop.view(team).state == TeamState.OPEN
    assert shop.seats(team)["Jun"] == [REFUNDED]
    assert shop.told(SeatLost) == 1
    shop.work()
    assert shop.view(team).state == TeamState.FAILED
    assert shop.refunds() == [(RefundState.SUCCEEDED, PRICE)] * 3


def test_a_payment_a_second_before_the_deadline_still_fills_the_team(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.turn_clock(DAY - timedelta(minutes=5))
    shop.joins(team, "Jun")
    attempt = shop.starts_paying(team, "Jun")
    shop.turn_clock(timedelta(minutes=5) - timedelta(seconds=1))
    shop.money_arrives(attempt)
    shop.later(timedelta(minutes=5))
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.refunds() == []


def test_leaving_before_payment_frees_seat_and_goods(each_shop: GroupShop) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.orders(team, "Jun")
    shop.leaves(team, "Wei")
    shop.leaves(team, "Jun")
    assert shop.view(team).paying == 1
    assert shop.order_states() == [OrderState.CANCELLED]
    shop.turn_clock(timedelta(seconds=1))
    shop.joins(team, "Wei")
    assert shop.seats(team)["Wei"] == [RELEASED, HELD]


def test_who_has_paid_cannot_simply_leave(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    with pytest.raises(WrongState):
        shop.leaves(team, "Lan")


def test_when_the_leader_leaves_who_paid_first_leads_at_the_same_deadline(
    shop: GroupShop,
) -> None:
    team = shop.opens("Lan")
    deadline = shop.view(team).deadline
    shop.joins(team, "Wei", "Jun")
    shop.turn_clock(timedelta(minutes=1))
    shop.pays(team, "Jun")
    shop.leaves(team, "Lan")
    assert shop.leader(team) == "Jun"
    assert shop.view(team).deadline == deadline


def test_a_team_that_nobody_is_left_in_is_cancelled(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.leaves(team, "Lan")
    assert shop.view(team).state == TeamState.CANCELLED
    assert shop.told(TeamCancelled) == 1
    with pytest.raises(GroupBuyClosed):
        shop.joins(team, "Wei")


def test_a_paid_order_called_off_frees_its_seat_and_refunds_once(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.calls_off(team, "Wei")
    assert (shop.view(team).have, shop.view(team).free) == (1, 2)
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, PRICE)]
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Wei", "Jun")
    assert shop.view(team).state == TeamState.SUCCESS


def test_a_shop_that_calls_a_team_off_refunds_everyone(each_shop: GroupShop) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Wei")
    shop.cancels(team)
    shop.work()
    assert shop.view(team).state == TeamState.CANCELLED
    assert shop.refunds() == [(RefundState.SUCCEEDED, PRICE)]
    assert shop.seats(team) == {"Lan": [RELEASED], "Wei": [REFUNDED]}


def test_goods_are_promised_with_the_seat(database: Database) -> None:
    shop = GroupShop(database, on_hand=2)
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    with pytest.raises(OutOfStock):
        shop.joins(team, "Jun")
    assert shop.view(team).free == 1
    shop.leaves(team, "Wei")
    shop.joins(team, "Jun")
    assert shop.violations() == []
    shop.close()


def test_asking_for_the_order_of_a_seat_again_gives_the_same_order(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    assert shop.orders(team, "Lan") == shop.orders(team, "Lan")
    with shop.database.reading() as session:
        [order] = session.query(Order)
        assert order.kind == OrderKind.GROUP


def test_a_lapsed_seat_gets_no_order(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan")
    shop.later(TEN_MINUTES)
    with shop.database.transaction() as session:
        seat = session.query(Seat).filter_by(state=RELEASED).one()
        with pytest.raises(WrongState):
            place_seat_order(session, seat_id=seat.id, details=OrderDetails(), now=shop.now)


def test_a_refused_join_leaves_nothing_behind_in_a_turn_that_goes_on(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    before = shop.view(team)
    late = shop.person("Qi")
    with shop.database.transaction() as session, pytest.raises(NoSeatLeft):
        join(session, team_id=team, person_id=late, now=shop.now)
    assert shop.view(team) == before
    with shop.database.reading() as session:
        assert session.query(Hold).count() == session.query(Seat).count() == 3


def test_a_paused_campaign_opens_no_team_but_lets_open_ones_finish(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with shop.database.transaction() as session:
        pause_campaign(session, merchant_id=shop.merchant_id, campaign_id=shop.campaign_id)
    with pytest.raises(GroupBuyClosed):
        shop.opens("Wei")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    assert shop.view(team).state == TeamState.SUCCESS


def test_another_shops_customer_cannot_join_t11(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with shop.database.transaction() as session:
        stranger = a_person(session, a_merchant(session), name="Qi").id
    shop._people["Qi"] = stranger
    with pytest.raises(NotFound):
        shop.joins(team, "Qi")


def test_the_shop_knows_its_running_campaigns(shop: GroupShop) -> None:
    with shop.database.reading() as session:
        running = active_campaigns(session, merchant_id=shop.merchant_id, now=shop.now)
        elsewhere = active_campaigns(session, merchant_id="mer_other", now=shop.now)
    assert [campaign.id for campaign in running] == [shop.campaign_id]
    assert elsewhere == []


def test_every_change_of_a_team_is_told_with_a_newer_version(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    versions = [shop.view(team).version]
    shop.joins(team, "Wei")
    versions.append(shop.view(team).version)
    shop.pays(team, "Wei")
    versions.append(shop.view(team).version)
    assert versions == sorted(set(versions))
    assert shop.told(TeamChanged) == 2


def test_a_version_that_was_told_is_not_read_again_and_any_other_is(shop: GroupShop) -> None:
    team_id = shop.opens("Lan")
    with shop.database.transaction() as session:
        team = session.get_one(Team, team_id)
        told = team.version
        change_team(session, Team.id == team_id, waiting=7)
        assert team_view(session, team_id, version=told).waiting == 0
        assert team_view(session, team_id, version=told + 1).waiting == 7
        assert team_view(session, team_id).version == told + 1
        session.rollback()


def test_only_who_agreed_is_named_on_the_card_t16(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    asked = Asked(text_version="1", locale=Locale.ZH_HANS, channel="web", message_id="m1")
    with shop.database.transaction() as session:
        wei = session.get_one(Person, shop.person("Wei"))
        grant_consent(
            session, person=wei, purpose=ConsentPurpose.SHARE_CARD, asked=asked, now=shop.now
        )
    assert shop.view(team).names == ("Wei",)

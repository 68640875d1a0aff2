"""Who came by whose invitation (T36): one level, nobody themselves, the first one and once a seat;
and what that is rewarded with, on sales that stand and within the budget (I10, I14)."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from data.group_buys import (
    Inviting,
    OwnInvitations,
    invite,
    invite_budget_of,
    invite_figures,
    own_invitations,
    revoke_shares,
)
from data.group_buys.facts import InviterRewarded
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.invite_rewards import give_invite_reward
from data.group_buys.reward_models import InviteReward, RewardState
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.merchants import Merchant
from data.orders import Order, lines_of
from data.orders.return_terms import RETURN_DAYS, set_return_days
from data.orders.returns import Decision, decide_return, request_return
from data.payments import Refund, refund_order
from data.payments.returning import receive_return
from data.personal.merging import merge
from tests.data.group_buys.inviting import (
    KEPT,
    a_rewarding_shop,
    comes_by,
    gets_link,
    invites,
    nowhere,
    seat_of,
    sends,
)
from tests.data.group_buys.shop import PRICE, GroupShop


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    yield from a_rewarding_shop(each_database, size=3)


def _inviters(shop: GroupShop, team: str) -> dict[str, str]:
    """Who came by whom."""
    with shop.database.reading() as session:
        rows = session.scalars(select(InvitedSeat)).all()
        by = {noted.seat_id: noted.inviter_id for noted in rows}
    names = {shop.person(name): name for name in ("Lan", "Wei", "Jun", "Qi")}
    there = {seat_of(shop, team, name).id: name for name in shop.seats(team)}
    return {there[seat]: names[inviter] for seat, inviter in by.items() if seat in there}


def _spent(shop: GroupShop) -> int:
    with shop.database.reading() as session:
        budget = invite_budget_of(session, shop.campaign_id)
        assert budget is not None
        return budget.spent_minor


def _states(shop: GroupShop) -> list[str]:
    with shop.database.reading() as session:
        return sorted(session.scalars(select(InviteReward.state)))


def _back_to(shop: GroupShop, name: str) -> int:
    """What came back of this person's orders."""
    mine = Order.person_id == shop.person(name)
    with shop.database.reading() as session:
        asked = select(Refund.amount_minor).join(Order, Order.id == Refund.order_id).where(mine)
        return sum(session.scalars(asked))


def _refund(shop: GroupShop, team: str, name: str) -> None:
    order_id = seat_of(shop, team, name).order_id
    assert order_id is not None
    with shop.database.transaction() as session:
        refund_order(session, order_id=order_id, cause_ref="asked", now=shop.now)
    shop.work()


def _complete(shop: GroupShop) -> str:
    """Lan opened it, Wei came by her invitation and Jun by Wei's; everything is sent."""
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei")
    invites(shop, team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    sends(shop, team, "Lan", "Wei", "Jun")
    return team


def test_one_level_and_no_other(shop: GroupShop) -> None:
    """T36: in a chain of three each has invited one, and the first nobody through the second."""
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei")
    invites(shop, team, "Wei", "Jun")
    assert _inviters(shop, team) == {"Wei": "Lan", "Jun": "Wei"}
    told = []
    with shop.database.reading() as session:
        for name in ("Lan", "Wei", "Jun"):
            person = shop.person(name)
            told.append(own_invitations(session, team_id=team, person_id=person).joined)
    assert told == [1, 1, 0]
    with pytest.raises(IntegrityError), shop.database.transaction() as session:
        session.execute(text("UPDATE invited_seats SET level = 2"))


def test_joining_by_the_card_is_nobodys_invitation(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    gets_link(shop, team, "Lan")
    shop.joins(team, "Wei")
    assert _inviters(shop, team) == {}


def test_only_members_invite_and_nobody_by_a_link_that_was_closed(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with pytest.raises(Refused, match="not_in_team"):
        gets_link(shop, team, "Wei")
    token = gets_link(shop, team, "Lan")
    with shop.database.transaction() as session:
        revoke_shares(session, merchant_id=shop.merchant_id, team_id=team, now=shop.now)
    comes_by(shop, team, token, "Wei")
    assert _inviters(shop, team) == {}


def test_a_link_counts_for_its_own_team_alone(shop: GroupShop) -> None:
    other, team = shop.opens("Lan"), shop.opens("Qi")
    comes_by(shop, team, gets_link(shop, other, "Lan"), "Wei")
    assert _inviters(shop, team) == {}


def test_the_first_invitation_wins_also_for_who_comes_back(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei")
    shop.joins(team, "Jun")
    late = gets_link(shop, team, "Jun")
    shop.leaves(team, "Wei")
    comes_by(shop, team, late, "Wei")
    assert _inviters(shop, team) == {"Wei": "Lan"}


def test_two_cannot_invite_each_other_in_turn(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei")
    link = gets_link(shop, team, "Wei")
    shop.leaves(team, "Lan")
    comes_by(shop, team, link, "Lan")
    assert _inviters(shop, team) == {"Wei": "Lan"}


def test_nobody_invites_themselves_not_even_who_turns_out_to_be_one(shop: GroupShop) -> None:
    team = _complete(shop)
    assert _spent(shop) == 1000
    lan, wei = shop.person("Lan"), shop.person("Wei")
    with shop.database.transaction() as session:
        assert merge(session, kept=lan, gone=wei, link_id=None, now=shop.now) is None
    assert _spent(shop) == 500
    shop.later(KEPT)
    assert _states(shop) == [RewardState.GIVEN, RewardState.GONE]
    assert shop.told(InviterRewarded) == 1
    assert own(shop, team, "Lan") == OwnInvitations(1, 1)


def test_who_left_and_invites_themselves_is_invited_by_nobody(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    link = gets_link(shop, team, "Wei")
    jun, wei = shop.person("Jun"), shop.person("Wei")
    with shop.database.transaction() as session:
        assert merge(session, kept=jun, gone=wei, link_id=None, now=shop.now) is None
    shop.leaves(team, "Jun")
    comes_by(shop, team, link, "Jun")
    with shop.database.reading() as session:
        assert session.scalars(select(InvitedSeat)).all() == []


def own(shop: GroupShop, team: str, name: str) -> OwnInvitations:
    with shop.database.reading() as session:
        return own_invitations(session, team_id=team, person_id=shop.person(name))


def test_a_reward_is_promised_for_a_payment_and_given_when_it_cannot_go_back(
    shop: GroupShop,
) -> None:
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei", "Jun")
    assert (_states(shop), _spent(shop)) == ([], 0), "joining alone never pays"
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert (_states(shop), _spent(shop)) == ([RewardState.PROMISED] * 2, 1000)
    sends(shop, team, "Lan", "Wei")
    shop.later(KEPT / 2)
    assert _back_to(shop, "Lan") == 0
    shop.later(KEPT / 2)
    assert _back_to(shop, "Lan") == 500, "Jun's was not sent yet"
    assert (_spent(shop), shop.told(InviterRewarded)) == (1000, 1)
    seat = seat_of(shop, team, "Wei").id
    with shop.database.transaction() as session:
        assert not give_invite_reward(session, seat_id=seat, now=shop.now)


def test_a_team_that_fails_rewards_nobody(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei")
    shop.pays(team, "Lan", "Wei")
    assert _spent(shop) == 500
    shop.later(KEPT)
    assert (_states(shop), _spent(shop)) == ([RewardState.GONE], 0)
    assert _back_to(shop, "Lan") == PRICE


def test_a_refund_before_that_frees_the_budget(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    _refund(shop, team, "Wei")
    assert (_states(shop), _spent(shop)) == ([RewardState.GONE, RewardState.PROMISED], 500)


def test_no_more_is_promised_than_the_budget_has(shop: GroupShop) -> None:
    for name in ("Lan", "Wei", "Jun"):
        team = shop.opens(name)
        invites(shop, team, name, "Qi")
        shop.pays(team, name, "Qi")
    assert (len(_states(shop)), _spent(shop)) == (2, 1000)


def test_where_rules_forbid_it_who_came_is_noted_and_nothing_is_promised(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    comes_by(shop, team, gets_link(shop, team, "Lan"), "Wei", allows=nowhere)
    shop.pays(team, "Lan", "Wei")
    assert _inviters(shop, team) == {"Wei": "Lan"}
    assert (_states(shop), _spent(shop)) == ([], 0)


def test_the_inviters_own_refund_takes_the_reward_with_it(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    sends(shop, team, "Wei", "Jun")
    shop.later(KEPT)
    assert (_spent(shop), _back_to(shop, "Lan")) == (1000, 1000)
    _refund(shop, team, "Lan")
    assert (_spent(shop), _back_to(shop, "Lan")) == (0, PRICE)


def test_goods_that_came_back_are_no_sale(shop: GroupShop) -> None:
    team = _complete(shop)
    asked = _asks_to_return(shop, team, "Wei")
    shop.later(KEPT)
    assert (_back_to(shop, "Lan"), _back_to(shop, "Wei")) == (0, 500), "Wei's return is open"
    _comes_back(shop, asked)
    assert _states(shop) == [RewardState.GIVEN, RewardState.GONE]
    shop.later(KEPT)
    assert _back_to(shop, "Lan") == 0


def test_a_return_after_all_reverses_it_and_the_next_reward_is_that_money(shop: GroupShop) -> None:
    """The shop was kind and took goods back later than it had to."""
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    sends(shop, team, "Lan", "Wei")
    shop.later(KEPT)
    with shop.database.transaction() as session:
        set_return_days(session.get_one(Merchant, shop.merchant_id), 2 * RETURN_DAYS)
    _comes_back(shop, _asks_to_return(shop, team, "Wei"))
    assert (_states(shop), _spent(shop)) == ([RewardState.OWED, RewardState.PROMISED], 1000)
    sends(shop, team, "Jun")
    shop.later(2 * KEPT)
    assert (_states(shop), _spent(shop)) == ([RewardState.GIVEN, RewardState.GONE], 500)
    assert _back_to(shop, "Lan") == 500, "as much as one sale that stands is worth"


def _asks_to_return(shop: GroupShop, team: str, name: str) -> str:
    order_id, person = seat_of(shop, team, name).order_id, shop.person(name)
    assert order_id is not None
    with shop.database.transaction() as session:
        (line,) = lines_of(session, session.get_one(Order, order_id))
        return request_return(
            session,
            order_id=order_id,
            person_id=person,
            units={line.id: 1},
            asked_ref="t",
            now=shop.now,
        ).id


def _comes_back(shop: GroupShop, return_id: str) -> None:
    shop_id, yes = shop.merchant_id, Decision(approve=True, by="Ana")
    with shop.database.transaction() as session:
        decide_return(session, merchant_id=shop_id, return_id=return_id, decision=yes, now=shop.now)
        receive_return(
            session,
            merchant_id=shop_id,
            return_id=return_id,
            restocked=False,
            by="Ana",
            now=shop.now,
        )
    shop.work()


def test_nobody_gets_a_link_of_another_shop(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    by = Inviting(shop.person("Lan"), "rest")
    with pytest.raises(Exception, match="team"), shop.database.transaction() as session:
        invite(session, merchant_id="mrc_other", team_id=team, by=by, now=shop.now)


def test_a_merchant_sees_counts_and_names_only_where_five_share(shop: GroupShop) -> None:
    """Links, joins by them and paid orders of these; who is in front is told once five share."""
    first = shop.opens("Lan")
    invites(shop, first, "Lan", "Wei")
    invites(shop, first, "Wei", "Jun")
    shop.pays(first, "Lan", "Wei")
    gets_link(shop, first, "Jun")
    for name in ("Qi", "Max"):
        with shop.database.reading() as session:
            found = invite_figures(session, campaign_id=shop.campaign_id)
            assert found.top == ()
        gets_link(shop, shop.opens(name), name)
    with shop.database.reading() as session:
        found = invite_figures(session, campaign_id=shop.campaign_id)
    assert (found.shares, found.joins, found.paid, found.joins_per_share) == (5, 2, 1, 0.4)
    assert [(one.name, one.joins, one.paid) for one in found.top] == [("Lan", 1, 1), ("Wei", 1, 0)]

"""Who may join, where an offer is shown, and terms that change while nobody counts on them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from data.group_buys import (
    Campaign,
    CampaignTerms,
    Team,
    active_campaigns,
    budget_of,
    change_campaign,
    chats_of,
    end_campaign,
    find_by_key,
    open_team,
    open_to_join,
    share_team,
    start_campaign,
    welcomes,
)
from data.group_buys.models import CampaignChat
from data.group_buys.places import teams_joined_by
from data.group_buys.sharing import offer_share
from data.kernel.database import Database
from data.kernel.errors import Invalid, NotFound, OutOfStock, Refused, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember
from tests.builders import NOW
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
TERMS = CampaignTerms(
    team_size=3,
    team_price=Money(PRICE, "CNY"),
    window=DAY,
    starts_at=NOW,
    ends_at=NOW + timedelta(days=3650),
)


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(each_database, limit=9)
    yield shop
    assert shop.violations() == []
    shop.close()


def _change(shop: GroupShop, **terms: Any) -> None:
    with shop.database.transaction() as session:
        change_campaign(
            session,
            merchant_id=shop.merchant_id,
            campaign_id=shop.campaign_id,
            terms=replace(TERMS, **{"per_person_limit": 9, **terms}),
            now=shop.now,
        )


def _groups(shop: GroupShop, *names: str) -> list[str]:
    with shop.database.transaction() as session:
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=shop.merchant_id,
            channel="telegram",
            external_id="bot",
            settings={},
            created_at=NOW,
        )
        session.add(account)
        session.flush()
        chats = [
            Chat(
                id=new_id("cht"),
                merchant_id=shop.merchant_id,
                account_id=account.id,
                external_id=name,
                kind="group",
                created_at=NOW,
            )
            for name in names
        ]
        session.add_all(chats)
        session.flush()
        return [chat.id for chat in chats]


def _offered(shop: GroupShop, chat_id: str | None) -> bool:
    with shop.database.reading() as session:
        found = active_campaigns(
            session, merchant_id=shop.merchant_id, chat_id=chat_id, now=shop.now
        )
        return bool(found)


def _opens_in(shop: GroupShop, chat_id: str | None) -> str:
    leader = shop.person("Lan")
    with shop.database.transaction() as session:
        return open_team(
            session,
            campaign_id=shop.campaign_id,
            chat_id=chat_id,
            leader_id=leader,
            now=shop.now,
        ).id


# — new customers only —


def test_who_has_bought_here_is_no_new_customer(shop: GroupShop) -> None:
    full = shop.opens("Lan")
    shop.joins(full, "Wei", "Jun")
    shop.pays(full, "Lan", "Wei", "Jun")
    shop.work()
    _change(shop, new_customers_only=True)
    team = shop.opens("Qi")
    with pytest.raises(Refused, match="new_customers_only"):
        shop.joins(team, "Wei")
    shop.joins(team, "Bo")


def test_who_got_all_their_money_back_may_join(shop: GroupShop) -> None:
    failed = shop.opens("Lan")
    shop.pays(failed, "Lan")
    shop.joins(failed, "Wei")  # and never paid
    shop.later(DAY)
    _change(shop, new_customers_only=True)
    team = shop.opens("Lan")
    shop.joins(team, "Wei")


def _another_campaign(shop: GroupShop, **terms: Any) -> str:
    """A second offer of the same goods."""
    with shop.database.transaction() as session:
        variant = session.get_one(Campaign, shop.campaign_id).variant_id
        return start_campaign(
            session,
            merchant_id=shop.merchant_id,
            variant_id=variant,
            terms=replace(TERMS, **terms),
            now=shop.now,
        ).id


def _teams_of_two_campaigns(shop: GroupShop, **terms: Any) -> tuple[str, str]:
    """Of one for new customers only, and of another with these terms."""
    _change(shop, new_customers_only=True)
    first = shop.opens("Wei")
    shop.campaign_id = _another_campaign(shop, **terms)
    return first, shop.opens("Jun")


def test_a_new_customer_holds_one_unpaid_place_in_such_offers_and_pays_that_one(
    shop: GroupShop,
) -> None:
    _change(shop, new_customers_only=True)
    first, second = shop.opens("Wei"), shop.opens("Jun")
    shop.joins(first, "Lan")
    for another in (partial(shop.joins, second), shop.opens, partial(shop.waits, second)):
        with pytest.raises(Refused, match="first_purchase_held"):
            another("Lan")
    shop.orders(first, "Lan")
    with pytest.raises(Refused, match="first_purchase_held"):
        shop.joins(second, "Lan")
    shop.leaves(first, "Lan")
    shop.joins(second, "Lan")
    shop.pays(second, "Lan")
    with pytest.raises(Refused, match="new_customers_only"):
        shop.joins(first, "Lan")


def test_it_is_one_place_also_where_two_campaigns_are_for_new_customers(shop: GroupShop) -> None:
    first, second = _teams_of_two_campaigns(shop, new_customers_only=True)
    shop.joins(first, "Lan")
    with pytest.raises(Refused, match="first_purchase_held"):
        shop.joins(second, "Lan")


def test_a_place_in_an_offer_for_everybody_is_in_nobodys_way(shop: GroupShop) -> None:
    first, second = _teams_of_two_campaigns(shop)
    shop.joins(second, "Lan")
    shop.joins(first, "Lan", "Qi")
    shop.joins(second, "Qi")


# — visible to which chats —


def test_an_offer_for_named_groups_is_known_nowhere_else(shop: GroupShop) -> None:
    climbers, others = _groups(shop, "climbers", "others")
    _change(shop, chats=(climbers,))
    assert [_offered(shop, chat) for chat in (climbers, others, None)] == [True, False, False]
    for chat_id in (others, None):
        with pytest.raises(NotFound, match="campaign"):
            _opens_in(shop, chat_id)
    _opens_in(shop, climbers)


def test_a_team_of_a_named_group_has_no_link_that_shows_it_elsewhere(shop: GroupShop) -> None:
    (climbers,) = _groups(shop, "climbers")
    _change(shop, chats=(climbers,))
    team = _opens_in(shop, climbers)
    lan = shop.person("Lan")
    with shop.database.transaction() as session:
        for share in (share_team, offer_share):
            with pytest.raises(Refused, match="named_chats_only"):
                share(session, merchant_id=shop.merchant_id, team_id=team, now=shop.now)
        mine = teams_joined_by(
            session, merchant_id=shop.merchant_id, person_id=lan, now=shop.now, limit=9
        )
        assert mine == []


def test_a_topic_of_a_named_group_is_that_group(shop: GroupShop) -> None:
    group, topic, other = _groups(shop, "-100", "-100/7", "-1007")
    _change(shop, chats=(group,))
    assert [_offered(shop, chat) for chat in (topic, other)] == [True, False]


def test_an_offer_may_be_shown_everywhere_again(shop: GroupShop) -> None:
    (group,) = _groups(shop, "climbers")
    _change(shop, chats=(group,))
    _change(shop)
    assert _offered(shop, None)
    with shop.database.reading() as session:
        assert chats_of(session, session.get_one(Campaign, shop.campaign_id)) == []


def test_only_groups_of_this_shop_can_be_named(shop: GroupShop) -> None:
    with pytest.raises(Invalid, match="chats"):
        _change(shop, chats=("cht_of_another",))
    with pytest.raises(Invalid, match="chats"):
        _change(shop, chats=())
    with shop.database.reading() as session:
        assert session.query(CampaignChat).count() == 0


# — joined from other chats —


def _welcome(shop: GroupShop, team: str, name: str) -> bool:
    person_id = shop.person(name)
    with shop.database.reading() as session:
        return welcomes(session, session.get_one(Team, team), person_id)


def _lists(shop: GroupShop, name: str) -> list[str]:
    person_id = shop.person(name)
    with shop.database.reading() as session:
        teams = open_to_join(
            session, merchant_id=shop.merchant_id, person_id=person_id, now=shop.now, limit=9
        )
        return [team.id for team in teams]


def test_a_team_is_for_its_own_chat_unless_its_campaign_is_open(shop: GroupShop) -> None:
    (group,) = _groups(shop, "climbers")
    team = _opens_in(shop, group)
    wei = shop.person("Wei")
    with shop.database.transaction() as session:
        chat = session.get_one(Chat, group)
        member = ChatMember(
            chat_id=chat.id, person_id=wei, merchant_id=chat.merchant_id, joined_at=NOW
        )
        session.add(member)
    assert [_welcome(shop, team, name) for name in ("Lan", "Wei", "Jun")] == [True, True, False]
    with shop.database.transaction() as session:
        session.get_one(ChatMember, (group, wei)).left_at = NOW
    assert not _welcome(shop, team, "Wei")
    assert _lists(shop, "Jun") == []


def test_open_teams_are_listed_by_need_and_time_left(shop: GroupShop) -> None:
    _change(shop, open_to_others=True)
    late, early, full = (shop.opens(name) for name in ("Lan", "Wei", "Bo"))
    shop.joins(full, "Ann", "Kim")
    shop.turn_clock(timedelta(minutes=5))
    needs_one = shop.opens("Jun")
    shop.joins(needs_one, "Ann")
    assert _lists(shop, "Qi") == [needs_one, *sorted((late, early))]
    assert _lists(shop, "Ann") == sorted((late, early))
    assert _welcome(shop, late, "Qi")


def test_an_offer_for_named_groups_is_not_open_to_others(shop: GroupShop) -> None:
    (group,) = _groups(shop, "climbers")
    with pytest.raises(Invalid, match="open_to_others"):
        _change(shop, chats=(group,), open_to_others=True)


# — other terms —


def test_terms_stay_while_a_team_is_open(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with pytest.raises(WrongState):
        _change(shop, team_size=2)
    shop.leaves(team, "Lan")
    _change(shop, team_size=2)
    assert shop.view(shop.opens("Lan")).target == 2


def test_an_ended_campaign_stays_as_it_ended(shop: GroupShop) -> None:
    with shop.database.transaction() as session:
        end_campaign(
            session, merchant_id=shop.merchant_id, campaign_id=shop.campaign_id, now=shop.now
        )
    with pytest.raises(WrongState):
        _change(shop, team_size=2)


def test_more_or_less_may_be_set_aside(shop: GroupShop) -> None:
    for limit, aside, held in ((5, True, 5), (9, True, 9), (9, False, 0), (4, True, 4)):
        _change(shop, stock_limit=limit, set_aside=aside)
        assert shop.shelf() == (20, held)
    with pytest.raises(OutOfStock):
        _change(shop, stock_limit=21, set_aside=True)
    assert shop.shelf() == (20, 4)


def test_a_budget_is_not_cut_below_what_is_spent(shop: GroupShop) -> None:
    reward = Money(500, "CNY")
    _change(shop, reward=reward, reward_budget=Money(1000, "CNY"))
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    _change(shop, reward=reward, reward_budget=Money(500, "CNY"))
    with pytest.raises(Invalid, match="reward_budget"):
        _change(shop, reward=Money(400, "CNY"), reward_budget=Money(400, "CNY"))
    _change(shop)
    with shop.database.reading() as session:
        budget = budget_of(session, shop.campaign_id)
        assert budget is not None
        assert (budget.spent, budget.enabled) == (reward, False)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"set_aside": True}, "set_aside"),
        ({"key": "Tea Pot"}, "key"),
        ({"reward": Money(PRICE, "CNY"), "reward_budget": Money(PRICE, "CNY")}, "reward"),
        ({"reward": Money(500, "CNY")}, "reward_budget"),
        ({"reward_budget": Money(500, "CNY")}, "reward_budget"),
        ({"reward": Money(500, "CNY"), "reward_budget": Money(499, "CNY")}, "reward_budget"),
        ({"reward": Money(500, "EUR"), "reward_budget": Money(500, "EUR")}, "reward"),
    ],
)
def test_terms_that_make_no_sense_are_named(
    shop: GroupShop, terms: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _change(shop, **terms)
    assert refused.value.detail == field


def test_a_key_is_one_campaigns(shop: GroupShop) -> None:
    _change(shop, key="teapot")
    _change(shop, key="teapot", team_size=2)
    with shop.database.reading() as session:
        found = find_by_key(session, merchant_id=shop.merchant_id, key="teapot")
        assert found is not None
        assert found.id == shop.campaign_id
        assert find_by_key(session, merchant_id="mer_another", key="teapot") is None

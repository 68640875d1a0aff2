"""What the live card of a team counts: what its words count."""

from datetime import timedelta

import pytest

from data.group_buys import PayMode, TeamState, Underpaid
from data.kernel.database import Database
from data.kernel.locales import Locale
from dialogs.format import load_flow_set, shipped_sources
from dialogs.team_card import Wording, card_of, standing
from tests.data.group_buys.shop import GroupShop


def _counts(shop: GroupShop, team: str) -> tuple[int, int]:
    card = card_of(shop.view(team), title="Tea", told="…", options=())
    return card.have, card.need


def test_who_paid_counts_where_people_pay_at_once(database: Database) -> None:
    shop = GroupShop(database, size=3)
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan")
    assert _counts(shop, team) == (1, 2)
    shop.close()


def test_who_joined_counts_where_people_join_first_and_who_paid_once_they_are_to_pay(
    database: Database,
) -> None:
    shop = GroupShop(database, size=3, modes=(PayMode.JOIN_FIRST,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    assert _counts(shop, team) == (2, 1)
    shop.joins(team, "Jun")
    shop.work()
    shop.pays(team, "Lan")
    assert _counts(shop, team) == (1, 2)
    shop.close()


def test_where_enough_have_joined_and_more_may_nobody_is_said_to_be_missing(
    database: Database,
) -> None:
    shop = GroupShop(database, size=2, tiers=((4, 5900),), modes=(PayMode.JOIN_FIRST,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    wording = Wording(load_flow_set(shipped_sources()).domain, Locale.EN)
    told = standing(wording, shop.view(team), title="Tea", now=shop.now).splitlines()
    assert "2 joined, which is enough, at CN¥66 each so far" in told
    shop.close()


def _end(shop: GroupShop, team: str) -> str:
    """Its last line, as the card has it in English."""
    wording = Wording(load_flow_set(shipped_sources()).domain, Locale.EN)
    return standing(wording, shop.view(team), title="Tea", now=shop.now).splitlines()[-1]


def test_d7_the_card_of_a_success_never_says_that_somebody_paid_who_has_their_money_back(
    database: Database,
) -> None:
    shop = GroupShop(database, size=3)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert "All 3 have paid" in _end(shop, team)
    shop.calls_off(team, "Jun")
    assert "All 2 have paid" in _end(shop, team)
    for name in ("Lan", "Wei"):
        shop.calls_off(team, name)
    assert (shop.view(team).state, shop.view(team).have) == (TeamState.SUCCESS, 0)
    assert _end(shop, team) == "Nobody is left in this team, so it is off."
    shop.close()


@pytest.mark.parametrize(
    ("rule", "end"),
    [(Underpaid.SHIP, "All 1 have paid"), (Underpaid.FAIL, "Too few of you have paid")],
)
def test_where_few_of_many_paid_the_card_says_so(
    database: Database, rule: Underpaid, end: str
) -> None:
    day = timedelta(hours=24)
    modes = (PayMode.JOIN_FIRST,)
    shop = GroupShop(database, size=3, modes=modes, pay_window=day, underpaid=rule)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.work()
    shop.pays(team, "Wei")
    shop.later(day)
    assert end in _end(shop, team)
    shop.close()

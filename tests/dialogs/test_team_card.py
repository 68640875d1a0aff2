"""What the live card of a team counts: what its words count."""

from data.group_buys import PayMode
from data.kernel.database import Database
from dialogs.team_card import card_of
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

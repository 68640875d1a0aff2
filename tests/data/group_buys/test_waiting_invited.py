"""Who stood in line by somebody's link is credited to them once a place is theirs: as in joining,
one level, nobody themselves, and how they first came."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from data.group_buys import SeatState, revoke_shares
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.reward_models import InviteReward, RewardState
from data.group_buys.turns import TURN_TTL
from data.kernel.database import Database
from data.people import Person
from data.personal.erasing import erase_person
from data.personal.merging import merge
from tests.data.group_buys.inviting import (
    KEPT,
    a_rewarding_shop,
    comes_by,
    gets_link,
    nowhere,
    seat_of,
    sends,
    waits_by,
)
from tests.data.group_buys.shop import GroupShop


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    yield from a_rewarding_shop(each_database, size=2)


def _full(shop: GroupShop) -> tuple[str, str]:
    """Two places, Lan's paid for; gives the team and Lan's link."""
    team = shop.opens("Lan")
    link = gets_link(shop, team, "Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan")
    return team, link


def _seated(shop: GroupShop, team: str, *, instead_of: str = "Wei") -> None:
    shop.leaves(team, instead_of)
    shop.work()


def _noted(shop: GroupShop) -> list[tuple[str, str, bool]]:
    """Seat, who invited, and whether that may be rewarded."""
    with shop.database.reading() as session:
        rows = session.scalars(select(InvitedSeat)).all()
        return [(noted.seat_id, noted.inviter_id, noted.rewarded) for noted in rows]


def _credited(
    shop: GroupShop, team: str, name: str, inviter: str, *, rewarded: bool = True
) -> bool:
    return _noted(shop) == [(seat_of(shop, team, name).id, shop.person(inviter), rewarded)]


def _rewards(shop: GroupShop) -> list[str]:
    with shop.database.reading() as session:
        return list(session.scalars(select(InviteReward.state)))


def test_who_waited_by_a_link_is_credited_with_their_seat_and_rewarded_as_any_other(
    shop: GroupShop,
) -> None:
    team, link = _full(shop)
    waits_by(shop, team, link, "Qi")
    assert _noted(shop) == [], "who waits has no seat"
    _seated(shop, team)
    assert _credited(shop, team, "Qi", "Lan")
    assert _rewards(shop) == [], "nothing is for coming alone"
    shop.pays(team, "Qi")
    shop.work()
    assert _rewards(shop) == [RewardState.PROMISED]
    sends(shop, team, "Lan", "Qi")
    shop.later(KEPT)
    assert _rewards(shop) == [RewardState.GIVEN]


def test_who_gets_in_line_by_no_link_is_nobodys(shop: GroupShop) -> None:
    team, _ = _full(shop)
    shop.waits(team, "Qi")
    _seated(shop, team)
    assert _noted(shop) == []


def test_where_the_messenger_allows_no_reward_it_is_noted_and_brings_nothing(
    shop: GroupShop,
) -> None:
    team, link = _full(shop)
    waits_by(shop, team, link, "Qi", allows=nowhere)
    _seated(shop, team)
    shop.pays(team, "Qi")
    shop.work()
    assert _credited(shop, team, "Qi", "Lan", rewarded=False)
    assert _rewards(shop) == []


def test_nobody_waits_by_their_own_link(shop: GroupShop) -> None:
    team, _ = _full(shop)
    mine = gets_link(shop, team, "Wei")
    shop.leaves(team, "Wei")
    shop.joins(team, "Jun")
    waits_by(shop, team, mine, "Wei")
    _seated(shop, team, instead_of="Jun")
    assert _noted(shop) == []


def test_who_turns_out_to_be_their_inviter_is_credited_to_nobody(shop: GroupShop) -> None:
    """Here while they wait: Jun gave up the seat from which Qi was invited."""
    team, _ = _full(shop)
    shop.leaves(team, "Wei")
    shop.joins(team, "Jun")
    link = gets_link(shop, team, "Jun")
    shop.leaves(team, "Jun")
    shop.joins(team, "Wei")
    waits_by(shop, team, link, "Qi")
    with shop.database.transaction() as session:
        kept, gone = shop.person("Jun"), shop.person("Qi")
        assert merge(session, kept=kept, gone=gone, link_id=None, now=shop.now) is None
    assert shop.line(team) == ["Jun"]
    _seated(shop, team)
    assert _noted(shop) == []


def test_how_somebody_first_stood_in_line_counts(shop: GroupShop) -> None:
    """Pressed again by another's link, or left and come back by it: the same."""
    team, link = _full(shop)
    other = gets_link(shop, team, "Wei")
    waits_by(shop, team, link, "Qi")
    waits_by(shop, team, other, "Qi")
    shop.leaves_line(team, "Qi")
    waits_by(shop, team, other, "Qi")
    _seated(shop, team)
    assert _credited(shop, team, "Qi", "Lan")


def test_who_stood_in_line_by_themselves_is_won_by_no_later_link(shop: GroupShop) -> None:
    team, link = _full(shop)
    shop.waits(team, "Qi")
    waits_by(shop, team, link, "Qi")
    shop.leaves_line(team, "Qi")
    shop.leaves(team, "Wei")
    comes_by(shop, team, link, "Qi")
    assert _noted(shop) == []


def test_who_had_a_seat_before_is_no_new_member_in_line_either(shop: GroupShop) -> None:
    team, link = _full(shop)
    shop.leaves(team, "Wei")
    shop.joins(team, "Jun")
    waits_by(shop, team, link, "Wei")
    _seated(shop, team, instead_of="Jun")
    assert _noted(shop) == []


def test_a_turn_that_lapses_and_is_had_again_is_still_the_first_inviters(shop: GroupShop) -> None:
    team, link = _full(shop)
    other = gets_link(shop, team, "Wei")
    waits_by(shop, team, link, "Qi")
    _seated(shop, team)
    shop.later(TURN_TTL)
    comes_by(shop, team, other, "Qi")
    (first, again) = _noted(shop)
    assert {first[1], again[1]} == {shop.person("Lan")}


def test_a_link_of_another_team_or_one_that_was_closed_counts_for_nothing(shop: GroupShop) -> None:
    team, link = _full(shop)
    other = gets_link(shop, shop.opens("Jun"), "Jun")
    waits_by(shop, team, other, "Qi")
    with shop.database.transaction() as session:
        revoke_shares(session, merchant_id=shop.merchant_id, team_id=team, now=shop.now)
    waits_by(shop, team, link, "An")
    waits_by(shop, team, "no-such-token", "Bo")
    _seated(shop, team)
    shop.later(TURN_TTL)
    shop.later(TURN_TTL)
    assert shop.seats(team).keys() >= {"Qi", "An", "Bo"}
    assert _noted(shop) == []


def test_a_link_closed_while_somebody_waits_brought_them_all_the_same(shop: GroupShop) -> None:
    team, link = _full(shop)
    waits_by(shop, team, link, "Qi")
    with shop.database.transaction() as session:
        revoke_shares(session, merchant_id=shop.merchant_id, team_id=team, now=shop.now)
    _seated(shop, team)
    assert _credited(shop, team, "Qi", "Lan")


def test_an_inviter_whom_the_shop_has_forgotten_is_credited_with_nobody(shop: GroupShop) -> None:
    team, _ = _full(shop)
    link = gets_link(shop, team, "Wei")
    shop.leaves(team, "Wei")
    shop.joins(team, "Jun")
    waits_by(shop, team, link, "Qi")
    with shop.database.transaction() as session:
        wei = session.get_one(Person, shop.person("Wei"))
        erase_person(session, person=wei, by="Ana", farewell=None, now=shop.now)
    _seated(shop, team, instead_of="Jun")
    assert shop.seats(team)["Qi"] == [SeatState.HELD]
    assert _noted(shop) == []

"""Having the others reminded of a team: by members, seldom, by day, and nobody who said no."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from data.group_buys import PayMode, TeamState
from data.group_buys.facts import TeamNudged
from data.group_buys.models import Seat, Team
from data.group_buys.nudges import APART, MOST, may_be_nudged, nudge, nudgeable
from data.kernel.database import Database
from data.kernel.errors import GroupBuyClosed, NoSeatLeft, ShopError, TooOften
from data.people import ChatMember, Person, start_nudges, stop_nudges
from data.people.contact import A_DAY
from tests.builders import NOW
from tests.data.group_buys.nudging import alone_with_us, in_a_group
from tests.data.group_buys.shop import GroupShop

NIGHT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai


@pytest.fixture
def each_shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(each_database, size=3, window=timedelta(days=5))
    yield shop
    shop.close()


@pytest.fixture
def shop(database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(database, size=3, window=timedelta(days=5))
    yield shop
    shop.close()


def _nudge(shop: GroupShop, team: str, name: str = "Lan") -> None:
    person_id = shop.person(name)
    with shop.database.transaction() as session:
        nudge(session, team_id=team, person_id=person_id, now=shop.now)


def _why_not(shop: GroupShop, team: str, name: str = "Lan") -> ShopError:
    with pytest.raises(ShopError) as refused:
        _nudge(shop, team, name)
    return refused.value


def _told(shop: GroupShop) -> list[TeamNudged]:
    return [fact for fact in shop.facts if isinstance(fact, TeamNudged)]


def _open(shop: GroupShop) -> str:
    """In a group, led by Lan who paid."""
    team = shop.opens("Lan")
    in_a_group(shop, team)
    shop.pays(team, "Lan")
    return team


def test_once_in_four_hours_and_three_times_in_its_life(each_shop: GroupShop) -> None:
    shop = each_shop
    team = _open(shop)
    _nudge(shop, team)
    shop.later(APART - timedelta(seconds=1))
    refused = _why_not(shop, team)
    assert (refused.detail, refused.values["left"]) == ("nudge_too_soon", timedelta(seconds=1))
    shop.later(timedelta(seconds=1))
    _nudge(shop, team)
    shop.later(timedelta(days=1))
    _nudge(shop, team)
    shop.later(timedelta(days=1))
    assert _why_not(shop, team).detail == "nudges_used_up"
    assert [fact.number for fact in _told(shop)] == list(range(1, MOST + 1))
    assert shop.violations() == []


def test_only_a_member_may_and_who_left_is_none(shop: GroupShop) -> None:
    team = _open(shop)
    shop.joins(team, "Wei")
    shop.leaves(team, "Wei")
    for name in ("Wei", "Jun"):
        assert _why_not(shop, team, name).detail == "not_in_team"
    assert _told(shop) == []


def test_at_night_nobody_is_disturbed_and_it_counts_for_nothing(shop: GroupShop) -> None:
    team = _open(shop)
    shop.now = NIGHT
    refused = _why_not(shop, team)
    assert (refused.detail, refused.values["left"]) == ("nudge_quiet_hours", timedelta(hours=9))
    shop.later(timedelta(hours=9))
    _nudge(shop, team)
    assert [fact.number for fact in _told(shop)] == [1]


def test_the_night_of_one_member_is_night_for_the_group(shop: GroupShop) -> None:
    team = _open(shop)
    with shop.database.transaction() as session:
        abroad = session.get_one(Person, shop.person("Lan"))
        abroad.timezone = "America/Los_Angeles"  # where it is evening, 18:00
    _nudge(shop, team)
    with shop.database.transaction() as session:
        session.get_one(Person, abroad.id).timezone = "Europe/Lisbon"  # 2 at night
    shop.turn_clock(timedelta(days=1))
    assert _why_not(shop, team).detail == "nudge_quiet_hours"
    with shop.database.transaction() as session:
        (member,) = session.scalars(select(ChatMember).where(ChatMember.person_id == abroad.id))
        member.left_at = shop.now
    _nudge(shop, team)


def test_a_group_with_many_teams_hears_three_a_day(shop: GroupShop) -> None:
    teams = [shop.opens(name) for name in ("Lan", "Wei", "Jun", "Qi")]
    in_a_group(shop, *teams)
    for team, name in zip(teams, ("Lan", "Wei", "Jun"), strict=False):
        _nudge(shop, team, name)
    assert len(_told(shop)) == A_DAY
    refused = _why_not(shop, teams[-1], "Qi")
    assert isinstance(refused, TooOften)
    assert refused.detail == "nudge_cap_reached"
    with shop.database.reading() as session:
        assert session.get_one(Team, teams[-1]).nudges == 0
    assert shop.violations() == []


def test_there_must_be_somebody_to_remind(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    assert _why_not(shop, team).detail == "nudge_no_group"
    in_a_group(shop, team)
    shop.joins(team, "Wei", "Jun")
    assert isinstance(_why_not(shop, team), NoSeatLeft)
    shop.pays(team, "Lan", "Wei", "Jun")
    assert isinstance(_why_not(shop, team), GroupBuyClosed)


def test_where_all_joined_only_who_has_still_to_pay_is_told(database: Database) -> None:
    shop = GroupShop(database, size=3, modes=(PayMode.JOIN_FIRST,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.work()
    shop.pays(team, "Lan")
    assert shop.view(team).state == TeamState.PAYING
    _nudge(shop, team)
    with shop.database.reading() as session:
        (fact,) = _told(shop)
        seats = session.scalars(select(Seat.person_id).where(Seat.id.in_(fact.seats)))
        assert set(seats) == {shop.person("Wei"), shop.person("Jun")}
    shop.leaves(team, "Jun")
    shop.later(APART)
    assert isinstance(_why_not(shop, team, "Wei"), NoSeatLeft)  # nobody but Wei has yet to pay
    _nudge(shop, team)
    assert [len(fact.seats) for fact in _told(shop)] == [2, 1]
    shop.close()


def test_what_is_shown_as_possible_is_possible(shop: GroupShop) -> None:
    team = _open(shop)
    with shop.database.reading() as session:
        seen = session.get_one(Team, team)
        assert may_be_nudged(seen, shop.now)
        me = shop.person("Lan")
        assert [one.id for one in nudgeable(session, person_id=me, chat_id=None, now=NOW)] == [team]
        assert nudgeable(session, person_id=me, chat_id="cht_other", now=NOW) == []
    _nudge(shop, team)
    with shop.database.reading() as session:
        seen = session.get_one(Team, team)
        assert not may_be_nudged(seen, shop.now)
        assert may_be_nudged(seen, shop.now + APART)


def test_a_refusal_undoes_the_count(shop: GroupShop) -> None:
    team = _open(shop)
    shop.now = NIGHT
    with shop.database.transaction() as session:
        with pytest.raises(TooOften):
            nudge(session, team_id=team, person_id=shop.person("Lan"), now=shop.now)
        assert session.get_one(Team, team).nudges == 0


def _to_be_paid(shop: GroupShop) -> str:
    """Lan has paid, Wei and Jun have not; each can be told alone."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.work()
    shop.pays(team, "Lan")
    alone_with_us(shop, "Lan", "Wei", "Jun")
    return team


@pytest.fixture
def join_first(each_database: Database) -> Iterator[GroupShop]:
    day = timedelta(days=1)
    shop = GroupShop(each_database, size=3, modes=(PayMode.JOIN_FIRST,), pay_window=day)
    yield shop
    shop.close()


def test_what_all_would_sleep_through_is_not_said_and_counts_for_nothing(
    join_first: GroupShop,
) -> None:
    shop = join_first
    team = _to_be_paid(shop)
    shop.now = NIGHT
    refused = _why_not(shop, team)
    assert (refused.detail, refused.values["left"]) == ("nudge_quiet_hours", timedelta(hours=9))
    with shop.database.transaction() as session:
        person = session.get_one(Person, shop.person("Jun"))
        person.timezone = "America/New_York"  # where it is morning
    _nudge(shop, team)
    assert [fact.number for fact in _told(shop)] == [1]
    assert shop.violations() == []


def test_what_nobody_wants_to_hear_counts_for_nothing(join_first: GroupShop) -> None:
    shop = join_first
    team = _to_be_paid(shop)
    with shop.database.transaction() as session:
        for name in ("Wei", "Jun"):
            stop_nudges(session, person=session.get_one(Person, shop.person(name)), now=shop.now)
    for _ in range(MOST + 1):
        assert _why_not(shop, team).detail == "nudge_unheard"
    with shop.database.transaction() as session:
        assert session.get_one(Team, team).nudges == 0
        start_nudges(session, person=session.get_one(Person, shop.person("Wei")))
    _nudge(shop, team)
    assert [fact.number for fact in _told(shop)] == [1]
    assert shop.violations() == []

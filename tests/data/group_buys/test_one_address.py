"""One address for a team: the leader gives it, the others' orders go with theirs and hold none."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.group_buys import AddressWanted, give_team_address, lacks_address, live_seat
from data.group_buys.teams import team_now
from data.kernel.database import Database
from data.kernel.errors import NotFound, WrongState
from data.orders import Address, Order, OrderState, address_of, set_address, ship
from data.payments import refund_order
from data.people import Person
from data.personal.exporting import export_person
from data.personal.merging import merge
from tests.data.group_buys.shop import GroupShop

HOME = Address(name="Lan", phone="13800138000", line="Caoxi Road 1, Shanghai")
OTHER = Address(name="Wei", phone="13900139000", line="Jianguo Road 8, Beijing")


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(each_database, size=3, ship_to_one=True)
    yield shop
    assert shop.violations() == []
    shop.close()


def _order(shop: GroupShop, name: str) -> str:
    with shop.database.reading() as session:
        found = session.scalar(
            select(Order.id)
            .where(Order.person_id == shop.person(name))
            .order_by(Order.created_at.desc(), Order.id)
            .limit(1)
        )
        assert found is not None
        return found


def _leads_with(shop: GroupShop, team: str, address: Address | None) -> None:
    """Lan orders; in a chat their address comes with the order."""
    order_id = shop.orders(team, "Lan")
    if address is not None:
        with shop.database.transaction() as session:
            person_id = shop.person("Lan")
            set_address(
                session, order_id=order_id, person_id=person_id, address=address, now=shop.now
            )


def _goes_to(shop: GroupShop, name: str) -> Address | None:
    order_id = _order(shop, name)
    with shop.database.reading() as session:
        return address_of(session, session.get_one(Order, order_id))


def _full(shop: GroupShop, address: Address | None) -> str:
    team = shop.opens("Lan")
    _leads_with(shop, team, address)
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    return team


def _ship(shop: GroupShop, name: str) -> None:
    order_id = _order(shop, name)
    with shop.database.transaction() as session:
        ship(
            session,
            merchant_id=shop.merchant_id,
            order_id=order_id,
            tracking=None,
            now=shop.now,
        )


def test_all_parcels_go_where_the_leader_says(shop: GroupShop) -> None:
    _full(shop, HOME)
    assert [_goes_to(shop, name) for name in ("Lan", "Wei", "Jun")] == [HOME, HOME, HOME]
    _ship(shop, "Wei")
    assert shop.told(AddressWanted) == 0


def test_no_file_about_a_member_holds_the_address(shop: GroupShop) -> None:
    _full(shop, HOME)
    with shop.database.transaction() as session:
        person = session.get_one(Person, shop.person("Wei"))
        file = export_person(session, person=person, by=person.id, now=shop.now)
    assert len(file["orders"]) == 1
    assert HOME.line not in str(file)
    assert HOME.phone not in str(file)
    assert _order(shop, "Lan") not in str(file)


def test_goods_wait_until_the_leader_has_said_where(shop: GroupShop) -> None:
    team = _full(shop, None)
    assert shop.order_states() == [OrderState.READY] * 3
    assert shop.told(AddressWanted) == 1
    with pytest.raises(WrongState, match="address_missing"):
        _ship(shop, "Wei")
    shop.later(timedelta(hours=21))
    shop.later(timedelta(days=3))
    assert shop.told(AddressWanted) == 2  # reminded once
    with shop.database.transaction() as session:
        give_team_address(
            session, team_id=team, person_id=shop.person("Lan"), address=HOME, now=shop.now
        )
    assert _goes_to(shop, "Jun") == HOME
    _ship(shop, "Jun")


def test_nobody_but_the_leader_says_where(shop: GroupShop) -> None:
    team = _full(shop, None)
    for person_id in (shop.person("Wei"), shop.person("Qi")):
        with pytest.raises(NotFound), shop.database.transaction() as session:
            give_team_address(
                session, team_id=team, person_id=person_id, address=OTHER, now=shop.now
            )


def test_the_next_leader_is_asked_once_they_have_ordered(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    _leads_with(shop, team, HOME)
    shop.joins(team, "Wei")
    shop.pays(team, "Wei")
    shop.leaves(team, "Lan")
    shop.work()
    assert shop.leader(team) == "Wei"
    assert shop.told(AddressWanted) == 1
    with shop.database.transaction() as session:
        assert lacks_address(session, team_now(session, team))
        give_team_address(
            session, team_id=team, person_id=shop.person("Wei"), address=OTHER, now=shop.now
        )
    shop.joins(team, "Jun", "Qi")
    shop.pays(team, "Jun", "Qi")
    shop.work()
    shop.later(timedelta(days=2))
    assert shop.told(AddressWanted) == 1
    assert _goes_to(shop, "Qi") == OTHER


def test_who_comes_to_lead_amid_their_checkout_is_asked_when_they_have_paid(
    shop: GroupShop,
) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.leaves(team, "Lan")
    shop.work()
    assert shop.told(AddressWanted) == 0
    shop.pays(team, "Wei")
    shop.work()
    assert shop.told(AddressWanted) == 1


def test_a_leader_who_goes_back_on_a_full_team_leaves_the_parcels_to_the_next(
    shop: GroupShop,
) -> None:
    team = _full(shop, HOME)
    shop.calls_off(team, "Lan")
    shop.work()
    assert shop.told(AddressWanted) == 1
    assert _goes_to(shop, "Jun") is None
    leader = shop.leader(team)
    with shop.database.transaction() as session:
        seat = live_seat(session, team_id=team, person_id=shop.person(leader))
        assert seat is not None
        give_team_address(
            session, team_id=team, person_id=shop.person(leader), address=OTHER, now=shop.now
        )
    assert [_goes_to(shop, name) for name in ("Wei", "Jun")] == [OTHER, OTHER]


def _become_one(shop: GroupShop, gone: str, kept: str) -> None:
    two = {"gone": shop.person(gone), "kept": shop.person(kept)}
    with shop.database.transaction() as session:
        assert merge(session, **two, link_id=None, now=shop.now) is None


def _addresses(shop: GroupShop) -> list[str | None]:
    """Where each order goes that is not over, one line each."""
    with shop.database.reading() as session:
        ready = session.scalars(select(Order).where(Order.state == OrderState.READY))
        found = [address_of(session, order) for order in ready]
        return [address.line if address else None for address in found]


@pytest.mark.parametrize(("gone", "kept"), [("Lan", "Wei"), ("Wei", "Lan")])
def test_a_leader_who_was_two_members_says_it_for_all(
    shop: GroupShop, gone: str, kept: str
) -> None:
    team = _full(shop, None)
    _become_one(shop, gone, kept)
    with shop.database.transaction() as session:
        assert lacks_address(session, team_now(session, team))
        told = {"team_id": team, "person_id": shop.person(kept), "address": HOME}
        give_team_address(session, **told, now=shop.now)
        assert not lacks_address(session, team_now(session, team))
    assert _addresses(shop) == [HOME.line] * 3


@pytest.mark.parametrize("back", ["Lan", "Wei"])
@pytest.mark.parametrize(("gone", "kept"), [("Lan", "Wei"), ("Wei", "Lan")])
def test_a_leader_who_was_two_members_leads_with_the_order_that_is_left(
    shop: GroupShop, gone: str, kept: str, back: str
) -> None:
    team = _full(shop, HOME)
    orders = {name: _order(shop, name) for name in ("Lan", "Wei")}
    _become_one(shop, gone, kept)
    with shop.database.transaction() as session:
        refund_order(session, order_id=orders[back], cause_ref="test", now=shop.now)
    shop.work()
    assert shop.leader(team) == kept
    wanted = [fact for fact in shop.facts if isinstance(fact, AddressWanted)]
    if back == "Wei":
        assert (wanted, _addresses(shop)) == ([], [HOME.line] * 2)
        return
    assert [fact.person_id for fact in wanted] == [shop.person(kept)]
    with shop.database.transaction() as session:
        told = {"team_id": team, "person_id": shop.person(kept), "address": OTHER}
        give_team_address(session, **told, now=shop.now)
    assert _addresses(shop) == [OTHER.line] * 2

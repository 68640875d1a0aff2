"""Who organised one is forgotten, sees their own data, turns out to be somebody else."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.kernel.errors import WrongState
from data.orders.parcel_models import Parcel
from data.people import Person
from data.personal.erasing import erase_person
from data.personal.exporting import export_person
from data.personal.forgetting import forget_by_shop, still_open
from data.personal.merging import merge
from data.split_orders import SplitState
from tests.data.split_orders.shop import HOUR, OFFICE, SplitShop

SECOND = timedelta(seconds=1)


def _forget(shop: SplitShop, name: str) -> None:
    person_id = shop.person(name)
    with shop.database.transaction() as session:
        person = session.get_one(Person, person_id)
        forget_by_shop(session, person=person, by="stf_1", now=shop.now)
        erase_person(session, person=person, by="stf_1", farewell=None, now=shop.now)


def _asks(shop: SplitShop, name: str) -> None:
    """To be forgotten; the deed is a job."""
    with shop.database.transaction() as session:
        person = session.get_one(Person, shop.person(name))
        forget_by_shop(session, person=person, by="stf_1", now=shop.now)


def test_what_a_forgotten_organiser_had_open_is_called_off(each_shop: SplitShop) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei")
    _forget(shop, "Lan")
    shop.work()
    assert shop.split_state(split) == SplitState.CANCELLED
    assert shop.parcel(split).ship_to is None
    assert shop.books() == {}


def test_an_address_is_kept_as_long_as_others_goods_are_to_be_sent_there(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", noodles=2)
    shop.closes_split(split, "Lan")
    shop.work()
    with pytest.raises(WrongState):
        _forget(shop, "Lan")
    with shop.database.reading() as session:
        number = shop.part_order(split, "Wei").number
        assert still_open(session, person_id=shop.person("Lan")).paid == [number]
    shop.ships_part(split, "Wei")
    _forget(shop, "Lan")
    assert shop.parcel(split).ship_to is None


@pytest.mark.parametrize("is_closed", [True, False])
def test_an_address_is_kept_from_the_moment_in_which_it_is_decided(
    shop: SplitShop, is_closed: bool
) -> None:
    """No job has run since it was closed, or since its time was over: what each pays for the
    delivery is not worked out yet."""
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", noodles=2)
    if is_closed:
        shop.closes_split(split, "Lan")
        with pytest.raises(WrongState):
            _asks(shop, "Lan")
    else:
        shop.turn_clock(HOUR)
        _asks(shop, "Lan")
    shop.work()
    assert shop.parcel(split).ship_to is not None
    shop.ships_part(split, "Wei")
    if is_closed:
        _asks(shop, "Lan")
    shop.later(HOUR)
    assert shop.parcel(split).ship_to is None


def test_the_address_is_in_the_file_of_its_organiser_and_in_nobody_elses(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", "Lan")
    files = {}
    for name in ("Lan", "Wei"):
        person_id = shop.person(name)
        with shop.database.transaction() as session:
            person = session.get_one(Person, person_id)
            files[name] = str(export_person(session, person=person, by="x", now=shop.now))
    assert OFFICE.line in files["Lan"]
    assert OFFICE.line not in files["Wei"]
    with shop.database.reading() as session:
        sealed = session.scalars(select(Parcel.ship_to)).one()
        assert OFFICE.line not in str(sealed)


def test_who_put_in_parts_under_two_names_keeps_both(each_shop: SplitShop) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", "Weiwei", "Jun")
    kept, gone = shop.person("Wei"), shop.person("Weiwei")
    with shop.database.transaction() as session:
        assert merge(session, kept=kept, gone=gone, link_id=None, now=shop.now) is None
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.split_row(split).final_people == 3
    assert shop.violations() == []


def test_who_put_in_parts_under_two_names_takes_out_both(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", "Jun")
    shop.turn_clock(SECOND)
    shop.pays_part(split, "Weiwei")
    kept, gone = shop.person("Wei"), shop.person("Weiwei")
    with shop.database.transaction() as session:
        assert merge(session, kept=kept, gone=gone, link_id=None, now=shop.now) is None
    for _ in range(2):
        shop.leaves_split(split, "Wei")
    shop.work()
    assert shop.split(split).people == 1
    assert len(shop.refunds()) == 2

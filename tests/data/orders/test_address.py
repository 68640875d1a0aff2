"""Addresses: readable by whoever may, in no table, log or other row."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher, Unreadable
from data.kernel.errors import Invalid, NotFound, WrongState
from data.orders import Address, NewLine, Order, OrderDetails, address_of, place_order, set_address
from data.orders.models import OrderState
from data.orders.states import move
from tests.builders import NOW, a_merchant, a_person, a_product, the_variant

HOME = Address("兰兰", "13800138000", "南京路一号 CANARY", city="上海")


def test_an_address_comes_back_as_it_was_given(each_database: Database) -> None:
    order_id, buyer = _order(each_database, HOME)
    with each_database.transaction() as session:
        order = session.get_one(Order, order_id)
        assert address_of(session, order) == HOME
        new = Address("Lan", "1", "elsewhere")
        set_address(session, order_id=order_id, person_id=buyer, address=new, now=NOW)
        assert address_of(session, order) == new


def test_t49_the_database_file_shows_no_address(database: Database, tmp_path: Path) -> None:
    _order(database, HOME)
    dump = "\n".join(sqlite3.connect(tmp_path / "shop.db").iterdump())
    for secret in ("CANARY", "南京路", "13800138000", "兰兰"):
        assert secret not in dump
        assert secret.encode("unicode_escape").decode() not in dump


def test_t49_an_address_moved_to_another_order_cannot_be_read(database: Database) -> None:
    first, _ = _order(database, HOME)
    second, _ = _order(database, None)
    with database.transaction() as session:
        stolen = session.get_one(Order, first).ship_to
        other = session.get_one(Order, second)
        other.ship_to = stolen
        with pytest.raises(Unreadable):
            address_of(session, other)


def test_t49_without_a_cipher_nothing_secret_is_written(database: Database) -> None:
    order_id, buyer = _order(database, None)
    with database.transaction() as session:
        del session.info[CIPHER]
        with pytest.raises(RuntimeError, match="cipher_missing"):
            set_address(session, order_id=order_id, person_id=buyer, address=HOME, now=NOW)


def test_t47_an_address_does_not_show_in_a_log_line_or_traceback() -> None:
    assert "CANARY" not in f"{HOME!r} {HOME}"


def test_only_the_buyer_changes_the_address_and_only_before_it_leaves(database: Database) -> None:
    order_id, buyer = _order(database, HOME)
    with database.transaction() as session:
        with pytest.raises(NotFound):
            set_address(session, order_id=order_id, person_id="per_x", address=HOME, now=NOW)
        move(session, session.get_one(Order, order_id), OrderState.CANCELLED, now=NOW)
        with pytest.raises(WrongState):
            set_address(session, order_id=order_id, person_id=buyer, address=HOME, now=NOW)


@pytest.mark.parametrize("line", ["", "   ", "x" * 301])
def test_an_address_without_a_street_or_with_a_novel_is_refused(line: str) -> None:
    with pytest.raises(Invalid):
        Address("Lan", "1", line)


def test_keys_rotate_the_first_encrypts_all_decrypt() -> None:
    old, new = FieldCipher.new_key(), FieldCipher.new_key()
    token = FieldCipher([old]).encrypt("secret", place="a:b:c")
    both = FieldCipher([new, old])
    assert both.decrypt(token, place="a:b:c") == "secret"
    rotated = both.rotate(token)
    assert FieldCipher([new]).decrypt(rotated, place="a:b:c") == "secret"
    with pytest.raises(Unreadable):
        FieldCipher([old]).decrypt(rotated, place="a:b:c")
    with pytest.raises(ValueError, match="cipher_without_keys"):
        FieldCipher([])


def _order(database: Database, address: Address | None) -> tuple[str, str]:
    with database.transaction() as session:
        shop = a_merchant(session)
        buyer = a_person(session, shop)
        order = place_order(
            session,
            merchant_id=shop.id,
            person_id=buyer.id,
            lines=[NewLine(the_variant(session, a_product(session, shop)).id)],
            details=OrderDetails(ship_to=address),
            hold_until=NOW + timedelta(minutes=30),
            now=NOW,
        )
        return order.id, buyer.id

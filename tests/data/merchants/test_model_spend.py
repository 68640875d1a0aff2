"""The day's budget of a language model: taken before a call, put right after, never overdrawn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from data.kernel.database import Database
from data.merchants import Merchant
from data.merchants.model_spend import (
    Spend,
    put_right,
    reserve,
    spent,
    switch_model,
    uses_model,
)
from tests.builders import a_merchant

DAY = date(2026, 11, 22)


def _shop(database: Database) -> str:
    with database.transaction() as session:
        return a_merchant(session, settings={"shipping_minor": 1200}).id


def _reserve(database: Database, shop: str, tokens: int, *, day: date = DAY) -> bool:
    with database.transaction() as session:
        return reserve(session, merchant_id=shop, day=day, tokens=tokens, limit=1000)


def _spent(database: Database, shop: str, *, day: date = DAY) -> Spend:
    with database.reading() as session:
        return spent(session, merchant_id=shop, day=day)


def test_a_shop_is_off_until_it_switches_on(each_database: Database) -> None:
    shop = _shop(each_database)
    for on in (False, True, False):
        with each_database.transaction() as session:
            switch_model(session, merchant_id=shop, on=on)
        with each_database.reading() as session:
            merchant = session.get_one(Merchant, shop)
            assert uses_model(merchant) is on
            assert merchant.settings["shipping_minor"] == 1200, "the rest stays"


def test_t31_two_calls_at_once_never_spend_the_same_tokens(each_database: Database) -> None:
    shop = _shop(each_database)
    with ThreadPoolExecutor(6) as threads:
        taken = list(threads.map(lambda _: _reserve(each_database, shop, 300), range(12)))
    assert taken.count(True) == 3
    assert _spent(each_database, shop) == Spend(calls=3, tokens=900)


def test_what_a_call_did_not_use_is_there_for_the_next(each_database: Database) -> None:
    shop = _shop(each_database)
    assert _reserve(each_database, shop, 1000)
    assert not _reserve(each_database, shop, 1)
    with each_database.transaction() as session:
        put_right(session, merchant_id=shop, day=DAY, reserved=1000, used=400)
    assert _reserve(each_database, shop, 600)
    assert _spent(each_database, shop) == Spend(calls=2, tokens=1000)


def test_every_shop_and_every_day_has_its_own(each_database: Database) -> None:
    ours, theirs = _shop(each_database), _shop(each_database)
    assert _reserve(each_database, ours, 1000)
    assert _reserve(each_database, theirs, 1000)
    assert _reserve(each_database, ours, 1000, day=DAY + timedelta(days=1))
    assert _spent(each_database, ours, day=DAY + timedelta(days=2)) == Spend()

"""What the shop keeps and gives away of a present says nothing to the person it is for (T15)."""

import json

import pytest
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.people import Asked, ConsentPurpose, Person, grant_consent
from data.personal.erasing import erase_person
from data.personal.exporting import export_person
from data.personal.forgetting import let_go
from data.personal.merging import merge
from data.pools import (
    ContributionState,
    PoolState,
    is_for,
    pool_of,
    pool_shared_by,
    revoke_pool_shares,
    share_pool,
)
from data.pools.sharing import shop_of_share
from tests.data.pools.shop import DAY, PoolShop


def _shared(shop: PoolShop, pool_id: str) -> str:
    with shop.database.transaction() as session:
        return share_pool(session, merchant_id=shop.merchant_id, pool_id=pool_id, now=shop.now)


def _opens(shop: PoolShop, token: str, name: str) -> bool:
    person_id = shop.person(name)
    with shop.database.reading() as session:
        found = pool_shared_by(
            session, merchant_id=shop.merchant_id, token=token, person_id=person_id
        )
        return found is not None


def _export(shop: PoolShop, name: str) -> str:
    person_id = shop.person(name)
    with shop.database.transaction() as session:
        person = session.get_one(Person, person_id)
        told = export_person(session, person=person, by=person_id, now=shop.now)
        return json.dumps(told, ensure_ascii=False)  # escaped, no street would be found in it


def test_their_own_data_hold_nothing_of_it_and_a_givers_hold_their_own_alone(
    shop: PoolShop,
) -> None:
    pool = shop.opens_pool("Lan", shares=2, recipient="Ann")
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", "Jun")
    shop.work()
    assert pool not in _export(shop, "Ann")
    told = _export(shop, "Wei")
    assert pool in told
    assert shop.person("Jun") not in told
    assert shop.person("Ann") not in told
    assert "桂花巷" not in told


def test_their_link_opens_nothing_also_from_another_messenger(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2, recipient="Ann")
    token = _shared(shop, pool)
    assert [_opens(shop, token, name) for name in ("Wei", "Ann")] == [True, False]
    assert not _opens(shop, "a-guess-of-22-letters-", "Wei")
    ann, elsewhere = shop.person("Ann"), shop.person("Ann elsewhere")
    with shop.database.transaction() as session:
        assert merge(session, kept=elsewhere, gone=ann, link_id=None, now=shop.now) is None
    assert not _opens(shop, token, "Ann elsewhere")
    with pytest.raises(NotFound):
        shop.promises(pool, "Ann elsewhere")


def test_a_link_in_the_wrong_hands_is_closed(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    token = _shared(shop, pool)
    with shop.database.transaction() as session:
        assert shop_of_share(session, token=token) == shop.merchant_id
        _close_links(shop, session, pool, "Lan")
    assert not _opens(shop, token, "Wei")
    with shop.database.reading() as session, pytest.raises(NotFound):
        shop_of_share(session, token=token)


def test_only_its_organiser_closes_the_links(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    token = _shared(shop, pool)
    shop.person("Wei")
    with shop.database.transaction() as session, pytest.raises(NotFound):
        _close_links(shop, session, pool, "Wei")
    assert _opens(shop, token, "Wei")


def _close_links(shop: PoolShop, session: Session, pool: str, name: str) -> None:
    revoke_pool_shares(
        session,
        merchant_id=shop.merchant_id,
        pool_id=pool,
        organiser_id=shop.person(name),
        now=shop.now,
    )


def test_of_two_who_gave_what_they_liked_neither_is_named(shop: PoolShop) -> None:
    """The sum is known: whoever reads a name beside it knows what that person gave."""
    free, fixed = shop.opens_pool("Lan", shares=None), shop.opens_pool("Lan", shares=3)
    shop.gives(free, "Wei", amount=5000)
    shop.gives(fixed, "Wei")
    _agree_to_be_named(shop, "Wei", "Jun", "Qi")
    assert (shop.pool(free).names, shop.pool(fixed).names) == ((), ("Wei",))
    shop.gives(free, "Jun", amount=1000)
    assert shop.pool(free).names == ()
    shop.gives(free, "Qi", amount=2000)
    assert shop.pool(free).names == ("Jun", "Qi", "Wei")


def _agree_to_be_named(shop: PoolShop, *names: str) -> None:
    asked = Asked(text_version="1", locale=Locale.ZH_HANS, channel="web", message_id="m1")
    purpose = ConsentPurpose.SHARE_CARD
    for name in names:
        person_id = shop.person(name)
        with shop.database.transaction() as session:
            person = session.get_one(Person, person_id)
            grant_consent(session, person=person, purpose=purpose, asked=asked, now=shop.now)


def test_where_they_live_is_kept_no_longer_than_it_may_be_sent_there(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2, recipient="Ann")
    shop.says_where(pool, "Lan")
    assert "桂花巷" in _export(shop, "Lan")
    shop.later(DAY)
    assert shop.pool_state(pool) == PoolState.FAILED
    with shop.database.reading() as session:
        assert pool_of(session, merchant_id=shop.merchant_id, pool_id=pool).ship_to is None


def test_with_its_organiser_every_link_to_it_is_forgotten(shop: PoolShop) -> None:
    """Whom it is for is forgotten too, so that nobody could keep it from them any more."""
    pool = shop.opens_pool("Lan", shares=2, recipient="Ann")
    shop.says_where(pool, "Lan")
    token = _shared(shop, pool)
    shop.gives(pool, "Wei", "Jun")
    shop.work()
    with shop.database.transaction() as session:
        person = session.get_one(Person, shop.person("Lan"))
        erase_person(session, person=person, by="shop", farewell=None, now=shop.now)
    assert not _opens(shop, token, "Ann")
    with shop.database.reading() as session, pytest.raises(NotFound):
        shop_of_share(session, token=token)


def test_another_shop_finds_none_of_it(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2, recipient="Ann")
    with shop.database.reading() as session:
        with pytest.raises(NotFound):
            pool_of(session, merchant_id="mer_other", pool_id=pool)
        found = pool_of(session, merchant_id=shop.merchant_id, pool_id=pool)
        assert is_for(session, found, shop.person("Ann"))
        assert not is_for(session, found, shop.person("Wei"))


def test_an_organiser_who_is_forgotten_calls_it_off_and_is_named_nowhere(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2, recipient="Ann")
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei")
    lan = shop.person("Lan")
    with shop.database.transaction() as session:
        let_go(session, person_id=lan, now=shop.now)
    shop.work()
    assert shop.pool_state(pool) == PoolState.CANCELLED
    assert shop.contribution_states(pool) == [ContributionState.REFUNDED]
    with shop.database.transaction() as session:
        person = session.get_one(Person, lan)
        erase_person(session, person=person, by="shop", farewell=None, now=shop.now)
    with shop.database.reading() as session:
        row = pool_of(session, merchant_id=shop.merchant_id, pool_id=pool)
        assert (row.for_name, row.ship_to, row.recipient_id) == ("", None, None)

"""The door to a pooled gift says nothing of it (T15); the pay page of a share says what it is."""

import pytest

from data.catalogue import Product
from data.kernel.tokens import new_token
from data.payments import create_link
from data.people import Person
from data.pools import Pool, chip_in, revoke_pool_shares, share_pool
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.builders import NOW

WORDS = {"zh-CN": "聊天里继续", "zh-TW": "聊天裡繼續", "en-GB": "goes on in the chat of"}


def _visitor(street: Street, language: str = "zh-CN") -> TestClient:
    headers = {"accept-language": language}
    return TestClient(street.site, base_url="http://127.0.0.1", headers=headers)


def _link(street: Street) -> str:
    with street.tuanzi.database.transaction() as session:
        token = share_pool(
            session, merchant_id=street.ours.merchant, pool_id=street.ours.pool, now=NOW
        )
    return f"/c/{token}"


def _title(street: Street) -> str:
    with street.tuanzi.database.reading() as session:
        return session.get_one(Product, street.ours.product).title["zh-Hans"]


@pytest.mark.parametrize(("language", "words"), WORDS.items())
def test_the_page_of_a_link_tells_nothing_of_the_present(
    street: Street, language: str, words: str
) -> None:
    browser = _visitor(street, language)
    answer = browser.get(_link(street))
    assert answer.status_code == 200
    assert words in answer.text
    for secret in (_title(street), "Mei", "88", street.ours.pool):
        assert secret not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_guess_and_a_closed_link_are_the_same(street: Street) -> None:
    browser, path = _visitor(street), _link(street)
    with street.tuanzi.database.transaction() as session:
        revoke_pool_shares(
            session,
            merchant_id=street.ours.merchant,
            pool_id=street.ours.pool,
            organiser_id=session.get_one(Pool, street.ours.pool).organiser_id,
            now=NOW,
        )
    closed, guessed = browser.get(path), browser.get(f"/c/{new_token()}")
    assert (closed.status_code, guessed.status_code) == (404, 404)
    assert closed.text == guessed.text


def test_the_pay_page_of_a_share_says_what_it_is_and_takes_no_codes(street: Street) -> None:
    with street.tuanzi.database.transaction() as session:
        organiser = session.get_one(Person, street.ours.person)
        given = chip_in(
            session, pool_id=street.ours.pool, person_id=organiser.id, amount=None, now=NOW
        )
        token = create_link(session, order_id=given.order_id, now=NOW)
    page = _visitor(street).get(f"/pay/{token}").text
    assert _title(street) in page
    assert "44.00" in page
    assert "/code" not in page

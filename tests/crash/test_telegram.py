"""A purchase in Telegram, killed at each seam: no word is lost, one at most is said twice.

Telegram knows no key of ours, so nobody can know whether what was under way when the shop died
has arrived: it is sent again, and `attempts` says so. Everything else comes once, in order.
"""

from pathlib import Path

import pytest

from data.delivery.models import OutboxRow
from tests.crash.corner import Corner, opened
from tests.crash.shop import MortalShop, sound

# The update, the message and the part that a purchase can least do without.
THE_YES = 6
THE_CARDS = 3
THE_SECOND_CARD = 5
THE_LINK = 9


def buy(corner: Corner) -> None:
    corner.say("/start")
    corner.say("something for my brother, he climbs, under $50")
    corner.say("the second one")
    corner.say("the first one")
    corner.say("Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco")
    corner.press("Yes")
    corner.pay()


def assert_bought_once(shop: MortalShop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.ask_database("SELECT state FROM orders") == [("ready",)]
    assert shop.ask_database("SELECT status FROM sandbox_payments") == [("captured",)]
    assert shop.ask_database("SELECT DISTINCT state FROM inbox") == [("handled",)]
    shop.stop()
    assert sound(shop, monkeypatch)


@pytest.mark.parametrize("polling", [True, False], ids=["polling", "webhook"])
def test_an_update_that_was_stored_is_answered_after_the_crash_and_every_word_comes_once(
    shop: MortalShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, polling: bool
) -> None:
    shop.seam, shop.nth = "after_the_inbox", THE_YES
    with opened(shop, tmp_path, polling=polling) as corner:
        buy(corner)
        messages, arrived = corner.messages(), corner.arrived()
    assert shop.deaths == 1
    assert {(one.state, one.attempts) for one in messages} == {("sent", 1)}
    assert names_of(messages) == [*arrived]
    assert len(set(arrived.values())) == len(arrived)
    assert_bought_once(shop, monkeypatch)


@pytest.mark.parametrize(
    ("seam", "nth", "message", "repeats"),
    [
        ("before_the_send", THE_LINK, THE_LINK, 0),
        ("between_two_parts", THE_SECOND_CARD, THE_CARDS, 1),
        ("after_the_send", THE_LINK, THE_LINK, 1),
    ],
)
def test_a_message_under_way_is_sent_again_and_what_had_arrived_is_not(  # noqa: PLR0917
    shop: MortalShop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seam: str,
    nth: int,
    message: int,
    repeats: int,
) -> None:
    shop.seam, shop.nth = seam, nth
    with opened(shop, tmp_path, polling=True) as corner:
        buy(corner)
        messages, arrived = corner.messages(), corner.arrived()
    assert shop.deaths == 1
    assert {one.state for one in messages} == {"sent"}
    assert [one.id for one in messages if one.attempts > 1] == [message]
    twice = [name for name in arrived if name not in names_of(messages)]
    assert len(twice) == repeats
    assert names_of(messages) == [name for name in arrived if name not in twice]
    assert len(set(arrived.values())) == len(arrived) - repeats
    assert_bought_once(shop, monkeypatch)


def names_of(messages: list[OutboxRow]) -> list[str]:
    """What Telegram calls all their parts, as far as the shop knows; a bill that is paid keeps
    the name it had."""
    names = (name for one in messages for name in (one.external_id or "").split())
    return list(dict.fromkeys(names))

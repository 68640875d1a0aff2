"""One journey, killed at one seam each time; in the end one order, one charge, each word once."""

import re
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.crash.shop import MortalShop, copy_of, sound, until

_LINK = re.compile(r"http\S+/pay/\S+")
JOURNEY = (
    "给我妈挑个生日礼物，三百以内",
    "便宜点",
    "第一个",
    "张小兰 13800138000 上海市徐汇区漕溪路 1 号",
    "好的",
)


@pytest.fixture(scope="session")
def undisturbed(
    seeded: Path, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """What is said when nothing goes wrong."""
    folder = copy_of(seeded, tmp_path_factory.mktemp("undisturbed") / "demo")
    shop = MortalShop(folder, nursery)
    try:
        return live_through(shop)
    finally:
        shop.stop()


@pytest.mark.parametrize(
    ("seam", "nth"),
    [
        ("in_the_turn", 5),
        ("after_the_commit", 5),
        ("before_the_bank", 1),
        ("after_the_bank", 1),
    ],
)
def test_killed_at_any_seam_the_journey_ends_with_one_order_and_one_charge(
    shop: MortalShop,
    undisturbed: list[str],
    seam: str,
    nth: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.seam, shop.nth = seam, nth
    assert live_through(shop) == undisturbed, "each word once, in the same order"
    assert shop.deaths == 1
    assert shop.ask_database("SELECT state FROM orders") == [("ready",)]
    assert shop.ask_database("SELECT status FROM sandbox_payments") == [("captured",)]
    assert shop.ask_database("SELECT state FROM payment_attempts") == [("captured",)]
    shop.stop()
    assert sound(shop, monkeypatch)


# The flow that waits for the payment goes on by jobs of its own, which a life may end before.
_WOKEN = (
    "SELECT count(*) FROM jobs"
    " WHERE kind = 'wake' AND args LIKE '%payment_paid%' AND state = 'done'"
)


def live_through(shop: MortalShop) -> list[str]:
    """The journey, and everything the customer heard, links made alike."""
    shop.start()
    said = [shop.say(text, f"m{number}") for number, text in enumerate(JOURNEY)]
    (link,) = [one["custom"]["url"] for one in said[-1] if _kind(one) == "payment_link"]
    shop.pay(link.rsplit("/", 1)[-1])
    shop.turn_clock("10 minutes")  # what nobody told us, the reconciler asks for
    until(lambda: shop.ask_database(_WOKEN) == [(1,)])
    return [_LINK.sub("/pay/…", text) for text in shop.heard()]


def test_a_message_sent_again_after_a_crash_gets_the_same_answer(shop: MortalShop) -> None:
    """The client saw its connection break: it cannot know that the turn was committed."""
    shop.seam, shop.nth = "after_the_commit", 1
    shop.start()
    first = shop.say(JOURNEY[0], "m1")
    assert shop.deaths == 1
    assert shop.say(JOURNEY[0], "m1") == first
    assert shop.ask_database("SELECT count(*) FROM inbox") == [(1,)]


def _kind(message: dict[str, dict[str, str]]) -> str | None:
    return message.get("custom", {}).get("type")

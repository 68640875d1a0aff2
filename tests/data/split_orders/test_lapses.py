"""T38: nobody keeps goods from others by putting them into a common order without ever paying."""

from datetime import timedelta

import pytest

from data.kernel.errors import TooOften
from tests.data.split_orders.shop import SplitShop

TEN_MINUTES = timedelta(minutes=10)


def lets_lapse(shop: SplitShop, split: str, times: int) -> None:
    for _ in range(times):
        shop.puts_in(split, "Mallory", noodles=9)
        shop.later(TEN_MINUTES)


def test_three_lapses_pause_whoever_puts_in_and_does_not_pay_t38(shop: SplitShop) -> None:
    split = shop.opens_split("Lan", window=timedelta(hours=3))
    lets_lapse(shop, split, 3)
    with pytest.raises(TooOften, match="seat_paused"):
        shop.puts_in(split, "Mallory")
    shop.pays_part(split, "Wei")  # and nobody else
    shop.later(timedelta(hours=1))
    shop.puts_in(split, "Mallory")


def test_who_pays_their_part_is_forgiven_t38(shop: SplitShop) -> None:
    split = shop.opens_split("Lan", window=timedelta(hours=3))
    lets_lapse(shop, split, 2)
    shop.pays_part(split, "Mallory")
    other = shop.opens_split("Wei", window=timedelta(hours=3))
    lets_lapse(shop, other, 1)
    shop.puts_in(other, "Mallory")

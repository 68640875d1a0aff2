"""What is to be hurried: a team's others, or an order. A closed list each, in three languages."""

import pytest

from dialogs.understanding.fixed_words import asks_to_hurry, asks_to_nudge
from dialogs.understanding.message import read_message


@pytest.mark.parametrize(
    "said",
    [
        "催一下发货",
        "帮我催单",
        "催催商家发货！",
        "催一下店家出貨",
        "幫我催下張單",
        "Chase my order, please",
        "nudge the shop",
    ],
)
def test_what_names_the_parcel_or_the_shop_is_about_an_order(said: str) -> None:
    message = read_message(said)
    assert asks_to_hurry(message)
    assert not asks_to_nudge(message)


@pytest.mark.parametrize("said", ["催一下", "催一下大家", "nudge them", "remind the others"])
def test_what_names_neither_is_first_of_all_a_teams(said: str) -> None:
    message = read_message(said)
    assert asks_to_nudge(message)
    assert not asks_to_hurry(message)


@pytest.mark.parametrize(
    "said", ["下单", "催下单", "别催我发货", "我老板催我发货", "the shop nudged me", "chase my dog"]
)
def test_what_only_sounds_like_it_is_neither(said: str) -> None:
    message = read_message(said)
    assert not asks_to_hurry(message)
    assert not asks_to_nudge(message)

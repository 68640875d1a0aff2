"""Links of ours are found in what people paste."""

import pytest

from dialogs.understanding.message import read_message
from dialogs.understanding.pasted import POOL, TEAM, pasted_link

TOKEN = "0123456789abcdefghij_-"


@pytest.mark.parametrize("page", [POOL, TEAM])
def test_a_link_is_found_in_what_was_pasted(page: str) -> None:
    other = POOL if page == TEAM else TEAM
    said = read_message(f"look: https://shop.example/{page}/{TOKEN} !")
    assert pasted_link(said, page) == TOKEN
    assert pasted_link(said, other) is None


@pytest.mark.parametrize(
    "said",
    [
        f"https://shop.example/p/{TOKEN}",
        f"https://shop.example/g/{TOKEN[:-1]}",
        f"https://shop.example/g/{TOKEN}x",
        f"shop.example/g/{TOKEN}",
    ],
)
def test_what_only_looks_like_one_is_none(said: str) -> None:
    assert pasted_link(read_message(said), TEAM) is None

"""Links that somebody passed on: found within a message, and known from any other."""

import pytest

from dialogs.engine.commands import Act
from dialogs.understanding.message import read_message
from dialogs.understanding.pasted_links import pasted

_TOKEN = "0123456789abcdefghij_-"  # the shape of one, none itself


@pytest.mark.parametrize(
    ("said", "action"),
    [
        (f"look: https://shop.example/c/{_TOKEN} !", "action_show_pool"),
        (f"https://shop.example/g/{_TOKEN}", "action_join_team"),
        (f"我想参加这个团 http://127.0.0.1:8000/g/{_TOKEN}", "action_join_team"),
    ],
)
def test_a_link_is_found_in_what_was_pasted(said: str, action: str) -> None:
    assert pasted(read_message(said)) == Act(action, {"shared": _TOKEN})


@pytest.mark.parametrize(
    "said",
    [
        f"https://shop.example/pay/{_TOKEN}", f"https://shop.example/g/{_TOKEN}x",
        "https://shop.example/g/short", f"/g/{_TOKEN}",
    ],
)  # fmt: skip
def test_any_other_is_none(said: str) -> None:
    assert pasted(read_message(said)) is None

"""Every recorded update becomes the neutral event that stands beside it, and nothing else."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.adapter import Unreadable
from bot.channels.telegram_updates import read_update
from data.delivery.inbound import EventKind, Reaction
from data.merchants import ChannelAccount
from tests.builders import NOW

_FOLDER = Path(__file__).parents[2] / "recordings" / "telegram"
_GOOD = sorted(_FOLDER.glob("*.json"))
ACCOUNT = ChannelAccount(
    id="acc_t",
    merchant_id="mer_t",
    channel="telegram",
    external_id="7",
    settings={"username": "tuanzi_test_bot"},
    created_at=NOW,
)


def read(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@given(file=st.sampled_from(_GOOD), data=st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_any_field_the_update_is_read_or_unreadable(
    file: Path, data: st.DataObject
) -> None:
    update = read(file)["update"]
    part = update
    while True:
        key = data.draw(st.sampled_from(sorted(part)))
        if not isinstance(part[key], dict) or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = data.draw(_JSON)
    try:
        event = read_update(update, ACCOUNT)
    except Unreadable:
        return
    assert event is None or asdict(event)["kind"] in set(EventKind)


def test_zero_bytes_and_half_characters_are_taken_out_of_names_and_words() -> None:
    update = read(_FOLDER / "private_text.json")["update"]
    update["message"]["text"] = "a\0b\ud83d"
    update["message"]["from"]["first_name"] = "A\0\udc00nn"
    event = read_update(update, ACCOUNT)
    assert event is not None
    assert (event.text, event.sender.name) == ("ab?", "A?nn")


def test_a_language_that_is_none_is_left_out() -> None:
    update = read(_FOLDER / "private_text.json")["update"]
    update["message"]["from"]["language_code"] = {"id": 1}
    event = read_update(update, ACCOUNT)
    assert event is not None
    assert event.sender.locale is None


def reaction(*new: str, old: tuple[str, ...] = ("👍",), **more: Any) -> dict[str, Any]:
    """What a member thinks of message 10 now, and thought of it before."""
    raw: dict[str, Any] = read(_FOLDER / "message_reaction.json")["update"]
    signs = {"new_reaction": new, "old_reaction": old}
    told = {key: [{"type": "emoji", "emoji": one} for one in of] for key, of in signs.items()}
    raw["message_reaction"] |= {**told, **more}
    return raw


@pytest.mark.parametrize(
    ("new", "likes"), [(("👎", "👍🏽"), True), (("❤",), True), ((), False), (("😁",), False)]
)
def test_a_reaction_is_all_that_a_member_thinks_of_it_now(new: tuple[str], likes: bool) -> None:
    event = read_update(reaction(*new), ACCOUNT)
    assert event is not None
    assert event.reaction == Reaction("10", likes=likes, told=1_790_000_000_009_205)


@pytest.mark.parametrize(
    "raw",
    [
        reaction("😁", old=()),
        reaction("👍", user={"id": 9, "is_bot": True, "first_name": "Robot"}),
        reaction("👍", user=None, actor_chat={"id": -100, "type": "channel", "title": "Hidden"}),
        reaction("👍", chat={"id": 101, "type": "private", "first_name": "Ann"}),
    ],
)
def test_no_vote_of_bots_of_who_hides_and_of_nobody_else_to_see(raw: dict[str, Any]) -> None:
    assert read_update(raw, ACCOUNT) is None

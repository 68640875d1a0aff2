"""Every recorded update becomes the neutral event that stands beside it, and nothing else."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.channels.adapter import Unreadable
from bot.channels.telegram_updates import read_update
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.merchants import ChannelAccount
from tests.builders import NOW

_FOLDER = Path(__file__).parents[2] / "recordings" / "telegram"
_GOOD = sorted(_FOLDER.glob("*.json"))
_POISON = sorted((_FOLDER / "poison").glob("*.json"))
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


def expected(recorded: dict[str, Any]) -> InboundEvent | None:
    event = recorded["event"]
    if event is None:
        return None
    return InboundEvent(
        **{
            **event,
            "event_id": str(recorded["update"]["update_id"]),
            "kind": EventKind(event["kind"]),
            "chat": ChatRef(*event["chat"]),
            "sender": Sender(*event["sender"]),
        }
    )


@pytest.mark.parametrize("file", _GOOD, ids=lambda file: file.stem)
def test_a_recorded_update_becomes_its_neutral_event(file: Path) -> None:
    recorded = read(file)
    assert read_update(recorded["update"], ACCOUNT) == expected(recorded)


@pytest.mark.parametrize("file", _GOOD, ids=lambda file: file.stem)
def test_another_library_takes_the_recorded_shapes_for_telegrams_own(file: Path) -> None:
    Update.model_validate(read(file)["update"])


@pytest.mark.parametrize("file", _POISON, ids=lambda file: file.stem)
def test_a_poisoned_update_is_unreadable_and_nothing_worse(file: Path) -> None:  # T04
    with pytest.raises(Unreadable):
        read_update(read(file), ACCOUNT)


@pytest.mark.parametrize("name", ["no_is_bot", "no_chat_instance"])
def test_what_telegrams_own_guide_sends_is_refused_by_another_library_too(name: str) -> None:
    with pytest.raises(ValidationError):
        Update.model_validate(read(_FOLDER / "poison" / f"{name}.json"))


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

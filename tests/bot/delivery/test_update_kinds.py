"""Every kind of update that Telegram has is taken, stored and harmless, whether we ask for it or
not; tests/recordings/telegram_api.json is what the public description says of their shapes."""

import json
from pathlib import Path
from typing import Any

import pytest
from telegram.constants import UpdateType

from bot.channels.telegram_updates import WANTED
from data.delivery.models import InboxState
from tests.bot.delivery.telegram import Post, update, user

_API = json.loads(
    (Path(__file__).parents[2] / "recordings" / "telegram_api.json").read_text(encoding="utf-8")
)
_PLAIN: dict[str, Any] = {"Integer": 1, "String": "x", "Boolean": False, "Float": 1.0}


def smallest(kind: str) -> Any:
    """The least that the description requires of a type."""
    if kind.startswith("Array of "):
        return [smallest(kind.removeprefix("Array of "))]
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "User":
        return user(555)
    if kind == "Chat":
        return {"id": -1009, "type": "supergroup", "title": "Elsewhere"}
    shape = _API["types"][kind]
    if "one_of" in shape:
        return smallest(shape["one_of"][0])
    return {name: smallest(part) for name, part in shape["required"].items()}


@pytest.fixture
def every_kind() -> list[dict[str, Any]]:
    return [
        update(number, **{kind: smallest(shape)})
        for number, (kind, shape) in enumerate(_API["updates"].items(), 1)
    ]


def test_every_kind_of_update_is_stored_and_none_breaks_or_is_answered(
    post: Post, every_kind: list[dict[str, Any]]
) -> None:
    assert len(every_kind) == 25
    for raw in every_kind:
        assert post.call(raw).status_code == 200, raw
    post.work()
    dead = [row.event_id for row in post.inbox() if row.state != InboxState.HANDLED]
    assert [next(iter(set(every_kind[int(name) - 1]) - {"update_id"})) for name in dead] == []
    assert post.said() in ([], ["utter_button_expired"])
    assert all(row.payload == {} for row in post.inbox())  # nothing of it was said to us


def test_what_we_ask_telegram_for_it_knows() -> None:
    assert set(WANTED) <= set(_API["updates"])
    assert set(WANTED) <= {str(kind.value) for kind in UpdateType}

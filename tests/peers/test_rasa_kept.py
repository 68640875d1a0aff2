"""What is measured beside Rasa: our side of the talk, and a machine where Rasa cannot be had."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.channels.rest import RestMetadata
from bot.play.world import World
from tests.peers.kept import NoPeer
from tests.peers.rasa_kept import LIGHT, model
from tests.peers.rasa_peer import GIFT_TALK
from tests.worlds import world_at

world = world_at(datetime.fromisoformat("2026-11-22T10:00:00+08:00"))


def test_our_shop_answers_the_talk_that_rasa_answers(world: World) -> None:
    for text, part in GIFT_TALK:
        before = len(world.heard)
        world.say(who="Ann", where="private", text=text, about=RestMetadata(locale="en"))
        assert part in "\n".join(said.text for said in world.heard[before:])


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing on the path, nothing kept from earlier, and no way out."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("UV_OFFLINE", "1")
    return tmp_path


def test_without_a_python_for_rasa_the_reason_is_told(bare_machine: Path) -> None:
    with pytest.raises(NoPeer, match=r"3\.10"):
        model(LIGHT)
    assert not list(bare_machine.rglob("done"))

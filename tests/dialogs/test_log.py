"""The log of a conversation is enough to be where it is: presses and private answers too."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.play.actor import Actor
from bot.play.reading import read_stories
from bot.play.world import World
from data.conversations import Conversation, ConversationEvent
from data.kernel.encryption import Unreadable
from dialogs.engine import Unplayable
from dialogs.log import recorded, replayed
from tests.worlds import world_at

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
STORY = """
test_cases:
  - test_case: one asks in the group, another writes an address
    in: friends
    locale: en
    steps:
      - {as: ann, user: "@tuanzi do you have a teapot?"}
      - {user: "@tuanzi buy the first"}
      - {as: bob, in: private, user: "a teapot, please"}
      - {user: buy the first}
      - {user: the first one}
      - {user: "Ann Lee, 555 123 4567, 12 Canary Avenue, Boston"}
      - {press: Not now}
"""

world = world_at(NOW)


@pytest.fixture
def played(world: World, tmp_path: Path) -> World:
    file = tmp_path / "story.yml"
    file.write_text(STORY, encoding="utf-8")
    Actor(read_stories(file)[0], world).act()
    return world


def bodies(world: World, kind: str) -> list[dict[str, Any]]:
    with world.tuanzi.database.reading() as session:
        found = select(ConversationEvent.body).where(ConversationEvent.kind == kind)
        return [body["data"] for body in session.scalars(found.order_by(ConversationEvent.id))]


def test_how_each_input_was_understood_stands_in_the_log(played: World) -> None:
    told = bodies(played, "understood")
    assert {"link", "commands", "confidence"} <= told[0].keys()
    assert {"intent", "offered", "asked", "button"} <= {one["link"] for one in told}
    assert all(one["model"] for one in told if one["link"] == "intent")


def test_a_private_answer_is_sealed_for_its_own_conversation_and_still_replayed(
    played: World,
) -> None:
    sealed = [one for one in bodies(played, "understood") if "sealed" in one]
    assert sealed
    assert "Canary" not in json.dumps(sealed)
    assert played.unlike_their_log() == []
    with played.tuanzi.database.reading() as session:
        conversations = session.scalars(select(Conversation)).all()
        given = [str(each.given) for one in conversations for each in recorded(session, one)]
    assert any("Canary" in each for each in given)
    with played.tuanzi.database.transaction() as session:
        rows = session.scalars(select(ConversationEvent)).all()
        (moved,) = [row for row in rows if row.body.get("data", {}).get("sealed") in {
            one["sealed"] for one in sealed[-1:]
        }]  # fmt: skip
        other = next(one for one in conversations if one.id != moved.conversation_id)
        moved.conversation_id = other.id
        session.flush()
        with pytest.raises(Unreadable):
            list(recorded(session, other))


def test_a_log_that_lacks_an_input_gives_another_state_or_none(played: World) -> None:
    with played.tuanzi.database.transaction() as session:
        last = select(ConversationEvent.id).where(ConversationEvent.kind == "action_done")
        newest = session.scalars(last.order_by(ConversationEvent.id.desc())).first()
        conversation_id = session.get_one(ConversationEvent, newest).conversation_id
        session.execute(delete(ConversationEvent).where(ConversationEvent.id == newest))
        conversation = session.get_one(Conversation, conversation_id)
        try:
            again = replayed(session, played.tuanzi.house, conversation)
        except Unplayable:
            return
        assert again.pending is not None


def test_what_was_written_before_inputs_were_kept_cannot_be_replayed(played: World) -> None:
    with played.tuanzi.database.transaction() as session:
        session.execute(
            update(ConversationEvent)
            .where(ConversationEvent.kind == "understood")
            .values(body={"intent": "greet"}, version=None)
        )
        conversation = session.scalars(select(Conversation)).first()
        assert conversation is not None
        with pytest.raises(Unplayable):
            replayed(session, played.tuanzi.house, conversation)

"""A group votes on the cards it was shown, by reactions, on a real messenger's wire: the count is
told to who asks, and on the card of a team; no message is said for a vote."""

import re
from itertools import count
from types import ModuleType
from typing import Any

import pytest

from tests.peers.matrix_world import People, Square
from tests.peers.synapse_peer import User
from tests.peers.telegram_world import USERNAME, Group, Person, Street, chat_json

_ids = count(18_000)
_updates = count(900_000)


def asked(street: Street, who: Person, text: str, group: Group) -> list[str]:
    """Everything said in the group since it was asked."""
    before = len(street.told(group))
    mention = {"type": "mention", "offset": 0, "length": len(USERNAME) + 1}
    street.say(who, f"@{USERNAME} {text}", group, entities=[mention])
    street.settle()
    return street.told(group)[before:]


def reaction(who: Person, group: Group, card: int, *new: str, old: str = "") -> dict[str, Any]:
    signs = {"new_reaction": new, "old_reaction": tuple(old)}
    told = {key: [{"type": "emoji", "emoji": one} for one in of] for key, of in signs.items()}
    about = {"chat": chat_json(group), "message_id": card, "user": who.as_user(), "date": 1}
    return {"update_id": next(_updates), "message_reaction": {**about, **told}}


def test_reactions_in_a_telegram_group_are_counted_and_answered_by_nothing(
    street: Street, another_library: ModuleType
) -> None:
    ann, bob = (Person(next(_ids), name) for name in ("Ann", "Bob"))
    group = Group(-next(_ids) - 10**6)
    asked(street, ann, "do you have tea", group)
    cards = [one for one in street.bubbles(group) if one.method == "sendPhoto"]
    assert len(cards) > 1
    first, second = cards[0], cards[1]
    titles = [card.text.partition("\n")[0] for card in (first, second)]
    before = len(street.told(group))
    story = [
        reaction(ann, group, second.number, "👍"),
        reaction(bob, group, second.number, "❤"),
        reaction(bob, group, first.number, "🔥"),
        reaction(ann, group, first.number, "👍"),
        reaction(ann, group, first.number, old="👍"),
    ]
    for update in (*story, story[3]):  # the last one comes again
        another_library.types.Update.model_validate(update)
        assert street.call_webhook(update).status_code == 200
    street.settle()
    assert len(street.told(group)) == before
    (told,) = asked(street, bob, "how is the vote?", group)
    assert re.findall(r"· (.+): (\d+)", told) == [(titles[1], "2"), (titles[0], "1")]
    (elsewhere,) = asked(street, bob, "how is the vote?", Group(-next(_ids) - 10**6))
    assert elsewhere.startswith("No votes yet")


def test_the_card_of_a_team_in_telegram_tells_its_votes_and_is_changed_where_it_stands(
    street: Street,
) -> None:
    ann, bob = (Person(next(_ids), name) for name in ("Ann", "Bob"))
    group = Group(-next(_ids) - 10**6)
    asked(street, ann, "start a group buy for the teapot", group)
    (card,) = [one for one in street.bubbles(group) if "to go" in one.text]
    for who in (ann, bob):
        update = reaction(who, group, card.number, "👍")
        assert street.call_webhook(update).status_code == 200
    street.wait_for("👍 2 in this group", group)
    assert street.call_webhook(reaction(bob, group, card.number, old="👍")).status_code == 200
    street.wait_for("👍 1 in this group", group)
    cards = [one.number for one in street.bubbles(group) if "to go" in one.text]
    assert cards == [card.number]
    (told,) = asked(street, bob, "how is the vote?", group)
    assert [votes for _, votes in re.findall(r"· (.+): (\d+)", told)] == ["1"]


def vote(who: User, room: str, card: str, sign: str) -> str:
    about = {"rel_type": "m.annotation", "event_id": card, "key": sign}
    return who.send(room, {"m.relates_to": about}, "m.reaction")


@pytest.mark.slow
def test_the_card_of_a_team_in_matrix_tells_its_votes_and_is_changed_where_it_stands(
    square: Square, people: People
) -> None:
    ann, bob = people("Ann", "Bob")
    room = square.group(ann, bob)
    square.say(ann, "Tuanzi Gifts: start a group buy for the teapot", room)
    square.settle()
    (card,) = [one for one in square.bubbles(ann, room) if "to go" in one.text]
    square.arrived(vote(bob, room, card.id, "👍"))
    square.settle()
    (voted,) = [one for one in square.bubbles(ann, room) if "to go" in one.text]
    assert "👍 1 in this group" in voted.text
    assert voted.id == card.id


@pytest.mark.slow
def test_reactions_in_a_matrix_room_are_counted_until_they_are_taken_back(
    square: Square, people: People
) -> None:
    ann, bob = people("Ann", "Bob")
    room = square.group(ann, bob)
    square.say(ann, "Tuanzi Gifts: do you have tea", room)
    square.settle()
    shown = square.bubbles(ann, room)
    pictures = [one for one in shown if one.content["msgtype"] == "m.image"]
    card, picture = shown[shown.index(pictures[0]) + 1], pictures[1]
    square.arrived(vote(ann, room, card.id, "👍"))
    square.arrived(vote(bob, room, picture.id, "❤️"))
    regretted = vote(bob, room, card.id, "👍")
    square.arrived(regretted)
    path = f"/rooms/{room}/redact/{regretted}/regretted"
    square.arrived(bob.call("PUT", path, {})["event_id"])
    square.settle()
    assert len(square.bubbles(ann, room)) == len(shown)
    square.say(bob, "Tuanzi Gifts: how is the vote?", room)
    square.settle()
    told = square.told(ann, room)[-1]
    assert [int(votes) for _, votes in re.findall(r"· (.+): (\d+)", told)] == [1, 1]

"""In a group on Telegram: whom we answer is seen, and what is theirs alone is said elsewhere."""

import json
import re
from itertools import count

from tests.peers.telegram_world import USERNAME, Group, Person, Street

_ids = count(7000)


def mention() -> list[dict[str, object]]:
    return [{"type": "mention", "offset": 0, "length": len(USERNAME) + 1}]


def test_a_gift_asked_for_in_a_group_is_talked_about_behind_a_link(street: Street) -> None:
    ann, group = Person(next(_ids), "Ann"), Group(-next(_ids) - 10**6)
    wish = f"@{USERNAME} something for my brother, he climbs, under $50"
    street.say(ann, wish, group, entities=mention())
    street.settle()
    (offer,) = street.bubbles(group)
    assert offer.text == "Ann, let's go on in private."
    assert street.told(ann) == []
    (button,) = offer.buttons.values()
    found = re.fullmatch(rf"https://t.me/{USERNAME}\?start=([\w-]{{1,64}})", button["url"])
    assert found
    street.say(ann, f"/start {found[1]}")
    street.wait_for("A few ideas for your brother", ann)
    street.settle()
    assert len(street.bubbles(group)) == 1


def test_a_question_in_a_group_names_the_member_and_replies_to_them(street: Street) -> None:
    ann, group = Person(next(_ids), "Ann"), Group(-next(_ids) - 10**6)
    said = street.message(ann, f"@{USERNAME} start a group buy", group, entities=mention())
    street.inject({"message": said})
    street.settle()
    (call,) = [one for one in street.calls() if str(one["fields"].get("chat_id")) == str(group.id)]
    assert call["fields"]["text"].startswith("Ann: ")
    reply = json.loads(call["fields"]["reply_parameters"])
    assert reply["message_id"] == said["message_id"]

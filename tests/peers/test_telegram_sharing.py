"""Cards that people show in chats which we are not in, and links that bring us into a group."""

import json
import re
from itertools import count
from typing import Any

from tests.peers.telegram_world import USERNAME, Group, Person, Street, wait

_ids = count(8000)
_TEAPOT = "start a group buy for the teapot"


def mention() -> list[dict[str, object]]:
    return [{"type": "mention", "offset": 0, "length": len(USERNAME) + 1}]


def types(street: Street, who: Person, query: str) -> list[dict[str, Any]]:
    """What somebody is offered behind our name, in whatever chat they type."""
    asked = f"query-{next(_ids)}"
    asking = {"id": asked, "from": who.as_user(), "query": query, "offset": ""}
    street.inject({"inline_query": asking})

    def answered() -> list[dict[str, Any]] | None:
        for call in street.calls("answerInlineQuery"):
            if call["fields"]["inline_query_id"] == asked:
                assert call["fields"]["is_personal"] in ("true", "True", True)
                results: list[dict[str, Any]] = json.loads(call["fields"]["results"])
                return results
        return None

    return wait(answered, lambda: street.calls("answerInlineQuery"))


def presses_card(street: Street, who: Person, card: str, data: str) -> dict[str, Any]:
    """Below a shared card; gives how the press was answered."""
    name = f"press-{next(_ids)}"
    press = {"id": name, "from": who.as_user(), "chat_instance": "9", "data": data}
    street.inject({"callback_query": {**press, "inline_message_id": card}})

    def answered() -> dict[str, Any] | None:
        calls = street.calls("answerCallbackQuery")
        found = (one["fields"] for one in calls if one["fields"]["callback_query_id"] == name)
        return next(found, None)

    return wait(answered, lambda: street.calls("answerCallbackQuery"))


def buttons_of(result: dict[str, Any]) -> list[dict[str, str]]:
    return [button for row in result["reply_markup"]["inline_keyboard"] for button in row]


def edits_of(street: Street, card: str) -> list[str]:
    calls = street.calls("editMessageText")
    return [
        one["fields"]["text"] for one in calls if one["fields"].get("inline_message_id") == card
    ]


def test_a_team_is_shared_into_a_chat_we_are_not_in_and_joined_from_there(street: Street) -> None:
    lan, wei = Person(next(_ids), "Lan"), Person(next(_ids), "Wei")
    crew, card = Group(-next(_ids) - 10**6), f"CARD{next(_ids)}"
    street.say(lan, f"@{USERNAME} {_TEAPOT}", crew, entities=mention())
    street.wait_for("Lan has started a group buy", crew)
    street.settle()
    assert not any(one["id"].startswith("team:") for one in types(street, wei, "teapot"))
    team = next(one for one in types(street, lan, "teapot") if one["id"].startswith("team:"))
    (join,) = buttons_of(team)
    assert "Lan" not in team["input_message_content"]["message_text"]  # T16
    street.call_webhook(
        {
            "update_id": 900_000 + next(_ids),
            "chosen_inline_result": {
                "result_id": team["id"],
                "from": lan.as_user(),
                "query": "",
                "inline_message_id": card,
            },
        }
    )
    answer = presses_card(street, wei, card, join["callback_data"])
    found = re.fullmatch(rf"https://t.me/{USERNAME}\?start=([\w-]+)", answer["url"])
    assert found
    street.settle()
    assert wait(lambda: edits_of(street, card) or None, street.calls)
    assert street.told(crew)  # the team's own card goes on too
    street.say(wei, f"/start {found[1]}")
    street.wait_for("A seat in", wei)
    again = presses_card(street, wei, card, join["callback_data"])
    assert again["show_alert"] in ("true", "True", True)  # known by now: told where it goes on
    assert "text" in again


def test_a_link_that_was_made_up_joins_nothing_and_is_answered(street: Street) -> None:
    eve = Person(next(_ids), "Eve")
    answer = presses_card(street, eve, f"CARD{next(_ids)}", "inv:AAAAAAAAAAAAAAAAAAAAAA")
    assert "url" not in answer


def test_goods_are_found_by_words_and_lead_into_the_private_chat(street: Street) -> None:
    found = types(street, Person(next(_ids), "Ann"), "teapot")
    assert 0 < len(found) <= 50
    assert all(len(one["id"].encode()) <= 64 for one in found)
    (buy,) = buttons_of(found[0])
    start = re.fullmatch(rf"https://t.me/{USERNAME}\?start=(item-[\w-]+)", buy["url"])
    assert start
    ann = Person(next(_ids), "Ann")
    street.say(ann, f"/start {start[1]}")
    street.settle()
    assert street.told(ann)
    assert types(street, ann, "zzzzqqq") == []


def test_a_link_brings_us_into_a_group_and_opens_the_team_there(street: Street) -> None:
    ann, group = Person(next(_ids), "Ann"), Group(-next(_ids) - 10**6)
    street.say(ann, "/team")
    street.wait_for("in a group that I am in", ann)
    street.settle()
    links = [
        button["url"]
        for bubble in street.bubbles(ann)
        for button in bubble.buttons.values()
        if "startgroup" in button.get("url", "")
    ]
    found = re.fullmatch(rf"https://t.me/{USERNAME}\?startgroup=([\w-]{{1,64}})", links[0])
    assert found
    street.say(ann, f"/start@{USERNAME} {found[1]}", group)
    street.wait_for("Ann has started a group buy", group)

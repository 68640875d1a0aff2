"""J1 and J2 through Telegram's stand-in, over real sockets, from the first word to the receipt."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from data.audit import audit
from data.conversations import Conversation, ConversationEvent
from data.delivery.models import InboxRow
from tests.peers.telegram_world import USERNAME, Group, Person, Street

ANN = Person(101, "Ann")
LAN, WEI, JUN, QI = (Person(201 + n, name) for n, name in enumerate(("Lan", "Wei", "Jun", "Qi")))
CREW = Group(-1001)


def verdict(journal: Path, *required: str, allowed: Sequence[str] = ()) -> dict[str, object]:
    """The emulator's own judgement of every call we made."""
    command = [str(Path(sys.executable).parent / "lo-bot-api-emulator"), "verdict", str(journal)]
    for method in required:
        command += ["--require-method", method]
    for refusal in allowed:
        command += ["--allow-refusal", refusal]
    told = subprocess.run([*command, "--require-response"], capture_output=True, check=False)
    judged: dict[str, object] = json.loads(told.stdout)
    return judged


def assert_sound(street: Street) -> None:
    with street.tuanzi.database.reading() as session:
        assert audit(session, now=street.tuanzi.clock.now()) == []


def test_a_gift_is_found_bought_and_paid_for_in_a_private_chat(quiet_street: Street) -> None:
    street = quiet_street
    street.say(ANN, "/start")
    street.settle()
    street.say(ANN, "something for my brother, he climbs, under $50")
    street.wait_for("A few ideas for your brother", ANN)
    street.settle()
    cards = [bubble for bubble in street.bubbles(ANN) if bubble.method == "sendPhoto"]
    assert len(cards) >= 3
    street.say(ANN, "the second one")
    street.settle()
    street.say(ANN, "the first one")
    street.settle()
    street.say(ANN, "Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco")
    street.wait_for("Shall I place the order", ANN)
    street.press(ANN, "Yes")
    street.wait_for("/pay/", ANN)
    street.pay(ANN)
    street.wait_for("(?i)paid|thank", ANN)
    street.settle()
    judged = verdict(street.journal, "answerCallbackQuery", "sendPhoto", "setWebhook")
    assert judged["ok"], judged
    assert "Market Street" not in kept(street)
    assert_sound(street)


def kept(street: Street) -> str:
    """T14: what was said and understood, as rows keep it; an address has a sealed place."""
    with street.tuanzi.database.reading() as session:
        rows = [
            *session.scalars(select(InboxRow.payload)),
            *session.scalars(select(ConversationEvent.body)),
            *session.scalars(select(Conversation.snapshot)),
        ]
    return json.dumps(rows, ensure_ascii=False)


def follow_link(street: Street, who: Person) -> str:
    """The newest link to the private chat: below a message of the group, or opened at once where
    somebody pressed. Gives its token."""
    links = [url for call in street.calls() for url in urls_of(call)]
    assert links, street.told(CREW)
    found = re.fullmatch(rf"https://t.me/{USERNAME}\?start=([\w-]{{1,64}})", links[-1])
    assert found, links[-1]
    street.say(who, f"/start {found[1]}")
    street.settle()
    return found[1]


def urls_of(call: dict[str, Any]) -> list[str]:
    fields = call["fields"]
    if call["method"] == "answerCallbackQuery":
        return [fields["url"]] if "url" in fields else []
    keyboard = json.loads(fields.get("reply_markup") or "{}").get("inline_keyboard", [])
    return [
        button["url"] for row in keyboard for button in row if "?start=" in button.get("url", "")
    ]


def take_seat(street: Street, who: Person, address: str) -> None:
    """In private: address, yes, pay; the bill then says so where it stood."""
    street.say(who, address)
    street.wait_for("Shall I put you down", who)
    street.press(who, "Yes")
    street.wait_for("/pay/", who)
    street.pay(who)
    street.wait_for("paid ✓", who)
    street.settle()
    assert not any("Please pay by this link" in text for text in street.told(who))


def test_friends_buy_together_in_a_group_and_what_is_private_stays_private(
    quiet_street: Street,
) -> None:
    street = quiet_street
    street.say(LAN, f"@{USERNAME} start a group buy for the teapot", CREW, entities=mention())
    street.wait_for("Lan has started a group buy", CREW)
    street.settle()
    token = follow_link(street, LAN)
    street.wait_for("A seat in", LAN)
    street.say(QI, f"/start {token}")  # T09: the link is Lan's, and used
    street.settle()
    assert not any("seat" in text.lower() for text in street.told(QI)), street.told(QI)
    take_seat(street, LAN, "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai")
    street.press(WEI, "Join", CREW)
    street.settle()
    follow_link(street, WEI)
    street.say(JUN, "count me in", CREW)
    street.settle()
    follow_link(street, JUN)
    take_seat(street, WEI, "Wei Li, 13900139000, 8 Jianguo Road, Chaoyang, Beijing")
    street.say(QI, "count me in", CREW)
    street.wait_for("Every seat of this team is taken", CREW)
    take_seat(street, JUN, "Jun Chen, 13700137000, 5 Tiyu West Road, Tianhe, Guangzhou")
    street.wait_for("is complete", CREW)
    street.settle()
    cards = [bubble for bubble in street.bubbles(CREW) if "It's a team!" in bubble.text]
    assert len(cards) == 1, street.told(CREW)
    assert cards[0].edits >= 2
    for words in ("Caoxi", "Jianguo", "/pay/"):
        assert not any(words in text for text in street.told(CREW))
    judged = verdict(street.journal, "answerCallbackQuery", "editMessageText", "sendMessage")
    assert judged["ok"], judged
    assert_sound(street)


def mention() -> list[dict[str, object]]:
    return [{"type": "mention", "offset": 0, "length": len(USERNAME) + 1}]

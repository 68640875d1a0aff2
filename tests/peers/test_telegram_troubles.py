"""A shop at a real socket when Telegram, or somebody, behaves badly."""

import json
import socket
import time
from contextlib import suppress
from itertools import count

from sqlalchemy import select

from data.conversations import ConversationEvent
from data.delivery.models import InboxRow, InboxState
from data.people import Chat
from tests.peers.telegram_world import BOT_ID, SECRET, Group, Person, Street, wait

_ids = count(5000)


def a_person(name: str = "Ann") -> Person:
    return Person(next(_ids), name)


def a_group() -> Group:
    return Group(-next(_ids) - 10**6)


def chat_row(street: Street, chat: Person | Group) -> Chat | None:
    with street.tuanzi.database.reading() as session:
        return session.scalar(select(Chat).where(Chat.external_id == str(chat.id)))


def test_after_a_poisoned_update_the_next_one_is_answered(street: Street) -> None:  # T04
    ann = a_person()
    poison = street.message(ann, "hi")
    del poison["from"]["is_bot"]
    number = street.inject({"message": poison})
    street.say(ann, "hello")
    street.settle()
    assert len(street.told(ann)) == 1
    with street.tuanzi.database.reading() as session:
        row = session.scalars(select(InboxRow).where(InboxRow.event_id == str(number))).one()
    assert (row.state, row.reason) == (InboxState.DEAD, "TypeError")


def test_a_stranger_who_calls_the_webhook_is_turned_away(street: Street) -> None:  # T01
    ann = a_person()
    forged = {"update_id": next(_ids) + 10**9, "message": street.message(ann, "hi")}
    answers = [street.call_webhook(forged, secret=secret) for secret in ("wrong", None, b"\xff")]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    street.settle()
    assert street.told(ann) == []


def test_a_smuggled_second_request_is_never_seen(street: Street) -> None:  # T46
    ann = a_person()
    inner = json.dumps({"update_id": 10**10, "message": street.message(ann, "smuggled")}).encode()
    host = street.site.removeprefix("http://")
    second = b"".join(
        (
            f"POST /webhooks/telegram/{BOT_ID} HTTP/1.1\r\nHost: {host}\r\n".encode(),
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n".encode(),
            f"Content-Length: {len(inner)}\r\n\r\n".encode(),
            inner,
        )
    )
    first = f"POST /webhooks/telegram/{BOT_ID} HTTP/1.1\r\nHost: {host}\r\n".encode()
    both = f"Content-Length: {len(second) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=10) as raw:
        raw.sendall(first + both + b"0\r\n\r\n" + second)
        raw.settimeout(2)
        answer = b""
        with suppress(TimeoutError):
            while part := raw.recv(4096):
                answer += part
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
    street.settle()
    assert street.told(ann) == []


def test_the_same_update_twice_and_out_of_order_is_answered_once_each(street: Street) -> None:
    ann = a_person()  # T02
    start = next(_ids) + 10**9
    raws = [{"update_id": start + n, "message": street.message(ann, "hello")} for n in range(3)]
    for place in (2, 0, 2, 1, 0):
        assert street.call_webhook(raws[place]).status_code == 200
    street.settle()
    assert len(street.told(ann)) == 3


def test_a_throttled_group_delays_no_private_chat_and_loses_nothing(street: Street) -> None:
    ann, lan, group = a_person(), a_person("Lan"), a_group()
    street.refuse("sendMessage", group, status=429, description="Too Many Requests", retry_after=3)
    street.say(lan, "@tuanzi_test_bot help", group)
    began = time.perf_counter()
    street.say(ann, "hello")
    wait(lambda: street.told(ann) or None, lambda: "an answer to Ann")
    assert time.perf_counter() - began < 2.5  # the group waits three
    assert street.told(group) == []
    street.settle()
    assert len(street.told(group)) == 1


def test_a_429_in_the_middle_of_a_turn_repeats_nothing(street: Street) -> None:
    ann = a_person()
    street.refuse("sendPhoto", ann, status=429, description="Too Many Requests", retry_after=1)
    street.say(ann, "something for my brother, he climbs, under $50")
    street.settle()
    told = street.told(ann)
    assert len(told) >= 4
    assert len(told) == len(set(told))


def test_who_blocked_us_is_written_to_again_when_they_write(street: Street) -> None:
    ann = a_person()
    street.refuse(
        "sendMessage", ann, status=403, description="Forbidden: bot was blocked by the user"
    )
    street.say(ann, "hello")
    street.settle()
    chat = chat_row(street, ann)
    assert chat is not None
    assert (chat.reachable, street.told(ann)) == (False, [])
    street.say(ann, "hello again")
    street.settle()
    assert len(street.told(ann)) == 1


def test_a_group_that_became_a_supergroup_is_answered_there(street: Street) -> None:
    lan, group, after = a_person("Lan"), a_group(), a_group()
    street.refuse(
        "sendMessage",
        group,
        status=400,
        description="Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=after.id,
    )
    street.say(lan, "@tuanzi_test_bot help", group)
    street.settle()
    assert (street.told(group), len(street.told(after))) == ([], 1)


def test_the_bot_is_silent_in_a_group_until_it_is_spoken_to(street: Street) -> None:
    lan, group = a_person("Lan"), a_group()
    street.say(lan, "canary: shall we meet on Sunday?", group)
    street.say(lan, "/help@another_bot", group)
    street.say(lan, "", group, sticker=a_sticker())
    street.settle()
    assert street.told(group) == []
    ours = {"id": BOT_ID, "is_bot": True, "first_name": "Tuanzi"}
    answered = {**street.message(lan, "…", group), "from": ours}
    street.say(lan, "help", group, reply_to_message=answered)
    street.settle()
    assert len(street.told(group)) == 1
    with street.tuanzi.database.reading() as session:
        kept = json.dumps([*session.scalars(select(InboxRow.payload))])
        kept += json.dumps([*session.scalars(select(ConversationEvent.body))])
    assert "canary" not in kept


def a_sticker() -> dict[str, object]:
    return {
        "file_id": "CAAC",
        "file_unique_id": "AgAD",
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    }

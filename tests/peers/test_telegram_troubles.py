"""A shop at a real socket when Telegram, or somebody, behaves badly."""

import json
import socket
import time
from contextlib import suppress
from itertools import count

from sqlalchemy import select

from data.conversations import ConversationEvent
from data.delivery.models import InboxRow
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

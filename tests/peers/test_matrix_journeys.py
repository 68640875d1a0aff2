"""J1, J2 and J3 on a real homeserver: Synapse, its users, their rooms, our account among them."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from data.audit import audit
from data.kernel.clock import TurnableClock
from tests.peers.matrix_world import People, Square
from tests.peers.synapse_peer import User

pytestmark = pytest.mark.slow


def assert_sound(square: Square) -> None:
    with square.tuanzi.database.reading() as session:
        assert audit(session, now=square.tuanzi.clock.now()) == []


def test_a_gift_is_found_bought_and_paid_for_in_a_direct_chat(
    square: Square, people: People
) -> None:
    (ann,) = people("Ann")
    room = square.direct_room(ann)
    square.say(ann, "something for my brother, he climbs, under $50", room)
    square.wait_for("A few ideas for your brother", ann, room)
    square.settle()
    pictures = [one for one in square.bubbles(ann, room) if one.content["msgtype"] == "m.image"]
    assert len(pictures) >= 3
    square.say(ann, "2", room)
    square.settle()
    square.say(ann, "1", room)
    square.settle()
    square.say(ann, "Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco", room)
    asked = square.wait_for("Shall I place the order", ann, room)
    assert re.search(r"^1\. ", asked, re.MULTILINE), asked
    square.say(ann, "1", room)
    square.wait_for("/pay/", ann, room)
    square.pay(ann, room)
    square.wait_for("(?i)paid|thank", ann, room)
    square.settle()
    assert_sound(square)


def take_seat(square: Square, who: User, room: str, address: str) -> None:
    """In private: address, yes, pay."""
    square.say(who, address, room)
    square.wait_for("Shall I put you down", who, room)
    square.say(who, "yes", room)
    square.wait_for("/pay/", who, room)
    square.pay(who, room)
    square.settle()


def test_friends_buy_together_in_a_room_and_each_pays_in_a_room_of_their_own(
    square: Square, people: People
) -> None:
    lan, wei, jun = people("Lan", "Wei", "Jun")
    crew = square.group(lan, wei, jun)
    square.say(lan, "Tuanzi Gifts: start a group buy for the teapot", crew)
    square.wait_for("Lan has started a group buy", lan, crew)
    rooms = {lan.id: square.invited(lan)}
    square.wait_for("A seat in", lan, rooms[lan.id])
    for who in (wei, jun):
        square.say(who, "count me in", crew)
        rooms[who.id] = square.invited(who)
    take_seat(square, lan, rooms[lan.id], "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai")
    take_seat(square, wei, rooms[wei.id], "Wei Li, 13900139000, 8 Jianguo Road, Chaoyang, Beijing")
    take_seat(square, jun, rooms[jun.id], "Jun Chen, 13700137000, 5 Tiyu West Road, Guangzhou")
    square.wait_for("is complete", jun, crew)
    square.settle()
    cards = [one for one in square.bubbles(lan, crew) if "It's a team!" in one.text]
    assert len(cards) == 1, square.told(lan, crew)
    assert cards[0].edits >= 2
    told = "\n".join(square.told(lan, crew))
    assert not re.search("Caoxi|Jianguo|/pay/", told), told
    assert_sound(square)


def test_a_birthday_is_kept_and_its_reminder_arrives(square: Square, people: People) -> None:
    (ann,) = people("Ann")
    room = square.direct_room(ann)
    clock, zone = square.tuanzi.clock, ZoneInfo("Asia/Shanghai")  # the shop's
    day = (clock.now() + timedelta(days=20)).astimezone(zone).replace(hour=10, minute=0)
    square.say(ann, f"remind me of my dad's birthday, {day.day} {day:%B}", room)
    square.wait_for("Noted: your dad's birthday", ann, room)
    square.settle()
    assert isinstance(clock, TurnableClock)
    clock.turn_to(day - timedelta(days=7))
    square.wait_for("it is your dad's birthday", ann, room)
    square.settle()
    assert_sound(square)

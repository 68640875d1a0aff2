"""Two versions live at once, then three, with a crowd half-way through the first one, each of whom
came there by a turn of their own."""

import pytest

from data.flows import roll_back
from tests.bot.versions.corner import CARD, GIFT, Corner

_AGAIN = 4  # who stand in the version that is rolled back


def crowd(corner: Corner, name: str, size: int, text: str, asked: str) -> list[str]:
    people = [f"{name}{number}" for number in range(size)]
    for who in people:
        assert corner.hear(who, text) == [asked]
    return people


def walk_through(corner: Corner, size: int) -> None:
    one = corner.publish("v1")
    givers = crowd(corner, "giver", size // 2, GIFT, "v1 utter_ask_recipient")
    writers = crowd(corner, "writer", size - len(givers), CARD, "v1 utter_ask_line")
    assert corner.pins() == {one: size}

    two = corner.publish("v2")
    early, late = givers[: len(givers) // 2], givers[len(givers) // 2 :]
    for who in early:
        assert corner.hear(who, "妈妈") == ["v1 utter_noted"]  # ends where it began
        assert corner.hear(who, GIFT) == ["v2 utter_ask_recipient"]  # begins on the live one
    assert corner.pins() == {one: size - len(early), two: len(early)}
    assert corner.collect() == []

    way = f"{one}:\n  card: {{ask: ask_again}}\n"
    three = corner.publish("v3", step="ask_again", migrate=way)
    assert corner.pins() == {one: size - len(early), two: len(early)}  # nobody is touched by it
    for who in writers:
        assert corner.hear(who, "生日快乐") == ["v3 utter_written"]
    for who in late:
        assert corner.hear(who, "奶奶") == ["v1 utter_noted"]  # not on the map
    assert corner.pins() == {two: len(early)}

    begun = writers[:_AGAIN]
    for who in begun:
        assert corner.hear(who, CARD) == ["v3 utter_ask_line"]
    assert corner.collect() == [one]
    assert back(corner) == two
    for who in begun:
        assert corner.hear(who, "谢谢") == ["v3 utter_written"]
    assert corner.hear("somebody new", GIFT) == ["v2 utter_ask_recipient"]
    for who in early:
        assert corner.hear(who, "奶奶") == ["v2 utter_noted"]
    assert corner.collect() == []  # v3 is still the draft
    assert corner.publish("v1") == one
    assert corner.collect() == [three]


def back(corner: Corner) -> str:
    now = corner.tuanzi.clock.now()
    with corner.tuanzi.database.transaction() as session:
        return roll_back(session, merchant_id=corner.merchant, by="Lan", now=now)


def test_a_hundred_open_conversations_each_end_on_their_version(corner: Corner) -> None:
    walk_through(corner, 100)


@pytest.mark.slow
def test_a_thousand_open_conversations_each_end_on_their_version(corner: Corner) -> None:
    walk_through(corner, 1000)


@pytest.mark.postgresql
def test_on_postgresql_too(postgresql_corner: Corner) -> None:
    walk_through(postgresql_corner, 24)

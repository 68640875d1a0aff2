"""Pins are written with the turn that makes them, and only then; a version that is collected under
a turn's feet makes the turn look again."""

from collections.abc import Set

import pytest
from sqlalchemy.orm import Session

from bot.channels.rest import RestMessage, RestMetadata, parse
from data.conversations import StaleConversation
from data.flows import ConversationPin
from dialogs.hearing import hear
from dialogs.house import Cause
from dialogs.play import Play
from dialogs.turn import plan_turn, write_down
from tests.bot.versions.corner import CARD, GIFT, Corner

_PINS = ConversationPin.__tablename__


def test_an_ordinary_turn_writes_no_pin(corner: Corner) -> None:
    written: list[bool] = []

    def note(tables: Set[str]) -> None:
        written.append(_PINS in tables)

    corner.publish("v1")
    corner.tuanzi.database.on_commit = note
    for text in (GIFT, CARD, "生日快乐", "妈妈"):
        corner.hear("lan", text)
    assert written == [True, False, False, True]  # begins, digresses, comes back, ends


def planned(corner: Corner, session: Session) -> Play:
    """A turn that begins a flow, as far as it goes without the write lock."""
    house, now = corner.tuanzi.house, corner.tuanzi.clock.now()
    body = RestMessage(
        sender="lan", message=GIFT, metadata=RestMetadata(locale="zh-Hans", name="lan")
    )
    account, event = corner.account, parse(body)
    hearing = hear(session, house, account=account, event=event, now=now)
    play = plan_turn(
        session, house, account=account, event=event, hearing=hearing, cause=Cause("test", now)
    )
    assert isinstance(play, Play)
    return play


@pytest.mark.parametrize("collects", [True, False])
def test_a_turn_whose_version_was_collected_meanwhile_looks_again(
    each_corner: Corner, *, collects: bool
) -> None:
    """It has read its flows, and not yet committed, when two publishes and a collector pass; where
    no collector passes, the same turn holds its version."""
    corner = each_corner
    one = corner.publish("v1")
    corner.hear("lan", GIFT)
    corner.hear("lan", "妈妈")
    database = corner.tuanzi.database
    with database.reading() as session:
        play = planned(corner, session)
        corner.publish("v2")
        corner.publish("v3")
        if collects:
            assert corner.collect() == [one]
            with pytest.raises(StaleConversation), database.writing(session):
                write_down(play, cause=play.cause)
        else:
            with database.writing(session):
                write_down(play, cause=play.cause)
    assert corner.pins() == ({} if collects else {one: 1})
    if collects:
        assert corner.hear("lan", GIFT) == ["v3 utter_ask_recipient"]
    else:
        assert corner.collect() == []
        assert corner.hear("lan", "妈妈") == ["v1 utter_noted"]

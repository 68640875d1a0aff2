"""What a caller who waits for the answer is told when a turn of ours breaks, or is not for us."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select

from bot.channels.rest import RestChat, RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.play.world import World
from data.conversations import Conversation, Mode, set_mode
from data.delivery.models import InboxRow
from data.kernel.locales import Locale
from data.orders import Order
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from tests.worlds import world_at

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
WISH = "something for my brother, he climbs, under $50"


class Breaks(ShopAction):
    """An action with a bug."""

    called = "action_find_gifts"

    def act(self, turn: Turn) -> None:
        turn.say("utter_ideas")
        raise ZeroDivisionError


world = world_at(NOW)


def said(world: World, text: str, *, group: bool = False) -> Received:
    chat = RestChat(id="friends", kind="group") if group else None
    about = RestMetadata(locale=Locale.EN, chat=chat)
    body = RestMessage(sender="ann", message=text, metadata=about)
    return Received(world.account, parse(body), body.model_dump(mode="json"))


def test_a_bug_in_a_turn_is_apologised_for_and_leaves_nothing_half_done(world: World) -> None:
    house = world.tuanzi.house
    broken = replace(house, actions={**house.actions, Breaks.called: Breaks()})
    turns = replace(world.tuanzi.turns, house=broken)
    answer = turns.answer(said(world, WISH))
    assert [row.response for row in answer] == ["utter_internal_error"]
    assert world.tuanzi.turns.answer(said(world, "hello")), "and the chat goes on"
    with world.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_while_staff_answers_one_member_the_others_talk_is_not_kept(world: World) -> None:
    world.tuanzi.turns.answer(said(world, "@tuanzi hello", group=True))
    with world.tuanzi.database.transaction() as session:
        (conversation_id,) = session.scalars(select(Conversation.id))
        set_mode(session, conversation_id=conversation_id, mode=Mode.HUMAN, now=NOW)
    assert world.tuanzi.turns.answer(said(world, "who comes tonight?", group=True)) == []
    with world.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InboxRow)) == 1

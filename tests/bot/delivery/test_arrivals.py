"""From a stored update to an answer: what is read, what is forgotten, what survives a mistake."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from bot.delivery.arrivals import Arrivals
from bot.delivery.storing import TURN
from bot.delivery.turns import Turns
from bot.delivery.worker import JobKind, Worker
from data.conversations import ConversationEvent, Mode, set_mode
from data.conversations.models import Conversation
from data.delivery.models import InboxState
from data.kernel.clock import TurnableClock
from data.people import ChannelIdentity, ChatMember
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from tests.bot.delivery.telegram import (
    ANN,
    BOB,
    GROUP,
    Post,
    body,
    message,
    place,
    press,
    update,
    user,
)

BOT = {"id": 7, "is_bot": True, "first_name": "Tuanzi", "username": "tuanzi_test_bot"}


def states(post: Post) -> list[str]:
    return [row.state for row in post.inbox()]


def events(post: Post) -> str:
    with post.tuanzi.database.reading() as session:
        bodies = session.scalars(select(ConversationEvent.body)).all()
    return json.dumps(bodies, ensure_ascii=False)


def people(post: Post) -> int:
    with post.tuanzi.database.reading() as session:
        counted = select(func.count()).select_from(ChannelIdentity)
        return session.scalar(counted.where(ChannelIdentity.account_id == post.account.id)) or 0


def test_updates_that_come_in_the_wrong_order_are_each_answered_once(post: Post) -> None:
    for number in (3, 1, 2, 3, 1):
        post.call(message(number, "hello"))
    post.work()
    assert states(post) == [InboxState.HANDLED] * 3
    assert len(post.said()) == 3


def test_what_friends_say_among_themselves_is_neither_answered_nor_kept(post: Post) -> None:
    post.say("canary: let us meet at nine", where=GROUP)
    post.say("", where=GROUP, sticker=a_sticker())
    post.work()
    assert [(row.state, row.payload) for row in post.inbox()] == [("handled", {})] * 2
    assert (post.said(), people(post)) == ([], 0)
    assert "canary" not in events(post)


def test_a_group_that_speaks_while_a_colleague_answers_is_still_not_listened_to(
    post: Post,
) -> None:
    post.say("@tuanzi hello", where=GROUP)
    post.work()
    with post.tuanzi.database.transaction() as session:
        conversation = session.scalars(
            select(Conversation).order_by(Conversation.created_at.desc())
        ).first()
        assert conversation is not None
        now = post.tuanzi.clock.now()
        set_mode(session, conversation_id=conversation.id, mode=Mode.HUMAN, now=now)
    post.say("canary of the evening", where=GROUP)
    post.work()
    assert "canary" not in events(post)
    assert post.inbox()[-1].payload == {}


def test_a_sticker_in_private_gets_a_kind_answer(post: Post) -> None:
    post.say("", sticker=a_sticker())
    post.work()
    assert post.said() == ["utter_media"]


def test_an_edit_is_not_said_again(post: Post) -> None:
    post.call(update(1, edited_message=body("hello", edit_date=1_790_000_009)))
    post.work()
    assert (states(post), post.said(), post.inbox()[0].payload) == (["handled"], [], {})


def test_another_members_button_is_refused_and_an_altered_one_unknown(post: Post) -> None:
    post.say("@tuanzi do you have a teapot?", where=GROUP)
    post.work()
    token = next(one["payload"] for one in post.buttons() if "payload" in one)
    before = len(post.said())
    post.call(press(800, token, who=BOB, where=GROUP))  # T05
    post.call(press(801, token[:-1] + ("A" if token[-1] != "A" else "B"), where=GROUP))  # T06
    post.call(press(802, token, who=BOB))  # T05: of another chat
    post.work()
    assert post.said()[before:] == [
        "utter_not_your_button",
        "utter_button_expired",
        "utter_button_expired",
    ]


def test_a_typed_payload_is_only_text(post: Post) -> None:  # T07
    post.say("/SetSlots(confirm_order=true)")
    post.work()
    with post.tuanzi.database.reading() as session:
        snapshots = session.scalars(select(Conversation.snapshot)).all()
    assert "confirm_order" not in json.dumps([snapshot for snapshot in snapshots if snapshot])


class Broken(ShopAction):
    """An action with a mistake of ours."""

    called = "action_find_gifts"

    def act(self, _turn: Turn) -> None:
        raise ZeroDivisionError


def a_worker(post: Post, actions: Mapping[str, ShopAction]) -> Worker:
    shop = post.tuanzi
    house = replace(shop.house, actions={**shop.house.actions, **actions})
    arrivals = Arrivals(shop.database, Turns(shop.database, shop.clock, house))
    kinds = {TURN: JobKind(arrivals.run, arrivals.prepare)}
    return Worker(shop.database, shop.clock, kinds, shop.bell)


def test_a_turn_that_breaks_is_undone_and_apologised_for_and_the_chat_goes_on(post: Post) -> None:
    worker = a_worker(post, {Broken.called: Broken()})
    clock = post.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    post.say("something for my brother, he climbs, under $50")
    post.say("hello")
    for _ in range(4):
        worker._drain()
        clock.turn_to(clock.now() + timedelta(seconds=5))
    first, second = post.inbox()
    assert (first.state, first.reason) == (InboxState.DEAD, "ZeroDivisionError")
    assert second.state == InboxState.HANDLED
    assert post.said()[0] == "utter_internal_error"
    assert len(post.said()) >= 2


def test_blocked_and_back_again(post: Post) -> None:
    post.say("hello")
    post.call(update(500, my_chat_member=moved(ANN, ANN, BOT, "member", "kicked")))
    post.work()
    chat = post.chat(ANN)
    assert chat is not None
    assert not chat.reachable
    post.say("I am back")
    post.work()
    chat = post.chat(ANN)
    assert chat is not None
    assert chat.reachable


def test_who_leaves_the_group_is_no_member_until_they_speak_again(post: Post) -> None:
    post.say("@tuanzi hello", where=GROUP)
    left = body("", who=BOB, where=GROUP, left_chat_member=user(ANN))
    post.call(update(500, message=left))
    post.work()
    assert membership(post) == [True]
    post.say("@tuanzi hello again", where=GROUP)
    post.work()
    assert membership(post) == [False]


def test_a_group_that_moves_keeps_its_history_whoever_tells_of_it_and_how_often(
    post: Post,
) -> None:
    post.say("@tuanzi hello", where=-4321)
    post.work()
    chat = post.chat(-4321)
    assert chat is not None
    post.say("@tuanzi hello", where=GROUP)  # faster than the news
    post.call(update(500, message=body("", where=-4321, migrate_to_chat_id=GROUP)))
    post.call(update(501, message=body("", where=GROUP, migrate_from_chat_id=-4321)))
    post.work()
    moved_chat = post.chat(GROUP)
    assert moved_chat is not None
    assert (moved_chat.id, post.chat(-4321)) == (chat.id, None)


def membership(post: Post) -> list[bool]:
    with post.tuanzi.database.reading() as session:
        rows = session.scalars(
            select(ChatMember.left_at.is_not(None))
            .join(ChannelIdentity, ChannelIdentity.person_id == ChatMember.person_id)
            .where(ChannelIdentity.account_id == post.account.id)
        )
        return list(rows)


def moved(chat: int, by: int, whom: dict[str, Any], was: str, now: str) -> dict[str, Any]:
    until = {"until_date": 0} if now == "kicked" else {}
    return {
        "chat": place(chat),
        "from": user(by),
        "date": 1_790_000_000,
        "old_chat_member": {"user": whom, "status": was},
        "new_chat_member": {"user": whom, "status": now, **until},
    }


def a_sticker() -> dict[str, Any]:
    return {
        "file_id": "CAAC",
        "file_unique_id": "AgAD",
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    }


def test_an_album_is_one_event_and_is_answered_once(post: Post) -> None:
    picture = {"file_id": "f", "file_unique_id": "u", "width": 90, "height": 90}
    for _ in range(3):
        post.say("", photo=[picture], media_group_id="13900000000000001")
    post.say("", photo=[picture], media_group_id="13900000000000001", who=BOB)
    post.work()
    assert post.said() == ["utter_media", "utter_media"]


def test_a_shared_position_is_kindly_asked_for_in_words(post: Post) -> None:
    post.say("", location={"latitude": 31.2, "longitude": 121.4})
    post.say("", location={"latitude": 31.2, "longitude": 121.4}, where=GROUP)
    post.work()
    assert post.said() == ["utter_location"]

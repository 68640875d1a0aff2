"""A turn is played before the write lock is taken, and written down under it: the same as ever."""

from dataclasses import replace
from datetime import datetime
from typing import ClassVar

import pytest
from sqlalchemy import func, select, update

from bot.channels.rest import RestChat, RestMessage, RestMetadata, parse
from bot.delivery.turns import Received, Turns
from bot.play.world import World
from data.conversations import Conversation, ConversationEvent
from data.kernel.database import Database
from data.kernel.dialects import OnlyReading
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.merchants import Merchant
from data.people import Person
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from dialogs.hearing import hear
from dialogs.house import Cause
from dialogs.play import MustWrite
from dialogs.turn import plan_turn
from tests.worlds import world_at

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
WISH = "something for my brother, he climbs, under $50"
FIRST = "do you have mugs?"
FINDS = "action_find_gifts"


world = world_at(NOW)


def said(
    world: World, text: str, *, who: str = "ann", name: str = "", group: bool = False
) -> Received:
    chat = RestChat(id="friends", kind="group") if group else None
    about = RestMetadata(locale=Locale.EN, name=name, chat=chat)
    body = RestMessage(sender=who, message=text, metadata=about)
    return Received(world.account, parse(body), body.model_dump(mode="json"))


def with_action(world: World, action: ShopAction) -> Turns:
    house = world.tuanzi.house
    return replace(
        world.tuanzi.turns, house=replace(house, actions={**house.actions, FINDS: action})
    )


class Writes(ShopAction):
    """Renames the shop, by the ways a row can change."""

    called = FINDS

    def __init__(self, way: str) -> None:
        self.way, self.ran = way, 0

    def act(self, turn: Turn) -> None:
        self.ran += 1
        new = {"en": f"{turn.merchant.name['en']}!"}
        if self.way == "statement":
            turn.session.execute(update(Merchant).values(name=new))
        else:
            turn.merchant.name = new
        if self.way == "flush":
            turn.session.flush()
        if self.way == "refusal":
            raise NotFound("product")
        turn.say("utter_ideas")


class Interrupted(ShopAction):
    """While it looks, the same person says something else in another process."""

    called = FINDS
    turns: ClassVar[Turns]

    def __init__(self, meanwhile: Received) -> None:
        self.meanwhile, self.ran = meanwhile, 0

    def act(self, turn: Turn) -> None:
        self.ran += 1
        if self.ran == 1:
            self.turns.answer(self.meanwhile)
        turn.say("utter_ideas")


def the_name(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(Merchant)).one().name["en"]


@pytest.mark.parametrize("way", ["statement", "attribute", "flush"])
def test_an_action_that_writes_does_so_once_and_is_not_tried_again_in_a_look(
    world: World, way: str
) -> None:
    action = Writes(way)
    turns = with_action(world, action)
    turns.answer(said(world, FIRST))
    before = the_name(world.tuanzi.database)
    assert [one.response for one in turns.answer(said(world, WISH))] == ["utter_ideas"]
    assert the_name(world.tuanzi.database) == f"{before}!"
    assert action.ran == 2, "once in the look, where it must not write, and once under the lock"
    for text in (FIRST, WISH):
        turns.answer(said(world, text, who="wei"))
    assert the_name(world.tuanzi.database) == f"{before}!!"
    assert action.ran == 3


def test_a_refusal_after_a_change_takes_the_change_back_and_is_told(world: World) -> None:
    action = Writes("refusal")
    turns = with_action(world, action)
    turns.answer(said(world, FIRST))
    before = the_name(world.tuanzi.database)
    answers = [one.response for one in turns.answer(said(world, WISH))]
    assert answers
    assert "utter_internal_error" not in answers
    assert the_name(world.tuanzi.database) == before
    assert action.ran == 2


@pytest.mark.parametrize(
    "text",
    [
        "@tuanzi remember my dad's birthday on 3 May",  # another flow begins, in private
        "@tuanzi start a group buy for the teapot",  # one runs: its live card is shown
    ],
)
def test_what_must_not_trust_a_look_is_not_planned(world: World, text: str) -> None:
    turns, house = world.tuanzi.turns, world.tuanzi.house
    for who in ("kim", "bo"):
        turns.answer(said(world, "@tuanzi " + FIRST, who=who, group=True))
        turns.answer(said(world, FIRST, who=who))
    turns.answer(said(world, "@tuanzi start a group buy for the teapot", who="kim", group=True))
    house.writers.clear()  # as after a start
    received = said(world, text, who="bo", group=True)
    account, event, now = received.account, received.event, world.tuanzi.clock.now()
    with world.tuanzi.database.reading() as session:
        hearing = hear(session, house, account=account, event=event, now=now)
        with pytest.raises(MustWrite):
            plan_turn(
                session,
                house,
                account=account,
                event=event,
                hearing=hearing,
                cause=Cause("test", now),
            )


def test_a_turn_that_was_overtaken_while_it_looked_is_heard_again(world: World) -> None:
    action = Interrupted(said(world, "thanks"))
    action.turns = world.tuanzi.turns
    turns = with_action(world, action)
    turns.answer(said(world, FIRST))
    assert [one.response for one in turns.answer(said(world, WISH))][-1] == "utter_ideas"
    assert action.ran == 2
    with world.tuanzi.database.reading() as session:
        assert session.scalars(select(Conversation.rev)).one() == 3, "three messages, three turns"
        words = session.scalars(
            select(ConversationEvent.body)
            .where(ConversationEvent.kind == "user_said")
            .order_by(ConversationEvent.id)
        )
        assert [body["text"] for body in words] == [FIRST, "thanks", WISH]


def test_who_has_another_name_now_is_called_by_it_in_the_same_turn(world: World) -> None:
    turns = world.tuanzi.turns
    turns.answer(said(world, "hello", name="Ann"))
    assert turns.answer(said(world, "thanks", name="Anna"))
    with world.tuanzi.database.reading() as session:
        assert "Anna" in session.scalars(select(Person.name)).all()


def test_a_session_that_reads_writes_nothing(world: World) -> None:
    database = world.tuanzi.database
    before = the_name(database)
    with database.reading() as session:
        with pytest.raises(OnlyReading):
            session.execute(update(Merchant).values(name={"en": "Other"}))
        session.scalars(select(Merchant)).one().name = {"en": "Other"}
        with pytest.raises(OnlyReading), database.writing(session):
            pass
    assert the_name(database) == before
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Merchant)) == 1

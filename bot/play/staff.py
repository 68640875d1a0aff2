"""The shop's side of a story: what its people do at the console, by the console's own functions."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api import talking
from bot.api.reads.chats import ChatView, find_chat
from bot.play.returns import RETURN_VERBS, act_on_return
from bot.play.teams import TEAM_VERBS, act_on_team
from bot.play.words import STAFF_VERBS
from bot.play.world import World
from data.conversations import Conversation
from data.orders import Order, OrderKind, orders_of, ship
from data.people import ChannelIdentity, Chat

_NAME = "店员"


def at_console(world: World, given: Mapping[str, Any]) -> bool:
    """`{hand_back: Ann}`, `{say: Ann, text: …}`, `{ship: Ann, tracking: …}`; else False."""
    verb = next((verb for verb in STAFF_VERBS if verb in given), None)
    if verb is None:
        return False
    house, database = world.tuanzi.house, world.tuanzi.database
    who, merchant_id = str(given[verb]), world.account.merchant_id
    by = talking.Speaker(_NAME, world.tuanzi.clock.now())

    def act(session: Session) -> None:
        if verb == "ship":
            order = _newest_order(session, merchant_id, who)
            tracking = given.get("tracking")
            ship(session, merchant_id=merchant_id, order_id=order.id, tracking=tracking, now=by.now)
            return
        if verb in TEAM_VERBS:
            act_on_team(session, merchant_id, verb, given, by=by.name, now=by.now)
            return
        if verb in RETURN_VERBS:
            order = _newest_order(session, merchant_id, who)
            act_on_return(session, order, verb, given, by=by.name, now=by.now)
            return
        view = _chat_of(session, merchant_id, who)
        acts: dict[str, Callable[[], None]] = {
            "take_over": lambda: talking.take_over(session, house, view=view, by=by),
            "hand_back": lambda: talking.hand_back(session, house, view=view, by=by),
            "say": lambda: talking.answer(
                session, house, view=view, text=str(given.get("text", "")), by=by
            ),
        }
        acts[verb]()

    talking.first_come(database, merchant_id, act)
    return True


def _chat_of(session: Session, merchant_id: str, who: str) -> ChatView:
    """The conversation in their own chat."""
    conversation_id = session.scalars(
        select(Conversation.id)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Conversation.merchant_id == merchant_id, Chat.external_id == who)
    ).one()
    return find_chat(session, merchant_id=merchant_id, conversation_id=conversation_id)


def _newest_order(session: Session, merchant_id: str, who: str) -> Order:
    person_id = session.scalars(
        select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == who)
    ).one()
    every = orders_of(session, merchant_id=merchant_id, person_id=person_id)
    return next(order for order in every if order.kind != OrderKind.CHANGE)

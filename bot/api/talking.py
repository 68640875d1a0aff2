"""Staff in a conversation: taking it over, answering, handing it back to the bot.

All three go through the engine, so that its snapshot and the row agree on who speaks. After a
hand-over what the bot had begun to say stays unsaid; after handing back it asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.api.reads.chats import STAFF_SAID, ChatView
from bot.web.scope import changing
from data.conversations import (
    Mode,
    News,
    StaleConversation,
    record_events,
    set_mode,
    tell,
)
from data.conversations.handing import last_word
from data.delivery import outbox
from data.delivery.messages import OutboundMessage, Text
from data.delivery.outbox import Letter, Origin
from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from dialogs.engine import HandBack, HandOver
from dialogs.format.wait_events import HUMAN_ANSWERED
from dialogs.house import Cause, House, Stage
from dialogs.play import Play
from dialogs.satisfaction import asking
from dialogs.unspoken import Unspoken, broke, take_unspoken

LONGEST_ANSWER = 4_000  # Telegram takes 4096 characters in one message; the shortest of ours


_TRIES = 5  # a customer's own turn may come between
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A colleague, or the program of a merchant."""

    name: str
    now: datetime


def take_over(session: Session, house: House, *, view: ChatView, by: Speaker) -> None:
    """The bot is silent from now on. A conversation that a person has already stays as it is."""
    if view.conversation.mode == Mode.HUMAN:
        return
    notes = [{"kind": "staff_took_over", "by": by.name}]
    Play(session, house, _stage(session, view), _cause(by)).perform(HandOver(), notes)


def answer(session: Session, house: House, *, view: ChatView, text: str, by: Speaker) -> None:
    """Say something as a person of the shop; whoever answers has taken over."""
    said = text.strip()
    if not said or len(said) > LONGEST_ANSWER:
        raise Invalid("text")
    take_over(session, house, view=view, by=by)
    key = f"{STAFF_SAID}:{new_id('ans')}"
    note = {"kind": STAFF_SAID, "text": said, "by": by.name, "key": key}
    record_events(session, view.conversation, [note], inbox_id=None, now=by.now)
    news = News(HUMAN_ANSWERED, view.conversation.id, {"by": by.name}, once=key)
    tell(session, merchant_id=view.conversation.merchant_id, news=news, now=by.now)
    outbox.post(
        session,
        [Letter(view.chat.id, OutboundMessage((Text(said),)), person_id=view.person.id)],
        account=session.get_one(ChannelAccount, view.chat.account_id),
        origin=Origin(key=key, conversation_id=view.conversation.id),
        now=by.now,
    )


def hand_back(session: Session, house: House, *, view: ChatView, by: Speaker) -> None:
    """The bot goes on: what waited is done, the open question is asked again. Where none is open
    and somebody had answered, it asks whether that helped."""
    if view.conversation.mode == Mode.BOT:
        return
    was_answered = last_word(session, view.conversation) is not None
    set_mode(session, conversation_id=view.conversation.id, mode=Mode.BOT, now=by.now)
    notes = [{"kind": "staff_handed_back", "by": by.name}]
    stage, given = _stage(session, view), Unspoken(HandBack(), notes)
    take_unspoken(session, house, stage=stage, given=given, cause=_cause(by))
    asked = asking(session, view.conversation, now=by.now) if was_answered else None
    if asked is not None:  # where asking breaks nobody is asked
        play = Play(session, house, stage, _cause(by))
        broke(session, stage, lambda: play.perform(asked))


def first_come(database: Database, merchant_id: str, act: Callable[[Session], _Result]) -> _Result:
    """One transaction; again where a turn of the customer was committed in its middle."""
    for _ in range(_TRIES - 1):
        try:
            with changing(database, merchant_id) as session:
                return act(session)
        except StaleConversation:
            continue
    with changing(database, merchant_id) as session:
        return act(session)


def _stage(session: Session, view: ChatView) -> Stage:
    merchant = session.get_one(Merchant, view.conversation.merchant_id)
    account = session.get_one(ChannelAccount, view.chat.account_id)
    return Stage(merchant, account, view.chat, view.person, view.conversation)


def _cause(by: Speaker) -> Cause:
    return Cause(f"staff:{new_id('act')}", by.now)

"""Every press is answered, once, by what its turn says.

What is said only because this one person pressed goes to them alone, where the messenger can do
that; a group need not read that a button is somebody else's.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.presses import ASIDE, PRESS
from bot.delivery.turns import Received
from data.delivery.messages import OutboundMessage
from data.delivery.models import OutboxRow, OutboxState
from data.delivery.outbox import Letter, Origin, post
from data.kernel.locales import Locale
from data.people import Chat, Person
from dialogs.house import House
from dialogs.responses import say

# What nobody but the presser wants to know.
_ASIDE = frozenset(
    {
        "utter_already_in",
        "utter_button_expired",
        "utter_continue_privately",
        "utter_leave_after_paying",
        "utter_not_in_a_team",
        "utter_not_your_button",
        "utter_person_limit",
        "utter_seats_paused",
        "utter_too_many_seats",
    }
)
_LONGEST = 120  # of OutboxRow.reply_to, less the mark; Telegram's are 19 digits


_GONE_ON = "utter_continue_privately"


def answer_press(session: Session, house: House, *, received: Received, now: datetime) -> None:
    """After the turn, in its transaction: one message of it carries the press, or one of its own
    that is empty, or says where the turn has gone on."""
    event, inbox_id = received.event, received.inbox_id
    if not event.press or len(event.press) > _LONGEST or inbox_id is None:
        return
    said = _said(session, inbox_id)
    here = [row for row, chat in said if chat == event.chat.external_id]
    aside = [row for row in here if row.response in _ASIDE]
    if aside:
        aside[-1].reply_to = ASIDE + event.press
    elif here:
        here[0].reply_to = PRESS + event.press
    else:
        elsewhere = said[0][0].person_id if said else None
        message = _gone_on(session, house, elsewhere) if elsewhere else OutboundMessage(())
        _answer_apart(session, received, message, now)
    session.flush()


def _said(session: Session, inbox_id: int) -> list[tuple[OutboxRow, str]]:
    """What the turn says to the presser and shows once; a live card may be left out."""
    found = session.execute(
        select(OutboxRow, Chat.external_id)
        .join(Chat, Chat.id == OutboxRow.chat_id)
        .where(
            OutboxRow.inbox_id == inbox_id,
            OutboxRow.person_id.is_not(None),
            OutboxRow.coalesce_key.is_(None),
            OutboxRow.reply_to.is_(None),
            OutboxRow.state == OutboxState.PENDING,
        )
        .order_by(OutboxRow.id)
    )
    return [(row, chat) for row, chat in found]


def _gone_on(session: Session, house: House, person_id: str) -> OutboundMessage:
    """Everything was said in their own chat: who looks at this one sees nothing of it."""
    person = session.get_one(Person, person_id)
    domain = house.flows.live(session, merchant_id=person.merchant_id).domain
    return say(domain.responses[_GONE_ON], {"name": person.name}, Locale(person.locale))


def _answer_apart(
    session: Session, received: Received, message: OutboundMessage, now: datetime
) -> None:
    """A message that only answers. Its own key keeps it from being taken for the last thing that
    was said."""
    account, event = received.account, received.event
    chat_id = session.scalar(
        select(Chat.id).where(
            Chat.account_id == account.id, Chat.external_id == event.chat.external_id
        )
    )
    if chat_id is None:
        return
    mark = f"{ASIDE if message.segments else PRESS}{event.press}"
    answer = replace(message, reply_to=mark, coalesce_key=mark[:80])
    origin = Origin(f"{PRESS}{received.inbox_id}")
    post(session, [Letter(chat_id, answer)], account=account, origin=origin, now=now)

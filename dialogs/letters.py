"""From messages to outbox rows: every button gets an opaque token, and only those can be pressed.

A token carries no price, no id, no amount (T06); who may press it stands in the database (T05).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Offer, remember_offer
from data.delivery.messages import Card, GroupBuyCard, Option, Options, OutboundMessage, Segment
from data.delivery.outbox import Letter, Origin, post
from data.merchants import ChannelAccount
from data.people import Chat

# In Session.info while a turn runs: its inbox row and its person. What facts make us say meanwhile
# to them or to a chat belongs to the answer of that turn.
TURN = "turn"
_TOKEN_BYTES = 12  # 16 characters: fits Telegram's 64 bytes of callback data, 96 random bits


def send(
    session: Session,
    letters: Sequence[Letter],
    *,
    account: ChannelAccount,
    origin: Origin,
    now: datetime,
) -> None:
    """Post in order. The options of one chat are numbered through, as a person would count them:
    beside cards only the cards count."""
    ready: list[Letter] = []
    offers: dict[str, list[Offer]] = {}
    for letter in letters:
        counted = offers.setdefault(letter.chat_id, [])
        message = _with_tokens(letter.message, letter.person_id, counted)
        ready.append(replace(letter, message=message))
    for chat_id, offered in offers.items():
        if offered:
            chat = session.get_one(Chat, chat_id)
            counted = _counted(offered, [one for one in ready if one.chat_id == chat_id])
            remember_offer(session, chat=chat, batch=origin.key, offers=counted, now=now)
    post(session, ready, account=account, origin=origin, now=now)


def _counted(offers: list[Offer], letters: list[Letter]) -> list[Offer]:
    """Where there are cards, "the last one" is a card and not the button "show more" below."""
    cards = [
        part for letter in letters for part in letter.message.segments if isinstance(part, Card)
    ]
    numbers = {
        option.payload: number
        for number, card in enumerate((card for card in cards if card.options), start=1)
        for option in card.options
    }
    if not numbers:
        return offers
    return [replace(offer, number=numbers.get(offer.token, 0)) for offer in offers]


def _with_tokens(
    message: OutboundMessage, person_id: str | None, offers: list[Offer]
) -> OutboundMessage:
    segments = tuple(_labelled(segment, person_id, offers) for segment in message.segments)
    return replace(message, segments=segments)


def _labelled(segment: Segment, person_id: str | None, offers: list[Offer]) -> Segment:
    if isinstance(segment, Options | Card | GroupBuyCard):
        return replace(segment, options=tuple(_tokens(segment.options, person_id, offers)))
    return segment


def _tokens(
    options: Iterable[Option], person_id: str | None, offers: list[Offer]
) -> Iterable[Option]:
    for option in options:
        if option.url is not None:
            yield option
            continue
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        offers.append(Offer(person_id, token, option.title, option.payload, len(offers) + 1))
        yield replace(option, payload=token)

"""From messages to outbox rows: every button gets an opaque token, and only those can be pressed.

A token carries no price, no id, no amount (T06); who may press it stands in the database (T05).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Offer, remember_offer
from data.delivery.messages import Card, GroupBuyCard, Option, Options, Segment
from data.delivery.outbox import Letter, Origin, post
from data.kernel.entities import known
from data.merchants import ChannelAccount
from data.people import Chat

# In Session.info while a turn runs: its inbox row and its person. What facts make us say meanwhile
# to them or to a chat belongs to the answer of that turn.
TURN = "turn"
_TOKEN_BYTES = 12  # 16 characters: fits Telegram's 64 bytes of callback data, 96 random bits


@dataclass(slots=True)
class _Count:
    """The options of one chat as a person would count them: beside cards only the cards count, so
    that "the last one" is a card and not the button "show more" below. Where there are no buttons
    that one, and what else can be done with a card, stands as a line with the next number after
    the cards: written, not counted."""

    choices: int
    """How many cards can be chosen."""
    cards: int = 0
    beside: int = 0
    offers: list[Offer] = field(default_factory=list)

    def number(self, segment: Segment, *, first: bool) -> int:
        """Of the next option of this segment; below zero: written so, and not counted."""
        if not self.choices:
            return len(self.offers) + 1
        if isinstance(segment, Card) and first:
            return self.cards
        self.beside += 1
        return -(self.choices + self.beside)


def send(
    session: Session,
    letters: Sequence[Letter],
    *,
    account: ChannelAccount,
    origin: Origin,
    now: datetime,
) -> None:
    """Post in order. The options of one chat are numbered through."""
    counts = {
        chat_id: _Count(sum(map(_is_choice, of_chat)))
        for chat_id, of_chat in _by_chat(letters).items()
    }
    ready = [_with_tokens(letter, counts[letter.chat_id]) for letter in letters]
    for chat_id, count in counts.items():
        if count.offers:
            chat = known(session, Chat, chat_id)
            assert chat is not None  # noqa: S101  # somebody is told something there
            remember_offer(session, chat=chat, batch=origin.key, offers=count.offers, now=now)
    post(session, ready, account=account, origin=origin, now=now)


def _by_chat(letters: Iterable[Letter]) -> dict[str, list[Segment]]:
    segments: dict[str, list[Segment]] = {}
    for letter in letters:
        segments.setdefault(letter.chat_id, []).extend(letter.message.segments)
    return segments


def _is_choice(segment: Segment) -> bool:
    return isinstance(segment, Card) and bool(segment.options)


def _with_tokens(letter: Letter, count: _Count) -> Letter:
    segments = tuple(
        replace(segment, options=tuple(_tokens(segment, letter.person_id, count)))
        if isinstance(segment, Options | Card | GroupBuyCard)
        else segment
        for segment in letter.message.segments
    )
    return replace(letter, message=replace(letter.message, segments=segments))


def _tokens(
    segment: Options | Card | GroupBuyCard, person_id: str | None, count: _Count
) -> Iterable[Option]:
    count.cards += _is_choice(segment)
    first = True
    for option in segment.options:
        if option.url is not None:
            yield option
            continue
        token, number = secrets.token_urlsafe(_TOKEN_BYTES), count.number(segment, first=first)
        first = False
        count.offers.append(Offer(person_id, token, option.title, option.payload, number))
        yield replace(option, payload=token, number=abs(number) or None)

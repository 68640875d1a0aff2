"""Cards for what somebody types behind our name in any chat: asked at once, kept nowhere."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from telegram import (
    Bot,
    InlineQueryResultArticle,
    InputTextMessageContent,
    Update,
)
from telegram.constants import InlineQueryLimit, ParseMode

from bot.channels.messages import Capabilities, Draft
from bot.channels.render import render
from bot.channels.telegram_people import sender_of
from bot.channels.telegram_shapes import keyboard_of
from bot.channels.telegram_updates import INVITE
from data.delivery.inbound import Sender
from data.delivery.messages import Segment

log = logging.getLogger(__name__)
_CACHED = 30  # seconds; a count that is shared changes by itself, its place in the list does not
_LONGEST_NAME = 64  # bytes of a result's id


class Sharable(Protocol):
    """A card that may be shown in any chat; `name` is what we hear when it was chosen."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def card(self) -> Segment: ...


FindCards = Callable[[Sender, str], Sequence[Sharable]]


@dataclass(frozen=True, slots=True)
class InlineAnswers:
    find: FindCards

    async def answer(self, client: Bot, update: Mapping[str, Any], can: Capabilities) -> None:
        """A question that came in vain is asked again with the next letter that is typed."""
        try:
            query = Update.de_json(dict(update), None).inline_query
            if query is None:
                return
            cards = await asyncio.to_thread(self.find, sender_of(query.from_user), query.query)
            await client.answer_inline_query(
                query.id, _results(cards, can), cache_time=_CACHED, is_personal=True
            )
        except Exception as error:  # whatever the library raises, and never with the token (T47)
            log.warning("inline query: %s", type(error).__name__)


def _results(cards: Sequence[Sharable], can: Capabilities) -> list[InlineQueryResultArticle]:
    most = int(InlineQueryLimit.RESULTS)
    shown = [_result(card, can) for card in cards if len(card.name.encode()) <= _LONGEST_NAME]
    return [one for one in shown if one is not None][:most]


def _result(card: Sharable, can: Capabilities) -> InlineQueryResultArticle | None:
    drafts: tuple[Draft, ...] = render((card.card,), can)
    if len(drafts) != 1 or drafts[0].image is not None:
        return None  # one message, and no picture of ours that Telegram would have to fetch
    return InlineQueryResultArticle(
        id=card.name,
        title=card.title,
        description=card.line,
        input_message_content=InputTextMessageContent(drafts[0].html, parse_mode=ParseMode.HTML),
        reply_markup=keyboard_of(drafts[0], INVITE),
    )

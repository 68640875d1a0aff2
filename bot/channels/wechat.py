"""WeChat's official account: what may still be said after the call was answered, and how.

    answered on the line (bot/delivery/wechat_answers) ▸ a window they opened ▸ a template they
    granted ▸ NotAllowed, which staff can see and another channel of the person may take up

There are no group chats with us inside: a group-buy is joined by its share link.
"""

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Protocol

from bot.channels.adapter import (
    NotAllowed,
    Parcel,
    Rejected,
    Throttled,
    Undeliverable,
    Unreachable,
    in_order,
)
from bot.channels.messages import Capabilities
from bot.channels.wechat_events import MESSAGE, TOUCH, grant_of
from bot.channels.wechat_parts import CAPABILITIES, Article, Part, link_in, parts_of
from bot.channels.wechat_rules import Rules, Template
from data.delivery.messages import Purpose
from integrations.http import Unreachable as NoAnswer
from integrations.wechat_errors import (
    NoPermission,
    NotSubscribed,
    QuotaReached,
    TokenExpired,
    WeChatError,
    WindowClosed,
    WithStaff,
)

WINDOWS = (TOUCH, MESSAGE)
ON_THE_LINE, SENT, BY_TEMPLATE = "reply", "sent", "template"  # WeChat gives messages no names
_UNTIL_TOMORROW = 3600.0  # its days are Beijing's; asked again every hour
# "System error", and an address of ours that WeCom has not been told of yet: asked again.
_LATER = frozenset({-1, 60020})


class Platform(Protocol):
    """WeChat's own interface, as far as it speaks; raises WeChatError, or integrations.http's
    Unreachable."""

    async def send(self, openid: str, message: dict[str, Any]) -> None:
        """A message of customer service, in WeChat's JSON."""
        ...

    async def send_template(
        self, openid: str, template_id: str, data: dict[str, Any], url: str
    ) -> None: ...

    async def send_granted(
        self, openid: str, template_id: str, data: dict[str, Any], page: str
    ) -> None:
        """The one message that a person accepted by a tap."""
        ...


class Purse(Protocol):
    """What people allowed us, counted; it talks to the database."""

    def spend(self, openid: str, sources: Collection[str]) -> str | None: ...

    def give_back(self, openid: str, source: str) -> None: ...

    def close(self, openid: str, sources: Collection[str]) -> None: ...


class WeChat:
    """One account. Without a `platform` (no app secret) it can only answer on the line."""

    def __init__(self, platform: Platform | None, purse: Purse, rules: Rules) -> None:
        self._platform = platform
        self._purse = purse
        self._rules = rules

    def can(self, kind: str) -> Capabilities:
        return CAPABILITIES

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        parts = parts_of(parcel.segments, pictures=self._platform is not None)
        return await in_order(parcel, len(parts), partial(self._say, parcel, parts))

    async def _say(self, parcel: Parcel, parts: tuple[Part, ...], place: int) -> list[str]:
        """The names of what arrived."""
        if self._platform is None:
            raise NotAllowed("answers_only")
        source = await self._spend(parcel.chat, WINDOWS)
        if source is not None and await self._send(parcel.chat, source, parts[place]):
            return [SENT]
        template = self._rules.templates.get(Purpose(parcel.purpose))
        if template is None or place:  # half of it is said: the rest is no message of its own
            raise NotAllowed("no_window")
        await self._send_template(parcel.chat, template, parts)
        return [BY_TEMPLATE] * len(parts)

    async def _send(self, openid: str, source: str, part: Part) -> bool:
        """False: WeChat counts otherwise than we do, and it is right."""
        assert self._platform is not None  # noqa: S101  # `_say` looked
        try:
            await self._platform.send(openid, part.as_message())
        except WindowClosed:
            await asyncio.to_thread(self._purse.close, openid, WINDOWS)
            return False
        except (WeChatError, NoAnswer) as error:
            await self._note_refusal(openid, source, error)
            raise in_our_words(error) from None
        return True

    async def _send_template(
        self, openid: str, template: Template, parts: tuple[Part, ...]
    ) -> None:
        assert self._platform is not None  # noqa: S101
        source = grant_of(template.id)
        if template.granted and await self._spend(openid, [source]) is None:
            raise NotAllowed("no_window")
        text = _text(parts[0])
        data = {template.field: {"value": " ".join(text.split())[: template.longest]}}
        send = self._platform.send_granted if template.granted else self._platform.send_template
        try:
            await send(openid, template.id, data, link_in(text))
        except (WeChatError, NoAnswer) as error:
            if template.granted:
                await self._note_refusal(openid, source, error)
            raise in_our_words(error) from None

    async def _spend(self, openid: str, sources: Collection[str]) -> str | None:
        return await asyncio.to_thread(self._purse.spend, openid, sources)

    async def _note_refusal(self, openid: str, source: str, error: Exception) -> None:
        """It was not said, so it was not used; where nobody answered, it may have been said."""
        if isinstance(error, WeChatError):
            await asyncio.to_thread(self._purse.give_back, openid, source)


_REFUSALS: dict[type[WeChatError], Callable[[], Undeliverable]] = {
    NotSubscribed: lambda: Unreachable("not_subscribed"),
    NoPermission: lambda: NotAllowed("no_permission"),
    QuotaReached: lambda: Throttled(_UNTIL_TOMORROW),
    WindowClosed: lambda: NotAllowed("no_window"),
    WithStaff: lambda: NotAllowed("with_staff"),
    TokenExpired: lambda: Undeliverable("token"),
}


def in_our_words(error: WeChatError | NoAnswer) -> Undeliverable:
    for kind, refusal in _REFUSALS.items():
        if isinstance(error, kind):
            return refusal()
    if isinstance(error, WeChatError) and error.code not in _LATER:
        return Rejected(str(error.code))
    return Undeliverable(type(error).__name__)


def _text(part: Part) -> str:
    return f"{part.title} {part.description}" if isinstance(part, Article) else part.text

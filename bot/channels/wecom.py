"""WeCom's customer service (微信客服): what may be said to a customer, and how.

    the word by which they may be greeted ▸ the window that their message opened ▸ NotAllowed

In a customer group nothing can be said by us: the company's owner sends there, by hand.
"""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, Protocol

from bot.channels.adapter import NotAllowed, Parcel, Rejected, in_order
from bot.channels.messages import Capabilities
from bot.channels.wechat import in_our_words
from bot.channels.wechat_events import MESSAGE
from bot.channels.wecom_parts import CAPABILITIES, Part, parts_of
from integrations.http import Unreachable as NoAnswer
from integrations.wechat_errors import WeChatError, WindowClosed

log = logging.getLogger(__name__)
WINDOWS = (MESSAGE,)
_BEHIND_LINK = "scene_param="


class Desk(Protocol):
    """WeCom's own interface, as far as it speaks; raises WeChatError, or integrations.http's
    Unreachable. `name` is ours, of at most 32 letters: the same twice is shown once."""

    async def send(self, customer: str, message: dict[str, Any], name: str) -> None: ...

    async def greet(self, word: str, message: dict[str, Any], name: str) -> None: ...

    async def hand_over(self, customer: str) -> None:
        """To the staff who wait in WeCom itself."""
        ...


class Purse(Protocol):
    """What customers allowed us, counted; it talks to the database."""

    def greeting(self, customer: str) -> str | None:
        """The word by which they may be greeted once, used up."""
        ...

    def spend(self, openid: str, sources: Collection[str]) -> str | None: ...

    def give_back(self, openid: str, source: str) -> None: ...

    def close(self, openid: str, sources: Collection[str]) -> None: ...

    def wants_staff(self, customer: str) -> bool:
        """Their talk was given to a person, and the desk's own staff are to be those."""
        ...


def capabilities_of(link: str) -> Capabilities:
    """`link` opens a talk with the desk."""
    return replace(CAPABILITIES, start_link=_with_token(link))


class WeCom:
    """One desk of one company; `link` opens a talk with it."""

    def __init__(self, desk: Desk, purse: Purse, link: str = "") -> None:
        self._desk = desk
        self._purse = purse
        self._can = capabilities_of(link)
        self._unsure: set[str] = set()  # names of messages of which nobody said that they arrived

    def can(self, kind: str) -> Capabilities:
        return self._can

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        if parcel.kind != "private":
            raise NotAllowed("by_hand")
        parts = parts_of(parcel.segments, self._can)
        names = await in_order(parcel, len(parts), partial(self._say, parcel, parts))
        await self._call_staff(parcel.chat)
        return names

    async def _call_staff(self, customer: str) -> None:
        """After our last word, for then we have none there. Where WeCom refuses, or they have it
        already, the talk waits in the shop's own console as ever."""
        if not await asyncio.to_thread(self._purse.wants_staff, customer):
            return
        try:
            await self._desk.hand_over(customer)
        except (WeChatError, NoAnswer) as error:
            log.warning("wecom: hand-over: %s %s", type(error).__name__, error)

    async def _say(self, parcel: Parcel, parts: tuple[Part, ...], place: int) -> list[str]:
        """The name of what arrived."""
        name = sha256(f"{parcel.key}:{place}".encode()).hexdigest()[:32]
        if not await self._greet(parcel.chat, parts[place], name):
            await self._send(parcel.chat, parts[place], name)
        return [name]

    async def _greet(self, customer: str, part: Part, name: str) -> bool:
        """False: there is no word for it, or it opens nothing any more."""
        word = await asyncio.to_thread(self._purse.greeting, customer)
        if word is None:
            return False
        try:
            await self._desk.greet(word, part.as_message(), name)
        except WeChatError:
            return False
        except NoAnswer as error:
            raise in_our_words(error) from None
        return True

    async def _send(self, customer: str, part: Part, name: str) -> None:
        source = await asyncio.to_thread(self._purse.spend, customer, WINDOWS)
        if source is None:
            raise NotAllowed("no_window")
        try:
            await self._desk.send(customer, part.as_message(), name)
        except WindowClosed as error:  # WeCom counts otherwise than we do, and it is right
            await asyncio.to_thread(self._purse.close, customer, WINDOWS)
            raise in_our_words(error) from None
        except WeChatError as error:
            await self._note_refusal(customer, source, error, name)
        except NoAnswer as error:  # it may have been said, and is counted as if it was
            self._unsure.add(name)
            raise in_our_words(error) from None
        else:
            self._unsure.discard(name)

    async def _note_refusal(
        self, customer: str, source: str, error: WeChatError, name: str
    ) -> None:
        """It was not said, so it was not used. But what is refused for a reason that we do not
        know, when nobody knew whether it had arrived, has arrived: its name is taken."""
        await asyncio.to_thread(self._purse.give_back, customer, source)
        problem = in_our_words(error)
        if name in self._unsure and type(problem) is Rejected:
            self._unsure.discard(name)
            return
        raise problem from None


def _with_token(link: str) -> str:
    """The place for a token in a link; braces in it are no places (`str.format`)."""
    if not link:
        return ""
    sound = link.replace("{", "").replace("}", "")
    return f"{sound}{'&' if '?' in sound else '?'}{_BEHIND_LINK}{{}}"

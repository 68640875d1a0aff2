"""Telegram: drafts out through python-telegram-bot's client, its errors in our own words.

No updater, no handlers, no limiter of the library: order, retries and pace are the courier's.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from telegram import Message, ReplyParameters
from telegram.constants import FloodLimit, InlineKeyboardMarkupLimit, MessageLimit, ParseMode
from telegram.error import BadRequest, TelegramError

from bot.channels.adapter import Parcel, Undeliverable
from bot.channels.messages import Capabilities, Draft
from bot.channels.pacing import Pace, Speed, Speeds
from bot.channels.presses import is_aside, press_of
from bot.channels.render import render
from bot.channels.telegram_client import Client, in_our_words
from bot.channels.telegram_inline import InlineAnswers
from bot.channels.telegram_invoices import Invoices
from bot.channels.telegram_shapes import keyboard_of, shortened, window_for
from bot.channels.telegram_updates import INLINE, TAP, THREAD

log = logging.getLogger(__name__)
CAPABILITIES = Capabilities(
    max_text=int(MessageLimit.MAX_TEXT_LENGTH),
    max_caption=int(MessageLimit.CAPTION_LENGTH),
    buttons=int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER),
    buttons_in_row=int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW),
    label=60,  # longer ones are cut on a phone; Telegram names no limit
    token_bytes=64 - len(TAP),  # InlineKeyboardButtonLimit.MAX_CALLBACK_DATA, in bytes
    url_buttons=True,
    rewards_inviting=True,
)
_START = "https://t.me/{}?start={{}}"
# bot/pages/telegram_app.py; Telegram opens nothing but https inside itself.
_ORDER = "{}/visit/telegram/{}/{{}}"
_SECURE = "https://"
_START_GROUP = "https://t.me/{}?startgroup={{}}"
_SHOWN = ("card",)  # a shared card is one message and has no number
_UNCHANGED = "not modified"


# Telegram's own advice (core.telegram.org/bots/faq): exact limits are not published.
SPEEDS = Speeds(
    overall=Speed(int(FloodLimit.MESSAGES_PER_SECOND), 1),
    chat=Speed(5, 5),  # one a second, a turn's few messages at once
    group=Speed(int(FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP), 60),
)


FindPicture = Callable[[str], Path | None]


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the links of a bot lead: by its name into its chats, and to its pages at `site`."""

    username: str = ""
    bot_id: int = 0
    site: str = ""


_NO_LINKS = Ways()


def capabilities_of(ways: Ways) -> Capabilities:
    """In any chat."""
    if not ways.username:
        return CAPABILITIES
    return replace(
        CAPABILITIES,
        start_link=_START.format(ways.username),
        group_link=_START_GROUP.format(ways.username),
    )


def capabilities_alone(ways: Ways, *, invoices: bool) -> Capabilities:
    """In a private chat, where alone pages open inside Telegram and invoices are shown."""
    can = replace(capabilities_of(ways), invoices=invoices)
    if not ways.site.startswith(_SECURE):
        return can
    return replace(can, app_link=_ORDER.format(ways.site, ways.bot_id))


class Telegram:
    """One bot account; `find_picture` gives the file behind a picture's address."""

    def __init__(
        self,
        client: Client,
        find_picture: FindPicture,
        speeds: Speeds = SPEEDS,
        *,
        ways: Ways = _NO_LINKS,
        inline: InlineAnswers | None = None,
        invoices: Invoices | None = None,
    ) -> None:
        self._client = client
        self._can = capabilities_of(ways)
        paid_here = invoices is not None and invoices.provider is not None
        self._can_alone = capabilities_alone(ways, invoices=paid_here)
        self._find_picture = find_picture
        self._speeds = speeds
        self._inline = inline
        self._invoices = invoices
        self._pace = Pace(monotonic)
        self._uploaded: dict[str, str] = {}  # address ▸ Telegram's id of the file

    def can(self, kind: str) -> Capabilities:
        return self._can_alone if kind == "private" else self._can

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        shown = list(parcel.shown)
        drafts = [
            *filter(None, map(self._sendable, render(parcel.segments, self.can(parcel.kind))))
        ]
        if parcel.chat.startswith(INLINE):
            return await self._change_card(parcel, drafts)
        if not shown and await self._answer_press(parcel, drafts):
            return ()
        for place, draft in enumerate(drafts[len(shown) :], len(shown)):
            old = parcel.edit_of[place] if place < len(parcel.edit_of) else None
            try:
                self._pace.take(self._speeds.of(parcel.chat.partition(THREAD)[0], parcel.kind))
                shown.append(await self._show(parcel, draft, old))
                if len(shown) < len(drafts):
                    await parcel.arrived(tuple(shown))
            except (Undeliverable, TelegramError) as error:
                problem = in_our_words(error)
                problem.shown = tuple(shown)
                raise problem from None  # the library's own chain may quote the token (T47)
        return tuple(shown)

    async def acknowledge(self, update: Mapping[str, Any]) -> None:
        """What somebody types behind our name in any chat waits for cards, and who pays for our
        yes; nothing else waits."""
        if self._invoices is not None and isinstance(update.get("pre_checkout_query"), dict):
            await self._invoices.answer(self._client, update)
        if self._inline is not None and isinstance(update.get("inline_query"), dict):
            await self._inline.answer(self._client, update, self._can)

    async def _answer_press(self, parcel: Parcel, drafts: list[Draft]) -> bool:
        """True: what there is to say was said to the presser alone, over the chat."""
        press = press_of(parcel.reply_to)
        if press is None:
            return False
        window = window_for(drafts, self._can) if is_aside(parcel.reply_to) else None
        try:
            await self._client.answer_callback_query(press, **(window or {}))
        except TelegramError as error:  # too old: they wait no more
            log.info("callback not answered: %s", type(error).__name__)
            return False
        return window is not None

    async def _change_card(self, parcel: Parcel, drafts: list[Draft]) -> tuple[str, ...]:
        """Of a chat we are not in only the card is ours: whatever else there is to say about it is
        said to the presser, or to nobody."""
        press = press_of(parcel.reply_to)
        try:
            if press is not None:
                window = window_for(drafts, self._can) or shortened(drafts)
                await self._client.answer_callback_query(press, **window)
            elif parcel.live and drafts:
                self._pace.take(self._speeds.of(parcel.chat, parcel.kind))
                await self._edit(drafts[0], {"inline_message_id": parcel.chat[len(INLINE) :]})
        except TelegramError as error:
            if _UNCHANGED not in str(error).lower():
                raise in_our_words(error) from None
        return _SHOWN

    def _sendable(self, draft: Draft) -> Draft | None:
        """Without its picture if there is no such file; nothing if that was all."""
        if draft.image is None or self._find_picture(draft.image):
            return draft
        return replace(draft, image=None) if draft.text else None

    async def _show(self, parcel: Parcel, draft: Draft, old: str | None) -> str:
        if old is not None:
            try:
                chat = int(parcel.chat.partition(THREAD)[0])
                await self._edit(draft, {"chat_id": chat, "message_id": int(old)})
            except BadRequest as error:
                if _UNCHANGED not in str(error).lower():
                    return await self._send(parcel, draft)  # deleted, or too old to be changed
            return old
        return await self._send(parcel, draft)

    async def _edit(self, draft: Draft, which: dict[str, Any]) -> None:
        shape: dict[str, Any] = {"parse_mode": ParseMode.HTML, "reply_markup": keyboard_of(draft)}
        if draft.image is None:
            await self._client.edit_message_text(draft.html, **which, **shape)
        else:
            await self._client.edit_message_caption(caption=draft.html, **which, **shape)

    async def _send(self, parcel: Parcel, draft: Draft) -> str:
        chat, _, thread = parcel.chat.partition(THREAD)
        if draft.invoice is not None and self._invoices is not None:
            return await self._invoices.show(self._client, chat=int(chat), link=draft.invoice)
        place: dict[str, Any] = {
            "chat_id": int(chat),
            "message_thread_id": int(thread) if thread else None,
            "reply_parameters": _reply_to(parcel),
            "reply_markup": keyboard_of(draft),
            "parse_mode": ParseMode.HTML,
        }
        if draft.image is not None:
            message = await self._send_picture(draft.image, {**place, "caption": draft.html})
        else:
            message = await self._client.send_message(text=draft.html, **place)
        return str(message.message_id)

    async def _send_picture(self, image: str, place: dict[str, Any]) -> Message:
        """Uploaded once, then by Telegram's own id of the file."""
        known = self._uploaded.get(image)
        if known is not None:
            with suppress(BadRequest):  # ids do not live for ever
                return await self._client.send_photo(photo=known, **place)
        file = self._find_picture(image)
        if file is None:
            raise Undeliverable("picture")  # it was there a moment ago
        content = await asyncio.to_thread(file.read_bytes)
        message = await self._client.send_photo(photo=content, **place)
        if message.photo:
            self._uploaded[image] = message.photo[-1].file_id
        return message


def _reply_to(parcel: Parcel) -> ReplyParameters | None:
    if parcel.reply_to is None or not parcel.reply_to.isdigit():
        return None
    return ReplyParameters(int(parcel.reply_to), allow_sending_without_reply=True)

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

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.constants import FloodLimit, InlineKeyboardMarkupLimit, MessageLimit, ParseMode
from telegram.error import BadRequest, TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.adapter import Parcel, Undeliverable
from bot.channels.messages import Button, Capabilities, Draft
from bot.channels.pacing import Pace, Speed
from bot.channels.render import render
from bot.channels.telegram_client import Client, in_our_words
from bot.channels.telegram_updates import TAP, THREAD
from dialogs.private import START_LINK

log = logging.getLogger(__name__)
CAPABILITIES = Capabilities(
    max_text=int(MessageLimit.MAX_TEXT_LENGTH),
    max_caption=int(MessageLimit.CAPTION_LENGTH),
    buttons=int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER),
    buttons_in_row=int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW),
    label=60,  # longer ones are cut on a phone; Telegram names no limit
    token_bytes=64 - len(TAP),  # InlineKeyboardButtonLimit.MAX_CALLBACK_DATA, in bytes
)
_UNCHANGED = "not modified"


@dataclass(frozen=True, slots=True)
class Speeds:
    """Telegram's own advice (core.telegram.org/bots/faq): exact limits are not published."""

    overall: Speed
    chat: Speed
    group: Speed


SPEEDS = Speeds(
    overall=Speed(int(FloodLimit.MESSAGES_PER_SECOND), 1),
    chat=Speed(5, 5),  # one a second, a turn's few messages at once
    group=Speed(int(FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP), 60),
)


FindPicture = Callable[[str], Path | None]


class Telegram:
    """One bot account; `find_picture` gives the file behind a picture's address."""

    def __init__(self, client: Client, find_picture: FindPicture, speeds: Speeds = SPEEDS) -> None:
        self._client = client
        self._find_picture = find_picture
        self._speeds = speeds
        self._pace = Pace(monotonic)
        self._uploaded: dict[str, str] = {}  # address ▸ Telegram's id of the file

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        shown = list(parcel.shown)
        drafts = [*filter(None, map(self._sendable, render(parcel.segments, CAPABILITIES)))]
        for place, draft in enumerate(drafts[len(shown) :], len(shown)):
            old = parcel.edit_of[place] if place < len(parcel.edit_of) else None
            try:
                self._wait_our_turn(parcel)
                shown.append(await self._show(parcel, draft, old))
                if len(shown) < len(drafts):
                    await parcel.arrived(tuple(shown))
            except (Undeliverable, TelegramError) as error:
                problem = in_our_words(error)
                problem.shown = tuple(shown)
                raise problem from None  # the library's own chain may quote the token (T47)
        return tuple(shown)

    async def acknowledge(self, update: Mapping[str, Any]) -> None:
        """Stop the spinner of a pressed button; Telegram forgets it by itself if this fails."""
        press = update.get("callback_query")
        if isinstance(press, dict) and isinstance(press.get("id"), str):
            try:
                await self._client.answer_callback_query(press["id"])
            except TelegramError as error:
                log.info("callback not answered: %s", type(error).__name__)

    def _sendable(self, draft: Draft) -> Draft | None:
        """Without its picture if there is no such file; nothing if that was all."""
        if draft.image is None or self._find_picture(draft.image):
            return draft
        return replace(draft, image=None) if draft.html else None

    def _wait_our_turn(self, parcel: Parcel) -> None:
        chat = parcel.chat.partition(THREAD)[0]
        wanted = {"": self._speeds.overall, f"chat:{chat}": self._speeds.chat}
        if parcel.kind == "group":
            wanted[f"group:{chat}"] = self._speeds.group
        self._pace.take(wanted)

    async def _show(self, parcel: Parcel, draft: Draft, old: str | None) -> str:
        if old is not None:
            try:
                await self._edit(parcel, draft, int(old))
            except BadRequest as error:
                if _UNCHANGED not in str(error).lower():
                    return await self._send(parcel, draft)  # deleted, or too old to be changed
            return old
        return await self._send(parcel, draft)

    async def _edit(self, parcel: Parcel, draft: Draft, message_id: int) -> None:
        chat, keyboard = int(parcel.chat.partition(THREAD)[0]), self._keyboard(draft)
        if draft.image is None:
            await self._client.edit_message_text(
                draft.html, chat, message_id, parse_mode=ParseMode.HTML, reply_markup=keyboard
            )
        else:
            await self._client.edit_message_caption(
                chat,
                message_id,
                caption=draft.html,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
            )

    async def _send(self, parcel: Parcel, draft: Draft) -> str:
        chat, _, thread = parcel.chat.partition(THREAD)
        place: dict[str, Any] = {
            "chat_id": int(chat),
            "message_thread_id": int(thread) if thread else None,
            "reply_parameters": _reply_to(parcel),
            "reply_markup": self._keyboard(draft),
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

    def _keyboard(self, draft: Draft) -> InlineKeyboardMarkup | None:
        if not draft.keyboard:
            return None
        return InlineKeyboardMarkup(
            [[self._button(button) for button in row] for row in draft.keyboard]
        )

    def _button(self, button: Button) -> InlineKeyboardButton:
        if button.url is None:
            return InlineKeyboardButton(button.label, callback_data=TAP + button.token)
        url = button.url
        if url.startswith(START_LINK):
            url = create_deep_linked_url(self._client.username, url.removeprefix(START_LINK))
        return InlineKeyboardButton(button.label, url=url)


def _reply_to(parcel: Parcel) -> ReplyParameters | None:
    if parcel.reply_to is None or not parcel.reply_to.isdigit():
        return None
    return ReplyParameters(int(parcel.reply_to), allow_sending_without_reply=True)

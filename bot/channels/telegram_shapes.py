"""Drafts in Telegram's shapes: keyboards, and the little window over a chat."""

from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, WebAppInfo
from telegram.constants import CallbackQueryLimit

from bot.channels.messages import Button, Capabilities, Draft, utf16
from bot.channels.splitting import split
from bot.channels.telegram_updates import TAP

_WINDOW = int(CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH)


def keyboard_of(draft: Draft, mark: str = TAP) -> InlineKeyboardMarkup | None:
    """`mark` tells what kind of token its buttons give back."""
    if not draft.keyboard:
        return None
    return InlineKeyboardMarkup(
        [[_button(button, mark) for button in row] for row in draft.keyboard]
    )


def _button(button: Button, mark: str) -> InlineKeyboardButton:
    if button.url is None:
        return InlineKeyboardButton(button.label, callback_data=mark + button.token)
    if button.app:
        return InlineKeyboardButton(button.label, web_app=WebAppInfo(button.url))
    return InlineKeyboardButton(button.label, url=button.url)


def window_for(drafts: list[Draft], can: Capabilities) -> dict[str, Any] | None:
    """A few words that the presser alone sees, or the way into our private chat, opened at once.
    None: it is more than that."""
    if len(drafts) != 1 or drafts[0].image is not None:
        return None
    (draft,) = drafts
    buttons = [button for row in draft.keyboard for button in row]
    if not buttons and utf16(draft.text) <= _WINDOW:
        return {"text": draft.text, "show_alert": True}
    opens = can.start_link.partition("{}")[0]
    if len(buttons) == 1 and opens and (buttons[0].url or "").startswith(opens):
        return {"url": buttons[0].url}
    return None


def shortened(drafts: list[Draft]) -> dict[str, Any]:
    """As much as a window holds, where there is no other place to say it."""
    words = drafts[0].text if drafts else ""
    pieces = split(words, _WINDOW, utf16)
    return {"text": pieces[0], "show_alert": True} if pieces else {}

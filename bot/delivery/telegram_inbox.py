"""A Telegram update on its way into the inbox: only what the envelope says, read without trust."""

from typing import Any

from bot.delivery.storing import store_update
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.merchants import ChannelAccount

CHANNEL = "telegram"
_NOWHERE = "-"  # an update without a chat has a lane of its own
_LARGEST = 2**63
Raw = dict[str, Any]


def store_telegram_update(
    database: Database, clock: Clock, *, account: ChannelAccount, raw: object
) -> bool:
    """False for a repeat; Invalid when it is no update at all."""
    if not isinstance(raw, dict):
        raise Invalid("update")
    number = raw.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < _LARGEST:
        raise Invalid("update_id")
    try:
        return store_update(
            database,
            clock,
            account=account,
            event_id=str(number),
            chat=_chat_of(raw),
            payload=raw,
        )
    except RecursionError as error:  # nested deeper than any update is
        raise Invalid("update") from error


def _chat_of(raw: Raw) -> str:
    """The chat's id, wherever this kind of update has it; a guess is enough for a lane."""
    for body in raw.values():
        if isinstance(body, dict):
            message = body.get("message")
            inner: Raw = message if isinstance(message, dict) else body
            chat = inner.get("chat")
            number = chat.get("id") if isinstance(chat, dict) else None
            if isinstance(number, int) and abs(number) < _LARGEST:
                return str(number)
    return _NOWHERE

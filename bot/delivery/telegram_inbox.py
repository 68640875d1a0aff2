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
_LONGEST_ALBUM = 64  # characters; Telegram's are 17 digits
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
            event_id=_album_of(raw) or str(number),
            chat=_chat_of(raw),
            payload=raw,
        )
    except RecursionError as error:  # nested deeper than any update is
        raise Invalid("update") from error


def _album_of(raw: Raw) -> str | None:
    """An album comes as one update for each picture, its words beside the first: it is one event,
    and the other pictures are repeats of it."""
    message = raw.get("message")
    album = message.get("media_group_id") if isinstance(message, dict) else None
    if not isinstance(album, str) or not 0 < len(album) <= _LONGEST_ALBUM:
        return None
    return f"album:{_chat_of(raw)}:{album}"


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
    return _asker_of(raw)


def _asker_of(raw: Raw) -> str:
    """Outside of chats everybody has a lane of their own: whoever types fast holds up nobody."""
    bodies = (body.get("from") for body in raw.values() if isinstance(body, dict))
    numbers = (user.get("id") for user in bodies if isinstance(user, dict))
    mine = next((one for one in numbers if isinstance(one, int) and 0 < one < _LARGEST), None)
    return _NOWHERE if mine is None else f"{_NOWHERE}{mine}"

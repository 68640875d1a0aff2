"""How each messenger's raw updates are read, by the name that its accounts carry.

A messenger's library comes with the first account that needs it: python-telegram-bot alone takes
8 MB of each process.
"""

from pkgutil import resolve_name

from bot.channels.adapter import Reader

_READERS = {
    "telegram": "bot.channels.telegram_updates:read_update",
    "matrix": "bot.channels.matrix_events:read_event",
    "wechat": "bot.channels.wechat_events:read_message",
    "wecom": "bot.channels.wecom_events:read_stored",
    "rest": "bot.channels.rest:read_stored",
    "web": "bot.channels.rest:read_stored",
}


def reader_of(channel: str) -> Reader:
    """KeyError for a messenger that we do not speak."""
    reader: Reader = resolve_name(_READERS[channel])
    return reader

"""How each messenger's raw updates are read, by the name that its accounts carry.

A messenger's library comes with the first account that needs it: python-telegram-bot alone takes
8 MB of each process.
"""

from collections.abc import Iterable
from pkgutil import resolve_name

from bot.channels.adapter import Reader
from bot.channels.messages import Capabilities

_READERS = {
    "telegram": "bot.channels.telegram_updates:read_update",
    "matrix": "bot.channels.matrix_events:read_event",
    "wechat": "bot.channels.wechat_events:read_message",
    "wecom": "bot.channels.wecom_events:read_stored",
    "rest": "bot.channels.rest:read_stored",
    "web": "bot.channels.rest:read_stored",
}
# Where a client shows what it likes, nobody's rules but the shop's are kept.
_OURS = frozenset({"rest", "web"})
_TABLES = {
    "telegram": "bot.channels.telegram:CAPABILITIES",
    "matrix": "bot.channels.matrix:CAPABILITIES",
    "wechat": "bot.channels.wechat_parts:CAPABILITIES",
    "wecom": "bot.channels.wecom_parts:CAPABILITIES",
}
CHANNELS = tuple(_READERS)


def rewards_inviting(channel: str) -> bool:
    """Do this messenger's rules allow a reward for inviting? Of one that we do not speak: no."""
    if channel not in _TABLES:
        return channel in _OURS
    table: Capabilities = resolve_name(_TABLES[channel])
    return table.rewards_inviting


def rewarding_among(channels: Iterable[str] | None) -> frozenset[str]:
    """Those of them that do."""
    return frozenset(one for one in channels or () if rewards_inviting(one))


def reader_of(channel: str) -> Reader:
    """KeyError for a messenger that we do not speak."""
    reader: Reader = resolve_name(_READERS[channel])
    return reader
